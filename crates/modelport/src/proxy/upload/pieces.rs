//! The bytes of a form on their way out: what was held, the model's name, and the rest as it arrives.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use modelport_provider::transport::UploadError;
use tokio::task::JoinHandle;

use super::{FormReader, spool::Part};
use crate::error::Error;

/// One piece of a form.
pub(super) enum Piece {
    Bytes(Bytes),
    File(Part),
    Rest(Box<Rest>),
}

/// The part of a form that still arrives, looked through on its way: a second model in it would be a way around whatever
/// the first was checked against.
pub(super) struct Rest {
    body: Body,
    reader: FormReader,
    passed: usize,
    limit: usize,
    fault: Arc<OnceLock<Error>>,
}

/// A form in pieces.
pub(super) struct Pieces {
    queue: VecDeque<Piece>,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
    left: Option<u64>,
}

impl Rest {
    pub(super) fn new(
        body: Body,
        reader: FormReader,
        passed: usize,
        limit: usize,
        fault: Arc<OnceLock<Error>>,
    ) -> Self {
        Self {
            body,
            reader,
            passed,
            limit,
            fault,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UploadError>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let checked = match frame {
                None => return Poll::Ready(None),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.check(data),
                    Err(_trailers) => continue,
                },
                Some(Err(_)) => Err(Error::BodyCut),
            };
            return Poll::Ready(Some(checked.map_err(|error| {
                // The first fault is the one that is told.
                let _ = self.fault.set(error.clone());
                UploadError::from(error)
            })));
        }
    }

    fn check(&mut self, data: Bytes) -> Result<Bytes, Error> {
        self.passed += data.len();
        if self.passed > self.limit {
            return Err(Error::TooLarge {
                limit: self.limit,
                variable: "MODELPORT_UPLOAD_LIMIT",
            });
        }
        self.reader.feed(&data)?;
        Ok(data)
    }
}

impl Pieces {
    pub(super) fn new(pieces: Vec<Piece>, length: Option<u64>) -> Self {
        Self {
            queue: pieces.into(),
            reading: None,
            left: length,
        }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UploadError>>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let read = ready!(Pin::new(reading).poll(cx));
                self.reading = None;
                let read = read.map_err(UploadError::from);
                return Poll::Ready(Some(read.and_then(|read| read.map_err(UploadError::from))));
            }
            match self.queue.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::Bytes(bytes)) => {
                    let bytes = std::mem::take(bytes);
                    self.queue.pop_front();
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Some(Piece::File(part)) => match part.read() {
                    Some(reading) => self.reading = Some(reading),
                    None => drop(self.queue.pop_front()),
                },
                Some(Piece::Rest(rest)) => match ready!(rest.poll(cx)) {
                    None => drop(self.queue.pop_front()),
                    data => return Poll::Ready(data),
                },
            }
        }
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        let this = self.get_mut();
        let data = ready!(this.poll_data(cx));
        if let (Some(Ok(data)), Some(left)) = (&data, &mut this.left) {
            *left = left.saturating_sub(u64::try_from(data.len()).unwrap_or(u64::MAX));
        }
        Poll::Ready(data.map(|data| data.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
