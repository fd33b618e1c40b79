//! A whole answer with fields behind it.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};

/// A body in one piece, then its trailers. It does not say how long it is: HTTP/1.1 sends trailers
/// only behind a body in chunks.
pub(super) struct WithTrailers {
    body: Option<Bytes>,
    trailers: Option<HeaderMap>,
}

impl WithTrailers {
    pub(super) fn new(body: Bytes, trailers: HeaderMap) -> Self {
        Self {
            body: Some(body),
            trailers: Some(trailers),
        }
    }
}

impl Body for WithTrailers {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = self.body.take().map(Frame::data);
        let frame = data.or_else(|| self.trailers.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }
}
