//! Headers that belong to one connection do not cross the gateway, in either direction.

use std::collections::BTreeSet;

use super::CHAT;
use crate::support::{Gateway, Scripted, Upstream, raw};

/// The headers of one connection, beside those that a request or an answer names as such. `te`,
/// `trailer` and `upgrade` are among them.
const OF_A_CONNECTION: &str = "Connection: keep-alive, X-First\r\n\
    Connection: close\r\n\
    connection: ,x-second ,\tX-Third,not a name\r\n\
    X-First: 1\r\n\
    X-Second: 2\r\n\
    X-Third: 3\r\n\
    X-Third: 3 again\r\n\
    Keep-Alive: timeout=5\r\n\
    Proxy-Authenticate: Basic\r\n\
    Proxy-Authentication-Info: x\r\n\
    Proxy-Authorization: Basic x\r\n\
    Proxy-Connection: keep-alive\r\n\
    TE: gzip\r\n\
    Trailer: x-checksum\r\n\
    Upgrade: websocket\r\n";

#[test]
fn none_go_up() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let body = r#"{"model":"sim-fast","messages":[]}"#;
    let chunk = body.len();
    let answer = raw::exchange(
        gateway.addr(),
        format!(
            "POST {CHAT} HTTP/1.1\r\nHost: gateway.test\r\n{OF_A_CONNECTION}\
             Transfer-Encoding: chunked\r\nX-Kept: 4\r\n\r\n{chunk:x}\r\n{body}\r\n0\r\n\r\n"
        )
        .as_bytes(),
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = upstream.completions().pop().unwrap();
    let names: BTreeSet<String> = seen
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    let expected = [
        "authorization",
        "content-length",
        "host",
        "x-kept",
        "x-request-id",
    ];
    assert_eq!(names, BTreeSet::from(expected.map(str::to_owned)));
}

#[test]
fn none_come_down() {
    let body = r#"{"choices":[]}"#;
    let length = body.len();
    let upstream = Scripted::start(format!(
        "HTTP/1.1 200 OK\r\n{OF_A_CONNECTION}Content-Type: application/json\r\n\
         Content-Length: {length}\r\nX-Kept: 4\r\n\r\n{body}"
    ));
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let answer = gateway.chat(&serde_json::json!({"model": "m", "messages": []}));
    assert_eq!(answer.text(), body);
    let names: BTreeSet<&str> = answer
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let expected = [
        // The test's own client asks for it.
        "connection",
        "content-length",
        "content-type",
        "date",
        "x-kept",
        "x-modelport-model",
        "x-modelport-provider",
        "x-request-id",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    assert_eq!(answer.header("connection"), Some("close"));
}
