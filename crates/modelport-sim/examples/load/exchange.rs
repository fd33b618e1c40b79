//! The bytes of the benchmark's requests, answers and events, and their checks. Both ends build
//! them here, so a client can tell any byte that a proxy lost, added or changed.
//! Does not touch a socket.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use crate::Target;

/// How much a gateway may lengthen or shorten a request body (model name, stream options).
const BODY_SLACK: usize = 256;

/// Bytes of answer text, which makes the whole answer about 1 KB.
const ANSWER_TEXT: usize = 640;

const ANSWER_START: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench-model","system_fingerprint":"got-"#;
const ANSWER_MIDDLE: &str = r#"","choices":[{"index":0,"message":{"role":"assistant","content":""#;
const ANSWER_END: &str = r#""},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":180,"completion_tokens":160,"total_tokens":340}}"#;

const EVENT_START: &str = r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench-model","system_fingerprint":"at-"#;
const EVENT_MIDDLE: &str = r#"","choices":[{"index":0,"delta":{"role":"assistant","content":"seq-"#;
const EVENT_END: &str = r#""},"logprobs":null,"finish_reason":null}]}"#;

/// Digits of the microseconds since 1970 in every event.
const TIME_DIGITS: usize = 16;
/// Digits of the body length in every answer.
const LENGTH_DIGITS: usize = 10;

/// The event that ends a stream, with its blank line.
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// What a stream consists of; the request carries it to the upstream in its `user` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// Events before `[DONE]`.
    pub(crate) events: u32,
    /// Pause between events.
    pub(crate) interval: Duration,
    /// Length of each event in bytes, blank line included; a floor of about 270 applies.
    pub(crate) event_bytes: usize,
}

impl Script {
    fn field(&self) -> String {
        format!(
            "events-{}-{}-{}",
            self.events,
            self.interval.as_micros(),
            self.event_bytes
        )
    }

    /// Reads the script out of a request body, `None` if it holds none.
    pub(crate) fn find(body: &str) -> Option<Self> {
        let (_, rest) = body.split_once("\"events-")?;
        let (field, _) = rest.split_once('"')?;
        let mut parts = field.split('-');
        let script = Self {
            events: parts.next()?.parse().ok()?,
            interval: Duration::from_micros(parts.next()?.parse().ok()?),
            event_bytes: parts.next()?.parse().ok()?,
        };
        Some(script)
    }
}

