//! Reading a request's body: whole, once, and not beyond its limit.

use std::cell::Cell;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;

use crate::error::Error;

/// The most memory set aside on a caller's word about its body's length, and kept by each thread
/// for the next large body: fresh memory costs as much as reading into it.
const MAX_RESERVED: usize = 4 << 20;

thread_local! {
    /// The memory of the last large body, free again when nobody holds that body any more.
    static SPARE: Cell<BytesMut> = Cell::new(BytesMut::new());
}

/// The whole body. A body that arrives in one piece is not copied.
///
/// # Errors
///
/// [`Error::TooLarge`] as soon as that is known; [`Error::BodyCut`] when it ends early.
pub async fn read(body: &mut Body, headers: &HeaderMap, limit: usize) -> Result<Bytes, Error> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Error::TooLarge {
            limit,
            variable: "MODELPORT_BODY_LIMIT",
        });
    }
    let Some(first) = next(body).await? else {
        return Ok(Bytes::new());
    };
    if announced == Some(first.len()) {
        return Ok(first);
    }
    let mut whole = SPARE.take();
    whole.reserve(announced.unwrap_or(0).max(first.len()).min(MAX_RESERVED));
    whole.extend_from_slice(&first);
    while let Some(piece) = next(body).await? {
        if whole.len() + piece.len() > limit {
            return Err(Error::TooLarge {
                limit,
                variable: "MODELPORT_BODY_LIMIT",
            });
        }
        whole.extend_from_slice(&piece);
    }
    if whole.len() > limit {
        return Err(Error::TooLarge {
            limit,
            variable: "MODELPORT_BODY_LIMIT",
        });
    }
    let body = whole.split().freeze();
    if body.len() <= MAX_RESERVED {
        SPARE.set(whole);
    }
    Ok(body)
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, Error> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Error::BodyCut)?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}
