//! A stream on its way to the caller.
//!
//! Events leave here only whole: the part of an event that has arrived is held until the rest is
//! there, so that a broken stream never leaves half an event in a client's parser. After the first
//! output nothing can be taken back, so whatever goes wrong from then on is said in the stream.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use modelport_provider::{
    Error as ProviderError,
    openai_compatible::stream::{Grammar, is_done},
    sse::{SseReader, events},
    transport::Answer,
};

use super::{
    super::{
        Job,
        dialect::Events,
        failure::Failure,
        headers,
        meter::{Ending, Meter},
        sending::Sending,
    },
    COST,
    story::{Story, retold},
};
use crate::{
    app::App,
    error::{Envelope, Error},
    ids::RequestId,
};

/// The words in which a stream goes out.
pub(super) enum Words {
    /// Those in which it comes.
    Same,
    /// Another API's.
    Others(Events),
    /// Those in which it comes, as chunks of the answer with this id, which another target began.
    Continued(String),
    /// None any more: it has ended in the other API's words.
    Over,
}

/// Whether a comment tells what an answer cost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// It is still to.
    Due,
    /// It has, or nobody wants to know.
    Over,
}

/// A stream of events on its way to the caller.
pub(super) struct Relay {
    /// Whole events that may go out.
    ready: VecDeque<Bytes>,
    upstream: Option<Answer>,
    reader: SseReader,
    grammar: Grammar,
    envelope: Envelope,
    pub(super) words: Words,
    /// Whether a chunk that tells nothing but the usage goes no further.
    hides_usage: bool,
    /// Whether a comment tells what the answer cost.
    cost: Telling,
    /// Whether the provider has finished the answer.
    finished: bool,
    /// Whether the last event lacks the empty line that ends it: the stream ended before it came.
    open: bool,
    /// The fields behind the stream, once it has ended well.
    trailers: Option<HeaderMap>,
    /// What has been said, where another target may go on with it.
    pub(super) story: Option<Box<Story>>,
    /// What broke the stream, where another target is to go on with it.
    pub(super) broken: Option<Box<Error>>,
    id: RequestId,
    app: Arc<App>,
    provider: usize,
    pub(super) meter: Meter,
}

impl Relay {
    pub(super) fn new(
        job: &Job,
        provider: usize,
        sending: &Sending,
        rest: Answer,
        reader: SseReader,
        meter: Meter,
    ) -> Self {
        Self {
            ready: VecDeque::new(),
            upstream: Some(rest),
            reader,
            grammar: sending.reading.grammar,
            envelope: job.surface.envelope(),
            words: Words::Same,
            hides_usage: sending.reading.hides_usage,
            cost: if job.worker.app.config.server.stream_cost {
                Telling::Due
            } else {
                Telling::Over
            },
            finished: false,
            open: false,
            trailers: None,
            story: None,
            broken: None,
            id: job.id.clone(),
            app: Arc::clone(&job.worker.app),
            provider,
            meter,
        }
    }

    /// Lets whole events pass, up to the first that breaks the stream.
    pub(super) fn pass(&mut self, mut block: Bytes) {
        while let Some(rest) = self.pass_sound(block) {
            block = rest;
        }
    }

    /// As [`Relay::pass`], up to an event that goes no further; what comes behind that is still to pass.
    fn pass_sound(&mut self, block: Bytes) -> Option<Bytes> {
        if block.is_empty() || self.upstream.is_none() {
            return None;
        }
        let mut sound = 0;
        for event in events(&block) {
            let seen = if event.has_data {
                self.meter.event();
                self.grammar.read_event(&event.data)
            } else {
                sound += event.raw.len();
                continue;
            };
            if seen.malformed {
                self.pass_until(&block, sound);
                self.break_off(&self.failed("its stream holds an event that is not JSON".into()));
                return None;
            }
            if let Some(said) = seen.error {
                if self.may_go_on() {
                    let failure = Failure::in_band(said.clone(), &event.data);
                    if failure.may_fail_over() {
                        self.pass_until(&block, sound);
                        self.break_off(&self.failed(said.message));
                        return None;
                    }
                    // Another target would say the same.
                    self.story = None;
                }
                let is_same = matches!(self.words, Words::Same);
                let end = if is_same { event.raw.len() } else { 0 };
                self.pass_until(&block, sound + end);
                let error = self.failed(said.message);
                if seen.error_is_readable && is_same {
                    // The client has read the provider's own event; a second would be one too many.
                    self.close_event();
                    self.stop();
                    self.meter.break_off(&error);
                } else {
                    self.break_off(&error);
                }
                return None;
            }
            self.finished |= seen.finished || seen.done;
            if let Some(story) = &mut self.story {
                story.hear(&event.data);
            }
            if let Some(usage) = seen.usage {
                self.meter.used(usage);
                if self.hides_usage && seen.is_usage_only {
                    self.pass_until(&block, sound);
                    return Some(block.slice(sound + event.raw.len()..));
                }
            }
            sound += event.raw.len();
            if seen.done {
                let mut start = 0;
                if self.cost == Telling::Due && !matches!(self.words, Words::Others(_)) {
                    start = sound - event.raw.len();
                    self.pass_until(&block, start);
                    self.tell_cost();
                }
                self.let_out(block.slice(start..sound));
                self.finish();
                self.let_out(block.slice(sound..));
                // Many clients leave at this word and do not wait for the end of the body.
                self.meter.settle(Ending::Answered);
                return None;
            }
        }
        self.let_out(block);
        None
    }

