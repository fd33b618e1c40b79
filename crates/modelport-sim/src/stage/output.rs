//! Bytes of HTTP into a script: heads, chunks, compression, and where one write ends and the next begins.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Setting;
use crate::answer::{Answer, Body};
use crate::fault::{Connection, Form};
use crate::http::{Version, reason};
use crate::script::{Ending, Script, Step};

/// Headers on every simulated answer: a budget nobody will use up, in OpenAI's names and forms (OpenAI API documentation, rate limits), and
/// a cookie that is nobody's business but the provider's.
const CONSTANT_HEADERS: &[u8] = b"openai-version: 2020-10-01\r\n\
x-ratelimit-limit-requests: 10000\r\nx-ratelimit-limit-tokens: 2000000\r\n\
x-ratelimit-remaining-requests: 9999\r\nx-ratelimit-remaining-tokens: 1999976\r\n\
x-ratelimit-reset-requests: 6ms\r\nx-ratelimit-reset-tokens: 0s\r\n\
set-cookie: __sim=1; path=/; HttpOnly\r\n";
/// What an early hint says.
const INFORMATIONAL: &[u8] =
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </early>; rel=preload\r\n\r\n";

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transfer {
    Length(usize),
    Chunked,
    UntilClose,
}

/// How bytes are shared out over writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// Where the content says.
    Natural,
    /// So many bytes each.
    Every(usize),
    /// All in one.
    Once,
}

/// A script that is being written.
pub(super) struct Output<'a> {
    script: &'a mut Script,
    pub(super) setting: &'a Setting,
    transfer: Transfer,
    writes: Writes,
    gzip: Option<GzEncoder<Vec<u8>>>,
    /// Where the last write ends.
    written: usize,
    /// Events since the last write.
    events: usize,
}

impl<'a> Output<'a> {
    pub(super) fn new(script: &'a mut Script, setting: &'a Setting) -> Self {
        Self {
            script,
            setting,
            transfer: Transfer::UntilClose,
            writes: Writes::Natural,
            gzip: None,
            written: 0,
            events: 0,
        }
    }

    /// The head of an answer, in the form that the fault asks for.
    pub(super) fn head(
        &mut self,
        answer: &Answer,
        transfer: Transfer,
        form: Option<Form>,
        connection: Option<Connection>,
    ) {
        self.writes = writes(form);
        let old = connection == Some(Connection::Http10);
        let can_chunk = !old && self.setting.version == Version::Http11;
        self.transfer = match transfer {
            Transfer::Length(_) if old => Transfer::UntilClose,
            Transfer::Chunked if !can_chunk => Transfer::UntilClose,
            Transfer::Length(_) | Transfer::Chunked | Transfer::UntilClose => transfer,
        };
        if connection == Some(Connection::Continue) {
            self.raw(INFORMATIONAL);
        }
        let version = if old { "HTTP/1.0" } else { "HTTP/1.1" };
        let status = answer.status;
        self.put(format_args!("{version} {status} {}\r\n", reason(status)));
        if let Some(Connection::SlowHead(millis)) = connection {
            self.pause(Duration::from_millis(millis));
        }
        self.headers(answer, form);
    }

    fn headers(&mut self, answer: &Answer, form: Option<Form>) {
        let content_type = label(answer.content_type, form);
        self.put(format_args!("content-type: {content_type}\r\n"));
        match self.transfer {
            Transfer::Length(length) => self.put(format_args!("content-length: {length}\r\n")),
            Transfer::Chunked => self.raw(b"transfer-encoding: chunked\r\n"),
            Transfer::UntilClose => {}
        }
        match answer.body {
            Body::Whole(_) | Body::Events(_) => self.simulated_headers(),
            // A recorded answer has the headers that were recorded with it.
            Body::Recorded(_) => {}
        }
        for (name, value) in &answer.headers {
            self.put(format_args!("{name}: {value}\r\n"));
        }
        if form == Some(Form::Gzip) {
            self.raw(b"content-encoding: gzip\r\n");
        }
        if !self.keeps_alive() {
            self.raw(b"connection: close\r\n");
        }
        self.raw(b"\r\n");
    }

    fn simulated_headers(&mut self) {
        let (id, millis) = (self.setting.id, self.setting.timing.latency.as_millis() + 1);
        self.put(format_args!(
            "x-request-id: req_sim_{id:06}\r\nopenai-processing-ms: {millis}\r\n"
        ));
        self.raw(CONSTANT_HEADERS);
    }

    /// From here on, [`Self::body`] compresses.
    pub(super) fn compress(&mut self) {
        self.gzip = Some(GzEncoder::new(Vec::new(), Compression::fast()));
    }

