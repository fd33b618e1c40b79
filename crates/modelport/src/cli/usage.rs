//! `modelport usage`: what the requests of a time come to, from the ledger.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    BAD_CONFIGURATION, FAILED, block_on, complain, load,
    readable::grouped,
    say,
    table::{Side, aligned},
};
use crate::{
    accounting::report::{FIGURES, Figure, Period},
    clock,
    config::Database,
    store::{Line, Store},
    times::{moment, shown},
};

/// Which requests to count, and how to show them.
#[derive(Debug, Args)]
pub struct Options {
    /// Count requests apart by these, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "model")]
    by: Vec<Column>,
    /// Count those since then: a time ago such as 7d or 12h, a day such as 2026-11-01 (UTC), or a moment such as
    /// 2026-11-01T08:00:00Z
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = moment)]
    since: u64,
    /// Count those up to then; now when left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<u64>,
    /// Print one JSON object
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print comma-separated values
    #[arg(long)]
    csv: bool,
}

/// What requests can be counted apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Column {
    Key,
    Team,
    Provider,
    Model,
    Surface,
}

impl Column {
    fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Team => "team",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Surface => "surface",
        }
    }
}

/// Shows the usage and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let Some(config) = load(file) else {
        return BAD_CONFIGURATION;
    };
    let Some(database) = config.storage.database else {
        complain(
            "modelport: there is no directory for a ledger. Set MODELPORT_DATA_DIR or MODELPORT_DATABASE_URL to that of the gateway.",
        );
        return BAD_CONFIGURATION;
    };
    let period = Period {
        since: options.since,
        until: options.until.unwrap_or_else(clock::unix_millis),
    };
    if period.since >= period.until {
        complain("modelport: --since is not before --until. Give an earlier time with --since.");
        return BAD_CONFIGURATION;
    }
    block_on(async {
        match read(&database, period, &options.by).await {
            Ok(lines) => {
                say(options.shown(period, &lines));
                0
            }
            Err(problem) => {
                complain(format!("modelport: {problem}"));
                FAILED
            }
        }
    })
}

async fn read(database: &Database, period: Period, by: &[Column]) -> Result<Vec<Line>, String> {
    let by: Vec<&'static str> = by.iter().map(|column| column.as_str()).collect();
    let found = async {
        match Store::open_to_read(database).await? {
            Some(mut store) => store.usage(period, &by).await.map(Some),
            None => Ok(None),
        }
    };
    match found.await {
        Ok(Some(lines)) => Ok(lines),
        Ok(None) => Err(format!(
            "there is no ledger at {database}. A gateway makes it when it starts; set MODELPORT_DATA_DIR or MODELPORT_DATABASE_URL as for that gateway."
        )),
        Err(fault) => Err(format!("{database}: {fault}")),
    }
}

impl Options {
    fn shown(&self, period: Period, lines: &[Line]) -> String {
        if self.json {
            return self.object(period, lines).to_string();
        }
        let mut heads: Vec<&str> = self.by.iter().map(|column| column.as_str()).collect();
        heads.extend(FIGURES.map(|(name, _)| name));
        if self.csv {
            let mut rows = vec![heads.join(",")];
            rows.extend(lines.iter().map(|(names, totals)| {
                let names = names.iter().map(|name| csv_field(name));
                let figures = FIGURES.map(|(_, of)| of(totals).plain());
                names.chain(figures).collect::<Vec<_>>().join(",")
            }));
            return rows.join("\n");
        }
        if lines.is_empty() {
            return format!(
                "No requests from {} up to {}.",
                shown(period.since),
                shown(period.until)
            );
        }
        self.table(&heads, lines)
    }

    fn object(&self, period: Period, lines: &[Line]) -> Value {
        let data: Vec<Value> = lines
            .iter()
            .map(|(names, totals)| {
                let names = self.by.iter().zip(names);
                let mut line: Map<String, Value> = names
                    .map(|(column, name)| (column.as_str().to_owned(), json!(name)))
                    .collect();
                line.extend(FIGURES.map(|(name, of)| (name.to_owned(), of(totals).value())));
                Value::Object(line)
            })
            .collect();
        json!({
            "since": shown(period.since),
            "until": shown(period.until),
            "data": data,
        })
    }

    /// The report for people.
    fn table(&self, heads: &[&str], lines: &[Line]) -> String {
        let heads = heads
            .iter()
            .map(|head| head.replace('_', " ").to_uppercase());
        let mut rows: Vec<Vec<String>> = vec![heads.collect()];
        rows.extend(lines.iter().map(|(names, totals)| {
            let names = names.iter().map(|name| match name.as_str() {
                "" => "-".to_owned(),
                name => name.to_owned(),
            });
            let figures = FIGURES.map(|(_, of)| for_people(of(totals)));
            names.chain(figures).collect()
        }));
        // Nothing is said by a column of zeros.
        let says = |place: usize| {
            place < self.by.len() + ALWAYS
                || lines.iter().any(|(_, totals)| {
                    let figure = FIGURES.get(place - self.by.len());
                    figure.is_some_and(|(_, of)| !of(totals).is_zero())
                })
        };
        let places = 0..self.by.len() + FIGURES.len();
        let shown: Vec<usize> = places.filter(|place| says(*place)).collect();
        let sides: Vec<Side> = shown
            .iter()
            .map(|place| {
                if *place < self.by.len() {
                    Side::Left
                } else {
                    Side::Right
                }
            })
            .collect();
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| {
                let cells = shown.iter().filter_map(|place| row.get(*place).cloned());
                cells.collect()
            })
            .collect();
        aligned(&rows, &sides)
    }
}

/// Figures that are shown even where they are nothing but zeros.
const ALWAYS: usize = 5;

/// A figure as people read it.
fn for_people(figure: Figure) -> String {
    match figure {
        Figure::Count(count) => grouped(count),
        Figure::Dollars(amount) => with_cents(amount),
        Figure::AtLeast(amount) if amount.is_zero() => "unknown".to_owned(),
        Figure::AtLeast(amount) => format!("{} or more", with_cents(amount)),
    }
}

/// An amount with two decimal places or as many as it has.
fn with_cents(mut amount: Decimal) -> String {
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    amount.to_string()
}

/// A field of comma-separated values (RFC 4180).
fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_and_an_unknown_cost_does_not_look_cheap() {
        let amount = |text: &str| text.parse::<Decimal>().unwrap();
        let check = |figure: Figure, people: &str, plain: &str| {
            assert_eq!(for_people(figure), people);
            assert_eq!(figure.plain(), plain);
        };
        check(Figure::Dollars(Decimal::ZERO), "0.00", "0");
        check(Figure::Dollars(amount("1.5")), "1.50", "1.5");
        check(
            Figure::Dollars(amount("0.000000000001")),
            "0.000000000001",
            "0.000000000001",
        );
        check(Figure::AtLeast(Decimal::ZERO), "unknown", "0");
        check(Figure::AtLeast(amount("3")), "3.00 or more", "3");
        assert_eq!(Figure::Dollars(amount("1.5")).value(), json!("1.5"));
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_field("plain"), "plain");
    }
}
