//! `GET /metrics`: what the gateway counts and how it stands, for Prometheus.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequestParts, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, header, request::Parts};

mod reading;

use super::{origin, refuse};
use crate::{
    app::{App, Seat, Worker},
    auth,
    config::MetricsAccess,
    error::{Envelope, Error},
    ids::{REQUEST_ID, RequestId},
    telemetry::metrics,
};

/// What a key opens that is made for this page.
const PATH: &str = "/metrics";

/// The label of the page in the format of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text";
const OPEN_METRICS_LABEL: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Its label in the older format of Prometheus, which is for those who do not ask for the other.
const PLAIN_LABEL: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Somebody who may read the metrics.
pub struct Reader {
    id: RequestId,
}

impl FromRequestParts<Seat> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, seat: &Seat) -> Result<Self, Self::Rejection> {
        let id = RequestId::of(&parts.headers);
        match allowed(&seat.worker().app, parts) {
            Ok(()) => Ok(Self { id }),
            Err(error) => Err(refuse(&error, &id)),
        }
    }
}

/// Whether somebody may read the metrics. They tell of everybody's requests and of money, so that a key which lets
/// callers in does not open them.
fn allowed(app: &App, parts: &Parts) -> Result<(), Error> {
    let server = &app.config.server;
    match server.metrics {
        MetricsAccess::Open => return Ok(()),
        MetricsAccess::Auto if server.is_local() => return Ok(()),
        MetricsAccess::Auto | MetricsAccess::Key => {}
        MetricsAccess::Off => {
            return Err(Error::UnknownUrl {
                method: parts.method.to_string(),
                path: PATH.to_owned(),
            });
        }
    }
    let presented = match auth::check_admin(&server.admin_keys, &parts.headers) {
        Ok(()) => return Ok(()),
        Err(error) => !matches!(error, Error::NoAdmin { presented: false }),
    };
    let caller = app.keys.check(&parts.headers, origin(app, parts));
    let known = match caller {
        Ok(caller) => caller.known,
        Err(Error::Unauthorized { presented }) => return Err(Error::NoMetrics { presented }),
        Err(error) => return Err(error),
    };
    let endpoints = known.iter().flat_map(|known| &known.key.scopes.endpoints);
    if endpoints.into_iter().any(|endpoint| endpoint == PATH) {
        Ok(())
    } else {
        Err(Error::NoMetrics { presented })
    }
}

/// What the gateway counts, for Prometheus.
///
/// Open on the gateway's own machine; else an admin key opens it, or a key that was made for it. `MODELPORT_METRICS` says who may read.
#[utoipa::path(
    get, path = "/metrics", tag = "Gateway", operation_id = "metrics",
    responses((status = 200, description = "The page; as OpenMetrics for those who accept that.", body = String, content_type = "text/plain")),
    security(("metrics" = [])),
    extensions(("x-errors" = json!(["unknown_url"])))
)]
pub async fn show(
    reader: Reader,
    State(worker): State<Arc<Worker>>,
    headers: HeaderMap,
) -> Response {
    let app = Arc::clone(&worker.app);
    let is_open = asks_for_open_metrics(&headers);
    // By a thread that serves nobody: the page may be long, and counting locks what it reads.
    let page = tokio::task::spawn_blocking(move || {
        let page = app.records.metrics().write(&reading::of(&app)).ok()?;
        Some(if is_open { page } else { metrics::plain(&page) })
    });
    let Ok(Some(page)) = page.await else {
        return Error::Internal.into_reply(Envelope::OpenAi, &reader.id);
    };
    let mut reply = Response::new(Body::from(page));
    let label = if is_open {
        OPEN_METRICS_LABEL
    } else {
        PLAIN_LABEL
    };
    reply.headers_mut().insert(header::CONTENT_TYPE, label);
    reply
        .headers_mut()
        .insert(REQUEST_ID, reader.id.to_header());
    reply
}

fn asks_for_open_metrics(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| value.to_str().is_ok_and(|text| text.contains(OPEN_METRICS)))
}
