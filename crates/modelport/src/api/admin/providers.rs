//! `/admin/v1/providers`: how each provider is doing, with the listing fetched again or a free probe made on demand.
//! Neither costs anything nor changes what is kept, so that both are for whoever may look.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::viewer::Viewer;
use crate::{
    api::{Id, List, providers},
    app::Worker,
    clock,
    error::Error,
    models::discovery,
    routing::target::Reading,
};

/// How long a listing that is fetched again is waited for.
const REFRESH_PATIENCE: Duration = Duration::from_secs(10);

/// A provider with its signals.
#[derive(Serialize, ToSchema)]
struct WatchedProvider {
    #[serde(flatten)]
    provider: providers::Provider,
    /// What is known of it, and of each model of it that a route names.
    targets: Vec<WatchedTarget>,
}

/// The signals of a provider or of one of its models.
#[derive(Serialize, ToSchema)]
struct WatchedTarget {
    name: String,
    signals: Reading,
}

/// All providers with their signals.
#[utoipa::path(
    get, path = "/admin/v1/providers", tag = "Administration", operation_id = "watch_providers",
    responses((status = 200, description = "The providers.", body = List<WatchedProvider>)),
    security(("viewer" = []))
)]
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let places = 0..worker.app.config.providers.len();
    let all = places.filter_map(|place| described(&worker, place));
    viewer.reply(Ok(List::of(all)))
}

/// Fetches a provider's listing again.
///
/// It waits for it up to ten seconds.
#[utoipa::path(
    post, path = "/admin/v1/providers/{id}/refresh", tag = "Administration", operation_id = "refresh_provider",
    params(("id" = String, Path, description = "A provider's id, or another name of it.")),
    responses((status = 200, description = "The provider, as it is then.", body = WatchedProvider)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["provider_not_found", "conflict"])))
)]
pub async fn refresh(viewer: Viewer, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = asked(&worker, &id);
    if let Ok(place) = done
        && let Some(wake) = worker.app.wakes.get(place)
    {
        wake.refresh(REFRESH_PATIENCE).await;
    }
    viewer.reply(done.and_then(|place| described(&worker, place).ok_or(Error::Internal)))
}

/// Asks a provider whether it is there, by a call that costs nothing.
#[utoipa::path(
    post, path = "/admin/v1/providers/{id}/probe", tag = "Administration", operation_id = "probe_provider",
    params(("id" = String, Path, description = "A provider's id, or another name of it.")),
    responses((status = 200, description = "The provider, as it is then.", body = WatchedProvider)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["provider_not_found", "conflict"])))
)]
pub async fn probe(viewer: Viewer, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = asked(&worker, &id);
    if let Ok(place) = done
        && let (Some(upstream), Some(signals)) =
            (worker.upstream(place), worker.app.signals.get(place))
    {
        signals.note_probe(&upstream.as_provider().health().await);
    }
    viewer.reply(done.and_then(|place| described(&worker, place).ok_or(Error::Internal)))
}

/// The place of a provider that may be asked.
fn asked(worker: &Worker, id: &str) -> Result<usize, Error> {
    let app = &worker.app;
    let place = providers::place(app, id).ok_or_else(|| providers::missing(app, id))?;
    let is_wanted = app
        .config
        .providers
        .get(place)
        .is_some_and(discovery::is_wanted);
    is_wanted.then_some(place).ok_or_else(|| Error::Conflict {
        message: format!("The provider {id:?} is not asked: it is disabled or not set up."),
    })
}

fn described(worker: &Worker, place: usize) -> Option<WatchedProvider> {
    let app = &worker.app;
    let provider = providers::describe(app, place)?;
    let id = &app.config.providers.get(place)?.id;
    let of_it = app.targets.all().filter(|(name, _)| {
        let rest = name.strip_prefix(id.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    let now = clock::now();
    let targets = of_it.map(|(name, target)| WatchedTarget {
        name: name.to_string(),
        signals: target.reading(now),
    });
    let targets = targets.collect();
    Some(WatchedProvider { provider, targets })
}
