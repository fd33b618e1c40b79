//! `/admin/v1/teams`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Admin, by_body, of_book, viewer::Viewer};
use crate::{
    api::{Id, List},
    app::Worker,
    auth::{
        book::{Book, TeamDraft},
        key::Team,
    },
    config::limits::Limits,
};

/// The teams.
#[utoipa::path(
    get, path = "/admin/v1/teams", tag = "Keys, teams and usage", operation_id = "list_teams",
    responses((status = 200, description = "The teams.", body = List<Team>)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["database_unavailable"])))
)]
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let done = of_book(&worker, async |mut book| book.teams().await).await;
    viewer.reply(done.map(List::of))
}

/// A team to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTeam {
    /// Its name, by which keys are in it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What is kept with each request of its keys.
    #[serde(default)]
    tags: BTreeMap<String, String>,
    /// How much all its keys may use together.
    #[serde(default)]
    limits: Limits,
}

/// A team that is gone.
#[derive(Serialize, ToSchema)]
struct DeletedTeam {
    name: String,
    /// Always true.
    deleted: bool,
}

/// Makes a team.
#[utoipa::path(
    post, path = "/admin/v1/teams", tag = "Keys, teams and usage", operation_id = "create_team",
    request_body(content = NewTeam, example = json!({"name": "research", "tags": {"cost-center": "42"}})),
    responses((status = 201, description = "The team.", body = Team)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["invalid_body", "invalid_value", "conflict", "database_unavailable"])))
)]
pub async fn create(admin: Admin, State(worker): State<Arc<Worker>>, request: Request) -> Response {
    let work = async |mut book: Book<'_>, team: NewTeam| {
        let NewTeam { name, tags, limits } = team;
        book.create_team(&name, TeamDraft { tags, limits }).await
    };
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::CREATED, done)
}

/// Changes a team.
///
/// The body is a merge patch (RFC 7396): what it names is changed, and goes where it says `null`.
#[utoipa::path(
    patch, path = "/admin/v1/teams/{id}", tag = "Keys, teams and usage", operation_id = "update_team",
    params(("id" = String, Path, description = "The team's name.")),
    request_body(content = ref("#/components/schemas/TeamPatch"), example = json!({"limits": {"budgets": [{"amount": "1000", "per": "month"}]}})),
    responses((status = 200, description = "The team as it is now.", body = Team)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["invalid_body", "invalid_value", "not_found", "conflict", "database_unavailable"])))
)]
pub async fn update(
    admin: Admin,
    State(worker): State<Arc<Worker>>,
    Id(name): Id,
    request: Request,
) -> Response {
    let work = async |mut book: Book<'_>, patch: Value| book.update_team(&name, &patch).await;
    let done = by_body(&worker, request, work).await;
    admin.reply(StatusCode::OK, done)
}

/// Does away with a team that no key is in.
#[utoipa::path(
    delete, path = "/admin/v1/teams/{id}", tag = "Keys, teams and usage", operation_id = "delete_team",
    params(("id" = String, Path, description = "The team's name.")),
    responses((status = 200, description = "It is gone.", body = DeletedTeam)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["not_found", "conflict", "database_unavailable"])))
)]
pub async fn delete(admin: Admin, State(worker): State<Arc<Worker>>, Id(name): Id) -> Response {
    let done = of_book(&worker, async |mut book| book.delete_team(&name).await).await;
    let done = done.map(|()| DeletedTeam {
        name,
        deleted: true,
    });
    admin.reply(StatusCode::OK, done)
}
