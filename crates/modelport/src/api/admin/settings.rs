//! `GET /admin/v1/settings`: the configuration that holds, where each value is set, and the last one that was refused.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde_json::json;

use super::viewer::Viewer;
use crate::{app::Worker, clock, config::report};

/// Every setting, without secrets.
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let app = &worker.app;
    let settings = app.config.settings.iter().map(|setting| {
        json!({
            "name": setting.name,
            "value": setting.value,
            "source": setting.source.as_deref().unwrap_or("default"),
            "is_default": setting.source.is_none(),
            "help": setting.help,
        })
    });
    let warnings = app
        .config
        .warnings
        .iter()
        .map(|warning| json!({"origin": warning.origin.to_string(), "text": warning.text}));
    let refused = app.refused();
    let refused = refused.map(|refused| {
        json!({
            "at": clock::unix_seconds(refused.at),
            "faults": refused.faults.lines().collect::<Vec<_>>(),
        })
    });
    viewer.reply(Ok(json!({
        "object": "settings",
        "file": app.config.file.as_ref().map(|file| file.display().to_string()),
        "edition": {"number": app.edition.number, "since": clock::unix_seconds(app.edition.since)},
        "settings": settings.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
        "refused": refused,
        "report": report::startup_block(&app.config, &[]),
    })))
}
