//! Why an answer ended, and what it is called, in Anthropic's words.

use std::hash::{DefaultHasher, Hash, Hasher};

use memchr::memmem;
use modelport_provider::chat::FinishReason;
use serde::Deserialize;

/// What is known of an answer's end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ending {
    /// Why the provider says that it ended.
    pub(super) finish: Option<FinishReason>,
    /// The stop sequence that ended it, where the provider tells.
    pub(super) sequence: Option<String>,
    /// How many tools it calls.
    pub(super) calls: usize,
    /// Whether the model declined.
    pub(super) refused: bool,
}

impl Ending {
    /// Anthropic's `stop_reason`. What it cannot say (a failure, an unknown word) is the caller's to rule out; here it
    /// counts as an end like any other.
    pub(super) fn reason(&self) -> &'static str {
        match self.finish {
            Some(FinishReason::Length) => "max_tokens",
            Some(FinishReason::ContentFilter) => "refusal",
            _ if self.calls > 0 => "tool_use",
            _ if self.refused => "refusal",
            _ if self.sequence.is_some() => "stop_sequence",
            Some(
                FinishReason::Stop
                | FinishReason::ToolCalls
                | FinishReason::FunctionCall
                | FinishReason::Error
                | FinishReason::Other,
            )
            | None => "end_turn",
        }
    }

    /// The stop sequence, where it is the reason.
    pub(super) fn sequence(&self) -> Option<&str> {
        let sequence = self.sequence.as_deref();
        sequence.filter(|_| self.reason() == "stop_sequence")
    }
}

/// The stop sequence that an answer or a chunk names: vLLM's `stop_reason` and SGLang's `matched_stop`, of which numbers are
/// tokens of the model's own (fact sheet, 2026-11-22). Others do not tell.
pub(super) fn matched_sequence(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Answer {
        choices: Vec<Choice>,
    }
    #[derive(Deserialize)]
    struct Choice {
        #[serde(alias = "matched_stop")]
        stop_reason: Option<serde_json::Value>,
    }
    memmem::find(json, b"\"stop_reason\"").or_else(|| memmem::find(json, b"\"matched_stop\""))?;
    let answer: Answer = serde_json::from_slice(json).ok()?;
    match answer.choices.into_iter().next()?.stop_reason? {
        serde_json::Value::String(sequence) => Some(sequence),
        _ => None,
    }
}

/// Anthropic's ids begin with `msg_`; what follows is the provider's. Where it gave none, the answer itself tells answers
/// apart.
pub(super) fn message_id(given: &str, answer: &[u8]) -> String {
    let own = given.strip_prefix("chatcmpl-").unwrap_or(given);
    if own.is_empty() {
        return format!("msg_{:016x}", digest(answer));
    }
    if own.starts_with("msg_") {
        return own.to_owned();
    }
    format!("msg_{own}")
}

/// The id of a call of a tool, made up where the provider gave none: its result must be able to name it. It is short, since
/// OpenAI takes no more than 40 characters back.
pub(super) fn call_id(given: &str, message: &str, number: usize) -> String {
    if !given.is_empty() {
        return given.to_owned();
    }
    format!("toolu_{:016x}_{number}", digest(message.as_bytes()))
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(finish: Option<FinishReason>, ending: &Ending, reason: &str) {
        let ending = Ending {
            finish,
            ..ending.clone()
        };
        assert_eq!(ending.reason(), reason, "{ending:?}");
    }

    #[test]
    fn each_end_has_its_word() {
        let plain = Ending::default();
        let calling = Ending {
            calls: 1,
            ..Ending::default()
        };
        let refusing = Ending {
            refused: true,
            ..Ending::default()
        };
        let matched = Ending {
            sequence: Some("END".to_owned()),
            ..Ending::default()
        };
        check(None, &plain, "end_turn");
        check(Some(FinishReason::Stop), &plain, "end_turn");
        check(Some(FinishReason::Stop), &calling, "tool_use");
        check(Some(FinishReason::Stop), &refusing, "refusal");
        check(Some(FinishReason::Stop), &matched, "stop_sequence");
        check(Some(FinishReason::ToolCalls), &calling, "tool_use");
        check(Some(FinishReason::FunctionCall), &calling, "tool_use");
        check(Some(FinishReason::ToolCalls), &plain, "end_turn");
        check(Some(FinishReason::Length), &calling, "max_tokens");
        check(Some(FinishReason::ContentFilter), &matched, "refusal");
        check(Some(FinishReason::Other), &plain, "end_turn");
    }

    #[test]
    fn a_sequence_is_only_told_where_it_is_the_reason() {
        let mut ending = Ending {
            sequence: Some("END".to_owned()),
            ..Ending::default()
        };
        assert_eq!(ending.sequence(), Some("END"));
        ending.finish = Some(FinishReason::Length);
        assert_eq!(ending.sequence(), None);
    }

    #[test]
    fn a_matched_sequence_is_text() {
        let find = |json: &str| matched_sequence(json.as_bytes());
        assert_eq!(
            find(r#"{"choices":[{"stop_reason":"END"}]}"#).as_deref(),
            Some("END")
        );
        assert_eq!(
            find(r#"{"choices":[{"matched_stop":"END"}]}"#).as_deref(),
            Some("END")
        );
        assert_eq!(find(r#"{"choices":[{"matched_stop":151645}]}"#), None);
        assert_eq!(find(r#"{"choices":[{"stop_reason":null}]}"#), None);
        assert_eq!(find(r#"{"choices":[]} "stop_reason""#), None);
    }

    #[test]
    fn ids_are_made_from_what_there_is() {
        assert_eq!(message_id("chatcmpl-1", b""), "msg_1");
        assert_eq!(message_id("msg_1", b""), "msg_1");
        assert_eq!(message_id("gen-1", b""), "msg_gen-1");
        assert_eq!(message_id("", b"a"), message_id("chatcmpl-", b"a"));
        assert_ne!(message_id("", b"a"), message_id("", b"b"));
        assert_eq!(call_id("call_1", "msg_1", 0), "call_1");
        let made_up = call_id("", &"m".repeat(100), 255);
        assert!(
            made_up.starts_with("toolu_") && made_up.len() <= 40,
            "{made_up}"
        );
        assert_ne!(call_id("", "msg_1", 0), call_id("", "msg_1", 1));
        assert_ne!(call_id("", "msg_1", 0), call_id("", "msg_2", 0));
    }
}
