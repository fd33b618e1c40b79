//! `GET /v1/providers`, `/v1/providers/{id}` and `/v1/providers/{id}/health`.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Caller, Id, List, json_reply, refuse, shown};
use crate::{
    app::{App, Worker},
    clock,
    config::ProviderConfig,
    error::Error,
    ids::RequestId,
    models::discovery,
    routing::health::Reading,
};

/// A sign of health younger than this needs no probe.
const FRESH_SIGN: Duration = Duration::from_secs(15);

/// A provider, and how it is doing.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "what is shown, not a state")]
pub(super) struct Provider {
    id: String,
    /// Always `provider`.
    object: &'static str,
    /// The protocol it speaks.
    r#type: &'static str,
    /// What people call it.
    name: String,
    /// Other names that models may be asked for with.
    aliases: Vec<String>,
    /// Whether it is asked at all.
    enabled: bool,
    /// Whether it has all that it needs.
    configured: bool,
    /// Whether it gets the models that nobody lists.
    preferred: bool,
    /// What is known of its host.
    profile: &'static str,
    /// What becomes of fields that it does not take: `strict`, `warn` or `pass`.
    parameters: &'static str,
    /// Where it is, without credentials.
    base_url: String,
    /// Whether the gateway has a key for it.
    has_key: bool,
    /// What a request without a model gets.
    default_model: Option<String>,
    /// How long it may be silent, in seconds.
    timeout_seconds: f64,
    /// How often a request to it is tried again.
    max_retries: u32,
    apis: Apis,
    /// Where its chat completions are, where that is not the usual path.
    chat_path: Option<&'static str>,
    /// How long an Ollama keeps a model in memory.
    keep_alive: Option<String>,
    health: HealthView,
    credentials: Vec<Credential>,
    /// Null where it gets any number of requests at once.
    waiting_room: Option<WaitingRoom>,
    models: Listing,
}

/// Whether a provider's own API answers, `native`, or its chat completions in that API's words, `translated`.
#[derive(Serialize, ToSchema)]
struct Apis {
    responses: &'static str,
    messages: &'static str,
}

/// Whether a provider is up.
#[derive(Serialize, ToSchema)]
struct HealthView {
    /// `healthy`, `degraded`, `unhealthy`, `unknown` or `disabled`.
    state: &'static str,
    /// Why.
    reason: String,
    /// When that was found, in seconds since 1970.
    checked_at: Option<u64>,
    /// How long its last sign of life took.
    latency_ms: Option<f64>,
}

/// One provider's health.
#[derive(Serialize, ToSchema)]
struct ProviderHealth {
    #[serde(flatten)]
    health: HealthView,
    id: String,
    /// Always `provider.health`.
    object: &'static str,
}

/// One of a provider's keys.
#[derive(Serialize, ToSchema)]
struct Credential {
    /// The setting that holds it.
    setting: String,
    /// For how long it is not shown, after the provider refused it.
    rests_seconds: f64,
    /// For how many models it is not shown beside that, because nothing is left of a limit.
    models_resting: usize,
}

/// How full a provider is.
#[derive(Serialize, ToSchema)]
struct WaitingRoom {
    /// Requests that have a place.
    under_way: u32,
    /// Requests that wait for one.
    waiting: u32,
    /// How many places there are.
    limit: u32,
    /// Requests that were told to come back later.
    refused: u64,
}

/// Where a provider's models come from.
#[derive(Serialize, ToSchema)]
struct Listing {
    count: usize,
    /// `discovered`, `configured` or another word for where they come from.
    source: &'static str,
    /// When they were fetched, in seconds since 1970.
    fetched_at: Option<u64>,
    age_seconds: Option<u64>,
    /// Entries that could not be read.
    skipped: usize,
    /// Why the last listing did not come.
    problem: Option<String>,
}

/// All providers, enabled or not.
#[utoipa::path(
    get, path = "/v1/providers", tag = "Models and providers", operation_id = "list_providers",
    responses((status = 200, description = "The providers, as configured.", body = List<Provider>)),
    security(("caller" = []))
)]
pub async fn list(caller: Caller, State(worker): State<Arc<Worker>>) -> Response {
    let places = 0..worker.app.config.providers.len();
    let all = places.filter_map(|place| describe(&worker.app, place));
    json_reply(StatusCode::OK, &caller.id, &List::of(all))
}

