//! `GET /openapi.json`: the API in OpenAPI 3.1, for tools and for the page at `/docs`. Each endpoint is described beside its
//! handler; what all of them have in common, errors and headers, is added here. It is made once, when somebody first asks.
//!
//! It is open to everybody: it is the same for every gateway of a version, and says nothing of what is configured, which
//! models there are or who asks. Clients and tools read it before they have a key.

use std::sync::LazyLock;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use utoipa::OpenApi;

mod errors;
mod finish;
mod headers;
mod schemas;

use super::PASSED_ON;
use crate::{
    api::{admin, health, metrics, models, passed_on, providers, route},
    auth::book::TeamDraft,
    dashboard,
    ids::{REQUEST_ID, RequestId},
};

/// The endpoints that are described beside their handlers; those that are passed on describe themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "modelport",
        description = "One OpenAI-compatible port in front of every model.\n\nRequests to models are passed on: only the fields that the gateway reads are described here, and all others reach the provider as they are. Errors of the gateway have OpenAI's envelope, or Anthropic's below `/v1/messages`; what a provider refuses is passed on as the provider wrote it.\n\nModels and all that is passed on also answer without `/v1` (`x-also-at`)."
    ),
    servers((url = "/", description = "This gateway.")),
    tags(
        (name = "Models", description = "Requests that go to a provider."),
        (name = "Models and providers", description = "What there is."),
        (name = "Routing", description = "Who answers a request, and why."),
        (name = "Keys, teams and usage", description = "The admin API that changes things, by `MODELPORT_ADMIN_KEY`. Without one it can only be read, and only on the gateway's own machine."),
        (name = "Administration", description = "What the dashboard reads. Without an admin key it is open on the gateway's own machine."),
        (name = "Gateway", description = "Health, metrics, and this document."),
        (name = "Pages", description = "For people with a browser."),
    ),
    components(schemas(TeamDraft, admin::live::Live, admin::requests::live::RequestsTail)),
    paths(
        models::list,
        models::show,
        providers::list,
        providers::show,
        providers::health,
        route::explain,
        route::decision,
        admin::keys::list,
        admin::keys::create,
        admin::keys::show,
        admin::keys::update,
        admin::keys::rotate,
        admin::keys::revoke,
        admin::teams::list,
        admin::teams::create,
        admin::teams::update,
        admin::teams::delete,
        admin::usage::show,
        admin::session::show,
        admin::settings::show,
        admin::overview::show,
        admin::live::show,
        admin::limits::show,
        admin::logs::show,
        admin::logs::change,
        admin::requests::list,
        admin::requests::show,
        admin::requests::live::show,
        admin::providers::list,
        admin::providers::refresh,
        admin::providers::probe,
        admin::models::list,
        admin::routes::list,
        admin::routes::explain,
        health::show,
        health::live,
        health::ready,
        metrics::show,
        show,
        super::root,
        dashboard::docs,
        dashboard::page,
        dashboard::part,
        dashboard::asset,
    )
)]
struct Described;

/// The document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "Gateway", operation_id = "openapi",
    summary = "This document", description = "Open to everybody: it is the same for every gateway of a version.",
    responses((status = 200, description = "The document.", body = Object))
)]
pub(super) async fn show(headers: HeaderMap) -> Response {
    let mut response = Response::new(Body::from(text()));
    let said = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    said.insert(header::CONTENT_TYPE, json);
    said.insert(REQUEST_ID, RequestId::of(&headers).to_header());
    response
}

/// The document as text.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());
    &TEXT
}

/// The document.
fn document() -> Value {
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    let mut paths = serde_json::Map::new();
    for surface in PASSED_ON {
        let operation = passed_on::described(surface);
        paths.insert(
            format!("/v1{}", surface.path()),
            json!({ "post": operation }),
        );
    }
    if let Some(described) = document["paths"].as_object_mut() {
        paths.append(described);
    }
    document["paths"] = Value::Object(paths);
    finish::finish(&mut document);
    document
}
