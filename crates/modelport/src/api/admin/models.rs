//! `GET /admin/v1/models`: every model that is served, for whoever may look, whatever keys of callers open.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::viewer::Viewer;
use crate::{api::List, app::Worker, models::list};

/// Every model that is served.
///
/// The entries are those of `GET /v1/models`, whatever keys open.
#[utoipa::path(
    get, path = "/admin/v1/models", tag = "Administration", operation_id = "list_all_models",
    responses((status = 200, description = "The models.", body = ref("#/components/schemas/Models"))),
    security(("viewer" = []))
)]
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    viewer.reply(Ok(List::of(list::entries(&worker.app))))
}
