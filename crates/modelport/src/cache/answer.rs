//! One kept answer, and giving it again.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body, Frame, SizeHint};
use modelport_provider::sse::events;

/// What an answer takes beside its bytes: its key, its places in the tables, the table of its headers.
const OVERHEAD: usize = 512;

/// A kept answer.
pub struct Answer {
    headers: HeaderMap,
    body: Bytes,
    since: Instant,
}

impl Answer {
    /// An answer that was given then. Of its bytes nothing but themselves is kept in memory.
    pub fn new(headers: HeaderMap, body: Vec<u8>, since: Instant) -> Self {
        Self {
            headers,
            body: Bytes::from(body.into_boxed_slice()),
            since,
        }
    }

    /// How long ago it was given.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// What is kept of its headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Its bytes.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Its bytes once more: a stream event by event, any other at once.
    pub fn replay(&self) -> Replay {
        let label = self.headers.get(header::CONTENT_TYPE);
        let is_stream =
            label.is_some_and(|label| label.as_bytes().starts_with(b"text/event-stream"));
        Replay {
            rest: self.body.clone(),
            is_stream,
        }
    }

    /// The memory that it takes.
    pub(super) fn weight(&self) -> u64 {
        let headers = self.headers.iter();
        let headers: usize = headers.map(|(_, value)| value.len()).sum();
        let bytes = self.body.len() + headers + OVERHEAD;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// A kept answer on its way to a caller.
pub struct Replay {
    rest: Bytes,
    is_stream: bool,
}

impl Body for Replay {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = if self.is_stream {
            events(&self.rest).next().map_or(0, |event| event.raw.len())
        } else {
            self.rest.len()
        };
        let piece = self.rest.split_to(length);
        Poll::Ready((length > 0).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        if self.is_stream {
            SizeHint::default()
        } else {
            SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http_body_util::BodyExt;

    use super::*;

    fn pieces(label: &'static str, body: &str) -> Vec<String> {
        let label = HeaderValue::from_static(label);
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, label)]);
        let answer = Answer::new(headers, body.into(), Instant::now());
        let mut replay = answer.replay();
        let mut pieces = Vec::new();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        while let Poll::Ready(Some(frame)) = replay.frame_poll(&mut cx) {
            let piece = frame.into_data().unwrap();
            pieces.push(String::from_utf8(piece.to_vec()).unwrap());
        }
        pieces
    }

    impl Replay {
        fn frame_poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
            let mut frame = self.frame();
            let polled = Pin::new(&mut frame).poll(cx);
            polled.map(|frame| frame.transpose().unwrap())
        }
    }

    #[test]
    fn a_stream_comes_in_events_and_the_rest_at_once() {
        let stream = "data: 1\n\n: so\n\ndata: [DONE]\n\n";
        assert_eq!(
            pieces("text/event-stream; charset=utf-8", stream),
            ["data: 1\n\n", ": so\n\n", "data: [DONE]\n\n"]
        );
        assert_eq!(pieces("text/event-stream", "data: 1"), ["data: 1"]);
        assert_eq!(pieces("application/json", "{\n\n}"), ["{\n\n}"]);
        assert!(pieces("application/json", "").is_empty());
    }
}
