//! Saying no before the request's body has arrived. Closing on a client that still sends shows it
//! a broken pipe in place of the answer, and one that keeps its connections finds this one dead at
//! its next request. So what is left of the body is read and thrown away, within bounds.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, header};
use http_body::Body as _;
use http_body_util::BodyExt;

/// The longest that the rest of a body may take to arrive.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The most of a body that is thrown away, in bytes.
const MAX_REST: usize = 256 << 20;

/// The answer to a request with these headers, once `body` is out of the way. Where it does not get
/// there the answer says that the connection closes.
pub(super) async fn answer(mut reply: Response, headers: &HeaderMap, body: Body) -> Response {
    let ended = tokio::time::timeout(MAX_WAIT, ends(headers, body)).await;
    if ended != Ok(true) {
        let close = HeaderValue::from_static("close");
        reply.headers_mut().insert(header::CONNECTION, close);
    }
    reply
}

/// Reads a body to its end; false when there is none in reach.
async fn ends(headers: &HeaderMap, mut body: Body) -> bool {
    if body.is_end_stream() {
        return true;
    }
    // Such a client sends nothing before it is told to go on, and reading would tell it to.
    let waits = headers.contains_key(header::EXPECT);
    let announced = body.size_hint().lower();
    if waits || usize::try_from(announced).map_or(true, |length| length > MAX_REST) {
        return false;
    }
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        read += frame.data_ref().map_or(0, bytes::Bytes::len);
        if read > MAX_REST {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use futures_util::{StreamExt, stream};

    use super::*;

    async fn check(headers: &[(header::HeaderName, &'static str)], body: Body, closes: bool) {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect();
        let reply = answer(Response::new(Body::empty()), &headers, body).await;
        assert_eq!(reply.headers().contains_key(header::CONNECTION), closes);
    }

    fn pieces(count: usize, size: usize) -> stream::BoxStream<'static, Result<Bytes, Infallible>> {
        let piece = Bytes::from(vec![b'x'; size]);
        stream::iter((0..count).map(move |_| Ok(piece.clone()))).boxed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_connection_stays_if_the_body_ends_in_time() {
        check(&[], Body::empty(), false).await;
        check(&[], Body::from("text"), false).await;
        check(&[], Body::from_stream(pieces(100, 1 << 20)), false).await;
        check(&[], Body::from_stream(pieces(257, 1 << 20)), true).await;
        let silent = pieces(1, 10).chain(stream::pending());
        check(&[], Body::from_stream(silent), true).await;
        let broken = stream::iter([Ok(Bytes::from("x")), Err(std::io::Error::other("cut"))]);
        check(&[], Body::from_stream(broken), true).await;
    }

    #[tokio::test]
    async fn a_client_that_waits_to_be_told_is_not_told_to_send() {
        let expect = [(header::EXPECT, "100-continue")];
        check(&expect, Body::from("text"), true).await;
        check(&expect, Body::empty(), false).await;
    }
}
