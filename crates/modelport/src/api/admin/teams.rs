//! `/admin/v1/teams`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Admin, list as listed, said};
use crate::{
    api::Id,
    app::Worker,
    auth::book::{Book, TeamDraft},
    error::Error,
    times::now,
};

/// `GET /admin/v1/teams`.
pub async fn list(admin: Admin, State(worker): State<Arc<Worker>>) -> Response {
    let stored = worker.app.keys.stored();
    let done = stored
        .change(async |store| Book::new(store, now()).teams().await)
        .await;
    let done = done
        .map_err(Error::from)
        .map(|teams| listed(&teams.iter().map(|team| json!(team)).collect::<Vec<_>>()));
    admin.reply(StatusCode::OK, done)
}

/// A team to make.
#[derive(Deserialize)]
struct Creation {
    name: String,
    #[serde(flatten)]
    draft: TeamDraft,
}

/// `POST /admin/v1/teams`: makes a team.
pub async fn create(admin: Admin, State(worker): State<Arc<Worker>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let done = async {
        let Creation { name, draft } = said(&parts, body).await?;
        let stored = worker.app.keys.stored();
        let team = stored
            .change(async |store| Book::new(store, now()).create_team(&name, draft).await)
            .await?;
        Ok(json!(team))
    };
    let done = done.await;
    admin.reply(StatusCode::CREATED, done)
}

/// `PATCH /admin/v1/teams/{name}`: changes what the body names, as a merge patch (RFC 7396).
pub async fn update(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    Id(name): Id,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let done = async {
        let patch: Value = said(&parts, body).await?;
        let stored = worker.app.keys.stored();
        let team = stored
            .change(async |store| Book::new(store, now()).update_team(&name, &patch).await)
            .await?;
        Ok(json!(team))
    };
    let done = done.await;
    admin.reply(StatusCode::OK, done)
}

/// `DELETE /admin/v1/teams/{name}`: does away with a team that no key is in.
pub async fn delete(admin: Admin, State(worker): State<Arc<Worker>>, Id(name): Id) -> Response {
    let stored = worker.app.keys.stored();
    let done = stored
        .change(async |store| Book::new(store, now()).delete_team(&name).await)
        .await;
    let done = done
        .map_err(Error::from)
        .map(|()| json!({"name": name, "deleted": true}));
    admin.reply(StatusCode::OK, done)
}
