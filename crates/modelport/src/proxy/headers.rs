//! Which headers cross the gateway, in either direction.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use modelport_provider::receipt::Receipt;

use crate::{
    error::Envelope,
    ids::{ANTHROPIC_REQUEST_ID, REQUEST_ID, RequestId},
};

/// Says which provider a request went to.
pub const PROVIDER: HeaderName = HeaderName::from_static("x-modelport-provider");
/// Says which model the provider was asked for.
pub const MODEL: HeaderName = HeaderName::from_static("x-modelport-model");
/// Says which fields of the request were not simply sent.
pub const PARAMS: HeaderName = HeaderName::from_static("x-modelport-params");
/// The provider's own request id: its support asks for it.
pub const UPSTREAM_REQUEST_ID: HeaderName =
    HeaderName::from_static("x-modelport-upstream-request-id");

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const PROXY_AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("proxy-authentication-info");
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// Headers that belong to one connection, not to the message (RFC 9110, section 7.6.1). Names,
/// not texts: looking a text up would parse it anew for every request.
static HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    KEEP_ALIVE,
    header::PROXY_AUTHENTICATE,
    PROXY_AUTHENTICATION_INFO,
    header::PROXY_AUTHORIZATION,
    PROXY_CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What a caller shows us, which is not for a provider; and what the new request has of its own.
/// `accept-encoding` stays behind so that answers come readable.
static CALLERS_OWN: [HeaderName; 8] = [
    header::AUTHORIZATION,
    X_API_KEY,
    API_KEY,
    header::COOKIE,
    header::HOST,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::ACCEPT_ENCODING,
];

/// What a provider says about its own host, which would be wrong about ours; its cookies would tie
/// all our callers together.
static PROVIDERS_OWN: [HeaderName; 4] = [
    header::SET_COOKIE,
    header::STRICT_TRANSPORT_SECURITY,
    header::ALT_SVC,
    header::CONTENT_LENGTH,
];

/// What a recipient must know before it reads a body (RFC 9110, section 6.5.1), and what only we say.
static NOT_BEHIND_A_BODY: [HeaderName; 11] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::DATE,
    header::HOST,
    header::WWW_AUTHENTICATE,
    REQUEST_ID,
    PROVIDER,
    MODEL,
];

/// The caller's headers as the provider gets them, before the provider's own are added.
pub fn to_upstream(mut headers: HeaderMap, id: &RequestId) -> HeaderMap {
    drop_listed(&mut headers, &[&HOP_BY_HOP, &CALLERS_OWN]);
    headers.insert(REQUEST_ID, id.to_header());
    headers
}

/// The provider's headers as the caller gets them, who reads the API with this envelope.
pub fn to_caller(mut headers: HeaderMap, envelope: Envelope, id: &RequestId) -> HeaderMap {
    drop_listed(&mut headers, &[&HOP_BY_HOP, &PROVIDERS_OWN]);
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
    drop_listed(
        &mut trailers,
        &[&HOP_BY_HOP, &PROVIDERS_OWN, &NOT_BEHIND_A_BODY],
    );
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

/// Says which fields of the request were not simply sent, if any, beside those that are told already.
pub fn add_receipt(headers: &mut HeaderMap, receipt: &Receipt) {
    if receipt.is_empty() {
        return;
    }
    // A field's name can hold what no header can.
    let told = headers.get(PARAMS).and_then(|told| told.to_str().ok());
    let text = match told {
        Some(told) => format!("{told}, {receipt}"),
        None => receipt.to_string(),
    };
    let text: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .take(MAX_RECEIPT)
        .collect();
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(PARAMS, value);
    }
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

/// Drops the listed headers that are there, and what those among them that speak of the connection
/// nominate. Looking through the few that are there is cheaper than
/// looking each of the many that might be up by its hash.
fn drop_listed(headers: &mut HeaderMap, lists: &[&'static [HeaderName]]) {
    for list in lists {
        let mut there: u32 = 0;
        for name in headers.keys() {
            if let Some(place) = list.iter().position(|listed| listed == name) {
                there |= 1 << place;
            }
        }
        for (place, name) in list.iter().enumerate() {
            if there & (1 << place) != 0 {
                if *name == header::CONNECTION {
                    drop_nominated(headers);
                }
                headers.remove(name);
            }
        }
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