    /// The connection can be used again after this answer.
    pub(super) fn keeps_alive(&self) -> bool {
        self.setting.keep_alive && self.transfer != Transfer::UntilClose
    }

    /// Only a status line.
    pub(super) fn status_line(&mut self, status: u16) {
        self.put(format_args!("HTTP/1.1 {status} {}\r\n", reason(status)));
    }

    /// A head that ends inside a header's name.
    pub(super) fn half_head(&mut self, status: u16) {
        self.status_line(status);
        self.raw(b"content-type: application/json\r\ncontent-len");
    }

    /// Bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.script.bytes.extend_from_slice(bytes);
    }

    /// Bytes of the body, as the transfer wants them.
    pub(super) fn body(&mut self, bytes: &[u8]) {
        match &mut self.gzip {
            None => self.transferred(bytes),
            Some(encoder) => {
                // Compressing into memory does not fail.
                let _ = encoder.write_all(bytes).and_then(|()| encoder.flush());
                let compressed = std::mem::take(encoder.get_mut());
                self.transferred(&compressed);
            }
        }
    }

    fn transferred(&mut self, bytes: &[u8]) {
        // An empty chunk would end the body.
        if bytes.is_empty() {
            return;
        }
        match self.transfer {
            Transfer::Chunked => {
                self.put(format_args!("{:x}\r\n", bytes.len()));
                self.raw(bytes);
                self.raw(b"\r\n");
            }
            Transfer::Length(_) | Transfer::UntilClose => self.raw(bytes),
        }
    }

    /// The clean end of the body.
    pub(super) fn end_body(&mut self) {
        if let Some(encoder) = self.gzip.take() {
            let rest = encoder.finish().unwrap_or_default();
            self.transferred(&rest);
        }
        if self.transfer == Transfer::Chunked {
            self.raw(b"0\r\n\r\n");
        }
    }

    /// Half of a body's bytes, and if it is chunked, of a chunk that says it is whole.
    pub(super) fn half(&mut self, bytes: &[u8]) {
        let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
        match self.transfer {
            Transfer::Chunked => {
                self.put(format_args!("{:x}\r\n", bytes.len()));
                self.raw(half);
            }
            Transfer::Length(_) | Transfer::UntilClose => self.raw(half),
        }
    }

    /// What was put out since the last event, and this, make an event.
    pub(super) fn event_complete(&mut self) {
        self.events += 1;
    }

    /// There is a whole event that is not written yet.
    pub(super) fn has_event(&self) -> bool {
        self.events > 0
    }

    /// Ends a write, if there is anything to write.
    pub(super) fn cut(&mut self) {
        match self.writes {
            Writes::Once => {}
            Writes::Natural => self.write_up_to(self.script.bytes.len()),
            Writes::Every(bytes) => {
                let events = std::mem::take(&mut self.events);
                while self.script.bytes.len() - self.written > bytes {
                    self.write_up_to(self.written + bytes);
                    self.script.steps.push(Step::Yield);
                }
                self.events = events;
                self.write_up_to(self.script.bytes.len());
                self.script.steps.push(Step::Yield);
            }
        }
    }

    fn write_up_to(&mut self, end: usize) {
        if end > self.written {
            self.script.steps.push(Step::Write {
                end,
                events: std::mem::take(&mut self.events),
            });
            self.written = end;
        }
    }

    /// Writes what there is, then waits.
    pub(super) fn pause(&mut self, time: Duration) {
        if !time.is_zero() {
            self.cut();
            self.script.steps.push(Step::Pause(time));
        }
    }

    /// Writes what there is, then waits until the next token is due.
    pub(super) fn token(&mut self) {
        if self.setting.timing.tokens_per_second > 0 {
            self.cut();
            self.script.steps.push(Step::Token);
        }
    }

    pub(super) fn finish(mut self, ending: Ending) {
        if self.writes == Writes::Once {
            self.writes = Writes::Natural;
        }
        self.cut();
        self.script.ending = ending;
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = self.script.bytes.write_fmt(text);
    }
}

fn writes(form: Option<Form>) -> Writes {
    if let Some(Form::Split(bytes)) = form {
        Writes::Every(bytes)
    } else if form == Some(Form::OneWrite) {
        Writes::Once
    } else {
        Writes::Natural
    }
}

/// The content type that is told.
fn label(real: &'static str, form: Option<Form>) -> &'static str {
    if form != Some(Form::WrongType) {
        real
    } else if real == "application/json" {
        "text/plain"
    } else {
        "application/json"
    }
}
