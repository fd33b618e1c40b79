//! Headers and the query.

use std::collections::BTreeMap;

use super::{CHAT, last, pair};

#[test]
fn headers_go_up_without_credentials_and_come_down_without_cookies() {
    let (upstream, gateway) = pair();
    let answer = gateway
        .request("POST", CHAT)
        .header("authorization", "Bearer sk-of-the-caller")
        .header("x-api-key", "sk-of-the-caller")
        .header("api-key", "sk-of-the-caller")
        .header("proxy-authorization", "Basic sk-of-the-caller")
        .header("cookie", "session=sk-of-the-caller")
        .header("accept-encoding", "gzip, br")
        .header("te", "trailers")
        .header("user-agent", "OpenAI/Python 3.54.0")
        .header("x-stainless-lang", "python")
        .header("x-stainless-retry-count", "0")
        .header("openai-organization", "org-1")
        .header("x-request-id", "mine-1")
        .header("accept", "application/json")
        .body(r#"{"model":"sim-fast","messages":[]}"#)
        .send();
    let seen = last(&upstream);
    let names: BTreeMap<_, _> = seen
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
        .collect();
    let host = upstream.addr().to_string();
    let expected = [
        ("accept", "application/json"),
        ("authorization", "Bearer sk-upstream-secret"),
        ("content-length", "34"),
        ("content-type", "application/json"),
        ("host", host.as_str()),
        ("openai-organization", "org-1"),
        ("user-agent", "OpenAI/Python 3.54.0"),
        ("x-request-id", "mine-1"),
        ("x-stainless-lang", "python"),
        ("x-stainless-retry-count", "0"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(names, BTreeMap::from(expected));
    assert_eq!(seen.headers.len(), names.len(), "a header came twice");

    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("x-request-id"), Some("mine-1"));
    assert_eq!(
        answer.header("x-ratelimit-remaining-requests"),
        Some("9999")
    );
    assert!(answer.header("x-modelport-upstream-request-id").is_some());
}

#[test]
fn the_query_goes_along() {
    let (upstream, gateway) = pair();
    let path = "/v1/chat/completions?api-version=2024-10-21&x=%20";
    gateway.request("POST", path).body("{}").send();
    assert!(
        last(&upstream)
            .path
            .ends_with("/chat/completions?api-version=2024-10-21&x=%20")
    );
}
