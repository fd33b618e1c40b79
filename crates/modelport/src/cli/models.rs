//! `modelport models`: asks the providers what they serve and shows it as one table.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use modelport_provider::{capability::Capability, catalogue};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    BAD_CONFIGURATION, FAILED, block_on, complain, load, say,
    table::{Side, aligned},
};
use crate::{
    app::App,
    config::{Config, report::ModelSummary},
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
    /// Show only the models of this provider
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
    /// Show only the models with this text in their id
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

/// Shows the models and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let Some(config) = load(file) else {
        return BAD_CONFIGURATION;
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
        let mut entries = list::entries(&app);
        entries.retain(|entry| options.wants(entry));
        if options.json {
            say(json!({"object": "list", "data": entries}).to_string());
        } else {
            say(table(&entries));
            for summary in summaries(&app) {
                say(format!("{}: {}", summary.provider, summary.text));
            }
            say(sources(&app.config));
        }
        0
    })
}

impl Options {
    fn wants(&self, entry: &Value) -> bool {
        let of_provider = self.provider.as_deref().is_none_or(|wanted| {
            let serving = entry["providers"].as_array();
            serving.is_some_and(|ids| ids.iter().any(|id| id == wanted))
        });
        let found = self.search.as_deref().is_none_or(|text| {
            let id = entry["id"].as_str().unwrap_or_default();
            id.to_lowercase().contains(&text.to_lowercase())
        });
        of_provider && found
    }
}

/// What the table is made from besides the providers' own lists.
fn sources(config: &Config) -> String {
    let overridden = match config.catalogue.len() {
        0 => String::new(),
        count => format!("; {count} overridden by the catalogue file"),
    };
    format!(
        "Prices in US dollars per million tokens. Where a list says nothing, the embedded catalogue does: version {} of {}{overridden}.",
        catalogue::VERSION,
        catalogue::DATE
    )
}

pub(super) async fn ask(app: &Arc<App>) {
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
        .filter(|(_, config)| config.enabled)
        .filter_map(|(place, config)| {
            let shelf = app.models.shelf(place)?;
            let count = match shelf.models.len() {
                1 => "1 model".to_owned(),
                count => format!("{count} models"),
            };
            let source = shelf.source.as_str();
            let text = match app.models.problem(place) {
                Some(problem) => format!("{count} ({source}: {problem})"),
                None => format!("{count} ({source})"),
            };
            Some(ModelSummary {
                provider: config.id.clone(),
                text,
            })
        })
        .collect()
}

/// The table's columns. The longest comes last, so that a narrow terminal breaks only there.
const COLUMNS: [(&str, Side); 8] = [
    ("MODEL", Side::Left),
    ("PROVIDERS", Side::Left),
    ("SOURCE", Side::Left),
    ("CONTEXT", Side::Right),
    ("OUTPUT", Side::Right),
    ("IN $/M", Side::Right),
    ("OUT $/M", Side::Right),
    ("CAPABILITIES", Side::Left),
];

type Row = [String; COLUMNS.len()];

fn table(entries: &[Value]) -> String {
    let mut rows = vec![COLUMNS.map(|(head, _)| head.to_owned())];
    rows.extend(entries.iter().map(row));
    aligned(&rows, &COLUMNS.map(|(_, side)| side))
}

fn row(entry: &Value) -> Row {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let count = |value: &Value| {
        let count = value.as_u64();
        count.map_or("-".to_owned(), |tokens| tokens.to_string())
    };
    let providers = entry["providers"].as_array().into_iter().flatten();
    let providers: Vec<&str> = providers.filter_map(Value::as_str).collect();
    [
        text(&entry["id"]),
        providers.join(","),
        text(&entry["source"]),
        count(&entry["context_length"]),
        count(&entry["max_output_tokens"]),
        per_million(&entry["pricing"]["prompt"]),
        per_million(&entry["pricing"]["completion"]),
        abilities(&entry["capabilities"]),
    ]
}

/// What a model can do. That one that chats also streams goes without saying.
fn abilities(known: &Value) -> String {
    let names = Capability::ALL.map(Capability::as_str);
    let has = |name: &str| known[name]["supported"] == true;
    let shown = names.into_iter().filter(|name| has(name));
    let shown = shown.filter(|name| *name != "streaming" || !has("chat"));
    let shown: Vec<&str> = shown.collect();
    if shown.is_empty() {
        return "-".to_owned();
    }
    shown.join(",")
}

/// A price per token as dollars per million tokens, with cents.
fn per_million(price: &Value) -> String {
    let price: Option<Decimal> = price.as_str().and_then(|text| text.parse().ok());
    price.map_or("-".to_owned(), |price| {
        let mut price = (price * Decimal::from(1_000_000)).normalize();
        if price.scale() < 2 {
            price.rescale(2);
        }
        price.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_narrow() {
        let entries = [
            json!({
                "id": "vendor/large", "providers": ["openai_compatible"], "source": "discovered",
                "context_length": 1_000_000, "max_output_tokens": 8192,
                "pricing": {"prompt": "0.000003", "completion": "0.0000155"},
                "capabilities": {"chat": {"supported": true}, "streaming": {"supported": true},
                    "tools": {"supported": true}, "vision": {"supported": false}},
            }),
            json!({"id": "m", "providers": ["ollama", "b"], "source": "fallback", "context_length": 4096,
                "max_output_tokens": null, "pricing": {"prompt": "0.000000075"}, "capabilities": {}}),
        ];
        assert_eq!(
            table(&entries),
            "\
MODEL         PROVIDERS          SOURCE      CONTEXT  OUTPUT  IN $/M  OUT $/M  CAPABILITIES
vendor/large  openai_compatible  discovered  1000000    8192    3.00    15.50  chat,tools
m             ollama,b           fallback       4096       -   0.075        -  -"
        );
    }

    #[test]
    fn models_are_picked_by_provider_and_text() {
        let entry = json!({"id": "Vendor/Large", "providers": ["a", "b"]});
        let wants = |provider: Option<&str>, search: Option<&str>| {
            let options = Options {
                json: false,
                provider: provider.map(str::to_owned),
                search: search.map(str::to_owned),
            };
            options.wants(&entry)
        };
        assert!(wants(None, None) && wants(Some("b"), Some("r/la")));
        assert!(!wants(Some("c"), None) && !wants(None, Some("small")));
    }
}
