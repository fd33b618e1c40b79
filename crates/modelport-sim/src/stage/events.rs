//! An answer piece by piece: the forms of its events, and how it breaks between them.

use super::output::{Output, Transfer};
use super::{Dialect, Events};
use crate::answer::{Answer, DONE};
use crate::errors;
use crate::fault::{Break, Connection, Fault, Form};
use crate::script::Ending;

/// The comment of [`Form::Comments`].
const COMMENT: &str = ": SIM PROCESSING";

/// Writes the answer; the ending it calls for.
pub(super) fn write(
    output: &mut Output<'_>,
    answer: &Answer,
    events: &Events,
    fault: Option<&Fault>,
) -> Ending {
    let (form, connection, broken) = (
        super::form(fault),
        super::connection(fault),
        super::broken(fault),
    );
    output.head(answer, Transfer::Chunked, form, connection);
    if form == Some(Form::Gzip) {
        output.compress();
    }
    output.body(super::prefix(form));
    let mut writer = Writer {
        output,
        events,
        form,
        frame: Vec::with_capacity(512),
    };
    match broken {
        Some((nth, Break::Malformed)) => writer.malformed(nth),
        Some((after, how)) => return writer.broken(after, how),
        None if connection == Some(Connection::Short) => return writer.short(),
        None if connection == Some(Connection::Long) => return writer.long(),
        None => writer.all(),
    }
    writer.output.end_body();
    if connection == Some(Connection::CloseIdle) {
        Ending::CloseOnNext
    } else {
        kept(writer.output)
    }
}

/// The ending of an answer without fault.
pub(super) fn kept(output: &Output<'_>) -> Ending {
    if output.keeps_alive() {
        Ending::KeepAlive
    } else {
        Ending::Close
    }
}

struct Writer<'a, 'b> {
    output: &'a mut Output<'b>,
    events: &'a Events,
    form: Option<Form>,
    /// One framed event, to be used again.
    frame: Vec<u8>,
}

impl Writer<'_, '_> {
    fn all(&mut self) {
        let done = self.events.len().saturating_sub(1);
        let last_content = self.events.tokens().end.saturating_sub(1);
        for index in 0..self.events.len() {
            let payload = self.events.get(index);
            if self.form == Some(Form::NoDone) && index == done && payload == DONE {
                continue;
            }
            let cut = self.form == Some(Form::TruncatedJson) && index == last_content;
            self.event(index, if cut { half(payload) } else { payload });
        }
    }

    /// All events, one of them broken; counted from 1.
    fn malformed(&mut self, nth: usize) {
        let bad = nth.min(self.events.tokens().end).saturating_sub(1);
        for index in 0..self.events.len() {
            let payload = self.events.get(index);
            self.event(index, if index == bad { half(payload) } else { payload });
        }
    }

    /// The first events, then trouble.
    fn broken(&mut self, after: usize, how: Break) -> Ending {
        let sent = after.min(self.events.tokens().end);
        for index in 0..sent {
            self.event(index, self.events.get(index));
        }
        match how {
            Break::Stall => return Ending::Silence,
            Break::Cut => return Ending::Close,
            Break::Reset => return Ending::Reset,
            Break::CutHalf => {
                self.output.cut();
                let payload = self.events.get(sent);
                self.framed(payload, self.events.name(payload));
                self.output.half(&self.frame);
                return Ending::Close;
            }
            Break::Eof | Break::Malformed => {}
            Break::ErrorEvent => self.extra(&self.error(), None),
            Break::ErrorEventDone => {
                self.extra(&self.error(), None);
                if self.events.dialect == Dialect::OpenAi {
                    self.extra(DONE, None);
                }
            }
            Break::ErrorNamed => self.extra(&self.error(), Some("error")),
            Break::ErrorFinish => self.extra(
                super::instead::choice_error_chunk().to_string().as_bytes(),
                None,
            ),
            Break::Swallowed => self.extra(&self.swallowed(), None),
        }
        self.output.end_body();
        kept(self.output)
    }

    /// All events, then a chunk that never comes.
    fn short(&mut self) -> Ending {
        self.all();
        self.output.cut();
        self.output.raw(b"40\r\n");
        Ending::Close
    }

    /// The body ends after half of the events; the other half follows it.
    fn long(&mut self) -> Ending {
        for index in 0..self.events.len() {
            if index == self.events.len() / 2 {
                self.output.end_body();
            }
            self.event(index, self.events.get(index));
        }
        Ending::Close
    }

    /// One event of the answer, when it is due.
    fn event(&mut self, index: usize, payload: &[u8]) {
        let tokens = self.events.tokens();
        if index == tokens.start {
            self.output.pause(self.output.setting.timing.first_token);
        } else if tokens.contains(&index) {
            self.output.token();
        }
        self.extra(payload, self.events.name(payload));
    }

    /// One event, at once.
    fn extra(&mut self, payload: &[u8], name: Option<&str>) {
        // The head goes with the first event, the end of the body with the last.
        if self.output.has_event() {
            self.output.cut();
        }
        self.framed(payload, name);
        self.output.body(&self.frame);
        self.output.event_complete();
    }

    /// Frames a payload.
    fn framed(&mut self, payload: &[u8], name: Option<&str>) {
        self.frame.clear();
        match self.events.dialect {
            Dialect::OpenAi => sse(&mut self.frame, payload, name, self.form),
            Dialect::Ollama => {
                self.frame.extend_from_slice(payload);
                self.frame.push(b'\n');
            }
        }
    }

    fn error(&self) -> Vec<u8> {
        errors::in_band()
            .body(self.events.dialect)
            .to_string()
            .into_bytes()
    }

    /// What is left of an error in Ollama's `/v1` (ollama/ollama, `middleware/openai.go`, read 2026-11-22).
    fn swallowed(&self) -> Vec<u8> {
        let chunk: &[u8] = match self.events.dialect {
            Dialect::OpenAi => br#"{"id":"chatcmpl-sim","object":"chat.completion.chunk","created":1790000000,"model":"","system_fingerprint":"fp_sim","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}]}"#,
            Dialect::Ollama => br#"{"model":"","created_at":"0001-01-01T00:00:00Z","message":{"role":"","content":""},"done":false}"#,
        };
        chunk.to_vec()
    }
}

/// One event of an event stream.
fn sse(out: &mut Vec<u8>, payload: &[u8], name: Option<&str>, form: Option<Form>) {
    let newline: &[u8] = if form == Some(Form::Crlf) {
        b"\r\n"
    } else if form == Some(Form::Cr) {
        b"\r"
    } else {
        b"\n"
    };
    let field: &[u8] = if form == Some(Form::NoSpace) {
        b"data:"
    } else {
        b"data: "
    };
    let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| out.extend_from_slice(part));
    if form == Some(Form::Comments) {
        put(&[COMMENT.as_bytes(), newline, newline]);
    }
    if let Some(name) = name {
        put(&[b"event: ", name.as_bytes(), newline]);
    }
    match split(payload).filter(|_| form == Some(Form::Multiline)) {
        Some((first, second)) => put(&[field, first, newline, field, second, newline, newline]),
        None => put(&[field, payload, newline, newline]),
    }
}

/// Splits JSON where a line may end: before `choices`, or after the first brace.
fn split(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memmem::find(payload, b",\"choices\"").unwrap_or(0);
    payload
        .starts_with(b"{")
        .then(|| payload.split_at_checked(at + 1))
        .flatten()
}

fn half(payload: &[u8]) -> &[u8] {
    payload.get(..payload.len() / 2).unwrap_or_default()
}
