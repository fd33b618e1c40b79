//! Reading an answer, which drives the connection that it comes over.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Connection, Transport, describe, http2};
use crate::{
    error::{Error, Stage},
    ollama::Translation,
};

/// The body of a provider's answer. Reading it drives the connection; reading it to its end gives
/// the connection back; dropping it before closes the connection, or over HTTP/2 the stream, and so
/// cancels the call.
pub struct Answer {
    line: Line,
    home: Transport,
    timer: Option<Pin<Box<Sleep>>>,
    /// Since when nothing has come, while that is so.
    silent_since: Option<Instant>,
    /// How long nothing has come, in sum.
    waited: Duration,
    trailers: Option<Box<HeaderMap>>,
    translation: Option<Box<Translation>>,
}

/// What an answer comes over.
pub(super) enum Line {
    /// A connection of HTTP/1.1 that carries nothing else.
    Own {
        incoming: Incoming,
        connection: Box<Connection>,
    },
    /// A stream of a connection of HTTP/2, which has a task of its own.
    Stream {
        incoming: Incoming,
        stream: http2::Stream,
    },
    /// The answer has ended, or was given up.
    Over,
}

impl Answer {
    pub(super) fn over(line: Line, home: &Transport) -> Self {
        Self {
            line,
            home: home.clone(),
            timer: None,
            silent_since: None,
            waited: Duration::ZERO,
            trailers: None,
            translation: None,
        }
    }

    /// The same answer, put into other terms while it is read.
    pub(crate) fn translated(mut self, translation: Translation) -> Self {
        self.translation = Some(Box::new(translation));
        self
    }

    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    ///
    /// `is_cut` when the connection ends before the body does; `is_timeout` when nothing comes.
    pub async fn data(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|cx| self.poll_data(cx)).await
    }

    /// As [`Answer::data`], for use inside another body.
    #[inline]
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if self.translation.is_some() {
            return self.poll_translated(cx);
        }
        self.poll_wire(cx)
    }

    /// What the pieces that arrive become.
    fn poll_translated(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if self.translation.as_ref().is_none_or(|made| made.is_over()) {
                return Poll::Ready(None);
            }
            let piece = match std::task::ready!(self.poll_wire(cx)) {
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(piece)) => Some(piece),
                None => None,
            };
            let Some(translation) = &mut self.translation else {
                continue;
            };
            let made = match piece {
                Some(piece) => translation.push(&piece),
                None => translation.finish(),
            };
            if !matches!(&made, Ok(made) if made.is_empty()) {
                return Poll::Ready(Some(made));
            }
        }
    }

    /// The pieces as they arrive.
    fn poll_wire(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let arrived = match &mut self.line {
                Line::Own {
                    incoming,
                    connection,
                } => poll_own(incoming, connection, cx),
                Line::Stream { incoming, .. } => Pin::new(incoming).poll_frame(cx).map(arrived),
                Line::Over => return Poll::Ready(None),
            };
            let Poll::Ready(arrived) = arrived else {
                return self.poll_silence(cx);
            };
            self.end_silence();
            match arrived {
                Arrived::Data(data) => return Poll::Ready(Some(Ok(data))),
                Arrived::Trailers(trailers) => self.trailers = trailers,
                Arrived::End => {
                    let line = std::mem::replace(&mut self.line, Line::Over);
                    if let Line::Own { connection, .. } = line {
                        self.home.keep(connection);
                    }
                    return Poll::Ready(None);
                }
                Arrived::Cut(error) => {
                    self.line = Line::Over;
                    let why = error.as_ref().map_or_else(closed, describe);
                    return Poll::Ready(Some(Err(Error::cut(why))));
                }
            }
        }
    }

    /// The whole body, up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`Answer::data`], and `is_malformed` when the body is longer than `limit`.
    pub async fn collect(&mut self, limit: usize) -> Result<Bytes, Error> {
        let Some(first) = self.data().await.transpose()? else {
            return Ok(Bytes::new());
        };
        let mut whole = first;
        let mut parts: Option<bytes::BytesMut> = None;
        while let Some(next) = self.data().await.transpose()? {
            let parts =
                parts.get_or_insert_with(|| bytes::BytesMut::from(std::mem::take(&mut whole)));
            if parts.len() + next.len() > limit {
                return Err(Error::malformed(format_args!(
                    "the provider's answer is longer than {limit} bytes"
                )));
            }
            parts.extend_from_slice(&next);
        }
        Ok(parts.map_or(whole, bytes::BytesMut::freeze))
    }

    /// The fields behind the body, if there were any; known once the body has been read to its end.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take().map(|trailers| *trailers)
    }

    /// How long its reader has waited for pieces since this was asked last: each time from when there was nothing to read
    /// to when there was again and it was read.
    pub fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    fn end_silence(&mut self) {
        if let Some(since) = self.silent_since.take() {
            self.waited += since.elapsed();
        }
    }

    /// Nothing to read: looks at the clock of the provider's silence. Its timer stays set while pieces
    /// come, and is put off when it fires too early: setting one for each piece costs more.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let silence = self.home.silence();
        let since = *self.silent_since.get_or_insert_with(Instant::now);
        let Some(due) = since.checked_add(silence) else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= due {
                return Poll::Ready(Some(Err(self.fell_silent(silence))));
            }
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }

    fn fell_silent(&mut self, silence: Duration) -> Error {
        if let Line::Stream { stream, .. } = &self.line {
            stream.distrust();
        }
        self.line = Line::Over;
        self.end_silence();
        Error::silent(Stage::Body, silence)
    }
}

/// What came of a body. Smaller than a frame, which is copied on its way.
enum Arrived {
    Data(Bytes),
    Trailers(Option<Box<HeaderMap>>),
    End,
    /// The connection ended first.
    Cut(Option<hyper::Error>),
}

fn arrived(frame: Option<Result<Frame<Bytes>, hyper::Error>>) -> Arrived {
    match frame {
        Some(Ok(frame)) => match frame.into_data() {
            Ok(data) => Arrived::Data(data),
            Err(frame) => Arrived::Trailers(frame.into_trailers().ok().map(Box::new)),
        },
        Some(Err(error)) => Arrived::Cut(Some(error)),
        None => Arrived::End,
    }
}

fn closed() -> String {
    "the connection closed".to_owned()
}

/// Drives a connection until it has something of its answer.
fn poll_own(
    incoming: &mut Incoming,
    connection: &mut Connection,
    cx: &mut Context<'_>,
) -> Poll<Arrived> {
    let mut quiet = Context::from_waker(Waker::noop());
    // Asking first tells the connection that the body is wanted; what is already there comes out
    // at once.
    if let Poll::Ready(frame) = Pin::new(&mut *incoming).poll_frame(&mut quiet) {
        return Poll::Ready(arrived(frame));
    }
    let driven = Pin::new(&mut connection.driver).poll(cx);
    if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(&mut quiet) {
        return Poll::Ready(arrived(frame));
    }
    driven.map(|_| Arrived::Cut(None))
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.get_mut()
            .poll_data(cx)
            .map(|data| data.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let is_over = |made: &Translation| made.is_over();
        matches!(self.line, Line::Over) && self.translation.as_deref().is_none_or(is_over)
    }

    fn size_hint(&self) -> SizeHint {
        if self.translation.is_some() {
            return SizeHint::default();
        }
        match &self.line {
            Line::Own { incoming, .. } | Line::Stream { incoming, .. } => incoming.size_hint(),
            Line::Over => SizeHint::with_exact(0),
        }
    }
}
