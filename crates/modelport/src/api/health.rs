//! `GET /health`, `/health/live` and `/health/ready`: open to everybody, and depending on nothing.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::json_reply;
use crate::{
    app::{App, Worker},
    clock,
    ids::RequestId,
};

/// The process is alive.
pub async fn live(headers: HeaderMap) -> Response {
    let id = RequestId::of(&headers);
    json_reply(StatusCode::OK, &id, &json!({"status": "ok"}))
}

/// The process is alive, and this is what it is.
pub async fn show(State(worker): State<Arc<Worker>>, headers: HeaderMap) -> Response {
    let id = RequestId::of(&headers);
    let status = if worker.app.is_draining() {
        "draining"
    } else {
        "ok"
    };
    let body = json!({
        "status": status,
        "version": env!("CARGO_PKG_VERSION"),
        "providers": states(&worker.app),
    });
    json_reply(StatusCode::OK, &id, &body)
}

/// Whether new requests should be sent here, and what is missing for them to succeed. A provider
/// that is down does not make the gateway unready: every replica would say the same at once.
pub async fn ready(State(worker): State<Arc<Worker>>, headers: HeaderMap) -> Response {
    let id = RequestId::of(&headers);
    let (status, word) = if worker.app.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else {
        (StatusCode::OK, "ready")
    };
    let body = json!({
        "status": word,
        "missing": missing(&worker.app),
        "configuration": configuration(&worker.app),
        "ledger": ledger(&worker.app),
        "cache": worker.app.cache.as_ref().map(|cache| cache.word()),
        "limits": worker.app.shared.as_ref().map(|shared| shared.word()),
    });
    json_reply(status, &id, &body)
}

/// How the ledger is kept; null where it is not. A gateway goes on serving without it.
fn ledger(app: &App) -> Value {
    app.records.standing().map_or(Value::Null, |standing| {
        json!({
            "state": standing.word(),
            "waiting": standing.waiting,
            "lost": standing.lost,
        })
    })
}

/// Which configuration counts, and which was not taken up.
fn configuration(app: &App) -> Value {
    let refused = app.refused().map(|refused| {
        json!({
            "at": clock::unix_seconds(refused.at),
            // What they are is in the log; this endpoint is open to everybody.
            "faults": refused.faults.lines().count(),
        })
    });
    json!({
        "edition": app.edition.number,
        "since": clock::unix_seconds(app.edition.since),
        "refused": refused,
    })
}

fn states(app: &App) -> Value {
    let states = app.config.providers.iter().zip(&app.signals);
    states
        .map(|(config, signals)| {
            let state = signals.read().health.state.as_str();
            (config.id.clone(), Value::from(state))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn missing(app: &App) -> Vec<String> {
    use modelport_provider::provider::HealthState::{Degraded, Unhealthy};
    let providers = app.config.providers.iter().zip(&app.signals);
    providers
        .map(|(config, signals)| (config, signals.read().health))
        .filter(|(_, health)| matches!(health.state, Unhealthy | Degraded))
        .map(|(config, health)| format!("{}: {}", config.id, health.reason))
        .collect()
}
