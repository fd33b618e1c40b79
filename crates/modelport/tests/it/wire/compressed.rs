//! Answers that the provider compressed, or that are too long to be held: they go on as they came,
//! and what they used and how they ended is read all the same.

use std::io::Write;

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::json;

use crate::support::{Gateway, Response, Scripted};

const PLAIN: &str = include_str!("compressed/plain.json");
const STREAM: &str = include_str!("compressed/stream.sse");
/// The two, by the `brotli` program.
const PLAIN_BROTLI: &[u8] = include_bytes!("compressed/plain.json.br");
const STREAM_BROTLI: &[u8] = include_bytes!("compressed/stream.sse.br");

/// What both say that they used, as the log shows it.
const TOKENS: &str = "input_tokens=19 output_tokens=4";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The same text in every coding, with its name.
fn codings(text: &str, brotli: &[u8]) -> [(&'static str, Vec<u8>); 5] {
    let bytes = text.as_bytes();
    [
        ("gzip", gzip(bytes)),
        ("deflate", zlib(bytes)),
        ("deflate", deflate(bytes)),
        ("br", brotli.to_vec()),
        ("zstd", compress_to_vec(bytes, CompressionLevel::Fastest)),
    ]
}

/// An answer of these headers, its length given.
fn whole(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// An answer of these headers in chunks, with or without its end.
fn chunked(headers: &str, body: &[u8], end: &str) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(31) {
        answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        answer.extend_from_slice(chunk);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(end.as_bytes());
    answer
}

/// A gateway in front of an upstream that answers so.
fn before(answer: Vec<u8>) -> (Scripted, Gateway) {
    known_as("", answer)
}

/// As [`before`], with a provider that is known to be this.
fn known_as(profile: &str, answer: Vec<u8>) -> (Scripted, Gateway) {
    let upstream = Scripted::start(answer);
    let more = [
        ("LOG_LEVEL", "DEBUG"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
        ("OPENAI_COMPATIBLE_PROFILE", profile),
    ];
    let gateway = Gateway::before(&upstream.base_url(), &more);
    (upstream, gateway)
}

fn ask(gateway: &Gateway, stream: bool) -> (Response, bool) {
    let body = json!({"model": "m", "messages": [], "stream": stream}).to_string();
    let exchange = gateway.request("POST", super::CHAT).body(body);
    exchange.open().finish_anyhow()
}

/// The answer passes to the byte and is metered.
fn passes_metered(answer: Vec<u8>, coding: &str, body: &[u8], stream: bool) -> Response {
    let (_upstream, gateway) = before(answer);
    let (response, is_whole) = ask(&gateway, stream);
    assert!(is_whole, "{coding} {stream}");
    assert_eq!(response.status, 200);
    assert!(response.body == body, "{coding} {stream}");
    assert_eq!(response.header("content-encoding"), Some(coding));
    assert_eq!(response.header("vary"), Some("accept-encoding"));
    assert_eq!(response.header("etag"), Some("W/\"7\""));
    gateway.wait_for_ending("answered");
    let output = gateway.output();
    assert!(output.contains(TOKENS), "{coding} {stream}: {output}");
    response
}

#[test]
fn a_compressed_answer_passes_as_it_came_and_is_metered() {
    for (text, brotli, label, stream) in [
        (PLAIN, PLAIN_BROTLI, "application/json", false),
        (STREAM, STREAM_BROTLI, "text/event-stream", true),
    ] {
        for (coding, body) in codings(text, brotli) {
            let headers = format!(
                "content-type: {label}\r\ncontent-encoding: {coding}\r\n\
                 vary: accept-encoding\r\netag: W/\"7\"\r\n"
            );
            let of_known_length = whole("200 OK", &headers, &body);
            let response = passes_metered(of_known_length, coding, &body, stream);
            let length = body.len().to_string();
            assert_eq!(response.header("content-length"), Some(length.as_str()));
            let in_chunks = chunked(&headers, &body, "0\r\n\r\n");
            passes_metered(in_chunks, coding, &body, stream);
        }
    }
}

#[test]
fn what_cannot_be_decoded_passes_all_the_same() {
    for (coding, body) in [
        ("gzip", PLAIN.as_bytes().to_vec()),
        ("br", gzip(PLAIN.as_bytes())),
        ("gzip, gzip", gzip(&gzip(PLAIN.as_bytes()))),
        ("compress", b"\x1f\x9d\x90".to_vec()),
    ] {
        let headers = format!("content-type: application/json\r\ncontent-encoding: {coding}\r\n");
        let (_upstream, gateway) = before(whole("200 OK", &headers, &body));
        let (response, is_whole) = ask(&gateway, false);
        assert!(is_whole && response.body == body, "{coding}");
        gateway.wait_for_ending("answered");
        assert!(gateway.wait_for_output("the answer could not be read along"));
        assert!(gateway.wait_for_output(" counts=estimated"), "{coding}");
    }
}

const COMPRESSED_STREAM: &str = "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n";

#[test]
fn a_compressed_stream_that_is_cut_breaks_off_visibly() {
    let body = gzip(STREAM.as_bytes());
    let half = &body[..body.len() / 2];
    let (_upstream, gateway) = before(chunked(COMPRESSED_STREAM, half, ""));
    let (response, is_whole) = ask(&gateway, true);
    assert!(!is_whole);
    assert_eq!(response.body, half);
    gateway.wait_for_ending("broken");
}

#[test]
fn a_compressed_stream_that_ends_too_soon_breaks_off_visibly() {
    let first = STREAM.split_inclusive("\n\n").next().unwrap();
    let body = gzip(first.as_bytes());
    let (_upstream, gateway) = before(chunked(COMPRESSED_STREAM, &body, "0\r\n\r\n"));
    let (response, is_whole) = ask(&gateway, true);
    assert!(!is_whole);
    assert_eq!(response.body, body);
    gateway.wait_for_ending("broken");
    let said = "its stream ended before the answer was finished";
    assert!(gateway.output().contains(said), "{}", gateway.output());
}

#[test]
fn another_surfaces_compressed_stream_ends_in_its_own_way() {
    let begun = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n";
    let ended = format!(
        "{begun}data: {{\"type\":\"response.completed\",\"response\":{{\"usage\":{{\"input_tokens\":19,\"output_tokens\":4}}}}}}\n\n"
    );
    for (text, ends_well) in [(begun, false), (&*ended, true)] {
        let body = gzip(text.as_bytes());
        let answer = chunked(COMPRESSED_STREAM, &body, "0\r\n\r\n");
        let (_upstream, gateway) = known_as("openai", answer);
        let exchange = gateway.request("POST", "/v1/responses");
        let ask = r#"{"model":"m","input":"x","stream":true}"#;
        let (response, is_whole) = exchange.body(ask).open().finish_anyhow();
        assert_eq!(is_whole, ends_well, "{}", gateway.output());
        assert!(response.body == body);
        assert!(!ends_well || gateway.wait_for_output(TOKENS));
    }
}

#[test]
fn an_error_in_a_compressed_answer_is_recorded() {
    let error = r#"{"error":{"message":"The model is on fire.","type":"server_error"}}"#;
    for (label, text) in [
        ("application/json", error.to_owned()),
        ("text/event-stream", format!("data: {error}\n\n")),
    ] {
        let headers = format!("content-type: {label}\r\ncontent-encoding: gzip\r\n");
        let body = gzip(text.as_bytes());
        let (_upstream, gateway) = before(chunked(&headers, &body, "0\r\n\r\n"));
        let (response, is_whole) = ask(&gateway, true);
        assert!(is_whole && response.body == body);
        gateway.wait_for_ending("broken");
        assert!(gateway.output().contains("The model is on fire."));
    }
}

#[test]
fn nothing_is_held_up_and_done_is_the_end() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(STREAM.as_bytes()).unwrap();
    encoder.flush().unwrap();
    // Flushed but not ended, as is what surrounds it.
    let body = encoder.get_ref().clone();
    let head = "text/event-stream\r\ncontent-encoding: gzip";
    let upstream = Scripted::unending(head, &body);
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let ask = json!({"model": "m", "messages": [], "stream": true}).to_string();
    let mut stream = gateway.request("POST", super::CHAT).body(ask).open();
    let mut came = Vec::new();
    while came.len() < body.len() {
        came.extend(stream.next_piece().unwrap());
    }
    assert!(came == body);
    drop(stream);
    gateway.wait_for_ending("answered");
    assert!(gateway.output().contains(TOKENS), "{}", gateway.output());
}

#[test]
fn a_compressed_refusal_is_understood() {
    let refusal = |message: &str, kind: &str| {
        json!({"error": {"message": message, "type": kind, "code": kind}}).to_string()
    };
    let headers = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let send = |status: &str, text: &str| {
        let body = gzip(text.as_bytes());
        let (upstream, gateway) = before(whole(status, headers, &body));
        let (response, _) = ask(&gateway, false);
        drop(upstream);
        (response, body, gateway)
    };

    let text = refusal("The prompt is too long.", "context_length_exceeded");
    let (response, body, gateway) = send("400 Bad Request", &text);
    assert_eq!(response.status, 400);
    assert_eq!(response.header("content-encoding"), Some("gzip"));
    assert!(response.body == body);
    gateway.wait_for_ending("refused");
    assert!(gateway.output().contains("The prompt is too long."));

    let text = refusal("You exceeded your current quota.", "insufficient_quota");
    let (response, _, _) = send("429 Too Many Requests", &text);
    let message = response.json()["error"]["message"].to_string();
    assert!(
        message.contains("You exceeded your current quota."),
        "{message}"
    );

    let text = refusal("Bad key sk-upstream-secret for this.", "bad_request");
    let (response, _, gateway) = send("400 Bad Request", &text);
    assert_eq!(response.header("content-encoding"), None);
    let message = response.json()["error"]["message"].to_string();
    assert_eq!(message, "\"Bad key [hidden] for this.\"");
    gateway.wait_for_ending("refused");
    assert!(!gateway.output().contains("sk-upstream-secret"));
}

#[test]
fn an_answer_too_long_to_be_held_is_metered() {
    let long = "x".repeat(3 << 20);
    let (start, end) = PLAIN.split_once("Hello").unwrap();
    let usage_last = format!("{start}{long}{end}");
    let usage_first = format!(
        "{{\"usage\":{{\"prompt_tokens\":19,\"completion_tokens\":4}},\"choices\":[{{\"message\":{{\"content\":\"{long}\"}}}}]}}"
    );
    for text in [usage_last, usage_first] {
        let headers = "content-type: application/json\r\n";
        let (_upstream, gateway) = before(whole("200 OK", headers, text.as_bytes()));
        let (response, is_whole) = ask(&gateway, false);
        assert!(is_whole && response.body == text.as_bytes());
        gateway.wait_for_ending("answered");
        assert!(gateway.output().contains(TOKENS));
    }
}
