//! `GET /admin/v1/settings`: the configuration that holds, where each value is set, and the last one that was refused.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::viewer::Viewer;
use crate::{app::Worker, clock, config::report};

/// The configuration that holds.
#[derive(Serialize, ToSchema)]
struct ShownSettings {
    /// Always `settings`.
    object: &'static str,
    /// The configuration file, if there is one.
    file: Option<String>,
    edition: Edition,
    settings: Vec<Setting>,
    warnings: Vec<Warning>,
    refused: Option<RefusedSettings>,
    /// The report that the start prints.
    report: String,
}

/// Which configuration it is.
#[derive(Serialize, ToSchema)]
struct Edition {
    /// Its number, from 1 at the start.
    number: u64,
    /// Since when it holds, in seconds since 1970.
    since: u64,
}

/// One setting.
#[derive(Serialize, ToSchema)]
struct Setting {
    /// Its variable.
    name: String,
    /// Its value, of a secret only that it is set; null where it has none.
    value: Option<String>,
    /// Where it is set, or `default`.
    source: String,
    is_default: bool,
    /// What it does.
    help: &'static str,
}

/// Something about the configuration that may not be meant so.
#[derive(Serialize, ToSchema)]
struct Warning {
    origin: String,
    text: String,
}

/// The last configuration that was not taken up.
#[derive(Serialize, ToSchema)]
struct RefusedSettings {
    /// When, in seconds since 1970.
    at: u64,
    /// What is wrong with it, line by line.
    faults: Vec<String>,
}

/// Every setting, without secrets.
#[utoipa::path(
    get, path = "/admin/v1/settings", tag = "Administration", operation_id = "show_settings",
    responses((status = 200, description = "The settings.", body = ShownSettings)),
    security(("viewer" = []))
)]
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let app = &worker.app;
    let settings = app.config.settings.iter().map(|setting| Setting {
        name: setting.name.clone(),
        value: setting.value.clone(),
        source: setting.source.as_deref().unwrap_or("default").to_owned(),
        is_default: setting.source.is_none(),
        help: setting.help,
    });
    let warnings = app.config.warnings.iter().map(|warning| Warning {
        origin: warning.origin.to_string(),
        text: warning.text.clone(),
    });
    let refused = app.refused().map(|refused| RefusedSettings {
        at: clock::unix_seconds(refused.at),
        faults: refused.faults.lines().map(str::to_owned).collect(),
    });
    let file = app.config.file.as_ref();
    viewer.reply(Ok(ShownSettings {
        object: "settings",
        file: file.map(|file| file.display().to_string()),
        edition: Edition {
            number: app.edition.number,
            since: clock::unix_seconds(app.edition.since),
        },
        settings: settings.collect(),
        warnings: warnings.collect(),
        refused,
        report: report::startup_block(&app.config, &[]),
    }))
}
