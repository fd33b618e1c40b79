//! The endpoints whose requests go to a provider: a request is read here, and answered by [`proxy`].

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
    routing::{MethodRouter, post},
};

mod described;

pub use described::{described, schemas};

use super::{origin, refuse_in, unread};
use crate::{
    app::{Seat, Worker},
    ids::RequestId,
    proxy::{
        self, Content, Inbound, form,
        surface::{Bodies, Surface},
        upload,
    },
};

/// `POST` at a surface.
pub fn at(surface: Surface) -> MethodRouter<Seat> {
    let handler =
        move |State(worker): State<Arc<Worker>>, request: Request| answer(surface, worker, request);
    post(handler)
}

/// The answer of whichever provider the request's model resolves to.
async fn answer(surface: Surface, worker: Arc<Worker>, request: Request) -> Response {
    let (parts, mut body) = request.into_parts();
    let envelope = surface.envelope();
    let id = RequestId::of(&parts.headers);
    let app = &worker.app;
    let checked = app.keys.check(&parts.headers, origin(app, &parts));
    let checked = checked.and_then(|caller| caller.allowed_at(surface.path()).map(|()| caller));
    let caller = match checked {
        Ok(caller) => caller,
        Err(error) => {
            let reply = refuse_in(envelope, &error, &id);
            return Box::pin(unread::answer(reply, &parts.headers, body)).await;
        }
    };
    let server = &worker.app.config.server;
    let headers = &parts.headers;
    let read = if surface.bodies() == Bodies::Forms && form::is_form(headers) {
        // Boxed, as are the other rare ways below: every request's future would be as large, and is moved.
        let taken = Box::pin(upload::take(&mut body, headers, server.upload_limit)).await;
        taken.map(|taken| Content::Form(Box::new(taken)))
    } else {
        let read = proxy::body::read(&mut body, headers, server.body_limit).await;
        read.map(Content::Json)
    };
    let content = match read {
        Ok(content) => content,
        Err(error) => {
            let reply = refuse_in(envelope, &error, &id);
            return Box::pin(unread::answer(reply, headers, body)).await;
        }
    };
    let inbound = Inbound {
        id: id.clone(),
        caller,
        surface,
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        content,
    };
    match proxy::forward(worker, inbound).await {
        Ok(reply) => reply,
        Err(error) => error.into_reply(envelope, &id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of the futures that a function makes.
    fn size_of_futures<A, B, C, F: Future>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_is_small_while_it_is_answered() {
        // It is copied when it is begun, and held for as long as an answer takes.
        let size = size_of_futures(answer);
        assert!(size < 5000, "{size} bytes");
    }
}
