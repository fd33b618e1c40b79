//! A form that is passed on while it arrives. Its beginning is held until the model is known: a small form as a whole, so that
//! it can be sent again like any other body, a large one in memory for a while and then in a file without a name.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use modelport_provider::transport::Upload;

mod pieces;
mod spool;

use super::form::{FormAsk, FormReader};
use crate::error::Error;
use pieces::{Piece, Pieces, Rest};
use spool::Spool;

/// The most of a form that is held in memory.
const MAX_HELD: usize = 4 << 20;

/// A form that has begun to arrive.
pub enum Taken {
    /// All of it is here.
    Whole {
        /// The form.
        body: Bytes,
        /// What it asks for.
        ask: FormAsk,
    },
    /// Its model is known, and the rest is on its way.
    Arriving {
        /// The form.
        form: Arriving,
        /// What it asks for.
        ask: FormAsk,
    },
}

/// A form that is sent while it arrives.
pub struct Arriving {
    held: Held,
    tail: Tail,
    /// What its sender says is its length.
    announced: Option<u64>,
    fault: Arc<OnceLock<Error>>,
}

/// What follows the part of a form that is held.
enum Tail {
    /// Nothing: all of it is in the file, and can be sent again.
    Nothing,
    /// The rest, until it has been sent.
    Once(Mutex<Option<Rest>>),
}

/// The beginning of a form.
enum Held {
    Memory(Bytes),
    File(Spool),
}

/// Reads a form up to where its model is known.
///
/// # Errors
///
/// [`Error::TooLarge`] as soon as that is known; [`Error::BodyCut`] when it ends early; [`Error::BadRequest`] when it is no
/// form; [`Error::Internal`] when there is no room for it.
pub async fn take(body: &mut Body, headers: &HeaderMap, limit: usize) -> Result<Taken, Error> {
    let announced = announced(headers);
    let limit_bytes = u64::try_from(limit).unwrap_or(u64::MAX);
    if announced.is_some_and(|length| length > limit_bytes) {
        return Err(Error::TooLarge {
            limit,
            variable: "MODELPORT_UPLOAD_LIMIT",
        });
    }
    let mut reader = FormReader::new(headers)?;
    let mut held = BytesMut::new();
    while held.len() < MAX_HELD {
        let Some(piece) = next(body).await? else {
            return Ok(Taken::Whole {
                ask: reader.ask().clone(),
                body: held.freeze(),
            });
        };
        reader.feed(&piece)?;
        held.extend_from_slice(&piece);
        if held.len() > limit {
            return Err(Error::TooLarge {
                limit,
                variable: "MODELPORT_UPLOAD_LIMIT",
            });
        }
    }
    let (held, rest) = if reader.ask().model().is_some() {
        (Held::Memory(held.freeze()), Some(std::mem::take(body)))
    } else {
        let (spool, rest) = spool::until_model(held.freeze(), body, &mut reader, limit).await?;
        (Held::File(spool), rest)
    };
    let ask = reader.ask().clone();
    let fault = Arc::new(OnceLock::new());
    let passed = held.len();
    let (tail, announced) = match rest {
        None => (Tail::Nothing, u64::try_from(passed).ok()),
        Some(body) => {
            let rest = Rest::new(body, reader, passed, limit, Arc::clone(&fault));
            (Tail::Once(Mutex::new(Some(rest))), announced)
        }
    };
    let form = Arriving {
        held,
        tail,
        announced,
        fault,
    };
    Ok(Taken::Arriving { form, ask })
}

/// The length that a body's sender announces.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// The next piece of a body.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Error> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Error::BodyCut)?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

impl Held {
    fn len(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File(spool) => spool.len(),
        }
    }

    /// The part from `start` to `end`.
    fn part(&self, start: usize, end: usize) -> Piece {
        match self {
            Self::Memory(bytes) => Piece::Bytes(bytes.slice(start..end)),
            Self::File(spool) => Piece::File(spool.part(start, end)),
        }
    }
}

impl Arriving {
    /// The form with `model` in place of the one asked for, as it is to be sent; `None` the second time, when its rest is gone.
    pub fn send(&self, ask: &FormAsk, model: &str) -> Option<Upload> {
        let tail = match &self.tail {
            Tail::Nothing => None,
            // What is behind the lock is whole whatever happened while it was held.
            Tail::Once(rest) => Some(rest.lock().unwrap_or_else(PoisonError::into_inner).take()?),
        };
        let end = self.held.len();
        let mut pieces = Vec::with_capacity(4);
        match ask.model_place() {
            Some(place) if !model.is_empty() => {
                pieces.push(self.held.part(0, place.start));
                pieces.push(Piece::Bytes(Bytes::copy_from_slice(model.as_bytes())));
                pieces.push(self.held.part(place.end, end));
            }
            Some(_) | None => pieces.push(self.held.part(0, end)),
        }
        let longer = ask.model_place().filter(|_| !model.is_empty());
        let replaced = longer.map_or((0, 0), |place| (place.len(), model.len()));
        let length = self.announced.map(|length| resized(length, replaced));
        pieces.extend(tail.map(|rest| Piece::Rest(Box::new(rest))));
        Some(Upload::new(Box::pin(Pieces::new(pieces, length))))
    }

    /// Whether it can be sent, once more or for the first time.
    pub fn may_repeat(&self) -> bool {
        match &self.tail {
            Tail::Nothing => true,
            Tail::Once(rest) => rest
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some(),
        }
    }

    /// What is wrong with the form, if that came out while it was sent.
    pub fn fault(&self) -> Option<Error> {
        self.fault.get().cloned()
    }
}

/// A length with a part of another length in it.
fn resized(length: u64, (before, after): (usize, usize)) -> u64 {
    let bytes = |count| u64::try_from(count).unwrap_or(u64::MAX);
    length
        .saturating_sub(bytes(before))
        .saturating_add(bytes(after))
}
