//! `/admin/v1/keys`.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Admin, by_body, of_book, viewer::Viewer};
use crate::{
    api::{Id, List, flag, refuse},
    app::{App, Worker},
    auth::{
        book::{Book, KeyDraft},
        key::{Key, Shown, Standing},
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

/// A key with its text.
#[derive(Serialize, ToSchema)]
struct KeyWithText {
    #[serde(flatten)]
    shown: Shown,
    /// Its text, which is in this answer only.
    key: String,
}

/// A key with when it was used.
#[derive(Serialize, ToSchema)]
struct KeyWithUse {
    #[serde(flatten)]
    shown: Shown,
    /// When it was used last, if that was in the last day and since the start, and it was among the first keys that were.
    last_used: Option<String>,
}

/// The keys.
///
/// Those that are good; with `?all=true` the others too.
#[utoipa::path(
    get, path = "/admin/v1/keys", tag = "Keys, teams and usage", operation_id = "list_keys",
    params(("all" = Option<bool>, Query, description = "Whether those are listed too that have expired or were revoked.")),
    responses((status = 200, description = "The keys, the oldest first.", body = List<KeyWithUse>)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["invalid_parameter", "database_unavailable"])))
)]
pub async fn list(
    viewer: Viewer,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let all = match flag(query.as_deref().unwrap_or_default(), "all") {
        Ok(all) => all,
        Err(error) => return refuse(&error, &viewer.id),
    };
    let now = now();
    let done = of_book(&worker, async |mut book| book.keys().await).await;
    let used = last_uses(&worker.app);
    let done = done.map(|keys| {
        let keys = keys.iter();
        let shown = keys.filter(|key| all || key.standing(now) == Standing::Active);
        List::of(shown.map(|key| KeyWithUse {
            shown: key.shown(now),
            last_used: used.get(&*key.id).map(|at| times::shown(at * 1000)),
        }))
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

/// Makes a key.
///
/// Its text is in this answer only.
#[utoipa::path(
    post, path = "/admin/v1/keys", tag = "Keys, teams and usage", operation_id = "create_key",
    request_body(content = KeyDraft, example = json!({"name": "ada", "limits": {"requests_per_minute": 60}})),
    responses((status = 201, description = "The key with its text.", body = KeyWithText)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["invalid_body", "invalid_value", "conflict", "database_unavailable"])))
)]
pub async fn create(admin: Admin, State(worker): State<Arc<Worker>>, request: Request) -> Response {
    let work = async |mut book: Book<'_>, draft| book.create_key(draft).await;
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::CREATED, done.map(|made| with_text(&made)))
}

/// One key.
#[utoipa::path(
    get, path = "/admin/v1/keys/{id}", tag = "Keys, teams and usage", operation_id = "show_key",
    params(("id" = String, Path, description = "A key's id, or its name where only one is called so.")),
    responses((status = 200, description = "The key.", body = Shown)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["not_found", "conflict", "database_unavailable"])))
)]
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = of_book(&worker, async |mut book| book.key(&id).await).await;
    viewer.reply(done.map(|key| key.shown(now())))
}

/// Changes a key.
///
/// The body is a merge patch (RFC 7396): what it names is changed, and goes where it says `null`.
#[utoipa::path(
    patch, path = "/admin/v1/keys/{id}", tag = "Keys, teams and usage", operation_id = "update_key",
    params(("id" = String, Path, description = "A key's id, or its name where only one is called so.")),
    request_body(content = ref("#/components/schemas/KeyPatch"), example = json!({"team": "research", "expires": null})),
    responses((status = 200, description = "The key as it is now.", body = Shown)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["invalid_body", "invalid_value", "not_found", "conflict", "database_unavailable"])))
)]
pub async fn update(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    Id(id): Id,
    request: Request,
) -> Response {
    let work = async |mut book: Book<'_>, patch: Value| book.update_key(&id, &patch).await;
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::OK, done.map(|key| key.shown(now())))
}

/// What is said of a rotation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// For how many seconds the text that it has stays good.
    #[serde(default = "grace")]
    #[schema(default = grace)]
    grace_seconds: u64,
}

fn grace() -> u64 {
    GRACE
}

/// Gives a key another text.
///
/// The text is in this answer only; the one it had stays good for a while.
#[utoipa::path(
    post, path = "/admin/v1/keys/{id}/rotate", tag = "Keys, teams and usage", operation_id = "rotate_key",
    params(("id" = String, Path, description = "A key's id, or its name where only one is called so.")),
    request_body(content = Rotation, example = json!({"grace_seconds": 3600})),
    responses((status = 200, description = "The key with its new text.", body = KeyWithText)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["invalid_body", "invalid_value", "not_found", "conflict", "database_unavailable"])))
)]
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

/// Takes a key back, for ever.
///
/// It stays in the list of all.
#[utoipa::path(
    delete, path = "/admin/v1/keys/{id}", tag = "Keys, teams and usage", operation_id = "revoke_key",
    params(("id" = String, Path, description = "A key's id, or its name where only one is called so.")),
    responses((status = 200, description = "The key as it is now.", body = Shown)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["not_found", "conflict", "database_unavailable"])))
)]
pub async fn revoke(admin: Admin, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let done = of_book(&worker, async |mut book| book.revoke_key(&id).await).await;
    admin.reply(StatusCode::OK, done.map(|key| key.shown(now())))
}

fn with_text((key, text): &(Key, NewSecret)) -> KeyWithText {
    KeyWithText {
        shown: key.shown(now()),
        key: text.expose().to_owned(),
    }
}
