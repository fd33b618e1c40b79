//! What a streamed event says whose data tells its own `type`: the Responses API's, Anthropic's Messages, and the streams of
//! images, speech and transcriptions. Reads along; nothing is rebuilt.

use super::{
    look::Look,
    stream::{Seen, Sign},
};
use crate::failure::{self, ErrorBody};

/// Before any output: what only announces it (OpenAI's spec 2.3.0; Anthropic's API reference, "Streaming messages").
const PREAMBLE: [&str; 10] = [
    "response.created",
    "response.queued",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.reasoning_summary_part.added",
    "message_start",
    "content_block_start",
    "ping",
    "keepalive",
];

/// The last event of a whole answer (the same sources).
const LAST: [&str; 8] = [
    "response.completed",
    "response.incomplete",
    "message_stop",
    "image_generation.completed",
    "image_edit.completed",
    "speech.audio.done",
    "transcript.text.done",
    "response.cancelled",
];

/// An answer that failed (the same sources). Every client of these APIs reads them.
const FAILED: [&str; 2] = ["error", "response.failed"];

/// Looks at an event closely, as is done until the first output.
pub(super) fn read_first(data: &[u8]) -> Sign {
    let Ok(look) = Look::at(data) else {
        return Sign::Malformed;
    };
    if let Some(said) = error(&look, data) {
        return Sign::Error(said);
    }
    match look.kind() {
        Some(kind) if PREAMBLE.contains(&kind) => Sign::Preamble,
        _ => Sign::Output,
    }
}

/// Looks at an event in passing.
pub(super) fn read_event(data: &[u8]) -> Seen {
    let Ok(look) = Look::at(data) else {
        return Seen {
            malformed: true,
            ..Seen::default()
        };
    };
    let error = error(&look, data);
    Seen {
        finished: look.kind().is_some_and(|kind| LAST.contains(&kind)),
        done: false,
        error_is_readable: error.is_some(),
        error,
        malformed: false,
        usage: look.usage(),
        is_usage_only: false,
    }
}

/// What failed: an `error` event of either API, a response that failed, or the envelope that OpenAI sends in any stream.
fn error(look: &Look<'_>, data: &[u8]) -> Option<ErrorBody> {
    if look.kind().is_some_and(|kind| FAILED.contains(&kind)) {
        return failure::read_failed_event(data);
    }
    look.error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, preamble: bool, finished: bool, error: Option<&str>) {
        let data = json.as_bytes();
        let seen = read_event(data);
        assert_eq!(seen.finished, finished, "{json}");
        let said = seen.error.map(|said| said.message);
        assert_eq!(said.as_deref(), error, "{json}");
        let first = read_first(data);
        assert_eq!(first == Sign::Preamble, preamble, "{json}");
        assert_eq!(matches!(first, Sign::Error(_)), error.is_some(), "{json}");
    }

    #[test]
    fn responses() {
        check(
            r#"{"type":"response.created","response":{"id":"r","status":"in_progress","error":null,"usage":null}}"#,
            true,
            false,
            None,
        );
        check(
            r#"{"type":"response.output_text.delta","delta":"\"error\""}"#,
            false,
            false,
            None,
        );
        let completed = r#"{"type":"response.completed","response":{"error":null,"output":[{"type":"message"}],"usage":{"input_tokens":7,"output_tokens":9}}}"#;
        check(completed, false, true, None);
        let usage = read_event(completed.as_bytes()).usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (7, 9));
        check(
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"it broke"}}}"#,
            false,
            false,
            Some("it broke"),
        );
        check(
            r#"{"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null}"#,
            false,
            false,
            Some("slow down"),
        );
    }

    #[test]
    fn messages() {
        let start = r#"{"type":"message_start","message":{"content":[],"usage":{"input_tokens":3,"cache_read_input_tokens":4,"cache_creation_input_tokens":2,"output_tokens":1}}}"#;
        check(start, true, false, None);
        let usage = read_event(start.as_bytes()).usage.unwrap();
        assert_eq!(
            (
                usage.input_tokens,
                usage.cached_input_tokens,
                usage.cache_write_tokens
            ),
            (9, 4, 2)
        );
        check(r#"{"type":"ping"}"#, true, false, None);
        check(
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}"#,
            false,
            false,
            None,
        );
        check(
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
            false,
            false,
            None,
        );
        check(r#"{"type":"message_stop"}"#, false, true, None);
        check(
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            false,
            false,
            Some("Overloaded"),
        );
    }

    #[test]
    fn other_streams() {
        check(
            r#"{"type":"transcript.text.done","text":"x"}"#,
            false,
            true,
            None,
        );
        check(r#"{"error":{"message":"m"}}"#, false, false, Some("m"));
        assert!(read_event(b"{").malformed);
        assert_eq!(read_first(b"nonsense"), Sign::Malformed);
    }
}
