//! A stream of `/api/chat`, line by line, as the events of an OpenAI stream. One line becomes one event, its text copied
//! as it is written; the first and the last bring those that OpenAI has beside them.

use serde_json::{Value, json, value::RawValue};

use super::{answer, answer::Line, lines::Lines, refusal, request::Native};
use crate::error::Error;

/// What some proxies put before a stream.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A stream being translated.
#[derive(Debug)]
pub(super) struct Chunks {
    lines: Lines,
    events: Events,
}

/// The events made so far that are not sent yet, and what the next ones need.
#[derive(Debug)]
struct Events {
    out: Vec<u8>,
    /// What every chunk begins with; empty until the first line.
    head: Vec<u8>,
    stamp: u64,
    include_usage: bool,
    calls: usize,
    /// Whether the answer has ended; what follows is not looked at.
    over: bool,
}

impl Chunks {
    /// The stream that answers `asked`; its ids are made of `stamp`. The usage is an event of its own if that was asked for, and stands in
    /// the last chunk otherwise.
    pub(super) fn new(stamp: u64, asked: &Native) -> Self {
        Self {
            lines: Lines::default(),
            events: Events {
                out: Vec::new(),
                head: Vec::new(),
                stamp,
                include_usage: asked.include_usage,
                calls: 0,
                over: false,
            },
        }
    }

    /// The events of the lines that are whole with this piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, Error> {
        self.lines.push(piece, |line| self.events.line(line))?;
        Ok(std::mem::take(&mut self.events.out))
    }

    /// The events of a last line without its end.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, Error> {
        self.lines.finish(|line| self.events.line(line))?;
        Ok(std::mem::take(&mut self.events.out))
    }
}

impl Events {
    fn line(&mut self, json: &[u8]) -> Result<(), Error> {
        if self.over {
            return Ok(());
        }
        let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
        let line = Line::read(json).map_err(|error| {
            Error::malformed(format_args!(
                "its stream holds a line that cannot be read: {error}"
            ))
        })?;
        if line.error.is_some() {
            self.fail(json);
            return Ok(());
        }
        if self.head.is_empty() {
            self.begin(&line);
        }
        self.message(&line);
        if line.done {
            self.end(&line);
        }
        Ok(())
    }

    fn begin(&mut self, line: &Line<'_>) {
        self.head = format!(
            "data: {{\"id\":\"{}\",\"object\":\"chat.completion.chunk\",\"created\":{},\"model\":{},\"choices\":",
            answer::id(self.stamp),
            line.created(),
            Value::from(line.model())
        )
        .into_bytes();
        self.choice(br#"{"role":"assistant","content":""}"#, None, None);
        self.close(None);
    }

    fn message(&mut self, line: &Line<'_>) {
        let Some(message) = &line.message else {
            return;
        };
        let (content, thought) = (message.content(), message.thinking());
        if content.is_some() || thought.is_some() {
            let mut delta = b"{".to_vec();
            if let Some(thought) = thought {
                delta.extend_from_slice(b"\"reasoning_content\":");
                delta.extend_from_slice(thought.get().as_bytes());
            }
            if let Some(content) = content {
                delta.extend_from_slice(if thought.is_some() { b"," } else { b"" });
                delta.extend_from_slice(b"\"content\":");
                delta.extend_from_slice(content.get().as_bytes());
            }
            delta.push(b'}');
            self.choice(&delta, line.logprobs, None);
            self.close(None);
        }
        let calls = message.tool_calls(self.calls, self.stamp);
        if !calls.is_empty() {
            self.calls += calls.len();
            let delta = json!({"tool_calls": calls}).to_string();
            self.choice(delta.as_bytes(), None, None);
            self.close(None);
        }
    }

    fn end(&mut self, line: &Line<'_>) {
        self.over = true;
        let usage = line.usage().to_string();
        self.choice(b"{}", None, Some(line.finish_reason(self.calls)));
        if self.include_usage {
            self.close(None);
            self.out.extend_from_slice(&self.head);
            self.out.extend_from_slice(b"[]");
        }
        self.close(Some(&usage));
        self.out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// An error instead of the rest.
    fn fail(&mut self, json: &[u8]) {
        self.over = true;
        self.out.extend_from_slice(b"data: ");
        self.out.extend_from_slice(&refusal::in_band(json));
        self.out.extend_from_slice(b"\n\n");
    }

    /// Opens a chunk with one choice.
    fn choice(&mut self, delta: &[u8], logprobs: Option<&RawValue>, reason: Option<&str>) {
        let out = &mut self.out;
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b"[{\"index\":0,\"delta\":");
        out.extend_from_slice(delta);
        if let Some(logprobs) = logprobs {
            out.extend_from_slice(b",\"logprobs\":{\"content\":");
            out.extend_from_slice(logprobs.get().as_bytes());
            out.push(b'}');
        }
        out.extend_from_slice(b",\"finish_reason\":");
        match reason {
            Some(reason) => {
                out.push(b'"');
                out.extend_from_slice(reason.as_bytes());
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b"}]");
    }

    /// Closes a chunk.
    fn close(&mut self, usage: Option<&str>) {
        if let Some(usage) = usage {
            self.out.extend_from_slice(b",\"usage\":");
            self.out.extend_from_slice(usage.as_bytes());
        }
        self.out.extend_from_slice(b"}\n\n");
    }
}
