//! Passing on an answer that is not held back: it is compressed, or too long. Its bytes go on as
//! they came, and what can be read of them is read aside. A cut is passed on as a cut.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::BoxError;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body::{Body as HttpBody, Frame};
use modelport_provider::transport::Answer;

use super::{
    super::{
        headers,
        meter::{Ending, Meter},
    },
    aside::{Aside, Progress},
};
use crate::{error::Error, ids::RequestId};

/// What is said of a stream that stopped before it was finished.
const UNFINISHED: &str = "its stream ended before the answer was finished";

/// An answer on its way to the caller.
pub(super) struct Unseen {
    held: VecDeque<Bytes>,
    rest: Answer,
    /// The bytes still to come, where the provider has said how many there are.
    left: Option<usize>,
    aside: Aside,
    meter: Meter,
    id: RequestId,
    /// The provider's display name.
    provider: String,
    /// What breaks the answer off, once what came before is on its way.
    fault: Option<BoxError>,
}

impl Unseen {
    /// `held` and then `rest`, of an answer with these headers.
    pub(super) fn new(
        held: Vec<Bytes>,
        rest: Answer,
        headers: &HeaderMap,
        aside: Aside,
        meter: Meter,
        id: RequestId,
        provider: String,
    ) -> Self {
        let length = headers.get(header::CONTENT_LENGTH);
        Self {
            held: held.into(),
            rest,
            left: length.and_then(|length| length.to_str().ok()?.parse().ok()),
            aside,
            meter,
            id,
            provider,
            fault: None,
        }
    }

    /// Breaks the answer off at the next poll. An error throws away what the server has not written
    /// yet, and in between it writes.
    fn fail_next(&mut self, fault: BoxError, cx: &mut Context<'_>) {
        self.fault = Some(fault);
        cx.waker().wake_by_ref();
    }

    /// Reads a piece that goes out, and counts it. After the last one of a known length nobody asks
    /// for more, so the end is noted here.
    fn pass(&mut self, piece: &Bytes, cx: &mut Context<'_>) {
        self.aside.read(piece);
        if let Some(seen) = self.aside.seen() {
            if let Some(usage) = seen.usage.take() {
                self.meter.used(usage);
            }
            // Many clients leave at this word and do not wait for the end of the body.
            if seen.progress == Progress::Done && seen.error.is_none() {
                self.meter.settle(Ending::Answered);
            }
        }
        let Some(left) = &mut self.left else { return };
        *left = left.saturating_sub(piece.len());
        if *left == 0 {
            // Whatever is wrong with it can be recorded but not be shown any more.
            let _ = self.end();
            // Reading the end, which is there already, gives the connection back.
            let _ = self.rest.poll_data(cx);
        }
    }

    /// Settles what is recorded.
    ///
    /// # Errors
    ///
    /// When the answer is a stream that was not finished: its caller must see that.
    fn end(&mut self) -> Result<(), BoxError> {
        if let Err(why) = self.aside.end() {
            tracing::debug!(
                request_id = self.id.as_str(),
                why,
                "the answer could not be read along, so its usage is not known"
            );
        }
        let seen = self.aside.seen().map(std::mem::take).unwrap_or_default();
        if let Some(usage) = seen.usage {
            self.meter.used(usage);
        }
        let unfinished = seen.progress == Progress::Unfinished && seen.error.is_none();
        let said = seen.error.map(|error| error.message);
        match said.or_else(|| unfinished.then(|| UNFINISHED.to_owned())) {
            Some(what) => self.meter.break_off(&Error::Upstream {
                provider: std::mem::take(&mut self.provider),
                what,
                status: StatusCode::BAD_GATEWAY,
                retry_after: None,
            }),
            None => self.meter.settle(Ending::Answered),
        }
        if unfinished {
            Err(UNFINISHED.into())
        } else {
            Ok(())
        }
    }
}

impl HttpBody for Unseen {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(fault) = this.fault.take() {
            return Poll::Ready(Some(Err(fault)));
        }
        let data = if let Some(piece) = this.held.pop_front() {
            Some(Ok(piece))
        } else {
            let data = ready!(this.rest.poll_data(cx));
            this.meter.waited(this.rest.take_waited());
            data
        };
        match data {
            Some(Ok(piece)) => {
                this.pass(&piece, cx);
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            Some(Err(error)) => {
                this.meter.settle(Ending::Broken);
                this.fail_next(error.into(), cx);
            }
            None => match this.end() {
                Ok(()) => {
                    let trailers = this.rest.take_trailers();
                    let trailers = trailers.and_then(headers::trailers_to_caller);
                    return Poll::Ready(trailers.map(Frame::trailers).map(Ok));
                }
                Err(error) => this.fail_next(error, cx),
            },
        }
        Poll::Pending
    }
}
