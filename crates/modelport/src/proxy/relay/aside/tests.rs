use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use modelport_provider::openai_compatible::stream::Grammar;

use super::{Aside, MAX_DECODED, MAX_END, Progress, Seen};

const USAGE: &str = r#""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#;
const FIRST: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
const FINISH: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter().cloned();
    pairs
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// What is seen of an answer that comes in pieces of this size.
fn read(headers: &HeaderMap, asked: bool, body: &[u8], size: usize) -> Result<Seen, String> {
    let mut aside = Aside::new(headers, asked, Grammar::Chunks);
    for piece in body.chunks(size) {
        aside.read(piece);
    }
    aside.end().map_err(str::to_owned)?;
    Ok(aside.seen().map(std::mem::take).unwrap_or_default())
}

fn output_tokens(seen: &Seen) -> Option<u64> {
    seen.usage.as_ref().map(|usage| usage.output_tokens)
}

#[test]
fn a_compressed_stream_is_read_event_by_event() {
    let headers = headers(&[
        (header::CONTENT_ENCODING, "gzip"),
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
    ]);
    let usage = format!("data: {{\"choices\":[],{USAGE}}}\n\n");
    for (text, expected, progress) in [
        (FIRST.to_owned(), None, Progress::Unfinished),
        (format!("{FIRST}{FINISH}"), None, Progress::Finished),
        (
            format!("\n: ping\n\n{FIRST}{FINISH}{usage}"),
            Some(4),
            Progress::Finished,
        ),
        (
            format!("{FIRST}{FINISH}{usage}data: [DONE]"),
            Some(4),
            Progress::Done,
        ),
        (
            format!("{FIRST}data: {{\"choices\":"),
            None,
            Progress::Unfinished,
        ),
    ] {
        let body = gzip(text.as_bytes());
        for size in [1, 10, body.len()] {
            let seen = read(&headers, true, &body, size).unwrap();
            assert_eq!(output_tokens(&seen), expected, "{text}");
            assert_eq!(seen.progress, progress, "{text}");
            assert!(seen.error.is_none());
        }
    }
    let failed = format!("{FIRST}data: {{\"error\":{{\"message\":\"no more\"}}}}\n\n");
    let seen = read(&headers, true, &gzip(failed.as_bytes()), 10).unwrap();
    assert_eq!(seen.error.unwrap().message, "no more");
}

#[test]
fn a_wrong_label_does_not_mislead() {
    let json = format!("{{\"choices\":[],{USAGE}}}");
    let labelled = headers(&[(header::CONTENT_TYPE, "text/event-stream")]);
    let seen = read(&labelled, true, json.as_bytes(), 10).unwrap();
    assert_eq!(
        (output_tokens(&seen), seen.progress),
        (Some(4), Progress::Unknown)
    );
    let unlabelled = headers(&[(header::CONTENT_TYPE, "application/json")]);
    let events = format!("{FIRST}data: {{{USAGE}}}\n\n");
    let seen = read(&unlabelled, true, events.as_bytes(), 10).unwrap();
    assert_eq!(
        (output_tokens(&seen), seen.progress),
        (Some(4), Progress::Unfinished)
    );
}

#[test]
fn a_plain_answer_is_read_from_its_ends_however_long_it_is() {
    let none = HeaderMap::new();
    for filling in [
        0,
        10,
        MAX_END - 90,
        MAX_END - 30,
        MAX_END,
        MAX_END + 30,
        2 * MAX_END,
        10 * MAX_END,
    ] {
        let text = "x".repeat(filling);
        for body in [
            format!("{{\"choices\":[{{\"message\":{{\"content\":\"{text}\"}}}}],{USAGE}}}"),
            format!("{{{USAGE},\"choices\":[{{\"message\":{{\"content\":\"{text}\"}}}}]}}"),
        ] {
            for size in [MAX_END / 10, 3 * MAX_END, body.len()] {
                let seen = read(&none, false, body.as_bytes(), size).unwrap();
                assert_eq!(output_tokens(&seen), Some(4), "{filling} {size}");
                let coded = headers(&[(header::CONTENT_ENCODING, "gzip")]);
                let seen = read(&coded, false, &gzip(body.as_bytes()), size).unwrap();
                assert_eq!(output_tokens(&seen), Some(4), "{filling} {size}");
            }
        }
    }
    let error = read(&none, false, br#"{"error":{"message":"no"}}"#, 100).unwrap();
    assert_eq!(error.error.unwrap().message, "no");
}

#[test]
fn what_cannot_be_read_is_said_and_let_be() {
    let coded = |coding| headers(&[(header::CONTENT_ENCODING, coding)]);
    for (headers, body) in [
        (coded("gzip"), b"{\"choices\":[]}".to_vec()),
        (coded("gzip, br"), gzip(b"{}")),
        (coded("compress"), b"x".to_vec()),
        (coded("gzip"), gzip(b"{}")[..12].to_vec()),
        (coded("gzip"), gzip(&vec![b' '; MAX_DECODED + 1])),
    ] {
        assert!(read(&headers, false, &body, body.len()).is_err());
    }
    let events = headers(&[(header::CONTENT_TYPE, "text/event-stream")]);
    assert!(read(&events, true, b"data: <html>\n\n", 10).is_err());
    assert!(read(&events, true, b"", 10).is_ok());
}
