//! `GET /admin/v1/models`: every model that is served, for whoever may look, whatever keys of callers open.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::viewer::Viewer;
use crate::{app::Worker, models::list};

/// The entries of `GET /v1/models`.
pub async fn list(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    viewer.reply(Ok(super::list(&list::entries(&worker.app))))
}
