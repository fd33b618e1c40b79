//! Requests that no provider gets to see.

use serde_json::json;

use super::{CHAT, pair};
use crate::support::{Gateway, Upstream};

/// Sends what has to be refused before any provider sees it.
fn refused(gateway: &Gateway, body: &[u8], code: &str, param: Option<&str>, says: &str) {
    let shown = String::from_utf8_lossy(body).into_owned();
    let answer = gateway.request("POST", CHAT).body(body).send();
    assert_eq!(answer.status, 400, "{shown}: {}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["type"], "invalid_request_error", "{shown}");
    assert_eq!(error["code"], code, "{shown}: {error}");
    assert_eq!(error["param"], json!(param), "{shown}: {error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(says), "{shown}: {message}");
}

#[test]
fn what_is_ambiguous_or_malformed_is_refused_with_the_place() {
    let (upstream, gateway) = pair();
    let check = |body: &[u8], code, param, says| refused(&gateway, body, code, param, says);
    let twice = "more than once";
    check(
        br#"{"model":"a","model":"b"}"#,
        "duplicate_field",
        Some("model"),
        twice,
    );
    check(
        br#"{"model":"a","mod\u0065l":"b"}"#,
        "duplicate_field",
        Some("model"),
        twice,
    );
    check(
        br#"{"model":null,"model":"b"}"#,
        "duplicate_field",
        Some("model"),
        twice,
    );
    check(
        br#"{"stream":true,"stream":false}"#,
        "duplicate_field",
        Some("stream"),
        twice,
    );
    check(
        br#"{"stream_options":{},"stream_options":null}"#,
        "duplicate_field",
        Some("stream_options"),
        twice,
    );
    check(
        br#"{"model":7}"#,
        "invalid_type",
        Some("model"),
        "must be a string",
    );
    check(
        br#"{"model":["a"]}"#,
        "invalid_type",
        Some("model"),
        "an array",
    );
    check(
        br#"{"stream":"yes"}"#,
        "invalid_type",
        Some("stream"),
        "true or false",
    );
    check(
        br#"{"stream":1}"#,
        "invalid_type",
        Some("stream"),
        "true or false",
    );
    check(
        br#"{"stream_options":[]}"#,
        "invalid_type",
        Some("stream_options"),
        "an object",
    );
    check(br#"{"model":""}"#, "invalid_model", Some("model"), "empty");
    check(
        br#"{"model":"two words"}"#,
        "invalid_model",
        Some("model"),
        "white space",
    );
    check(
        br#"{"model":"a\u0000b"}"#,
        "invalid_model",
        Some("model"),
        "control",
    );
    check(
        br#"{"model":"\ud800"}"#,
        "invalid_model",
        Some("model"),
        "surrogate",
    );
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(257));
    check(long.as_bytes(), "invalid_model", Some("model"), "256");
    check(br#"[{"model":"a"}]"#, "not_an_object", None, "an array");
    check(br#""text""#, "not_an_object", None, "a string");
    check(b"", "invalid_json", None, "line 1, column 1");
    check(
        b"{\"a\":1,\n \"b\" 2}",
        "invalid_json",
        None,
        "line 2, column 6",
    );
    check(br#"{"a":01}"#, "invalid_json", None, "number");
    check(br#"{"a":1}}"#, "invalid_json", None, "column 8");
    check(br#"{"a":"#, "invalid_json", None, "ends");
    check(b"{\"a\":\"\xff\"}", "invalid_json", None, "UTF-8");
    check(
        "\u{feff}{}".as_bytes(),
        "invalid_json",
        None,
        "byte order mark",
    );
    check(
        "[".repeat(100_000).as_bytes(),
        "invalid_json",
        None,
        "nested",
    );
    assert!(upstream.completions().is_empty());
}

#[test]
fn a_body_beyond_the_limit_is_refused_however_it_comes() {
    let upstream = Upstream::start();
    let limit = 64 << 10;
    let settings = [("MODELPORT_BODY_LIMIT", "65536")];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let body = |length: usize| {
        let mut body = br#"{"model":"sim-fast","messages":[]}"#.to_vec();
        body.resize(length, b' ');
        gateway.request("POST", CHAT).body(body)
    };
    assert_eq!(body(limit).send().status, 200);
    assert_eq!(body(limit).chunked().send().status, 200);
    let arrived = upstream.completions().len();
    for answer in [
        body(limit + 1).send(),
        body(limit + 1).chunked().send(),
        body(limit * 16).send(),
        body(limit * 16).chunked().send(),
    ] {
        assert_eq!(answer.status, 413, "{}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "request_too_large");
        assert!(
            error["message"].as_str().unwrap().contains("65536"),
            "{error}"
        );
    }
    assert_eq!(upstream.completions().len(), arrived);
}
