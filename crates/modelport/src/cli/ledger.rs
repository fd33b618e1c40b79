//! `modelport ledger`: what can be done to the ledger.

use std::{borrow::Cow, collections::HashMap, path::PathBuf, sync::Arc, time::SystemTime};

use clap::{Args, Subcommand};
use modelport_provider::cost::Counts;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::time::Duration;

use super::{BAD_CONFIGURATION, FAILED, block_on, complain, load, models, say};
use crate::{
    accounting::{
        charge::{self, Charge, Source},
        report::Period,
    },
    app::App,
    clock,
    models::cost,
    store::{
        Store, StoreFault,
        place::Place,
        reprice::{Priced, Used},
    },
    times::moment,
};

/// What to do to the ledger.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Work out anew what requests cost, by the prices of now
    Reprice(Reprice),
}

/// Which requests.
#[derive(Debug, Args)]
pub struct Reprice {
    /// Price requests since then: a time ago such as 7d or 12h, a day such as 2026-11-01 (UTC), or a moment such as
    /// 2026-11-01T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: u64,
    /// Price requests up to then; now when left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<u64>,
    /// Change nothing, and only say what would
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Does it and gives the exit status.
pub fn run(file: Option<PathBuf>, command: &Command) -> u8 {
    let Command::Reprice(options) = command;
    let Some(config) = load(file) else {
        return BAD_CONFIGURATION;
    };
    let Some(database) = config.storage.database.clone() else {
        complain(
            "modelport: there is no ledger. Set MODELPORT_DATA_DIR or MODELPORT_DATABASE_URL as for the gateway.",
        );
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
        // Listings have prices too.
        models::ask(&app).await;
        let done = async {
            match Store::open_to_read(&database).await? {
                Some(mut store) => reprice(&app, &mut store, options).await.map(Some),
                None => Ok::<_, StoreFault>(None),
            }
        };
        match done.await {
            Ok(Some(found)) => {
                say(if options.json {
                    found.object(options.dry_run).to_string()
                } else {
                    found.in_words(options.dry_run)
                });
                0
            }
            Ok(None) => {
                complain(format!("modelport: there is no ledger at {database}."));
                FAILED
            }
            Err(fault) => {
                complain(format!("modelport: {database}: {fault}"));
                FAILED
            }
        }
    })
}

/// What came of it.
#[derive(Default)]
struct Found {
    rows: u64,
    changed: u64,
    unknown: u64,
    before: Decimal,
    after: Decimal,
}

impl Found {
    fn object(&self, is_dry: bool) -> Value {
        json!({
            "object": "repricing",
            "dry_run": is_dry,
            "requests": self.rows,
            "changed": self.changed,
            "unknown": self.unknown,
            // As text, so that no reader makes a float of it.
            "before_usd": self.before.normalize().to_string(),
            "after_usd": self.after.normalize().to_string(),
        })
    }

    fn in_words(&self, is_dry: bool) -> String {
        let would = if is_dry { "would change" } else { "changed" };
        let unknown = match self.unknown {
            0 => String::new(),
            count => format!(" {count} of them cost what nobody knows."),
        };
        format!(
            "{} requests looked at, {would} {}: from {} to {} US dollars of what is computed.{unknown}",
            self.rows,
            self.changed,
            self.before.normalize(),
            self.after.normalize()
        )
    }
}

async fn reprice(app: &App, store: &mut Store, options: &Reprice) -> Result<Found, StoreFault> {
    let period = Period {
        since: options.since,
        until: options.until.unwrap_or_else(clock::unix_millis),
    };
    let providers = app.config.providers.iter().enumerate();
    let providers: HashMap<&str, usize> = providers
        .map(|(place, config)| (config.id.as_str(), place))
        .collect();
    let mut found = Found::default();
    let mut after = Place::at(0);
    loop {
        let rows = store.used(period, after).await?;
        let Some(last) = rows.last() else {
            return Ok(found);
        };
        after = last.place;
        let mut changed = Vec::new();
        for row in &rows {
            found.rows += 1;
            // Of a provider that is configured no more nobody states prices.
            let Some(provider) = providers.get(row.provider.as_str()) else {
                continue;
            };
            let priced = price(app, *provider, row);
            found.unknown += u64::from(priced.cost.is_none());
            if priced.source != Source::Reported.as_str() {
                found.before += charge::dollars(row.computed.unwrap_or(0).into());
                found.after += charge::dollars(priced.computed.unwrap_or(0).into());
            }
            if priced.computed != row.computed || priced.source != row.source {
                changed.push(priced);
            }
        }
        found.changed += u64::try_from(changed.len()).unwrap_or(0);
        if !options.dry_run && !changed.is_empty() {
            store.reprice(&changed).await?;
        }
    }
}

/// What a row costs by the prices of now, at the time when it was.
fn price(app: &App, provider: usize, row: &Used) -> Priced {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(row.place.at_ms);
    let counts = match row.source.as_str() {
        "estimated" => Counts::Estimated,
        _ => Counts::Told,
    };
    let charge = Charge::of(&cost::of(app, provider, &row.model, &row.usage, counts, at));
    let computed = charge.computed.map(charge::pico);
    // What the provider reported still counts, beside what the prices come to now.
    let (cost, source) = match row.reported {
        Some(reported) => (Some(reported), Source::Reported),
        None => (computed, charge.source),
    };
    Priced {
        place: row.place,
        cost,
        source: source.as_str(),
        computed,
        prices: charge.prices.map(Cow::into_owned),
    }
}
