//! `GET /v1/providers`, `/v1/providers/{id}` and `/v1/providers/{id}/health`.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{extract::State, response::Response};
use http::StatusCode;
use modelport_provider::settings::KeepAlive;
use serde_json::{Value, json};

use super::{Caller, Id, json_reply, refuse, shown};
use crate::{
    app::{App, Upstream, Worker},
    clock,
    config::ProviderConfig,
    error::Error,
    ids::RequestId,
    models::discovery,
    routing::health::Reading,
};

/// A sign of health younger than this needs no probe.
const FRESH_SIGN: Duration = Duration::from_secs(15);

/// All providers, enabled or not.
pub async fn list(caller: Caller, State(worker): State<Arc<Worker>>) -> Response {
    let places = 0..worker.app.config.providers.len();
    let data: Vec<Value> = places
        .filter_map(|place| describe(&worker.app, place))
        .collect();
    json_reply(
        StatusCode::OK,
        &caller.id,
        &json!({"object": "list", "data": data}),
    )
}

/// One provider, by its id or an alias of it.
pub async fn show(caller: Caller, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let described = place(&worker.app, &id).and_then(|place| describe(&worker.app, place));
    match described {
        Some(provider) => json_reply(StatusCode::OK, &caller.id, &provider),
        None => unknown(&worker.app, &id, &caller.id),
    }
}

/// One provider's health; it is probed if nothing has been heard of it lately.
pub async fn health(caller: Caller, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let app = &worker.app;
    let Some(place) = place(app, &id) else {
        return unknown(app, &id, &caller.id);
    };
    let (Some(config), Some(signals)) = (app.config.providers.get(place), app.signals.get(place))
    else {
        return unknown(app, &id, &caller.id);
    };
    let stale = signals.age().is_none_or(|age| age > FRESH_SIGN);
    if stale
        && discovery::is_wanted(config)
        && let Some(upstream) = worker.upstream(place)
    {
        signals.note_probe(&upstream.as_provider().health().await);
    }
    let mut health = describe_health(&signals.read());
    if let Some(health) = health.as_object_mut() {
        health.insert("id".to_owned(), json!(config.id));
        health.insert("object".to_owned(), json!("provider.health"));
    }
    json_reply(StatusCode::OK, &caller.id, &health)
}

pub(super) fn place(app: &App, id: &str) -> Option<usize> {
    let providers = &app.config.providers;
    providers
        .iter()
        .position(|config| config.id == id)
        .or_else(|| {
            providers
                .iter()
                .position(|config| config.aliases.iter().any(|alias| alias == id))
        })
}

fn unknown(app: &App, id: &str, request: &RequestId) -> Response {
    refuse(&missing(app, id), request)
}

/// That there is no such provider.
pub(super) fn missing(app: &App, id: &str) -> Error {
    let ids: Vec<&str> = app
        .config
        .providers
        .iter()
        .map(|config| &*config.id)
        .collect();
    Error::NotFound {
        message: format!(
            "There is no provider {:?}. The providers are: {}.",
            shown(id),
            ids.join(", ")
        ),
        param: "id",
        code: "provider_not_found",
    }
}

pub(super) fn describe(app: &App, place: usize) -> Option<Value> {
    let config = app.config.providers.get(place)?;
    let shelf = app.models.shelf(place)?;
    let reading = app.signals.get(place)?.read();
    let profile = app.upstream(place)?.as_provider().profile();
    let age = shelf
        .fetched
        .and_then(|at| clock::calendar().duration_since(at).ok());
    Some(json!({
        "id": config.id,
        "object": "provider",
        "type": config.provider_type.canonical().as_str(),
        "name": config.name,
        "aliases": config.aliases,
        "enabled": config.enabled,
        "configured": config.configured,
        "preferred": app.config.preferred == place,
        "profile": profile.slug,
        "parameters": config.policy(profile).as_str(),
        "base_url": config.base_url.to_string(),
        "has_key": config.key.is_some(),
        "default_model": config.default_model,
        "timeout_seconds": config.timeout.as_secs_f64(),
        "max_retries": config.max_retries,
        "apis": {
            "responses": native(profile.responses),
            "messages": native(profile.messages),
        },
        "chat_path": app.upstream(place).and_then(Upstream::chat_path),
        "keep_alive": config.ollama.as_ref().and_then(|ollama| ollama.keep_alive.as_ref()).map(KeepAlive::as_str),
        "health": describe_health(&reading),
        "credentials": credentials(app, place, config),
        "waiting_room": waiting_room(app, place),
        "models": {
            "count": shelf.models.len(),
            "source": shelf.source.as_str(),
            "fetched_at": shelf.fetched.map(timestamp),
            "age_seconds": age.map(|age| age.as_secs()),
            "skipped": shelf.skipped,
            "problem": app.models.problem(place).map(|problem| problem.to_string()),
        },
    }))
}

/// Which settings hold the provider's keys, and for how long each is not shown, after the provider refused it; for how
/// many models beside that, because nothing is left of a limit.
fn credentials(app: &App, place: usize, config: &ProviderConfig) -> Vec<Value> {
    let further = config.further_keys.iter();
    let names = config
        .key
        .iter()
        .map(|_| &config.key_variable)
        .chain(further.map(|further| &further.variable));
    let keyring = app.keyrings.get(place);
    let (rests, limited) = keyring.map_or_else(Default::default, |keyring| {
        let now = clock::now();
        (keyring.rests(now), keyring.limited(now))
    });
    let all = names.zip(rests.into_iter().zip(limited));
    all.map(|(name, (rest, models))| {
        json!({"setting": name, "rests_seconds": rest.as_secs_f64(), "models_resting": models})
    })
    .collect()
}

/// How full the provider is, where it gets only so many requests at once.
fn waiting_room(app: &App, place: usize) -> Option<Value> {
    let reading = app.rooms.get(place)?.as_ref()?.reading();
    Some(json!({
        "under_way": reading.under_way,
        "waiting": reading.waiting,
        "limit": reading.limit,
        "refused": reading.refused,
    }))
}

/// Whether a provider's own API answers, or its chat completions in that API's words.
fn native<T>(api: Option<T>) -> &'static str {
    api.map_or("translated", |_| "native")
}

fn describe_health(reading: &Reading) -> Value {
    let latency = reading.health.latency;
    json!({
        "state": reading.health.state.as_str(),
        "reason": reading.health.reason,
        "checked_at": reading.at.map(timestamp),
        "latency_ms": latency.map(|latency| latency.as_secs_f64() * 1000.0),
    })
}

fn timestamp(time: SystemTime) -> u64 {
    clock::unix_seconds(time)
}
