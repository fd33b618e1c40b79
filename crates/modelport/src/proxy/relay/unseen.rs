//! Passing on an answer that cannot be read along: it is compressed, or too long to be held. A cut
//! is passed on as a cut.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderValue;
use http_body::{Body as HttpBody, Frame};
use modelport_provider::{Error as ProviderError, transport::Answer};

use super::super::meter::{Ending, Meter};

/// An answer on its way to the caller.
pub(super) struct Unseen {
    held: VecDeque<Bytes>,
    rest: Answer,
    /// The bytes still to come, where the provider has said how many there are.
    left: Option<usize>,
    meter: Meter,
}

impl Unseen {
    /// `held` and then `rest`, `length` bytes if that is known.
    pub(super) fn new(
        held: Vec<Bytes>,
        rest: Answer,
        length: Option<&HeaderValue>,
        meter: Meter,
    ) -> Self {
        let left = length.and_then(|length| length.to_str().ok()?.parse().ok());
        Self {
            held: held.into(),
            rest,
            left,
            meter,
        }
    }

    /// Counts a piece that goes out. After the last one of a known length nobody asks for more, so
    /// the end is noted here.
    fn count(&mut self, piece: &Bytes, cx: &mut Context<'_>) {
        let Some(left) = &mut self.left else { return };
        *left = left.saturating_sub(piece.len());
        if *left == 0 {
            self.meter.settle(Ending::Answered);
            // Reading the end, which is there already, gives the connection back.
            let _ = self.rest.poll_data(cx);
        }
    }
}

impl HttpBody for Unseen {
    type Data = Bytes;
    type Error = ProviderError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ProviderError>>> {
        let this = self.get_mut();
        let data = match this.held.pop_front() {
            Some(piece) => Some(Ok(piece)),
            None => ready!(this.rest.poll_data(cx)),
        };
        match &data {
            None => this.meter.settle(Ending::Answered),
            Some(Err(_)) => this.meter.settle(Ending::Broken),
            Some(Ok(piece)) => this.count(piece, cx),
        }
        Poll::Ready(data.map(|result| result.map(Frame::data)))
    }
}
