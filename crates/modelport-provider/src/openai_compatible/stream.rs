//! What one streamed event says: whether the answer has begun, whether it is finished, what it
//! used, whether it broke. Reads along; nothing is rebuilt.

use super::{look::Look, typed};
use crate::{
    failure::ErrorBody,
    object::{Object, body_text},
    usage::Usage,
};

/// What an event means to somebody who still waits for the answer to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Nothing of the answer yet: a role, an empty delta, Azure's prompt filter results.
    Preamble,
    /// The answer has begun, or something came that is not known to mean otherwise.
    Output,
    /// The stream says that it is done.
    Done,
    /// An error.
    Error(ErrorBody),
    /// Not JSON.
    Malformed,
}

/// What an event means to somebody who passes it on.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about one event"
)]
pub struct Seen {
    /// It ends the answer: a finish reason, or the object that Perplexity ends with.
    pub finished: bool,
    /// It is `[DONE]`.
    pub done: bool,
    /// It holds an error.
    pub error: Option<ErrorBody>,
    /// The error stands where every client of this API looks for one: here, in an `error` object at the top.
    pub error_is_readable: bool,
    /// It is not JSON.
    pub malformed: bool,
    /// It says what was used.
    pub usage: Option<Usage>,
    /// It says nothing else: a chunk without choices.
    pub is_usage_only: bool,
}

/// In which words a stream's events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Chunks with choices: chat and text completions. Ends with `[DONE]`.
    Chunks,
    /// Events whose data tells their `type`: responses, messages, images, speech, transcriptions.
    Typed,
}

impl Grammar {
    /// Looks at an event closely, as is done until the first output.
    pub fn read_first(self, data: &[u8]) -> Sign {
        match self {
            Self::Chunks => read_first(data),
            Self::Typed if is_done(data) => Sign::Done,
            Self::Typed => typed::read_first(data),
        }
    }

    /// Looks at an event in passing.
    pub fn read_event(self, data: &[u8]) -> Seen {
        match self {
            Self::Chunks => read_event(data),
            Self::Typed if is_done(data) => Seen::done(),
            Self::Typed => typed::read_event(data),
        }
    }
}

impl Seen {
    fn done() -> Self {
        Self {
            done: true,
            ..Self::default()
        }
    }
}

/// The most choices that are looked into.
const MAX_CHOICES: usize = 128;

/// Members of a delta that are there before any output is.
const NOT_OUTPUT: [&str; 1] = ["role"];

/// Looks at an event closely, as is done until the first output.
pub fn read_first(data: &[u8]) -> Sign {
    if is_done(data) {
        return Sign::Done;
    }
    let Ok(look) = Look::at(data) else {
        return Sign::Malformed;
    };
    if let Some(error) = look.error() {
        return Sign::Error(error);
    }
    match body_text(data).and_then(Object::read) {
        Some(event) if is_preamble(&event) => Sign::Preamble,
        _ => Sign::Output,
    }
}

/// A chunk of which every choice has a delta with nothing in it but a role. Usage without choices
/// counts as output: it ends an answer that had none.
fn is_preamble(event: &Object<'_>) -> bool {
    let Some(choices) = event.array("choices", MAX_CHOICES) else {
        return false;
    };
    let empty = |choice: &&serde_json::value::RawValue| {
        let Some(choice) = Object::read(choice.get()) else {
            return false;
        };
        let Some(delta) = choice.object("delta") else {
            return false;
        };
        choice.raw("finish_reason").is_none() && delta.others(&NOT_OUTPUT).values().all(is_empty)
    };
    event.object("usage").is_none() && choices.items.iter().all(empty)
}

