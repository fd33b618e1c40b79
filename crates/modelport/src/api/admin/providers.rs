//! `/admin/v1/providers`: how each provider is doing, with the listing fetched again or a free probe made on demand.
//! Neither costs anything nor changes what is kept, so that both are for whoever may look.

use std::{sync::Arc, time::Duration};

use axum::{extract::State, response::Response};
use serde_json::{Value, json};

use super::viewer::Viewer;
use crate::{
    api::{Id, providers},
    app::Worker,
    clock,
    error::Error,
    models::discovery,
};

/// How long a listing that is fetched again is waited for.
const REFRESH_PATIENCE: Duration = Duration::from_secs(10);

/// All providers with their signals.
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let places = 0..worker.app.config.providers.len();
    let all = places.filter_map(|place| described(&worker, place));
    viewer.reply(Ok(super::list(&all.collect::<Vec<_>>())))
}

/// Fetches a provider's listing again.
pub async fn refresh(viewer: Viewer, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = asked(&worker, &id);
    if let Ok(place) = done
        && let Some(wake) = worker.app.wakes.get(place)
    {
        wake.refresh(REFRESH_PATIENCE).await;
    }
    viewer.reply(done.map(|place| described(&worker, place).unwrap_or_default()))
}

/// Asks a provider whether it is there, by a call that costs nothing.
pub async fn probe(viewer: Viewer, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = asked(&worker, &id);
    if let Ok(place) = done
        && let (Some(upstream), Some(signals)) =
            (worker.upstream(place), worker.app.signals.get(place))
    {
        signals.note_probe(&upstream.as_provider().health().await);
    }
    viewer.reply(done.map(|place| described(&worker, place).unwrap_or_default()))
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

fn described(worker: &Worker, place: usize) -> Option<Value> {
    let app = &worker.app;
    let mut provider = providers::describe(app, place)?;
    let id = &app.config.providers.get(place)?.id;
    let of_it = app.targets.all().filter(|(name, _)| {
        let rest = name.strip_prefix(id.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    let now = clock::now();
    let targets = of_it.map(|(name, target)| json!({"name": name, "signals": target.reading(now)}));
    provider["targets"] = targets.collect();
    Some(provider)
}
