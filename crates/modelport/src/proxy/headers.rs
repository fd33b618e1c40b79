//! Which headers cross the gateway, in either direction.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use modelport_provider::receipt::Receipt;
use rust_decimal::Decimal;
use smallvec::SmallVec;

use crate::{
    error::Envelope,
    ids::{
        ANTHROPIC_REQUEST_ID, REQUEST_ID, RequestId,
        trace::{SpanId, TRACEPARENT, TRACESTATE, Trace},
    },
};

/// Says which provider a request went to.
pub const PROVIDER: HeaderName = HeaderName::from_static("x-modelport-provider");
/// Says which model the provider was asked for.
pub const MODEL: HeaderName = HeaderName::from_static("x-modelport-model");
/// Says which fields of the request were not simply sent.
pub const PARAMS: HeaderName = HeaderName::from_static("x-modelport-params");
/// Says how many milliseconds the request waited for a place at the provider.
pub const QUEUE_MS: HeaderName = HeaderName::from_static("x-modelport-queue-ms");
/// What the request costs, in US dollars.
pub const COST: HeaderName = HeaderName::from_static("x-modelport-cost");
/// The provider's own request id: its support asks for it.
pub const UPSTREAM_REQUEST_ID: HeaderName =
    HeaderName::from_static("x-modelport-upstream-request-id");

/// Headers that belong to one connection, not to the message (RFC 9110, section 7.6.1).
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authentication-info"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// What a caller shows us, which is not for a provider; and what the new request has of its own.
/// `accept-encoding` stays behind so that answers come readable.
fn is_callers_own(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "x-api-key"
            | "api-key"
            | "cookie"
            | "host"
            | "content-length"
            | "expect"
            | "accept-encoding"
            | "x-modelport-timeout"
    )
}

/// What a provider says about its own host, which would be wrong about ours; its cookies would tie
/// all our callers together.
fn is_providers_own(name: &str) -> bool {
    matches!(
        name,
        "set-cookie" | "strict-transport-security" | "alt-svc" | "content-length"
    )
}

/// What a recipient must know before it reads a body (RFC 9110, section 6.5.1), and what only we say.
fn is_before_a_body(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "cache-control"
            | "content-encoding"
            | "content-range"
            | "content-type"
            | "date"
            | "host"
            | "www-authenticate"
    ) || [REQUEST_ID, PROVIDER, MODEL].iter().any(|own| own == name)
}

/// The caller's headers as the provider gets them, before the provider's own are added.
pub fn to_upstream(mut headers: HeaderMap, id: &RequestId) -> HeaderMap {
    drop_where(&mut headers, |name| {
        is_hop_by_hop(name) || is_callers_own(name)
    });
    headers.insert(REQUEST_ID, id.to_header());
    headers
}

/// The headers of an attempt whose span this is, if there are traces; otherwise it is sent with these.
pub fn traced(
    headers: &HeaderMap,
    trace: Option<Trace>,
    span: Option<SpanId>,
) -> Option<Box<HeaderMap>> {
    let (trace, span) = (trace?, span?);
    let mut headers = Box::new(headers.clone());
    headers.insert(TRACEPARENT, trace.to_header(span));
    if trace.parent.is_none() {
        // It belongs to a trace that the caller has not named rightly.
        headers.remove(TRACESTATE);
    }
    Some(headers)
}

/// The provider's headers as the caller gets them, who reads the API with this envelope.
pub fn to_caller(mut headers: HeaderMap, envelope: Envelope, id: &RequestId) -> HeaderMap {
    drop_where(&mut headers, |name| {
        is_hop_by_hop(name) || is_providers_own(name)
    });
    let theirs = headers.insert(REQUEST_ID, id.to_header());
    let theirs = match envelope {
        Envelope::OpenAi => theirs,
        Envelope::Anthropic => headers
            .insert(ANTHROPIC_REQUEST_ID, id.to_header())
            .or(theirs),
    };
    if let Some(theirs) = theirs {
        headers.insert(UPSTREAM_REQUEST_ID, theirs);
    }
    headers
}

