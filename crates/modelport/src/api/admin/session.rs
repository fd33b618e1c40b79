//! `GET /admin/v1/session`: what whoever asks may do here, and what this gateway is.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::viewer::Viewer;
use crate::{app::Worker, clock};

/// What may be done here.
#[derive(Serialize, ToSchema)]
struct Session {
    /// Always `session`.
    object: &'static str,
    /// The gateway's version.
    version: &'static str,
    /// Whether there is an admin key, with which things can be changed.
    may_change: bool,
    /// Whether callers need a key.
    callers_need_key: bool,
    /// Whether requests are written into a ledger.
    keeps_ledger: bool,
    /// When the gateway started, in seconds since 1970.
    started_at: u64,
}

/// What may be done here.
///
/// The dashboard asks this first, and asks for a key where it is refused.
#[utoipa::path(
    get, path = "/admin/v1/session", tag = "Administration", operation_id = "show_session",
    responses((status = 200, description = "What may be done.", body = Session)),
    security(("viewer" = []))
)]
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let app = &worker.app;
    let has_key = !app.config.server.admin_keys.is_empty();
    viewer.reply(Ok(Session {
        object: "session",
        version: env!("CARGO_PKG_VERSION"),
        may_change: has_key,
        callers_need_key: app.keys.are_needed(),
        keeps_ledger: app.config.storage.database.is_some() && app.records.standing().is_some(),
        started_at: clock::unix_seconds(app.started()),
    }))
}