/// A whole chat request, head and body. `messages` comes first and `model` after it, as OpenAI's
/// own SDKs send it, so that a gateway has to read past the large part to learn the model.
pub(crate) fn request(to: &Target, stream: Option<Script>) -> Vec<u8> {
    let Target {
        address,
        model,
        key,
        body_bytes,
    } = to;
    let body = request_body(model, *body_bytes, stream);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\naccept: application/json\r\nuser-agent: modelport-bench\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Length from which on a request carries its bulk as an image.
const IMAGE_FROM: usize = 16 * 1024;

fn request_body(model: &str, bytes: usize, stream: Option<Script>) -> String {
    let (open, close) = if bytes >= IMAGE_FROM {
        (
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,"#,
            r#""}}]}]"#,
        )
    } else {
        (
            r#"{"messages":[{"role":"system","content":"Answer briefly."},{"role":"user","content":""#,
            r#""}]"#,
        )
    };
    let tail = match stream {
        None => format!(r#"{close},"model":"{model}","temperature":0.7,"max_tokens":256}}"#),
        Some(script) => format!(
            r#"{close},"model":"{model}","temperature":0.7,"user":"{}","stream":true}}"#,
            script.field()
        ),
    };
    let filler = bytes.saturating_sub(open.len() + tail.len());
    let mut body = String::with_capacity(bytes);
    body.push_str(open);
    fill(&mut body, filler);
    body.push_str(&tail);
    body
}

/// Appends `count` characters that are plain in JSON and in base64.
fn fill(text: &mut String, count: usize) {
    text.extend("iVBORw0KGgoAAAANSUhEUgAB".chars().cycle().take(count));
}

/// The upstream's answer to a request whose body was `received` bytes long.
pub(crate) fn answer(received: usize) -> String {
    let mut text = format!("{ANSWER_START}{received:0LENGTH_DIGITS$}{ANSWER_MIDDLE}");
    fill(&mut text, ANSWER_TEXT);
    text.push_str(ANSWER_END);
    text
}

/// Checks an answer: every byte as sent, and the upstream got about as many bytes as we sent it.
pub(crate) fn check_answer(answer: &[u8], template: &str, sent: usize) -> io::Result<()> {
    let digits = ANSWER_START.len()..ANSWER_START.len() + LENGTH_DIGITS;
    let expected = template.as_bytes();
    let same = answer.len() == expected.len()
        && answer.get(..digits.start) == expected.get(..digits.start)
        && answer.get(digits.end..) == expected.get(digits.end..);
    if !same {
        return Err(wrong("an answer differs from the upstream's", answer));
    }
    match answer.get(digits).and_then(number) {
        Some(got) if got.abs_diff(sent as u64) <= BODY_SLACK as u64 => Ok(()),
        Some(_) | None => Err(wrong(
            "the upstream got a body of another length than",
            answer,
        )),
    }
}

/// Writes one event into `text`, numbered `seq` and stamped with `at_us` (µs since 1970).
pub(crate) fn event(text: &mut String, seq: u32, at_us: u64, bytes: usize) {
    let start = text.len();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "{EVENT_START}{at_us:0TIME_DIGITS$}{EVENT_MIDDLE}{seq:06} "
    );
    let fixed = text.len() - start + EVENT_END.len() + 2;
    fill(text, bytes.saturating_sub(fixed));
    text.push_str(EVENT_END);
    text.push_str("\n\n");
}

/// The time an event was sent (µs since 1970), or `None` if it does not look like one of ours.
pub(crate) fn event_time(event: &[u8]) -> Option<u64> {
    let at = EVENT_START.len();
    event.get(at..at + TIME_DIGITS).and_then(number)
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// An error that quotes the start of what was received.
pub(crate) fn wrong(what: &str, received: &[u8]) -> io::Error {
    let start = received.get(..received.len().min(160)).unwrap_or_default();
    io::Error::other(format!("{what}: {}", String::from_utf8_lossy(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: Script = Script {
        events: 7,
        interval: Duration::from_micros(2500),
        event_bytes: 300,
    };

    #[test]
    fn bodies_have_the_length_asked_for_and_are_json() {
        for (bytes, stream) in [(1024, None), (1024, Some(SCRIPT)), (1 << 20, None)] {
            let body = request_body("bench-model", bytes, stream);
            assert_eq!(body.len(), bytes);
            let value: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(value["model"], "bench-model");
            assert_eq!(Script::find(&body), stream);
        }
    }

    #[test]
    fn an_answer_is_checked_byte_for_byte() {
        let template = answer(0);
        let check = |bytes: &[u8]| check_answer(bytes, &template, 1024).is_ok();
        assert!(check(answer(1024).as_bytes()));
        assert!(check(answer(1010).as_bytes()));
        assert!(!check(answer(500).as_bytes()));
        assert!(!check(
            answer(1024).replace("\"stop\"", "\"STOP\"").as_bytes()
        ));
        assert!(!check(&answer(1024).as_bytes()[1..]));
    }

    #[test]
    fn an_event_carries_its_time_and_length() {
        let mut text = String::new();
        event(&mut text, 3, 1_700_000_000_123_456, 300);
        assert_eq!(text.len(), 300);
        assert_eq!(event_time(text.as_bytes()), Some(1_700_000_000_123_456));
        let json = text.strip_prefix("data: ").unwrap().trim_end();
        assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
    }
}
