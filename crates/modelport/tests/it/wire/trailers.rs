//! Fields behind a body: a provider's go to callers that take them, a caller's go nowhere.

use super::CHAT;
use crate::support::{Gateway, Scripted, Upstream, raw};

const PLAIN: &str = r#"{"choices":[]}"#;
const STREAM: &str = concat!(
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: [DONE]\n\n"
);

/// An answer in one chunk, with fields behind it.
fn answer(headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\
         trailer: x-checksum, x-cost\r\ntrailer: set-cookie\r\n\r\n\
         {length:x}\r\n{body}\r\n0\r\n\
         x-checksum: 7\r\nset-cookie: a=b\r\nx-unannounced: 8\r\nX-Cost: 0.1\r\n\r\n"
    )
}

/// What a client with these headers gets, from the first line to the last.
fn ask(gateway: &Gateway, headers: &str, stream: bool) -> String {
    let body = format!(r#"{{"model":"m","messages":[],"stream":{stream}}}"#);
    let length = body.len();
    let message = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: gateway.test\r\nconnection: close, te\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    );
    raw::exchange(gateway.addr(), message.as_bytes())
}

#[test]
fn a_client_that_takes_trailers_gets_the_providers() {
    let compressed = "content-type: application/json\r\ncontent-encoding: compress\r\n";
    for (headers, body, stream) in [
        ("content-type: application/json\r\n", PLAIN, false),
        ("content-type: text/event-stream\r\n", STREAM, true),
        (compressed, PLAIN, false),
    ] {
        let upstream = Scripted::start(answer(headers, body));
        let gateway = Gateway::before(&upstream.base_url(), &[]);
        let taken = ask(&gateway, "te: gzip;q=0.5, Trailers\r\n", stream);
        let (head, rest) = taken.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("trailer: x-checksum, x-cost"), "{head}");
        assert!(rest.contains(body), "{rest}");
        let (_, behind) = rest.rsplit_once("\r\n0\r\n").unwrap();
        let mut fields: Vec<&str> = behind.trim_end().lines().collect();
        fields.sort_unstable();
        assert_eq!(fields, ["x-checksum: 7", "x-cost: 0.1"], "{taken}");

        let dropped = ask(&gateway, "", stream);
        assert!(dropped.contains(body), "{dropped}");
        assert!(!dropped.contains("trailer:"), "{dropped}");
        assert!(!dropped.contains("x-checksum"), "{dropped}");
    }
}

#[test]
fn a_clients_trailers_are_dropped() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let body = r#"{"model":"sim-fast","messages":[]}"#;
    let length = body.len();
    let message = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: gateway.test\r\nconnection: close\r\n\
         trailer: x-behind\r\ntransfer-encoding: chunked\r\n\r\n\
         {length:x}\r\n{body}\r\n0\r\nx-behind: 1\r\nauthorization: Bearer x\r\n\r\n"
    );
    let answer = raw::exchange(gateway.addr(), message.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = upstream.completions().pop().unwrap();
    assert_eq!(seen.body, body.as_bytes());
    for (name, value) in &seen.headers {
        let name = name.to_ascii_lowercase();
        assert!(!["trailer", "x-behind"].contains(&name.as_str()), "{name}");
        assert_ne!(value, "Bearer x");
    }
}
