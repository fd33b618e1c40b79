//! `GET /admin/v1/session`: what whoever asks may do here, and what this gateway is.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::json;

use super::viewer::Viewer;
use crate::{app::Worker, clock};

/// For the dashboard, which asks for a key where this is refused.
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let app = &worker.app;
    let has_key = !app.config.server.admin_keys.is_empty();
    viewer.reply(Ok(json!({
        "object": "session",
        "version": env!("CARGO_PKG_VERSION"),
        "may_change": has_key,
        "callers_need_key": app.keys.are_needed(),
        "keeps_ledger": app.config.storage.database.is_some() && app.records.standing().is_some(),
        "started_at": clock::unix_seconds(app.started()),
    })))
}
