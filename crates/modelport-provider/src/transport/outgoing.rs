//! The body of a request on its way out: whole, as it nearly always is, or an upload that is passed on while it arrives.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use crate::splice::Spliced;

/// Why an upload could not go on.
pub type UploadError = Box<dyn std::error::Error + Send + Sync>;

/// An upload's bytes, as they arrive.
pub type UploadStream = Pin<Box<dyn Body<Data = Bytes, Error = UploadError> + Send>>;

/// An upload, and how far it has got.
pub struct Upload {
    stream: UploadStream,
    progress: Progress,
}

/// How far an upload has got, for whoever waits for its answer.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    sent: AtomicU64,
    finished: AtomicBool,
}

impl Progress {
    /// The bytes taken so far.
    pub(super) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Whether all of it has been taken.
    pub fn is_finished(&self) -> bool {
        self.0.finished.load(Ordering::Relaxed)
    }
}

impl Upload {
    /// An upload of these bytes.
    pub fn new(stream: UploadStream) -> Self {
        Self {
            stream,
            progress: Progress::default(),
        }
    }

    /// How far it has got, from now on.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

/// A request's body.
pub(super) enum Outgoing {
    Whole(Full<Box<Spliced>>),
    Upload(Upload),
}

impl Body for Outgoing {
    type Data = Box<Spliced>;
    type Error = UploadError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Upload(upload) => upload.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Upload(upload) => upload.stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Upload(upload) => upload.stream.size_hint(),
        }
    }
}

impl Upload {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Box<Spliced>>, UploadError>>> {
        let polled = self.stream.as_mut().poll_frame(cx);
        let state = &self.progress.0;
        polled.map(|frame| match frame {
            None => {
                state.finished.store(true, Ordering::Relaxed);
                None
            }
            Some(Err(error)) => Some(Err(error)),
            Some(Ok(frame)) => {
                let frame = frame.map_data(|data| {
                    let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    state.sent.fetch_add(length, Ordering::Relaxed);
                    Box::new(Spliced::whole(data))
                });
                if self.stream.is_end_stream() {
                    state.finished.store(true, Ordering::Relaxed);
                }
                Some(Ok(frame))
            }
        })
    }
}
