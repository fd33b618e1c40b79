//! `/admin/v1/logs`: how loud the log is, and making it louder or quieter until the process ends.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Admin, said, viewer::Viewer};
use crate::{
    app::Worker,
    error::Error,
    telemetry::logs::{Directives, Sink},
};

/// The log.
#[derive(Serialize, ToSchema)]
struct Log {
    /// Always `logs`.
    object: &'static str,
    /// How loud it is.
    level: String,
    /// `text` or `json`.
    format: &'static str,
}

/// How loud the log is.
#[utoipa::path(
    get, path = "/admin/v1/logs", tag = "Administration", operation_id = "show_logs",
    responses((status = 200, description = "The log.", body = Log)),
    security(("viewer" = []))
)]
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    viewer.reply(Ok(shown(worker.app.records.logs())))
}

/// How loud the log is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LogChange)]
struct Change {
    /// A level for modelport, and others for parts of it or of the libraries below, separated by commas:
    /// `info,modelport::proxy=debug`.
    #[schema(
        pattern = "^((trace|debug|info|warn|error|off)|[a-z_][a-z0-9_:]{0,40}=(trace|debug|info|warn|error|off))(,((trace|debug|info|warn|error|off)|[a-z_][a-z0-9_:]{0,40}=(trace|debug|info|warn|error|off))){0,9}$",
        example = "info,modelport::proxy=debug"
    )]
    level: String,
}

/// Makes the log louder or quieter, until the process ends.
#[utoipa::path(
    put, path = "/admin/v1/logs", tag = "Administration", operation_id = "change_logs",
    request_body(content = Change, example = json!({"level": "debug"})),
    responses((status = 200, description = "The log as it is now.", body = Log)),
    security(("admin" = [])),
    extensions(("x-errors" = json!(["invalid_body", "invalid_value"])), ("x-needs-body" = json!(true)))
)]
pub async fn change(admin: Admin, State(worker): State<Arc<Worker>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let change = said(&parts, body).await;
    let done = change.and_then(|Change { level }| {
        let directives: Directives = level.parse().map_err(|wrong| Error::BadRequest {
            message: format!("The level cannot be used: {wrong}"),
            param: Some("level".to_owned()),
            code: "invalid_value",
        })?;
        let logs = worker.app.records.logs();
        logs.change(directives);
        Ok(shown(logs))
    });
    admin.reply(StatusCode::OK, done)
}

fn shown(logs: &Sink) -> Log {
    Log {
        object: "logs",
        level: logs.directives().to_string(),
        format: logs.format().as_str(),
    }
}
