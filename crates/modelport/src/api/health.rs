//! `GET /health`, `/health/live` and `/health/ready`: open to everybody, and depending on nothing.

use std::{collections::BTreeMap, sync::Arc};

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::json_reply;
use crate::{
    app::{App, Worker},
    clock,
    ids::RequestId,
};

/// That the process is alive.
#[derive(Serialize, ToSchema)]
struct Alive {
    /// Always `ok`.
    status: &'static str,
}

/// The process is alive.
#[utoipa::path(
    get, path = "/health/live", tag = "Gateway", operation_id = "health_live",
    responses((status = 200, description = "It is.", body = Alive))
)]
pub async fn live(headers: HeaderMap) -> Response {
    let id = RequestId::of(&headers);
    json_reply(StatusCode::OK, &id, &Alive { status: "ok" })
}

/// What the process is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`, or `draining` while it shuts down.
    status: &'static str,
    /// The gateway's version.
    version: &'static str,
    /// Each provider's state, by its id: `healthy`, `degraded`, `unhealthy`, `unknown` or `disabled`.
    providers: BTreeMap<String, &'static str>,
}

/// The process is alive, and this is what it is.
#[utoipa::path(
    get, path = "/health", tag = "Gateway", operation_id = "health",
    responses((status = 200, description = "What it is.", body = Health))
)]
pub async fn show(State(worker): State<Arc<Worker>>, headers: HeaderMap) -> Response {
    let id = RequestId::of(&headers);
    let status = if worker.app.is_draining() {
        "draining"
    } else {
        "ok"
    };
    let body = Health {
        status,
        version: env!("CARGO_PKG_VERSION"),
        providers: states(&worker.app),
    };
    json_reply(StatusCode::OK, &id, &body)
}

/// Whether the gateway is ready.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`, or `draining` while it shuts down.
    status: &'static str,
    /// Providers that are down, each with the reason.
    missing: Vec<String>,
    configuration: Configuration,
    ledger: Option<Ledger>,
    /// How answers are kept, `memory`, `redis` or `away`; null where they are not.
    cache: Option<&'static str>,
    /// Whether limits are shared, `shared`, `local` or `refused`; null where they are not.
    limits: Option<&'static str>,
}

/// Which configuration counts.
#[derive(Serialize, ToSchema)]
struct Configuration {
    /// Its number, from 1 at the start.
    edition: u64,
    /// Since when, in seconds since 1970.
    since: u64,
    refused: Option<Refused>,
}

/// The last configuration that was not taken up.
#[derive(Serialize, ToSchema)]
struct Refused {
    /// When, in seconds since 1970.
    at: u64,
    /// How many faults it has. What they are is in the log: this endpoint is open to everybody.
    faults: usize,
}

/// How the ledger is kept. A gateway goes on serving without it.
#[derive(Serialize, ToSchema)]
struct Ledger {
    /// `ok`, `journal failing` or `database failing`.
    state: &'static str,
    /// Requests that wait in memory because the journal cannot be written.
    waiting: u64,
    /// Requests that the ledger will never know of.
    lost: u64,
}

/// Whether new requests should be sent here.
///
/// Says what is missing for them to succeed. A provider that is down does not make the gateway unready: every replica would say
/// the same at once.
#[utoipa::path(
    get, path = "/health/ready", tag = "Gateway", operation_id = "health_ready",
    responses(
        (status = 200, description = "They should.", body = Readiness),
        (status = 503, description = "It shuts down.", body = Readiness),
    )
)]
pub async fn ready(State(worker): State<Arc<Worker>>, headers: HeaderMap) -> Response {
    let id = RequestId::of(&headers);
    let (status, word) = if worker.app.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else {
        (StatusCode::OK, "ready")
    };
    let body = Readiness {
        status: word,
        missing: missing(&worker.app),
        configuration: configuration(&worker.app),
        ledger: ledger(&worker.app),
        cache: worker.app.cache.as_ref().map(|cache| cache.word()),
        limits: worker.app.shared.as_ref().map(|shared| shared.word()),
    };
    json_reply(status, &id, &body)
}

fn ledger(app: &App) -> Option<Ledger> {
    app.records.standing().map(|standing| Ledger {
        state: standing.word(),
        waiting: standing.waiting,
        lost: standing.lost,
    })
}

fn configuration(app: &App) -> Configuration {
    let refused = app.refused().map(|refused| Refused {
        at: clock::unix_seconds(refused.at),
        faults: refused.faults.lines().count(),
    });
    Configuration {
        edition: app.edition.number,
        since: clock::unix_seconds(app.edition.since),
        refused,
    }
}

fn states(app: &App) -> BTreeMap<String, &'static str> {
    let states = app.config.providers.iter().zip(&app.signals);
    states
        .map(|(config, signals)| (config.id.clone(), signals.read().health.state.as_str()))
        .collect()
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
