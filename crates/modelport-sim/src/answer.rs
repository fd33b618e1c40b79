//! An answer before it is written: what is said, without a byte of how it travels. `stage` turns it into bytes and pauses.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::ops::Range;

use serde_json::Value;

/// A status, its headers and a body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// Headers beyond the ones every answer has.
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    /// All at once.
    Whole(Vec<u8>),
    /// Piece by piece.
    Events(Events),
    /// As another server sent it.
    Recorded(Recorded),
}

/// The body of a recorded answer.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) bytes: Vec<u8>,
    /// Bytes of each piece; without it the body comes whole.
    pub(crate) piece: Option<NonZeroUsize>,
    /// It was sent while it was made.
    pub(crate) streamed: bool,
}

impl Answer {
    pub(crate) fn whole(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: Body::Whole(body),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, "application/json", body.to_string().into_bytes())
    }

    pub(crate) fn events(events: Events) -> Self {
        let content_type = events.dialect.stream_type();
        Self {
            status: 200,
            content_type,
            headers: Vec::new(),
            body: Body::Events(events),
        }
    }
}

/// Whose API an answer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// OpenAI's: streams of `data:` lines, errors as objects.
    OpenAi,
    /// Ollama's own: one JSON object a line, errors as texts.
    Ollama,
}

impl Dialect {
    pub(crate) fn stream_type(self) -> &'static str {
        match self {
            Self::OpenAi => "text/event-stream",
            Self::Ollama => "application/x-ndjson",
        }
    }
}

/// What stands around the payload of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Nothing else.
    Bare,
    /// The event is named after its type, which stands first in its payload.
    Named,
}

/// The payloads of a stream, one after the other in one buffer.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) dialect: Dialect,
    framing: Framing,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The events that come at once, before the first token: the delta that only names the role.
    preamble: usize,
    /// Where the events end that carry the answer, and the finish chunk begins.
    content: usize,
}

/// The payload that ends OpenAI's streams.
pub(crate) const DONE: &[u8] = b"[DONE]";

impl Events {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self::framed(dialect, Framing::Bare)
    }

    pub(crate) fn framed(dialect: Dialect, framing: Framing) -> Self {
        Self {
            dialect,
            framing,
            bytes: Vec::new(),
            ends: Vec::new(),
            preamble: 0,
            content: 0,
        }
    }

    /// Adds an event: `render` writes its payload.
    pub(crate) fn push(&mut self, render: impl FnOnce(&mut Vec<u8>)) {
        render(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// What was pushed so far precedes the first token.
    pub(crate) fn end_preamble(&mut self) {
        self.preamble = self.len();
    }

    /// What was pushed so far carries the answer; the rest finishes it.
    pub(crate) fn end_content(&mut self) {
        self.content = self.len();
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The events that carry tokens.
    pub(crate) fn tokens(&self) -> Range<usize> {
        self.preamble..self.content
    }

    /// The name of an event with this payload, if it has one.
    pub(crate) fn name<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        match self.framing {
            Framing::Bare => None,
            Framing::Named => {
                let rest = payload.strip_prefix(br#"{"type":""#)?;
                let end = memchr::memchr(b'"', rest)?;
                str::from_utf8(rest.get(..end)?).ok()
            }
        }
    }

    /// The payload of an event; nothing past the end.
    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }
}
