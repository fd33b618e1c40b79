//! `POST /v1/chat/completions`.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    response::Response,
};

use super::{Caller, refuse, unread};
use crate::{
    app::Worker,
    proxy::{self, Inbound},
};

/// A chat completion, streamed or not, from whichever provider the model resolves to.
pub async fn create(State(worker): State<Arc<Worker>>, request: Request) -> Response {
    let (mut parts, mut body) = request.into_parts();
    let id = match Caller::from_request_parts(&mut parts, &worker).await {
        Ok(caller) => caller.id,
        Err(reply) => return unread::answer(reply, &parts.headers, body).await,
    };
    let limit = worker.app.config.server.body_limit;
    let body = match proxy::body::read(&mut body, &parts.headers, limit).await {
        Ok(body) => body,
        Err(error) => return unread::answer(refuse(&error, &id), &parts.headers, body).await,
    };
    let inbound = Inbound {
        id: id.clone(),
        endpoint: "/chat/completions",
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
    };
    match proxy::forward(worker, inbound).await {
        Ok(reply) => reply,
        Err(error) => error.into_reply(&id),
    }
}
