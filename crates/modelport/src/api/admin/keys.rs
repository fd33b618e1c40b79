//! `/admin/v1/keys`.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{RawQuery, Request, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Admin, list as listed, parameter, said};
use crate::{
    api::Id,
    app::Worker,
    auth::{
        book::{Book, KeyDraft},
        key::{Key, Standing},
        secret::NewSecret,
    },
    error::Error,
    times::now,
};

/// For how long the old text of a rotated key stays good if nothing is said, in seconds.
const GRACE: u64 = 86_400;

/// `GET /admin/v1/keys`: those that are good; with `?all=true` the others too.
pub async fn list(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let all = parameter(query.as_deref().unwrap_or_default(), "all");
    let all = all.is_some_and(|value| value == "true");
    let now = now();
    let stored = worker.app.keys.stored();
    // Read anew, so that what another replica has just done is there.
    let done = stored
        .change(async |store| Book::new(store, now).keys().await)
        .await;
    let done = done.map_err(Error::from).map(|keys| {
        let keys = keys.iter();
        let shown = keys.filter(|key| all || key.standing(now) == Standing::Active);
        listed(&shown.map(|key| key.to_json(now)).collect::<Vec<_>>())
    });
    admin.reply(StatusCode::OK, done)
}

/// `POST /admin/v1/keys`: makes a key. Its text is in this answer only.
pub async fn create(admin: Admin, State(worker): State<Arc<Worker>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let done = async {
        let draft: KeyDraft = said(&parts, body).await?;
        let stored = worker.app.keys.stored();
        let made = stored
            .change(async |store| Book::new(store, now()).create_key(draft).await)
            .await?;
        Ok(with_text(&made))
    };
    let done = done.await;
    admin.reply(StatusCode::CREATED, done)
}

/// `GET /admin/v1/keys/{id}`.
pub async fn show(admin: Admin, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let stored = worker.app.keys.stored();
    let done = stored
        .change(async |store| Book::new(store, now()).key(&id).await)
        .await;
    let done = done.map_err(Error::from).map(|key| key.to_json(now()));
    admin.reply(StatusCode::OK, done)
}

/// `PATCH /admin/v1/keys/{id}`: changes what the body names, as a merge patch (RFC 7396).
pub async fn update(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    Id(id): Id,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let done = async {
        let patch: Value = said(&parts, body).await?;
        let stored = worker.app.keys.stored();
        let key = stored
            .change(async |store| Book::new(store, now()).update_key(&id, &patch).await)
            .await?;
        Ok(key.to_json(now()))
    };
    let done = done.await;
    admin.reply(StatusCode::OK, done)
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
    let (parts, body) = request.into_parts();
    let done = async {
        let Rotation { grace_seconds } = said(&parts, body).await?;
        let grace = Duration::from_secs(grace_seconds);
        let stored = worker.app.keys.stored();
        let made = stored
            .change(async |store| Book::new(store, now()).rotate_key(&id, grace).await)
            .await?;
        Ok(with_text(&made))
    };
    let done = done.await;
    admin.reply(StatusCode::OK, done)
}

/// `DELETE /admin/v1/keys/{id}`: takes a key back. It stays in the list of all.
pub async fn revoke(admin: Admin, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    let stored = worker.app.keys.stored();
    let done = stored
        .change(async |store| Book::new(store, now()).revoke_key(&id).await)
        .await;
    let done = done.map_err(Error::from).map(|key| key.to_json(now()));
    admin.reply(StatusCode::OK, done)
}

fn with_text((key, text): &(Key, NewSecret)) -> Value {
    let mut shown = key.to_json(now());
    shown["key"] = json!(text.expose());
    shown
}
