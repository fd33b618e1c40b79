//! The translation of one answer's body while it is read. It decides what a piece becomes; reading is the transport's.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

use super::{answer, chunks::Chunks, refusal, request::Native};
use crate::{
    client::MAX_ERROR_BODY,
    error::Error,
    object::{Object, body_text},
    openai_compatible::MAX_COMPLETION,
    settings::ChatApi,
};

/// What a native answer becomes.
#[derive(Debug)]
pub(crate) struct Translation {
    kind: Kind,
    over: bool,
}

#[derive(Debug)]
enum Kind {
    /// A stream, line by line.
    Chunks(Chunks),
    /// One document, when it is whole.
    Whole { held: Vec<u8>, stamp: u64 },
    /// An error, when it is whole.
    Refusal { held: Vec<u8>, status: StatusCode },
}

impl Translation {
    /// For the answer of this status to `asked`.
    pub(super) fn of(asked: &Native, status: StatusCode) -> Self {
        let (held, stamp) = (Vec::new(), stamp());
        let kind = match (status.is_success(), asked.stream) {
            (false, _) => Kind::Refusal { held, status },
            (true, true) => Kind::Chunks(Chunks::new(stamp, asked)),
            (true, false) => Kind::Whole { held, stamp },
        };
        Self { kind, over: false }
    }

    /// What the translated body is.
    pub(super) fn content_type(&self) -> HeaderValue {
        HeaderValue::from_static(match self.kind {
            Kind::Chunks(_) => "text/event-stream",
            Kind::Whole { .. } | Kind::Refusal { .. } => "application/json",
        })
    }

    /// Takes a piece; what it gives may be nothing yet.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<Bytes, Error> {
        let (held, most) = match &mut self.kind {
            Kind::Chunks(chunks) => return chunks.push(piece).map(Bytes::from),
            Kind::Whole { held, .. } => (held, MAX_COMPLETION),
            Kind::Refusal { held, .. } => (held, MAX_ERROR_BODY),
        };
        if held.len() + piece.len() > most {
            return Err(Error::malformed(format_args!(
                "the provider's answer is longer than {most} bytes"
            )));
        }
        held.extend_from_slice(piece);
        Ok(Bytes::new())
    }

    /// The body has ended. What cannot be read is given as it came, so that whoever reads it can say so.
    pub(crate) fn finish(&mut self) -> Result<Bytes, Error> {
        self.over = true;
        match &mut self.kind {
            Kind::Chunks(chunks) => chunks.finish().map(Bytes::from),
            Kind::Whole { held, stamp } => {
                let held = std::mem::take(held);
                whole(held, *stamp)
            }
            Kind::Refusal { held, status } => {
                let held = std::mem::take(held);
                Ok(Bytes::from(
                    refusal::of_status(*status, &held).unwrap_or(held),
                ))
            }
        }
    }

    /// Whether all has been given.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }
}

/// A whole answer. A JSON object that is none is a failure: as it is, a client would take it for an empty completion.
fn whole(held: Vec<u8>, stamp: u64) -> Result<Bytes, Error> {
    let Some(text) = body_text(&held) else {
        return Ok(Bytes::from(held));
    };
    let made = answer::completion(text.as_bytes(), stamp);
    let refused = || refusal::of_status(StatusCode::INTERNAL_SERVER_ERROR, &held);
    if let Some(made) = made.or_else(refused) {
        return Ok(Bytes::from(made));
    }
    // An error in another's words is for whoever reads errors.
    if Object::read(text).is_some_and(|answer| answer.raw("error").is_none()) {
        let path = ChatApi::Native.path();
        return Err(Error::malformed(format_args!(
            "its answer is JSON, but not an answer of {path}"
        )));
    }
    Ok(Bytes::from(held))
}

/// A number that no other answer has, from the hash keys that the standard library draws from the operating system.
fn stamp() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests;
