//! Faults on demand: what a provider can do wrong, as a closed set with one spelling each. This file says what the faults
//! are; [`parse`] reads their spelling, [`examples`] lists one of each, and `stage` is where they take effect.

mod examples;
mod parse;

use std::fmt;

pub use parse::InvalidFault;

/// Something a simulated provider does wrong, or does in an unusual but legal way.
///
/// Read it from its spelling (`"cut-3".parse::<Fault>()`); `Display` prints the same spelling, and
/// [`Fault::all_examples`] lists every one with a line of explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Another answer takes the place of the real one.
    Instead(Instead),
    /// The connection fails around the head, or the head itself is unusual.
    Connection(Connection),
    /// The answer goes wrong after this many events. At most the events before the finish chunk count, so that the fault
    /// shows however short the answer is. A plain answer breaks in the middle of its body.
    After(usize, Break),
    /// The answer is whole but written in an unusual form.
    Form(Form),
    /// Only the first so many requests get the fault; the later ones get normal service. Counted per spelling.
    First(u32, Box<Fault>),
}

/// An answer that takes the place of the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// `status-CODE`: this status with a JSON error that fits it.
    Status(u16),
    /// `quota`: 429 `insufficient_quota`, the 429 that never heals.
    Quota,
    /// `context-length`: 400 `context_length_exceeded`.
    ContextLength,
    /// `retry-after…`: a refusal with this status that says when to come back.
    RetryAfter(RetryAfter, u16),
    /// `should-retry-true`, `should-retry-false`: a refusal with this status and `x-should-retry`.
    ShouldRetry(bool, u16),
    /// `html`, `html-502`: a web page with this status, as a proxy in front would send it.
    Html(u16),
    /// `empty`: 200 without a body.
    Empty,
    /// `empty-stream`: 200, an event stream without events, ended cleanly.
    EmptyStream,
    /// `garbage`: 200, labelled JSON, full of binary noise.
    Garbage,
    /// `error-200`: 200 with a top-level error, as JSON even if a stream was asked for.
    Error200,
    /// `error-choice`: 200 with the error inside the choice.
    ErrorChoice,
    /// `redirect`: 302 to another host.
    Redirect,
}

/// The forms in which providers say when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// `retry-after-SECS`: `retry-after` in seconds.
    Seconds(u64),
    /// `retry-after-date-SECS`: `retry-after` as an HTTP date so many seconds ahead.
    Date(u64),
    /// `retry-after-ms-MS`: `retry-after-ms` in milliseconds.
    Millis(u64),
    /// `retry-after-garbage`: a `retry-after` that means nothing.
    Garbage,
}

/// Trouble with the connection around the head of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// `hang`: the request is read and never answered.
    Hang,
    /// `hang-head`: a status line, then silence.
    HangHead,
    /// `reset`: a TCP reset in place of an answer.
    Reset,
    /// `refuse-mid-head`: half a head, then a TCP reset.
    ResetMidHead,
    /// `cut-head`: half a head, then a clean close.
    CutHead,
    /// `close`: a clean close in place of an answer.
    Close,
    /// `close-idle`: a good answer that promises keep-alive; the next request on the connection is read, then the connection is closed.
    CloseIdle,
    /// `not-http`: noise where the status line should be.
    NotHttp,
    /// `slow-head-MS`: the status line, a pause of so many milliseconds, then the rest.
    SlowHead(u64),
    /// `continue`: informational answers (100 and 103) before the answer.
    Continue,
    /// `http10`: HTTP/1.0 without a length, ended by closing.
    Http10,
    /// `short`: the connection closes before the promised length is reached.
    Short,
    /// `long`: the promised length is half of what is sent.
    Long,
}

/// How an answer goes wrong on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// `stall-N`: silence for ever.
    Stall,
    /// `cut-N`: a clean TCP close without the terminating chunk.
    Cut,
    /// `reset-N`: a TCP reset.
    Reset,
    /// `cut-half-N`: half of the next event, then a clean close.
    CutHalf,
    /// `eof-N`: a clean end of the body without finish reason or `[DONE]`.
    Eof,
    /// `malformed-N`: the Nth event is broken JSON and the stream goes on.
    Malformed,
    /// `error-event-N`: an error event, then the end.
    ErrorEvent,
    /// `error-event-done-N`: an error event, then `[DONE]`, as vLLM sends it.
    ErrorEventDone,
    /// `error-named-N`: the error as an event named `error`, then the end.
    ErrorNamed,
    /// `error-finish-N`: a chunk with a top-level error and `finish_reason` `error`, as OpenRouter sends it.
    ErrorFinish,
    /// `swallowed-N`: an empty chunk with an empty model, then the end, as Ollama's `/v1` does with its errors.
    Swallowed,
}