    fn pass_until(&mut self, block: &Bytes, end: usize) {
        if end > 0 {
            self.let_out(block.slice(..end));
        }
    }

    /// Puts sound events out, in the words of the API that was called.
    fn let_out(&mut self, block: Bytes) {
        match &mut self.words {
            Words::Same if block.is_empty() => {}
            Words::Same => self.ready.push_back(block),
            Words::Others(translated) => {
                let mut out = Vec::new();
                for event in events(&block) {
                    if !event.has_data {
                        out.extend_from_slice(event.raw);
                    } else if !is_done(&event.data) {
                        translated.push(&event.data, &mut out);
                    }
                }
                self.put(out);
            }
            Words::Continued(id) => {
                let mut out = Vec::new();
                for event in events(&block) {
                    let retold = event.has_data.then(|| retold(&event.data, id)).flatten();
                    out.extend_from_slice(retold.as_deref().unwrap_or(event.raw));
                }
                self.put(out);
            }
            Words::Over => {}
        }
    }

    pub(super) fn put(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.ready.push_back(Bytes::from(bytes));
        }
    }

    /// Ends a stream that is whole. The own end of a translated one says nothing in the other API.
    fn finish(&mut self) {
        if let Words::Others(translated) = &mut self.words {
            let mut out = Vec::new();
            translated.finish(&mut out);
            self.words = Words::Over;
            self.put(out);
        }
        self.tell_cost();
    }

    /// Says once what the answer cost, if anybody wants to know and it is known.
    fn tell_cost(&mut self) {
        if std::mem::replace(&mut self.cost, Telling::Over) == Telling::Over {
            return;
        }
        if let Some((amount, source)) = self.meter.told_cost() {
            self.close_event();
            let mut comment = COST.to_vec();
            comment
                .extend_from_slice(format!("{} usd {source}\n\n", amount.normalize()).as_bytes());
            self.put(comment);
        }
    }

    fn receive(&mut self, data: Option<Result<Bytes, ProviderError>>) {
        match data {
            Some(Ok(chunk)) => match self.reader.push(&chunk) {
                Ok(block) => self.pass(block),
                Err(too_long) => self.break_off(&self.failed(too_long.to_string())),
            },
            Some(Err(error)) => self.upstream_failed(&error),
            None => {
                let rest = self.reader.finish();
                self.open = !rest.is_empty();
                self.pass(rest);
                let Some(upstream) = &mut self.upstream else {
                    return;
                };
                if self.finished {
                    let trailers = upstream.take_trailers();
                    self.trailers = trailers.and_then(headers::trailers_to_caller);
                    self.finish();
                    self.stop();
                    self.meter.settle(Ending::Answered);
                } else {
                    self.break_off(
                        &self.failed("its stream ended before the answer was finished".into()),
                    );
                }
            }
        }
    }

    /// The provider's connection failed. An answer that was already finished is whole all the same.
    fn upstream_failed(&mut self, error: &ProviderError) {
        if self.finished {
            self.finish();
            self.stop();
            self.meter.settle(Ending::Answered);
            return;
        }
        let error = match self.app.config.providers.get(self.provider) {
            Some(config) if error.is_timeout() => {
                Error::silent(config, "the stream began and then stopped")
            }
            _ => self.failed(error.to_string()),
        };
        self.break_off(&error);
    }

    fn failed(&self, what: String) -> Error {
        let config = self.app.config.providers.get(self.provider);
        Error::Upstream {
            provider: config.map_or_else(String::new, |config| config.name.clone()),
            what,
            status: http::StatusCode::BAD_GATEWAY,
            retry_after: None,
        }
    }

    /// Whether another target could go on with what has been said.
    fn may_go_on(&self) -> bool {
        let is_told = self.story.as_ref().is_some_and(|story| story.is_plain());
        is_told && !self.finished
    }

    /// Ends the stream with an error event, unless another target is to go on. No `[DONE]` follows.
    fn break_off(&mut self, error: &Error) {
        if self.may_go_on() {
            self.close_event();
            self.broken = Some(Box::new(error.clone()));
            self.stop();
            return;
        }
        match &mut self.words {
            Words::Same | Words::Continued(_) => {
                self.close_event();
                self.ready.push_back(error.event(self.envelope, &self.id));
            }
            Words::Others(translated) => {
                let mut out = Vec::new();
                translated.fail(error, &self.id, &mut out);
                self.words = Words::Over;
                self.put(out);
            }
            Words::Over => {}
        }
        self.stop();
        self.meter.break_off(error);
    }

    /// Ends an event that its sender left open, so that what follows is not read as part of it.
    fn close_event(&mut self) {
        if std::mem::take(&mut self.open) {
            self.ready.push_back(Bytes::from_static(b"\n\n"));
        }
    }

    /// Lets go of the provider's connection, which closes it if the answer is not at its end.
    fn stop(&mut self) {
        self.upstream = None;
    }
}

impl HttpBody for Relay {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        loop {
            if let Some(block) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(block))));
            }
            let Some(upstream) = &mut this.upstream else {
                let trailers = this.trailers.take().map(Frame::trailers);
                return Poll::Ready(trailers.map(Ok));
            };
            let data = ready!(upstream.poll_data(cx));
            this.meter.waited(upstream.take_waited());
            this.receive(data);
        }
    }
}
