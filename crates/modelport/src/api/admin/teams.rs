//! `/admin/v1/teams`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Admin, by_body, list as listed, of_book, viewer::Viewer};
use crate::{
    api::Id,
    app::Worker,
    auth::book::{Book, TeamDraft},
};

/// `GET /admin/v1/teams`.
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let done = of_book(&worker, async |mut book| book.teams().await).await;
    let done = done.map(|teams| {
        let shown = teams.iter().map(|team| json!(team));
        listed(&shown.collect::<Vec<_>>())
    });
    viewer.reply(done)
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
    let work =
        async |mut book: Book<'_>, Creation { name, draft }| book.create_team(&name, draft).await;
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::CREATED, done.map(|team| json!(team)))
}

/// `PATCH /admin/v1/teams/{name}`: changes what the body names, as a merge patch (RFC 7396).
pub async fn update(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    Id(name): Id,
    request: Request,
) -> Response {
    let work = async |mut book: Book<'_>, patch: Value| book.update_team(&name, &patch).await;
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::OK, done.map(|team| json!(team)))
}

/// `DELETE /admin/v1/teams/{name}`: does away with a team that no key is in.
pub async fn delete(admin: Admin, State(worker): State<Arc<Worker>>, Id(name): Id) -> Response {
    let done = of_book(&worker, async |mut book| book.delete_team(&name).await).await;
    let done = done.map(|()| json!({"name": name, "deleted": true}));
    admin.reply(StatusCode::OK, done)
}
