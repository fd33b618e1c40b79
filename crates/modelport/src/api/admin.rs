//! The admin API, under `/admin/v1`: what is done to the gateway itself, by whoever shows an admin key. Closed where
//! none is configured, but for looking at it from the same machine.

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::{FromRequestParts, Request},
    response::Response,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};

pub mod keys;
pub mod limits;
pub mod live;
pub mod logs;
pub mod models;
pub mod overview;
pub mod providers;
pub mod requests;
pub mod routes;
pub mod session;
pub mod settings;
pub mod teams;
pub mod usage;
pub mod viewer;

use super::{json_reply, refuse};
use crate::{
    app::{Seat, Worker},
    auth::{
        self,
        book::{Book, Refusal},
    },
    error::Error,
    ids::{REQUEST_ID, RequestId},
    proxy,
    times::now,
};

/// What its paths begin with.
pub const PATH: &str = "/admin/";

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Somebody with an admin key.
pub struct Admin {
    /// The request's id.
    pub id: RequestId,
}

impl FromRequestParts<Seat> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, seat: &Seat) -> Result<Self, Self::Rejection> {
        let id = RequestId::of(&parts.headers);
        let keys = &seat.worker().app.config.server.admin_keys;
        match auth::check_admin(keys, &parts.headers) {
            Ok(()) => Ok(Self { id }),
            Err(error) => Err(refuse(&error, &id)),
        }
    }
}

impl Admin {
    /// The answer to what was done, or why it was not.
    fn reply(&self, status: StatusCode, done: Result<impl Serialize, Error>) -> Response {
        reply(&self.id, status, done)
    }
}

fn reply(id: &RequestId, status: StatusCode, done: Result<impl Serialize, Error>) -> Response {
    match done {
        Ok(value) => json_reply(status, id, &value),
        Err(error) => refuse(&error, id),
    }
}

/// An answer that is a stream of server-sent events, each as it is sent.
fn events(id: &RequestId, events: impl Stream<Item = String> + Send + 'static) -> Response {
    let events = events.map(|event| Ok::<_, Infallible>(Bytes::from(event)));
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    let fresh = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, fresh);
    headers.insert(REQUEST_ID, id.to_header());
    response
}

/// What `work` makes of the keys and teams, read anew, so that what another replica has just done is there.
async fn of_book<T>(
    worker: &Worker,
    work: impl AsyncFnOnce(Book<'_>) -> Result<T, Refusal>,
) -> Result<T, Error> {
    let stored = worker.app.keys.stored();
    let done = stored
        .change(async |store| work(Book::new(store, now())).await)
        .await;
    done.map_err(Error::from)
}

/// As [`of_book`], by what the request's body says.
async fn by_body<B: DeserializeOwned, T>(
    worker: &Worker,
    request: Request,
    work: impl AsyncFnOnce(Book<'_>, B) -> Result<T, Refusal>,
) -> Result<T, Error> {
    let (parts, body) = request.into_parts();
    let said = said(&parts, body).await?;
    of_book(worker, async |book| work(book, said).await).await
}

/// What a body says; of none, what an empty object says.
async fn said<T: DeserializeOwned>(parts: &Parts, mut body: Body) -> Result<T, Error> {
    let body = proxy::body::read(&mut body, &parts.headers, MAX_BODY).await?;
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    serde_json::from_slice(body).map_err(|error| Error::BadRequest {
        message: format!("The body is not what is expected here: {error}."),
        param: None,
        code: "invalid_body",
    })
}

/// The value of a parameter of a query; the last counts.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let found = pairs.filter(|(given, _)| given == name).last();
    found.map(|(_, value)| value.into_owned())
}

/// A refusal in the words of HTTP.
impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let message = sentence(&refusal.to_string());
        match refusal {
            Refusal::Invalid { field, .. } => Self::BadRequest {
                message,
                param: Some(field.to_owned()),
                code: "invalid_value",
            },
            Refusal::Missing { .. } => Self::NotFound {
                message,
                param: "id",
                code: "not_found",
            },
            Refusal::Conflict(_) => Self::Conflict { message },
            Refusal::Store(fault) => {
                tracing::error!(target: "modelport", %fault, "the database did not do what the admin API was asked for");
                Self::StoreAway
            }
            Refusal::Random(_) => Self::Internal,
        }
    }
}

/// The first letter made large.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