/// One provider, by its id or an alias of it.
#[utoipa::path(
    get, path = "/v1/providers/{id}", tag = "Models and providers", operation_id = "show_provider",
    params(("id" = String, Path, description = "A provider's id, or another name of it.")),
    responses((status = 200, description = "The provider.", body = Provider)),
    security(("caller" = [])),
    extensions(("x-errors" = json!(["provider_not_found"])))
)]
pub async fn show(caller: Caller, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let described = place(&worker.app, &id).and_then(|place| describe(&worker.app, place));
    match described {
        Some(provider) => json_reply(StatusCode::OK, &caller.id, &provider),
        None => unknown(&worker.app, &id, &caller.id),
    }
}

/// One provider's health.
///
/// It is probed, which costs nothing, if nothing has been heard of it in the last 15 seconds.
#[utoipa::path(
    get, path = "/v1/providers/{id}/health", tag = "Models and providers", operation_id = "show_provider_health",
    params(("id" = String, Path, description = "A provider's id, or another name of it.")),
    responses((status = 200, description = "Its health.", body = ProviderHealth)),
    security(("caller" = [])),
    extensions(("x-errors" = json!(["provider_not_found"])))
)]
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
    let health = ProviderHealth {
        health: describe_health(&signals.read()),
        id: config.id.clone(),
        object: "provider.health",
    };
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

pub(super) fn describe(app: &App, place: usize) -> Option<Provider> {
    let config = app.config.providers.get(place)?;
    let reading = app.signals.get(place)?.read();
    let upstream = app.upstream(place)?;
    let profile = upstream.as_provider().profile();
    let ollama = config.ollama.as_ref();
    let keep_alive = ollama.and_then(|ollama| ollama.keep_alive.as_ref());
    Some(Provider {
        id: config.id.clone(),
        object: "provider",
        r#type: config.provider_type.canonical().as_str(),
        name: config.name.clone(),
        aliases: config.aliases.clone(),
        enabled: config.enabled,
        configured: config.configured,
        preferred: app.config.preferred == place,
        profile: profile.slug,
        parameters: config.policy(profile).as_str(),
        base_url: config.base_url.to_string(),
        has_key: config.key.is_some(),
        default_model: config.default_model.clone(),
        timeout_seconds: config.timeout.as_secs_f64(),
        max_retries: config.max_retries,
        apis: Apis {
            responses: native(profile.responses),
            messages: native(profile.messages),
        },
        chat_path: upstream.chat_path(),
        keep_alive: keep_alive.map(|time| time.as_str().to_owned()),
        health: describe_health(&reading),
        credentials: credentials(app, place, config),
        waiting_room: waiting_room(app, place),
        models: listing(app, place)?,
    })
}

fn listing(app: &App, place: usize) -> Option<Listing> {
    let shelf = app.models.shelf(place)?;
    let age = shelf
        .fetched
        .and_then(|at| clock::calendar().duration_since(at).ok());
    Some(Listing {
        count: shelf.models.len(),
        source: shelf.source.as_str(),
        fetched_at: shelf.fetched.map(timestamp),
        age_seconds: age.map(|age| age.as_secs()),
        skipped: shelf.skipped,
        problem: app.models.problem(place).map(|problem| problem.to_string()),
    })
}

/// Which settings hold the provider's keys, and for how long each is not shown.
fn credentials(app: &App, place: usize, config: &ProviderConfig) -> Vec<Credential> {
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
    all.map(|(name, (rest, models))| Credential {
        setting: name.clone(),
        rests_seconds: rest.as_secs_f64(),
        models_resting: models,
    })
    .collect()
}

/// How full the provider is, where it gets only so many requests at once.
fn waiting_room(app: &App, place: usize) -> Option<WaitingRoom> {
    let reading = app.rooms.get(place)?.as_ref()?.reading();
    Some(WaitingRoom {
        under_way: reading.under_way,
        waiting: reading.waiting,
        limit: reading.limit,
        refused: reading.refused,
    })
}

/// Whether a provider's own API answers, or its chat completions in that API's words.
fn native<T>(api: Option<T>) -> &'static str {
    api.map_or("translated", |_| "native")
}

fn describe_health(reading: &Reading) -> HealthView {
    let latency = reading.health.latency;
    HealthView {
        state: reading.health.state.as_str(),
        reason: reading.health.reason.clone(),
        checked_at: reading.at.map(timestamp),
        latency_ms: latency.map(|latency| latency.as_secs_f64() * 1000.0),
    }
}

fn timestamp(time: SystemTime) -> u64 {
    clock::unix_seconds(time)
}
