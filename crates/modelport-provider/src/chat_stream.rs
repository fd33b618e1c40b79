//! A streamed chat completion, chunk by chunk, that tells the truth about how it ended.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::Stream;
use http::Response;

use crate::{
    chat::{self, ChatChunk},
    error::Error,
    failure,
    openai_compatible::stream::read_event,
    sse::{SseReader, events},
    transport::Answer,
};

/// The chunks of one completion. It ends with `None` only when the provider finished the answer;
/// a cut, a stall or an error inside the stream is an `Err`, after which nothing follows.
#[derive(Debug)]
pub struct ChatStream {
    answer: Answer,
    status: http::StatusCode,
    reader: SseReader,
    ready: VecDeque<Result<ChatChunk, Error>>,
    finished: bool,
    over: bool,
}

impl ChatStream {
    pub(crate) fn new(response: Response<Answer>) -> Self {
        let status = response.status();
        Self {
            answer: response.into_body(),
            status,
            reader: SseReader::default(),
            ready: VecDeque::new(),
            finished: false,
            over: false,
        }
    }

    fn read(&mut self, block: &[u8]) {
        for event in events(block) {
            if !event.has_data || self.over {
                continue;
            }
            let seen = read_event(&event.data);
            self.finished |= seen.finished || seen.done;
            if seen.done {
                continue;
            }
            if let Some(said) = seen.error {
                let kind = failure::classify_in_band(&said);
                self.fail(Error::refused(self.status, kind, said, None));
                return;
            }
            match chat::read_chunk(&event.data) {
                Ok(chunk) => self.ready.push_back(Ok(chunk)),
                Err(fault) => self.fail(Error::malformed(fault)),
            }
        }
    }

    fn fail(&mut self, error: Error) {
        self.ready.push_back(Err(error));
        self.over = true;
    }

    fn receive(&mut self, data: Option<Result<Bytes, Error>>) {
        match data {
            Some(Ok(chunk)) => match self.reader.push(&chunk) {
                Ok(block) => self.read(&block),
                Err(too_long) => self.fail(Error::malformed(too_long)),
            },
            Some(Err(_)) if self.finished => self.over = true,
            Some(Err(error)) => self.fail(error),
            None => {
                let rest = self.reader.finish();
                self.read(&rest);
                if !self.finished && !self.over {
                    self.fail(Error::cut("the stream ended without a finish reason"));
                }
                self.over = true;
            }
        }
    }
}

impl Stream for ChatStream {
    type Item = Result<ChatChunk, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(item));
            }
            if self.over {
                return Poll::Ready(None);
            }
            let data = ready!(self.answer.poll_data(cx));
            self.receive(data);
        }
    }
}
