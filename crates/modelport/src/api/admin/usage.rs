//! `GET /admin/v1/usage`: what the requests of a time come to.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{parameter, viewer::Viewer};
use crate::{
    accounting::report::{FIGURES, Period},
    app::Worker,
    clock,
    error::Error,
    store::Store,
    times,
};

/// What requests can be counted apart by.
const COLUMNS: [&str; 5] = ["key", "team", "provider", "model", "surface"];

/// The usage of a time.
#[derive(Serialize, ToSchema)]
struct Usage {
    /// Always `list`.
    object: &'static str,
    /// Its first moment.
    since: String,
    /// The moment behind its last one.
    until: String,
    /// A line for each of what the requests are counted by: its names, and the figures. Amounts are US dollars, as text.
    #[schema(value_type = Vec<std::collections::HashMap<String, Value>>)]
    data: Vec<Map<String, Value>>,
}

/// What requests used.
///
/// It comes from the ledger, as `modelport usage --json` has it.
#[utoipa::path(
    get, path = "/admin/v1/usage", tag = "Keys, teams and usage", operation_id = "show_usage",
    params(
        ("by" = Option<String>, Query, pattern = "^((key|team|provider|model|surface)(,(key|team|provider|model|surface))*)?$", description = "What is counted apart, separated by commas: some of `key`, `team`, `provider`, `model` and `surface`; `model` if left out."),
        ("since" = Option<String>, Query, pattern = "^([1-9][0-9]{0,2}[dh]|20[0-9]{2}-[01][0-9]-[0-3][0-9]([Tt ].*)?)$", description = "A time ago such as `7d` or `12h`, a day such as `2026-11-01`, or a moment; `7d` if left out."),
        ("until" = Option<String>, Query, pattern = "^([1-9][0-9]{0,2}[dh]|20[0-9]{2}-[01][0-9]-[0-3][0-9]([Tt ].*)?)$", description = "The same; now if left out."),
    ),
    responses((status = 200, description = "The usage.", body = Usage)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["invalid_parameter", "conflict", "database_unavailable"])))
)]
pub async fn show(
    viewer: Viewer,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let done = read(&worker, query.as_deref().unwrap_or_default()).await;
    viewer.reply(done)
}

async fn read(worker: &Worker, query: &str) -> Result<Usage, Error> {
    let by = columns(&parameter(query, "by").unwrap_or_else(|| "model".to_owned()))?;
    let moment = |name: &'static str, text: &str| {
        times::moment(text).map_err(|said| wrong(name, format!("{name}={text:?} is {said}.")))
    };
    let since = parameter(query, "since").unwrap_or_else(|| "7d".to_owned());
    let since = moment("since", &since)?;
    let until = match parameter(query, "until") {
        Some(text) => moment("until", &text)?,
        None => clock::unix_millis(),
    };
    if since >= until {
        return Err(wrong(
            "since",
            "since is not before until. Give an earlier time.".to_owned(),
        ));
    }
    let storage = &worker.app.config.storage;
    let Some(database) = &storage.database else {
        return Err(Error::Conflict {
            message: "No ledger is kept here. Set MODELPORT_DATA_DIR to a directory for one."
                .to_owned(),
        });
    };
    let period = Period { since, until };
    let found = async {
        match Store::open_to_read(database).await? {
            Some(mut store) => store.usage(period, &by).await,
            None => Ok(Vec::new()),
        }
    };
    let lines = found.await.map_err(|fault| {
        tracing::error!(target: "modelport", %fault, "the ledger could not be read");
        Error::StoreAway
    })?;
    let data = lines.iter().map(|(names, totals)| {
        let names = by.iter().zip(names);
        let mut line: Map<String, Value> = names
            .map(|(column, name)| ((*column).to_owned(), json!(name)))
            .collect();
        line.extend(FIGURES.map(|(name, of)| (name.to_owned(), of(totals).value())));
        line
    });
    Ok(Usage {
        object: "list",
        since: times::shown(since),
        until: times::shown(until),
        data: data.collect(),
    })
}

fn columns(text: &str) -> Result<Vec<&'static str>, Error> {
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names
        .map(|name| {
            let known = COLUMNS.iter().find(|column| **column == name);
            known.copied().ok_or_else(|| {
                wrong(
                    "by",
                    format!(
                        "by={name:?} is not known. Use some of {}.",
                        COLUMNS.join(", ")
                    ),
                )
            })
        })
        .collect()
}

fn wrong(param: &str, message: String) -> Error {
    Error::BadRequest {
        message,
        param: Some(param.to_owned()),
        code: "invalid_parameter",
    }
}
