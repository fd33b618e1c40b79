//! `/admin/v1/logs`: how loud the log is, and making it louder or quieter until the process ends.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Admin, said, viewer::Viewer};
use crate::{
    app::Worker,
    error::Error,
    telemetry::logs::{Directives, Sink},
};

/// `GET /admin/v1/logs`.
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    viewer.reply(Ok(shown(worker.app.records.logs())))
}

/// How loud the log is to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    level: String,
}

/// `PUT /admin/v1/logs`.
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

fn shown(logs: &Sink) -> Value {
    json!({
        "object": "logs",
        "level": logs.directives().to_string(),
        "format": logs.format().as_str(),
    })
}
