//! `/admin/v1/keys`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Admin, by_body, list as listed, of_book, parameter, viewer::Viewer};
use crate::{
    api::Id,
    app::{App, Worker},
    auth::{
        book::Book,
        key::{Key, Standing},
        secret::NewSecret,
    },
    clock,
    telemetry::history::DIMENSIONS,
    times::{self, now},
};

/// For how long the old text of a rotated key stays good if nothing is said, in seconds.
const GRACE: u64 = 86_400;

/// Where the memory of the last requests is looked into for when a key was used last: how far back, and in steps of which
/// length, in seconds. The later is the finer one.
const LAST_USES: [(u64, u64); 2] = [(86_400, 900), (900, 10)];

/// `GET /admin/v1/keys`: those that are good; with `?all=true` the others too. What was used in the last day since the
/// start, among the first keys that were, has when.
pub async fn list(
    viewer: Viewer,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let all = parameter(query.as_deref().unwrap_or_default(), "all");
    let all = all.is_some_and(|value| value == "true");
    let now = now();
    let done = of_book(&worker, async |mut book| book.keys().await).await;
    let used = last_uses(&worker.app);
    let done = done.map(|keys| {
        let keys = keys.iter();
        let shown = keys.filter(|key| all || key.standing(now) == Standing::Active);
        let shown = shown.map(|key| {
            let mut json = key.to_json(now);
            let at = used.get(&*key.id);
            json["last_used"] = json!(at.map(|at| times::shown(at * 1000)));
            json
        });
        listed(&shown.collect::<Vec<_>>())
    });
    viewer.reply(done)
}

/// When keys were used last, by their ids: where a step began, in seconds since 1970.
fn last_uses(app: &App) -> HashMap<Arc<str>, u64> {
    let now = clock::unix_millis() / 1000;
    let keys = DIMENSIONS.iter().position(|dimension| *dimension == "key");
    let history = app.records.metrics().history();
    let lines = LAST_USES
        .into_iter()
        .flat_map(|(back, step)| history.read(now - back, step, keys));
    let last = lines.filter_map(|(name, line)| Some((name?, *line.last_key_value()?.0)));
    last.collect()
}

/// `POST /admin/v1/keys`: makes a key. Its text is in this answer only.
pub async fn create(admin: Admin, State(worker): State<Arc<Worker>>, request: Request) -> Response {
    let work = async |mut book: Book<'_>, draft| book.create_key(draft).await;
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::CREATED, done.map(|made| with_text(&made)))
}

/// `GET /admin/v1/keys/{id}`.
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = of_book(&worker, async |mut book| book.key(&id).await).await;
    viewer.reply(done.map(|key| key.to_json(now())))
}

/// `PATCH /admin/v1/keys/{id}`: changes what the body names, as a merge patch (RFC 7396).
pub async fn update(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    Id(id): Id,
    request: Request,
) -> Response {
    let work = async |mut book: Book<'_>, patch: Value| book.update_key(&id, &patch).await;
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::OK, done.map(|key| key.to_json(now())))
}

/// What is said of a rotation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default = "grace")]
    grace_seconds: u64,
}

fn grace() -> u64 {
    GRACE
}

/// `POST /admin/v1/keys/{id}/rotate`: gives a key another text, which is in this answer only.
pub async fn rotate(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    Id(id): Id,
    request: Request,
) -> Response {
    let work = async |mut book: Book<'_>, Rotation { grace_seconds }| {
        let grace = Duration::from_secs(grace_seconds);
        book.rotate_key(&id, grace).await
    };
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::OK, done.map(|made| with_text(&made)))
}

/// `DELETE /admin/v1/keys/{id}`: takes a key back. It stays in the list of all.
pub async fn revoke(admin: Admin, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = of_book(&worker, async |mut book| book.revoke_key(&id).await).await;
    admin.reply(StatusCode::OK, done.map(|key| key.to_json(now())))
}

fn with_text((key, text): &(Key, NewSecret)) -> Value {
    let mut shown = key.to_json(now());
    shown["key"] = json!(text.expose());
    shown
}
