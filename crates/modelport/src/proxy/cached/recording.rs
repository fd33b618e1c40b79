//! Writing an answer along while it is passed on, to keep it if it ends well.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Acquire},
    },
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};

use super::super::relay::COST;
use crate::{
    cache::{Cache, answer::Answer, fingerprint::Fingerprint, gate::Turn},
    clock,
};

/// Where an answer will be kept. Those who wait for it wait as long as this is there.
pub(super) struct Tape {
    cache: Arc<Cache>,
    of: Fingerprint,
    turn: Option<Turn>,
    headers: HeaderMap,
}

impl Tape {
    /// For the answer to this request, with these headers.
    pub(super) fn new(
        cache: Arc<Cache>,
        of: Fingerprint,
        turn: Option<Turn>,
        headers: HeaderMap,
    ) -> Self {
        Self {
            cache,
            of,
            turn,
            headers,
        }
    }

    /// The longest answer that is kept.
    pub(super) fn max(&self) -> usize {
        self.cache.max_answer()
    }

    /// Keeps the answer, and lets those go who wait for it.
    pub(super) fn keep(self, body: Vec<u8>) {
        let answer = Arc::new(Answer::new(self.headers, body, clock::now()));
        self.cache.keep(self.of, &answer);
        if let Some(mut turn) = self.turn {
            turn.leave(&answer);
        }
    }
}

type Polled = Option<Result<Frame<Bytes>, axum::Error>>;

/// A stream that is passed on and written along.
pub(super) struct Recording {
    body: Body,
    /// Whether the answer has ended well; its meter says so.
    answered: Arc<AtomicBool>,
    /// `None` once the answer is kept, or is known not to be.
    tape: Option<Tape>,
    written: Vec<u8>,
    /// What was polled ahead of the caller.
    ahead: Option<Polled>,
}

impl Recording {
    /// Of `body`, which has ended well when `answered` is true.
    pub(super) fn new(body: Body, answered: Arc<AtomicBool>, tape: Tape) -> Self {
        Self {
            body,
            answered,
            tape: Some(tape),
            written: Vec::new(),
            ahead: None,
        }
    }

    fn note(&mut self, polled: &Polled) {
        let data = match polled {
            Some(Ok(frame)) => frame.data_ref(),
            Some(Err(_)) => None,
            None => {
                if self.answered.load(Acquire) {
                    self.keep();
                }
                None
            }
        };
        match data {
            Some(data) if self.tape.is_none() || data.is_empty() => {}
            // What it cost is not kept: given again it costs nothing.
            Some(data) if data.starts_with(COST) => {}
            Some(data) if self.written.len() + data.len() <= self.most() => {
                self.written.extend_from_slice(data);
            }
            // Too long, broken off, or with fields behind it, which are not kept.
            Some(_) | None => self.drop_tape(),
        }
    }

    /// How much is written along.
    fn most(&self) -> usize {
        self.tape.as_ref().map_or(0, Tape::max)
    }

    fn keep(&mut self) {
        if let Some(tape) = self.tape.take() {
            tape.keep(std::mem::take(&mut self.written));
        }
    }

    fn drop_tape(&mut self) {
        self.tape = None;
        self.written = Vec::new();
    }

    /// Many clients leave at the last event and do not wait for the end of the body. So once the answer has ended well,
    /// and there is nothing more of it, it is kept before that event goes out.
    fn look_ahead(&mut self, cx: &mut Context<'_>) {
        if self.tape.is_none() || !self.answered.load(Acquire) {
            return;
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(polled) => {
                self.note(&polled);
                self.ahead = Some(polled);
            }
            Poll::Pending => self.keep(),
        }
    }
}

impl HttpBody for Recording {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Polled> {
        let this = self.get_mut();
        let polled = if let Some(polled) = this.ahead.take() {
            polled
        } else {
            let polled = ready!(Pin::new(&mut this.body).poll_frame(cx));
            this.note(&polled);
            polled
        };
        if polled.is_some() {
            this.look_ahead(cx);
        }
        Poll::Ready(polled)
    }
}

#[cfg(test)]
mod tests;
