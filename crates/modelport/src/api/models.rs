//! `GET /v1/models` and `GET /v1/models/{id}`.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Caller, Id, json_reply, refuse, shown};
use crate::{
    app::Worker,
    auth,
    error::Error,
    models::{discovery, list},
};

/// How long a caller who asks for fresh lists waits for them.
const REFRESH_PATIENCE: Duration = Duration::from_secs(10);

/// All models of all enabled providers; with `?refresh=true` their listings are fetched again first.
pub async fn list(
    caller: Caller,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let refresh = match wants_refresh(query.as_deref().unwrap_or_default()) {
        Ok(refresh) => refresh,
        Err(error) => return refuse(&error, &caller.id),
    };
    if refresh {
        let providers = worker.app.config.providers.iter().zip(&worker.app.wakes);
        let asked = providers.filter(|(config, _)| discovery::is_wanted(config));
        futures_util::future::join_all(asked.map(|(_, wake)| wake.refresh(REFRESH_PATIENCE))).await;
    }
    let mut entries = list::entries(&worker.app);
    entries.retain(|entry| is_open(&caller.who, entry));
    let list = json!({"object": "list", "data": entries});
    json_reply(StatusCode::OK, &caller.id, &list)
}

/// One model. Ids hold slashes and colons, plain or percent-encoded.
pub async fn show(caller: Caller, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let found = list::find(&worker.app, &id);
    match found.filter(|entry| is_open(&caller.who, entry)) {
        Some(entry) => json_reply(StatusCode::OK, &caller.id, &entry),
        None => refuse(
            &Error::NotFound {
                message: format!(
                    "The model {:?} is not served here. GET /v1/models lists those that are.",
                    shown(&id)
                ),
                param: "model",
                code: "model_not_found",
            },
            &caller.id,
        ),
    }
}

/// Whether a caller's key opens the model of an entry.
fn is_open(who: &auth::Caller, entry: &Value) -> bool {
    let Some(known) = &who.known else {
        return true;
    };
    let scopes = &known.key.scopes;
    let by_name = entry["id"]
        .as_str()
        .is_some_and(|id| scopes.allow_model(id));
    let providers = entry["providers"].as_array();
    by_name
        && providers.is_none_or(|providers| {
            let mut ids = providers.iter().filter_map(Value::as_str);
            providers.is_empty() || ids.any(|id| scopes.allow_provider(id))
        })
}

/// What a query says about fetching again; other parameters, such as those for pages, are nothing
/// to us.
fn wants_refresh(query: &str) -> Result<bool, Error> {
    let mut pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "true")));
    let Some((name, value)) = pairs.find(|(name, _)| *name == "refresh") else {
        return Ok(false);
    };
    let is_one_of = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(value));
    if is_one_of(["true", "1", "yes", "on"]) {
        Ok(true)
    } else if is_one_of(["false", "0", "no", "off"]) {
        Ok(false)
    } else {
        Err(Error::BadRequest {
            message: format!("refresh={} is neither true nor false.", shown(value)),
            param: Some(name.to_owned()),
            code: "invalid_parameter",
        })
    }
}