/// Unusual forms of a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `no-done`: a stream without `[DONE]`.
    NoDone,
    /// `truncated-json`: half of the JSON with the right length; half of the last content event in a stream.
    TruncatedJson,
    /// `gzip`: compressed, whatever the client accepts.
    Gzip,
    /// `crlf`: lines of the event stream end with CR LF.
    Crlf,
    /// `cr`: lines of the event stream end with CR.
    Cr,
    /// `comments`: comment lines before and between events.
    Comments,
    /// `bom`: a byte order mark before the body.
    Bom,
    /// `no-space`: `data:{` without the space.
    NoSpace,
    /// `multiline`: every event over two `data:` lines.
    Multiline,
    /// `split-N`: so many bytes a write, each write on its own.
    Split(usize),
    /// `one-write`: the whole answer in one write.
    OneWrite,
    /// `leading-blank`: blank lines before the body.
    LeadingBlank,
    /// `usage-each`: running usage on every chunk.
    UsageEach,
    /// `usage-none`: no usage, even when asked for.
    UsageNone,
    /// `wrong-type`: an event stream labelled `application/json`, JSON labelled `text/plain`.
    WrongType,
}

impl Fault {
    /// One example of every fault: its spelling, and what it does in one line.
    pub fn all_examples() -> Vec<(&'static str, &'static str)> {
        examples::ALL.to_vec()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instead(instead) => instead.fmt(f),
            Self::Connection(connection) => connection.fmt(f),
            Self::After(events, how) => write!(f, "{}-{events}", how.name()),
            Self::Form(form) => form.fmt(f),
            Self::First(requests, fault) => write!(f, "{fault}@{requests}"),
        }
    }
}

impl fmt::Display for Instead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(code) => write!(f, "status-{code}"),
            Self::Quota => f.write_str("quota"),
            Self::ContextLength => f.write_str("context-length"),
            Self::RetryAfter(form, status) => write!(f, "{form}-{status}"),
            Self::ShouldRetry(retry, status) => write!(f, "should-retry-{retry}-{status}"),
            Self::Html(200) => f.write_str("html"),
            Self::Html(status) => write!(f, "html-{status}"),
            Self::Empty => f.write_str("empty"),
            Self::EmptyStream => f.write_str("empty-stream"),
            Self::Garbage => f.write_str("garbage"),
            Self::Error200 => f.write_str("error-200"),
            Self::ErrorChoice => f.write_str("error-choice"),
            Self::Redirect => f.write_str("redirect"),
        }
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "retry-after-{seconds}"),
            Self::Date(seconds) => write!(f, "retry-after-date-{seconds}"),
            Self::Millis(millis) => write!(f, "retry-after-ms-{millis}"),
            Self::Garbage => f.write_str("retry-after-garbage"),
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hang => "hang",
            Self::HangHead => "hang-head",
            Self::Reset => "reset",
            Self::ResetMidHead => "refuse-mid-head",
            Self::CutHead => "cut-head",
            Self::Close => "close",
            Self::CloseIdle => "close-idle",
            Self::NotHttp => "not-http",
            Self::SlowHead(millis) => return write!(f, "slow-head-{millis}"),
            Self::Continue => "continue",
            Self::Http10 => "http10",
            Self::Short => "short",
            Self::Long => "long",
        })
    }
}

impl Break {
    /// The spelling without its count.
    fn name(self) -> &'static str {
        match self {
            Self::Stall => "stall",
            Self::Cut => "cut",
            Self::Reset => "reset",
            Self::CutHalf => "cut-half",
            Self::Eof => "eof",
            Self::Malformed => "malformed",
            Self::ErrorEvent => "error-event",
            Self::ErrorEventDone => "error-event-done",
            Self::ErrorNamed => "error-named",
            Self::ErrorFinish => "error-finish",
            Self::Swallowed => "swallowed",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoDone => "no-done",
            Self::TruncatedJson => "truncated-json",
            Self::Gzip => "gzip",
            Self::Crlf => "crlf",
            Self::Cr => "cr",
            Self::Comments => "comments",
            Self::Bom => "bom",
            Self::NoSpace => "no-space",
            Self::Multiline => "multiline",
            Self::Split(bytes) => return write!(f, "split-{bytes}"),
            Self::OneWrite => "one-write",
            Self::LeadingBlank => "leading-blank",
            Self::UsageEach => "usage-each",
            Self::UsageNone => "usage-none",
            Self::WrongType => "wrong-type",
        })
    }
}
