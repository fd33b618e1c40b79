//! `modelport usage`: what the requests of a time come to, from the ledger.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    BAD_CONFIGURATION, FAILED, block_on, complain, load, say,
    table::{Side, aligned},
    times::moment,
};
use crate::{
    accounting::report::{Period, Totals},
    clock,
    store::sqlite::{self, Sqlite},
};

/// Which requests to count, and how to show them.
#[derive(Debug, Args)]
pub struct Options {
    /// Count them apart by these, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "model")]
    by: Vec<Column>,
    /// Since then: a time ago such as 7d or 12h, a day such as 2026-11-01 (UTC), or a moment such as
    /// 2026-11-01T08:00:00Z
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = moment)]
    since: u64,
    /// Up to then; now when left out
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
    Provider,
    Model,
    Surface,
}

impl Column {
    fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Surface => "surface",
        }
    }
}

/// A line of the report: what it counts, and the counts.
type Line = (Vec<String>, Totals);

/// Shows the usage and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let Some(config) = load(file) else {
        return BAD_CONFIGURATION;
    };
    let Some(directory) = config.storage.data_dir else {
        complain(
            "modelport: there is no directory for a ledger. Set MODELPORT_DATA_DIR to the one of the gateway.",
        );
        return BAD_CONFIGURATION;
    };
    let period = Period {
        since: options.since,
        until: options.until.unwrap_or_else(now),
    };
    if period.since >= period.until {
        complain("modelport: --since is not before --until. Give an earlier time with --since.");
        return BAD_CONFIGURATION;
    }
    block_on(async {
        match read(&directory, period, &options.by).await {
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

async fn read(directory: &Path, period: Period, by: &[Column]) -> Result<Vec<Line>, String> {
    let path = directory.join(sqlite::FILE);
    if !path.exists() {
        return Err(format!(
            "there is no ledger at {}. A gateway makes it when it starts; set MODELPORT_DATA_DIR to the directory of that gateway.",
            path.display()
        ));
    }
    let by: Vec<&'static str> = by.iter().map(|column| column.as_str()).collect();
    let found = async { Sqlite::open(directory).await?.usage(period, &by).await };
    found
        .await
        .map_err(|fault| format!("{}: {fault}", path.display()))
}

impl Options {
    fn shown(&self, period: Period, lines: &[Line]) -> String {
        if self.json {
            return self.object(period, lines).to_string();
        }
        let mut heads: Vec<&str> = self.by.iter().map(|column| column.as_str()).collect();
        heads.extend(COUNTS.map(|(name, _)| name));
        if self.csv {
            let mut rows = vec![heads.join(",")];
            rows.extend(lines.iter().map(|(names, totals)| {
                let names = names.iter().map(|name| csv_field(name));
                let counts = COUNTS.map(|(_, count)| count(totals).to_string());
                names.chain(counts).collect::<Vec<_>>().join(",")
            }));
            return rows.join("\n");
        }
        if lines.is_empty() {
            return format!(
                "No requests from {} up to {}.",
                day_and_time(period.since),
                day_and_time(period.until)
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
                line.extend(COUNTS.map(|(name, count)| (name.to_owned(), json!(count(totals)))));
                Value::Object(line)
            })
            .collect();
        json!({
            "since": day_and_time(period.since),
            "until": day_and_time(period.until),
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
            let counts = COUNTS.map(|(_, count)| grouped(count(totals)));
            names.chain(counts).collect()
        }));
        // Nothing is said by a column of zeros.
        let says = |place: usize| {
            place < self.by.len() + ALWAYS
                || lines.iter().any(|(_, totals)| {
                    let column = COUNTS.get(place - self.by.len());
                    column.is_some_and(|(_, count)| count(totals) > 0)
                })
        };
        let places = 0..self.by.len() + COUNTS.len();
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

/// Columns of counts that are shown even where they hold nothing but zeros.
const ALWAYS: usize = 4;

type Count = (&'static str, fn(&Totals) -> u64);

/// The counts of a line, by the names that they have in every form.
const COUNTS: [Count; 9] = [
    ("requests", |totals| totals.requests),
    ("failed", |totals| totals.failed),
    ("input_tokens", |totals| totals.input_tokens),
    ("output_tokens", |totals| totals.output_tokens),
    ("cached_input_tokens", |totals| totals.cached_input_tokens),
    ("cache_write_tokens", |totals| totals.cache_write_tokens),
    ("reasoning_tokens", |totals| totals.reasoning_tokens),
    ("audio_input_tokens", |totals| totals.audio_input_tokens),
    ("audio_output_tokens", |totals| totals.audio_output_tokens),
];

/// A number with its digits in threes.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A field of comma-separated values (RFC 4180).
fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn now() -> u64 {
    u64::try_from(clock::since_epoch().as_millis()).unwrap_or(u64::MAX)
}

fn day_and_time(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_fields_are_written_for_their_readers() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(123), "123");
        assert_eq!(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_field("plain"), "plain");
    }
}
