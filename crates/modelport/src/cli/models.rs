//! `modelport models`: asks the providers what they serve and shows it as one table.

use std::{sync::Arc, time::Duration};

use clap::Args;
use serde_json::{Value, json};

use super::{BAD_CONFIGURATION, FAILED, block_on, complain, say};
use crate::{
    app::App,
    config::{self, report::ModelSummary},
    models::{discovery, list},
};

/// How long the providers may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How to show the models.
#[derive(Debug, Args)]
pub struct Options {
    /// Print what `GET /v1/models` would answer
    #[arg(long)]
    json: bool,
}

/// Shows the models and gives the exit status.
pub fn run(options: &Options) -> u8 {
    let config = match config::load_from_process() {
        Ok(config) => config,
        Err(faults) => {
            complain(faults.to_string());
            return BAD_CONFIGURATION;
        }
    };
    let app = match App::new(config) {
        Ok(app) => Arc::new(app),
        Err(fault) => {
            complain(format!("modelport: {fault}"));
            return FAILED;
        }
    };
    block_on(async {
        ask(&app).await;
        let entries = list::entries(&app);
        if options.json {
            say(json!({"object": "list", "data": entries}).to_string());
        } else {
            say(table(&entries));
            for summary in summaries(&app) {
                say(format!("{}: {}", summary.provider, summary.text));
            }
        }
        0
    })
}

async fn ask(app: &Arc<App>) {
    let providers = 0..app.config.providers.len();
    let tasks: Vec<_> = providers
        .map(|provider| tokio::spawn(discovery::keep_fresh(Arc::clone(app), provider)))
        .collect();
    let rounds = app.wakes.iter().map(discovery::Wake::first_round);
    let _ = tokio::time::timeout(PATIENCE, futures_util::future::join_all(rounds)).await;
    for task in tasks {
        task.abort();
    }
}

/// One line per provider: how many models, and where the list comes from.
pub(super) fn summaries(app: &App) -> Vec<ModelSummary> {
    let providers = app.config.providers.iter().enumerate();
    providers
        .filter_map(|(place, config)| {
            let shelf = app.models.shelf(place)?;
            let count = shelf.models.len();
            let source = shelf.source.as_str();
            let text = match app.models.problem(place) {
                Some(problem) => format!("{count} models ({source}: {problem})"),
                None => format!("{count} models ({source})"),
            };
            Some(ModelSummary {
                provider: config.id.clone(),
                text,
            })
        })
        .collect()
}

fn table(entries: &[Value]) -> String {
    let head = [
        "MODEL",
        "PROVIDERS",
        "CONTEXT",
        "IN $/M",
        "OUT $/M",
        "CAPABILITIES",
        "SOURCE",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(entries.iter().map(row));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        line.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn row(entry: &Value) -> [String; 7] {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let providers = entry["providers"]
        .as_array()
        .map_or_else(String::new, |ids| {
            ids.iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(",")
        });
    let capabilities = entry["capabilities"]
        .as_object()
        .map_or_else(String::new, |known| {
            let yes = known
                .iter()
                .filter(|(_, finding)| finding["supported"] == true);
            yes.map(|(name, _)| name.as_str())
                .collect::<Vec<_>>()
                .join(",")
        });
    [
        text(&entry["id"]),
        providers,
        entry["context_length"]
            .as_u64()
            .map_or("-".to_owned(), |tokens| tokens.to_string()),
        per_million(&entry["pricing"]["prompt"]),
        per_million(&entry["pricing"]["completion"]),
        capabilities,
        text(&entry["source"]),
    ]
}

/// A price per token as dollars per million tokens.
fn per_million(price: &Value) -> String {
    let price: Option<rust_decimal::Decimal> = price.as_str().and_then(|text| text.parse().ok());
    price.map_or("-".to_owned(), |price| {
        (price * rust_decimal::Decimal::from(1_000_000))
            .normalize()
            .to_string()
    })
}
