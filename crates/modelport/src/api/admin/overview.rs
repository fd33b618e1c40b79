//! `GET /admin/v1/overview?range=…&by=…`: what the requests of the last minutes to days came to, step by step, in all and
//! by provider, model or key.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use utoipa::ToSchema;

use super::{parameter, viewer::Viewer};
use crate::{
    accounting::report::Period,
    app::{App, Worker},
    clock,
    error::Error,
    store::Store,
    telemetry::history::{Cell, DIMENSIONS, Line, Spread},
};

/// What may be looked at: its word, how long it is and how long its steps are, in seconds.
const RANGES: [(&str, u64, u64); 6] = [
    ("15m", 900, 10),
    ("1h", 3600, 60),
    ("6h", 21_600, 300),
    ("24h", 86_400, 900),
    ("7d", 604_800, 21_600),
    ("30d", 2_592_000, 86_400),
];

/// Ranges this long come from the ledger, which knows what was before the start; how its steps are counted is its own.
const LEDGER_FROM: u64 = 604_800;

/// Names that have values for every step; the others have sums only.
const MAX_LINES: usize = 6;

/// The figures of a range. Amounts are floating-point numbers, good enough to draw.
#[derive(Serialize, ToSchema)]
struct Overview {
    /// Always `overview`.
    object: &'static str,
    range: &'static str,
    by: String,
    step_seconds: u64,
    /// When each step begins, in seconds since 1970.
    times: Vec<u64>,
    /// Where counts come from: `ledger` or `memory`.
    counts_from: &'static str,
    /// Since when there is something in memory, in seconds since 1970.
    memory_since: u64,
    total: Figures,
    steps: Steps,
    lines: Vec<NamedFigures>,
}

/// What some requests came to.
#[derive(Serialize, ToSchema)]
struct Figures {
    requests: u64,
    failed: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost_usd: f64,
    /// How many of the requests cost nobody knows what, for want of a price.
    unpriced: u64,
    latency_ms: Percentiles,
    first_output_ms: Percentiles,
}

/// Percentiles, to within an eighth; null where nothing was measured.
#[derive(Serialize, ToSchema)]
struct Percentiles {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// Each figure with a value for each step.
#[derive(Serialize, ToSchema)]
struct Steps {
    requests: Vec<u64>,
    failed: Vec<u64>,
    input_tokens: Vec<u64>,
    output_tokens: Vec<u64>,
    cost_usd: Vec<f64>,
    latency_ms: PercentileSteps,
    first_output_ms: PercentileSteps,
}

/// Percentiles with a value for each step.
#[derive(Serialize, ToSchema)]
struct PercentileSteps {
    p50: Vec<Option<f64>>,
    p95: Vec<Option<f64>>,
    p99: Vec<Option<f64>>,
}

/// The figures of one provider, model or key.
#[derive(Serialize, ToSchema)]
struct NamedFigures {
    #[serde(flatten)]
    figures: Figures,
    name: String,
    /// What people call it.
    label: String,
    /// Of the first names only.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Steps>,
}

/// What the requests of the last minutes to days came to.
///
/// In all and by provider, model or key, step by step.
#[utoipa::path(
    get, path = "/admin/v1/overview", tag = "Administration", operation_id = "show_overview",
    params(
        ("range" = Option<String>, Query, pattern = "^(15m|1h|6h|24h|7d|30d)$", description = "`1h` if left out."),
        ("by" = Option<String>, Query, pattern = "^(provider|model|key)$", description = "What there is a line for; `provider` if left out."),
    ),
    responses((status = 200, description = "The figures.", body = Overview)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["invalid_parameter", "database_unavailable"])))
)]
pub async fn show(
    viewer: Viewer,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let done = read(&worker.app, query.as_deref().unwrap_or_default()).await;
    viewer.reply(done)
}

async fn read(app: &App, query: &str) -> Result<Overview, Error> {
    let word = parameter(query, "range").unwrap_or_else(|| "1h".to_owned());
    let range = RANGES.iter().find(|(known, ..)| *known == word);
    let Some((word, length, step)) = range.copied() else {
        return Err(wrong("range", &RANGES.map(|(known, ..)| known)));
    };
    let by = parameter(query, "by").unwrap_or_else(|| "provider".to_owned());
    let Some(dimension) = DIMENSIONS.iter().position(|known| *known == by) else {
        return Err(wrong("by", &DIMENSIONS));
    };
    let until = clock::unix_millis() / 1000;
    let since = (until - length) / step * step + step;
    let mut lines = app
        .records
        .metrics()
        .history()
        .read(since, step, Some(dimension));
    let has_ledger = length >= LEDGER_FROM && app.records.standing().is_some();
    if has_ledger {
        lines = with_counts(&lines, counts(app, since, until, step, dimension).await?);
    }
    let times: Vec<u64> = (since..=until)
        .step_by(usize::try_from(step).unwrap_or(1))
        .collect();
    let total = lines.iter().position(|(name, _)| name.is_none());
    let total = total
        .map(|place| lines.swap_remove(place).1)
        .unwrap_or_default();
    let mut named: Vec<(String, BTreeMap<u64, Cell>, Cell)> = lines
        .into_iter()
        .map(|(name, line)| {
            let sum = sum(&line);
            (name.as_deref().unwrap_or_default().to_owned(), line, sum)
        })
        .collect();
    named.sort_by(|left, right| {
        right
            .2
            .requests
            .cmp(&left.2.requests)
            .then(left.0.cmp(&right.0))
    });
    let named = named.into_iter().enumerate();
    let lines = named.map(|(place, (name, line, sum))| NamedFigures {
        figures: figures(&sum),
        label: label(app, dimension, &name),
        name,
        steps: (place < MAX_LINES).then(|| steps(&times, &line)),
    });
    let lines = lines.collect();
    Ok(Overview {
        object: "overview",
        range: word,
        by,
        step_seconds: step,
        counts_from: if has_ledger { "ledger" } else { "memory" },
        memory_since: clock::unix_seconds(app.started()),
        total: figures(&sum(&total)),
        steps: steps(&times, &total),
        times,
        lines,
    })
}