/// Whether a caller has said that it takes fields behind a body.
pub fn takes_trailers(headers: &HeaderMap) -> bool {
    // Looking through the few is cheaper than looking one up, and hardly any caller has it.
    if !headers.keys().any(|name| *name == header::TE) {
        return false;
    }
    let words = headers.get_all(header::TE).into_iter();
    words
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|word| word.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

/// The fields behind a provider's body as the caller gets them, if any are left.
pub fn trailers_to_caller(mut trailers: HeaderMap) -> Option<HeaderMap> {
    drop_where(&mut trailers, |name| {
        is_hop_by_hop(name) || is_providers_own(name) || is_before_a_body(name)
    });
    (!trailers.is_empty()).then_some(trailers)
}

/// Says how the request was resolved.
pub fn add_resolution(headers: &mut HeaderMap, provider: &str, model: &str) {
    if let Ok(value) = HeaderValue::from_str(provider) {
        headers.insert(PROVIDER, value);
    }
    if !model.is_empty()
        && let Ok(value) = HeaderValue::from_str(model)
    {
        headers.insert(MODEL, value);
    }
}

/// Says what the request costs in US dollars, where that is known.
pub fn add_cost(headers: &mut HeaderMap, cost: Option<Decimal>) {
    let text = cost.map(|cost| cost.normalize().to_string());
    let value = text.and_then(|text| HeaderValue::try_from(text).ok());
    if let Some(value) = value {
        headers.insert(COST, value);
    }
}

/// Says how long the request waited for a place at the provider, if it did.
pub fn add_queue_time(headers: &mut HeaderMap, queued: Duration) {
    if !queued.is_zero() {
        let millis = u64::try_from(queued.as_millis()).unwrap_or(u64::MAX);
        headers.insert(QUEUE_MS, HeaderValue::from(millis));
    }
}

/// Says which fields of the request were not simply sent, if any, beside those that are told already.
pub fn add_receipt(headers: &mut HeaderMap, receipt: &Receipt) {
    if receipt.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&told(headers, receipt)) {
        headers.insert(PARAMS, value);
    }
}

/// What the receipt of an answer with these headers says, with this one added.
pub fn told(headers: &HeaderMap, receipt: &Receipt) -> String {
    // A field's name can hold what no header can.
    let told = headers.get(PARAMS).and_then(|told| told.to_str().ok());
    let text = match told {
        Some(told) if receipt.is_empty() => told.to_owned(),
        Some(told) => format!("{told}, {receipt}"),
        None => receipt.to_string(),
    };
    text.chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .take(MAX_RECEIPT)
        .collect()
}

/// The longest receipt that is shown, in bytes: many servers take no header over 8 KiB.
const MAX_RECEIPT: usize = 4096;

/// Drops what the `connection` headers name as belonging to the connection. There may be several
/// of them, and most name nothing.
fn drop_nominated(headers: &mut HeaderMap) {
    let connection = headers.get_all(header::CONNECTION).into_iter();
    let nominating: Vec<HeaderValue> = connection
        .filter(|value| nominates(value))
        .cloned()
        .collect();
    for value in nominating {
        for name in value.as_bytes().split(|byte| *byte == b',') {
            if let Ok(name) = HeaderName::from_bytes(name.trim_ascii()) {
                headers.remove(name);
            }
        }
    }
}

/// Whether a `connection` header says more than what becomes of the connection.
fn nominates(connection: &HeaderValue) -> bool {
    let value = connection.as_bytes();
    !value.eq_ignore_ascii_case(b"keep-alive") && !value.eq_ignore_ascii_case(b"close")
}

/// Drops the headers that `goes` picks by their names, and what those among them that speak of the
/// connection nominate.
fn drop_where(headers: &mut HeaderMap, goes: impl Fn(&str) -> bool) {
    let names = headers.keys().filter(|name| goes(name.as_str()));
    let going: SmallVec<[HeaderName; 8]> = names.cloned().collect();
    if going.contains(&header::CONNECTION) {
        drop_nominated(headers);
    }
    for name in going {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_provider_sees_the_message_but_neither_connection_nor_credentials() {
        let id = RequestId::of(&HeaderMap::new());
        let sent = to_upstream(
            map(&[
                ("authorization", "Bearer ours"),
                ("connection", "close, X-Private"),
                ("x-private", "1"),
                ("connection", "keep-alive"),
                ("connection", ",x-second ,\tnot a name, content-length"),
                ("x-second", "1"),
                ("proxy-authentication-info", "x"),
                ("x-stainless-lang", "python"),
                ("user-agent", "OpenAI/Python"),
                ("cookie", "a=b"),
                ("host", "localhost"),
                ("content-length", "2"),
                ("accept-encoding", "gzip"),
                ("content-type", "application/json"),
            ]),
            &id,
        );
        assert_eq!(
            names(&sent),
            [
                "content-type",
                "user-agent",
                "x-request-id",
                "x-stainless-lang"
            ]
        );
    }

    #[test]
    fn a_caller_sees_the_answer_but_no_cookies_and_our_request_id() {
        let id = RequestId::of(&map(&[("x-request-id", "mine")]));
        let seen = to_caller(
            map(&[
                ("set-cookie", "__cf=1"),
                ("transfer-encoding", "chunked"),
                ("x-request-id", "theirs"),
                ("x-ratelimit-remaining-requests", "9"),
                ("content-type", "text/event-stream"),
            ]),
            Envelope::OpenAi,
            &id,
        );
        assert_eq!(
            names(&seen),
            [
                "content-type",
                "x-modelport-upstream-request-id",
                "x-ratelimit-remaining-requests",
                "x-request-id"
            ]
        );
        assert_eq!(seen[REQUEST_ID], "mine");
        assert_eq!(seen[UPSTREAM_REQUEST_ID], "theirs");
    }
}
