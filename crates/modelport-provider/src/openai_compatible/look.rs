//! One validating pass over an answer or an event, which finds what matters in it: a finish reason,
//! an error, the usage. Most have none of these, and then nothing more is read.

use crate::{
    failure::{ErrorBody, FAILED_FINISHES, error_in_ok},
    scan::{self, Fault, Kind},
    usage::{Service, Usage, find_usage, read_usage},
};

/// What the pass found, as places in the bytes that it went over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    json: &'a [u8],
    finished: bool,
    error: Place,
    error_is_openai: bool,
    usage: Place,
    service: Place,
    kind: Place,
}

/// Where a member's value begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Nowhere,
    /// At the top, at this offset.
    Top(usize),
    /// Below the top, or where it must be put together from more than one member.
    Deeper,
}

/// Depth of the members of the whole.
const TOP: usize = 1;
/// Depth of the members of a member of the whole: `x_groq`.
const SECOND: usize = 2;
/// Depth of the members of a choice: an object in an array in an object.
const IN_CHOICE: usize = 3;

/// Whether `json` begins with this word as a string.
fn quoted(json: &[u8], word: &[u8]) -> bool {
    let inner = json.strip_prefix(b"\"").unwrap_or_default();
    let after = inner.strip_prefix(word).unwrap_or_default();
    after.starts_with(b"\"")
}

impl<'a> Look<'a> {
    /// Looks at a JSON object.
    ///
    /// # Errors
    ///
    /// Where and how it is not JSON, or not an object.
    pub fn at(json: &'a [u8]) -> Result<Self, Option<Fault>> {
        let mut look = Self {
            json,
            ..Self::default()
        };
        let kind = scan::walk(json, |step| look.step(step.depth, &step.key, step.value));
        match kind {
            Ok(Kind::Object) => Ok(look),
            Ok(_) => Err(None),
            Err(fault) => Err(Some(fault)),
        }
    }

    fn step(&mut self, depth: usize, key: &[u8], value: usize) {
        match (depth, key) {
            (TOP, b"usage") if self.usage == Place::Nowhere => self.usage = Place::Top(value),
            // llama.cpp tells cached tokens here, Groq its usage below `x_groq`.
            (TOP, b"usage" | b"timings") | (SECOND, b"usage") => self.usage = Place::Deeper,
            (TOP, b"service_tier") => self.service = Place::Top(value),
            (TOP, b"type") => self.kind = Place::Top(value),
            (TOP, b"error") => {
                self.error = Place::Top(value);
                self.error_is_openai = self.value(value).starts_with(b"{");
            }
            (SECOND | IN_CHOICE, b"error") => self.error = Place::Deeper,
            (IN_CHOICE, b"finish_reason") => self.see_finish(value),
            // Perplexity ends with an object of this kind (vercel/ai, packages/perplexity,
            // 2026-08-22).
            (TOP, b"object") if self.value(value).starts_with(b"\"chat.completion.done\"") => {
                self.finished = true;
            }
            _ => {}
        }
    }

    fn see_finish(&mut self, value: usize) {
        let reason = self.value(value);
        if FAILED_FINISHES
            .iter()
            .any(|failed| quoted(reason, failed.as_bytes()))
        {
            self.error = Place::Deeper;
        }
        self.finished |= reason.starts_with(b"\"") && !reason.starts_with(b"\"\"");
    }

    fn value(&self, start: usize) -> &'a [u8] {
        self.json.get(start..).unwrap_or_default()
    }

    /// The whole's own `type`, where it has one and no escape is in it.
    pub fn kind(&self) -> Option<&'a str> {
        let Place::Top(start) = self.kind else {
            return None;
        };
        self.word(start)
    }

    /// The string that begins here, if no escape is in it.
    fn word(&self, start: usize) -> Option<&'a str> {
        let inner = self.value(start).strip_prefix(b"\"")?;
        let end = memchr::memchr(b'"', inner)?;
        std::str::from_utf8(inner.get(..end)?).ok()
    }

    /// Whether a choice has a finish reason, or the whole says that it is the last.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The error that it holds, if it holds one.
    pub fn error(&self) -> Option<ErrorBody> {
        match self.error {
            Place::Nowhere => None,
            Place::Top(value) if self.value(value).starts_with(b"null") => None,
            Place::Top(_) | Place::Deeper => error_in_ok(self.json),
        }
    }

    /// Whether the error is an `error` object at the top, which every client of the API reads.
    pub fn error_is_openai(&self) -> bool {
        self.error_is_openai
    }

    /// The usage that it tells, if it tells one.
    pub fn usage(&self) -> Option<Usage> {
        match self.usage {
            Place::Nowhere => None,
            Place::Top(value) if self.value(value).starts_with(b"null") => None,
            Place::Top(value) => {
                let mut usage = read_usage(self.value(value))?;
                usage.service = usage.service.or_else(|| self.service());
                Some(usage)
            }
            Place::Deeper => find_usage(self.json),
        }
    }

    /// The class of service, which OpenAI tells beside the usage.
    fn service(&self) -> Option<Service> {
        let Place::Top(start) = self.service else {
            return None;
        };
        Service::named(self.word(start)?)
    }
}