fn wrong(name: &str, known: &[&str]) -> Error {
    Error::BadRequest {
        message: format!("{name} is not known. Use one of {}.", known.join(", ")),
        param: Some(name.to_owned()),
        code: "invalid_parameter",
    }
}

/// What the ledger counted of each step.
async fn counts(
    app: &App,
    since: u64,
    until: u64,
    step: u64,
    dimension: usize,
) -> Result<Vec<Line>, Error> {
    let (Some(database), Some(column)) = (&app.config.storage.database, DIMENSIONS.get(dimension))
    else {
        return Ok(Vec::new());
    };
    let found = async {
        let mut lines: BTreeMap<Option<Arc<str>>, BTreeMap<u64, Cell>> = BTreeMap::new();
        let Some(mut store) = Store::open_to_read(database).await? else {
            return Ok(lines);
        };
        let mut at = since;
        while at <= until {
            let period = Period {
                since: at * 1000,
                until: (at + step) * 1000,
            };
            for (names, totals) in store.usage(period, &[*column]).await? {
                let cell = Cell {
                    requests: totals.requests,
                    failed: totals.failed,
                    input_tokens: totals.input_tokens,
                    output_tokens: totals.output_tokens,
                    dollars: totals.cost().to_f64().unwrap_or_default(),
                    unpriced: totals.unpriced,
                    ..Cell::default()
                };
                let name = names.first().filter(|name| !name.is_empty());
                let name = name.map_or("none", String::as_str);
                for of in [None, Some(Arc::from(name))] {
                    let line = lines.entry(of).or_default();
                    line.entry(at).or_default().merge(&cell);
                }
            }
            at += step;
        }
        Ok::<_, crate::store::StoreFault>(lines)
    };
    let lines = found.await.map_err(|fault| {
        tracing::error!(target: "modelport", %fault, "the ledger could not be read");
        Error::StoreAway
    })?;
    Ok(lines.into_iter().collect())
}

/// The counts, with the times that only the memory has.
fn with_counts(memory: &[Line], mut counts: Vec<Line>) -> Vec<Line> {
    for (name, line) in &mut counts {
        let known = memory.iter().find(|(known, _)| known == name);
        let times = known.into_iter().flat_map(|(_, line)| line);
        for (at, times) in times {
            let cell = line.entry(*at).or_default();
            cell.duration = times.duration.clone();
            cell.first_output = times.first_output.clone();
        }
    }
    counts
}

fn sum(line: &BTreeMap<u64, Cell>) -> Cell {
    let mut sum = Cell::default();
    for cell in line.values() {
        sum.merge(cell);
    }
    sum
}

fn figures(cell: &Cell) -> Figures {
    Figures {
        requests: cell.requests,
        failed: cell.failed,
        input_tokens: cell.input_tokens,
        output_tokens: cell.output_tokens,
        cost_usd: cell.dollars,
        unpriced: cell.unpriced,
        latency_ms: percentiles(&cell.duration),
        first_output_ms: percentiles(&cell.first_output),
    }
}

fn percentiles(spread: &Spread) -> Percentiles {
    Percentiles {
        p50: spread.quantile(0.5),
        p95: spread.quantile(0.95),
        p99: spread.quantile(0.99),
    }
}

/// A list of each figure, with a value for each time.
fn steps(times: &[u64], line: &BTreeMap<u64, Cell>) -> Steps {
    let none = Cell::default();
    let cells: Vec<&Cell> = times
        .iter()
        .map(|at| line.get(at).unwrap_or(&none))
        .collect();
    let count = |of: fn(&Cell) -> u64| cells.iter().map(|cell| of(cell)).collect();
    let spread = |of: fn(&Cell) -> &Spread| {
        let quantile = |part| cells.iter().map(|cell| of(cell).quantile(part)).collect();
        PercentileSteps {
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
        }
    };
    Steps {
        requests: count(|cell| cell.requests),
        failed: count(|cell| cell.failed),
        input_tokens: count(|cell| cell.input_tokens),
        output_tokens: count(|cell| cell.output_tokens),
        cost_usd: cells.iter().map(|cell| cell.dollars).collect(),
        latency_ms: spread(|cell| &cell.duration),
        first_output_ms: spread(|cell| &cell.first_output),
    }
}

/// What a person calls it: a provider and a key have names beside their ids.
fn label(app: &App, dimension: usize, name: &str) -> String {
    let known = match DIMENSIONS.get(dimension) {
        Some(&"key") if name == "none" => Some("no stored key".to_owned()),
        Some(&"key") => {
            let directory = app.keys.stored().directory();
            directory.key(name).map(|known| known.key.name.clone())
        }
        Some(_) if name == "none" => Some("not reached".to_owned()),
        Some(_) | None => None,
    };
    known.unwrap_or_else(|| name.to_owned())
}