fn is_empty(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => true,
        serde_json::Value::String(text) => text.is_empty(),
        serde_json::Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Looks at an event in passing.
pub fn read_event(data: &[u8]) -> Seen {
    if is_done(data) {
        return Seen::done();
    }
    let Ok(look) = Look::at(data) else {
        return Seen {
            malformed: true,
            ..Seen::default()
        };
    };
    let usage = look.usage();
    let is_usage_only = usage.is_some() && has_no_choices(data);
    Seen {
        finished: look.is_finished(),
        done: false,
        error: look.error(),
        error_is_readable: look.error_is_openai(),
        malformed: false,
        usage,
        is_usage_only,
    }
}

/// Whether a chunk has a list of choices with nothing in it.
fn has_no_choices(data: &[u8]) -> bool {
    let event = body_text(data).and_then(Object::read);
    let choices = event.as_ref().and_then(|event| event.array("choices", 1));
    choices.is_some_and(|choices| choices.items.is_empty())
}

/// Whether an event is `[DONE]`, which ends a stream of chunks.
pub fn is_done(data: &[u8]) -> bool {
    data.trim_ascii_start().starts_with(b"[DONE]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::events;

    fn recorded(file: &str) -> Vec<u8> {
        std::fs::read(format!(
            "{}/tests/recorded/{file}",
            env!("CARGO_MANIFEST_DIR")
        ))
        .unwrap()
    }

    /// What a whole recorded stream comes to: finished, failed.
    fn check(file: &str, finished: bool, failed: bool) {
        let stream = recorded(file);
        let (mut is_finished, mut is_failed) = (false, false);
        for event in events(&stream).filter(|event| event.has_data) {
            let seen = read_event(&event.data);
            assert!(
                !seen.malformed,
                "{file}: {:?}",
                String::from_utf8_lossy(&event.data)
            );
            is_finished |= seen.finished || seen.done;
            is_failed |= seen.error.is_some();
        }
        assert_eq!((is_finished, is_failed), (finished, failed), "{file}");
    }

    #[test]
    fn recorded_streams() {
        check("openai/stream_text_usage.sse", true, false);
        check("openai/stream_text_no_usage.sse", true, false);
        check("openai/stream_tool_calls_parallel.sse", true, false);
        check("openai/stream_midstream_error.sse", false, true);
        check("openrouter/stream_midstream_error.sse", true, true);
        check(
            "openrouter/stream_midstream_error_string_code.sse",
            true,
            true,
        );
        check("openrouter/stream_reasoning_comments.sse", true, false);
        check("vllm/stream_error_then_done.sse", true, true);
        check(
            "ollama/v1_stream_midstream_error_swallowed.sse",
            false,
            false,
        );
        check("ollama/v1_stream_usage.sse", true, false);
        check("generic/stream_truncated_no_finish.sse", false, false);
        check("generic/stream_finish_but_no_done.sse", true, false);
        check("generic/stream_event_error.sse", false, true);
        check("generic/stream_crlf.sse", true, false);
        check("generic/stream_bom.sse", true, false);
        check("generic/stream_multiline_data.sse", true, false);
        check(
            "perplexity/stream_cumulative_usage_no_done.sse",
            true,
            false,
        );
        check("groq/stream_error_in_x_groq.sse", false, true);
        check("azure/stream_async_filter_ok.sse", true, false);
        check("azure/stream_async_filter_blocked.sse", true, false);
        check("mistral/stream_thinking_content_array.sse", true, false);
        check(
            "xai/stream_reasoning_excluded_from_completion.sse",
            true,
            false,
        );
    }

    fn first(json: &str) -> Sign {
        read_first(json.as_bytes())
    }

    #[test]
    fn what_comes_before_output() {
        for json in [
            r#"{"choices":[]}"#,
            r#"{"id":"","choices":[],"prompt_filter_results":[{}],"usage":null}"#,
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            r#"{"choices":[{"delta":{"role":"assistant","content":null,"refusal":null,"tool_calls":[]}}]}"#,
            r#"{"choices":[{"delta":{}}]}"#,
        ] {
            assert_eq!(first(json), Sign::Preamble, "{json}");
        }
        for json in [
            r#"{"choices":[{"delta":{"content":"x"}}]}"#,
            r#"{"choices":[{"delta":{"reasoning":"x"}}]}"#,
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"index":0,"content_filter_results":{}}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":1}}"#,
            r#"{"type":"response.created"}"#,
        ] {
            assert_eq!(first(json), Sign::Output, "{json}");
        }
        assert_eq!(first(" [DONE]"), Sign::Done);
        assert_eq!(first("<html>"), Sign::Malformed);
        assert!(matches!(first(r#"{"error":"x"}"#), Sign::Error(_)));
    }

    #[test]
    fn text_is_not_taken_for_signs() {
        let quoted = r#"{"choices":[{"delta":{"content":"\"finish_reason\": \"stop\""},"finish_reason":null}]}"#;
        assert_eq!(read_event(quoted.as_bytes()), Seen::default());
        assert!(read_event(b"{\"a\":").malformed);
        assert!(read_event(br#"{"error":{"message":"x"}}"#).error_is_readable);
        assert!(!read_event(br#"{"error":"x"}"#).error_is_readable);
    }
}
