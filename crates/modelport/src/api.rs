//! One file per resource of the HTTP API, and what all of them need: who asks, and how they are
//! answered.

use std::net::IpAddr;

use axum::{
    body::Body,
    extract::{FromRequestParts, Path, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use serde::Serialize;
use utoipa::ToSchema;

pub mod admin;
pub mod health;
pub mod metrics;
pub mod models;
pub mod passed_on;
pub mod providers;
pub mod route;
mod unread;

use crate::{
    app::{App, Seat},
    auth::{self, Peer, forwarded},
    error::{Envelope, Error},
    ids::{REQUEST_ID, RequestId},
};

/// The most of a caller's text that is repeated, in bytes.
const MAX_SHOWN: usize = 256;

/// Who asks: somebody with a key of ours, where keys are needed.
pub struct Caller {
    /// The request's id.
    pub id: RequestId,
    /// Who that is.
    pub who: auth::Caller,
}

impl FromRequestParts<Seat> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, seat: &Seat) -> Result<Self, Self::Rejection> {
        let id = RequestId::of(&parts.headers);
        let app = &seat.worker().app;
        match app.keys.check(&parts.headers, origin(app, parts)) {
            Ok(who) => Ok(Self { id, who }),
            Err(error) => Err(refuse(&error, &id)),
        }
    }
}

/// Where a request comes from, if anybody needs to know.
fn origin(app: &App, parts: &Parts) -> Option<IpAddr> {
    let Peer(peer) = parts.extensions.get().copied()?;
    forwarded::caller(peer, &parts.headers, &app.config.server.trusted_proxies)
}

/// What the last part of a URL names, percent-decoded: a model or a provider.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let decoded = Path::<String>::from_request_parts(parts, state).await;
        decoded.map(|Path(id)| Self(id)).map_err(|_| {
            let error = Error::BadRequest {
                message: "The id in the URL is not UTF-8 once it is percent-decoded.".to_owned(),
                param: Some("id".to_owned()),
                code: "invalid_id",
            };
            refuse(&error, &RequestId::of(&parts.headers))
        })
    }
}

/// Whether a query says yes to `name`, false where it says nothing of it; other parameters, such as those for pages, are
/// nothing to us.
fn flag(query: &str, name: &str) -> Result<bool, Error> {
    let mut pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "true")));
    let Some((_, value)) = pairs.find(|(given, _)| *given == name) else {
        return Ok(false);
    };
    let is_one_of = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(value));
    if is_one_of(["true", "1", "yes", "on"]) {
        Ok(true)
    } else if is_one_of(["false", "0", "no", "off"]) {
        Ok(false)
    } else {
        Err(Error::BadRequest {
            message: format!("{name}={} is neither true nor false.", shown(value)),
            param: Some(name.to_owned()),
            code: "invalid_parameter",
        })
    }
}

/// As much of a caller's text as an error or a log line repeats.
fn shown(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_SHOWN))
        .unwrap_or_default()
}

/// Answers with an error that no [`Meter`](crate::proxy::meter::Meter) has seen.
fn refuse(error: &Error, id: &RequestId) -> Response {
    refuse_in(Envelope::OpenAi, error, id)
}

/// As [`refuse`], in the words of whose API was called.
fn refuse_in(envelope: Envelope, error: &Error, id: &RequestId) -> Response {
    tracing::info!(
        target: "modelport",
        request_id = id.as_str(),
        status = error.status().as_u16(),
        "{error}"
    );
    error.clone().into_reply(envelope, id)
}

/// A JSON answer with the request's id.
fn json_reply(status: StatusCode, id: &RequestId, value: &impl Serialize) -> Response {
    let Ok(body) = serde_json::to_vec(value) else {
        return Error::Internal.into_reply(Envelope::OpenAi, id);
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers.insert(REQUEST_ID, id.to_header());
    response
}

/// Several of a kind.
#[derive(Serialize, ToSchema)]
struct List<T> {
    /// Always `list`.
    object: &'static str,
    /// The items.
    data: Vec<T>,
}

impl<T> List<T> {
    fn of(data: impl IntoIterator<Item = T>) -> Self {
        let data = data.into_iter().collect();
        Self {
            object: "list",
            data,
        }
    }
}

/// The answer to a URL that does not exist.
pub async fn unknown_url(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts.headers);
    let error = Error::UnknownUrl {
        method: parts.method.to_string(),
        path: shown(parts.uri.path()).to_owned(),
    };
    unread::answer(refuse(&error, &id), &parts.headers, body).await
}

/// The answer to a URL that exists, but not with this method.
pub async fn method_not_allowed(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let id = RequestId::of(&parts.headers);
    let error = Error::MethodNotAllowed {
        method: parts.method.to_string(),
        path: shown(parts.uri.path()).to_owned(),
    };
    unread::answer(refuse(&error, &id), &parts.headers, body).await
}

/// The answer when a handler panicked: a fault of ours, and not the end of the process.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that the layer asks for"
)]
pub fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    let id = RequestId::of(&HeaderMap::new());
    tracing::error!(target: "modelport", request_id = id.as_str(), panic = said, "a request panicked");
    Error::Internal
        .into_reply(Envelope::OpenAi, &id)
        .into_response()
}
