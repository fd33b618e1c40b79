//! What a chat's stream of plain text has said so far, so that another target can be asked to go on, and the chunks of
//! that one told as the same answer's.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The longest text that another target is asked to go on with, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// What has been said.
pub(super) struct Story {
    /// The text.
    pub(super) text: String,
    /// The pieces in which it came. At most providers each is a token.
    pub(super) pieces: u64,
    /// The answer's id, which its first chunk has told.
    pub(super) id: Option<String>,
    is_plain: bool,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    delta: Map<String, Value>,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            pieces: 0,
            id: None,
            is_plain: true,
        }
    }

    /// Whether it is text and nothing else, so that whoever reads it can go on.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain && !self.text.is_empty()
    }

    /// Hears another event.
    pub(super) fn hear(&mut self, data: &[u8]) {
        if self.is_plain && self.take(data).is_none() {
            self.is_plain = false;
            self.text = String::new();
        }
    }

    /// The text of a chunk; `None` where there is something else in it.
    fn take(&mut self, data: &[u8]) -> Option<()> {
        if data.trim_ascii_start().starts_with(b"[DONE]") {
            return Some(());
        }
        let chunk: Chunk<'_> = serde_json::from_slice(data).ok()?;
        if self.id.is_none() {
            self.id = chunk.id.map(Cow::into_owned);
        }
        for choice in chunk.choices {
            if choice.index != 0 {
                return None;
            }
            for (name, value) in choice.delta {
                match (name.as_str(), value) {
                    ("role", _) | (_, Value::Null) => {}
                    ("content", Value::String(text)) => {
                        self.pieces += u64::from(!text.is_empty());
                        self.text.push_str(&text);
                    }
                    (_, Value::String(text)) if text.is_empty() => {}
                    (_, Value::Array(items)) if items.is_empty() => {}
                    _ => return None,
                }
            }
        }
        (self.text.len() <= MAX_TEXT).then_some(())
    }
}

/// An event as a chunk of the answer with this id, which has begun already; `None` where it is no chunk.
pub(super) fn retold(data: &[u8], id: &str) -> Option<Vec<u8>> {
    let mut chunk: Map<String, Value> = serde_json::from_slice(data).ok()?;
    chunk.get_mut("id").map(|told| *told = id.into())?;
    let choices = chunk.get_mut("choices").and_then(Value::as_array_mut);
    for choice in choices.into_iter().flatten() {
        let delta = choice.get_mut("delta").and_then(Value::as_object_mut);
        // Clients put deltas together, and the role has been told.
        delta.map(|delta| delta.shift_remove("role"));
    }
    let mut event = b"data: ".to_vec();
    serde_json::to_writer(&mut event, &chunk).ok()?;
    event.extend_from_slice(b"\n\n");
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[&str]) -> Option<String> {
        let mut story = Story::new();
        for event in events {
            story.hear(event.as_bytes());
        }
        story.is_plain().then_some(story.text)
    }

    #[test]
    fn only_plain_text_can_be_gone_on_with() {
        let role = r#"{"id":"a","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null,"tool_calls":[]}}]}"#;
        let text = r#"{"id":"a","choices":[{"index":0,"delta":{"content":"one \u00e9"}}]}"#;
        let usage = r#"{"id":"a","choices":[],"usage":{"prompt_tokens":1}}"#;
        let all = told(&[role, text, text, usage, "[DONE]"]);
        assert_eq!(all.as_deref(), Some("one éone é"));
        assert_eq!(told(&[role]), None, "nothing has been said");
        for other in [
            r#"{"choices":[{"index":1,"delta":{"content":"x"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"reasoning_content":"x"}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":[{"type":"text"}]}}]}"#,
            r#"{"type":"response.created","choices":5}"#,
        ] {
            assert_eq!(told(&[text, other, text]), None, "{other}");
        }
    }

    #[test]
    fn a_chunk_is_told_as_another_answers() {
        let chunk = br#"{"id":"b","x":1,"choices":[{"index":0,"delta":{"role":"assistant","content":"y"}}]}"#;
        let expected = "data: {\"id\":\"a\",\"x\":1,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"y\"}}]}\n\n";
        let retold_as =
            |data: &[u8]| retold(data, "a").map(|event| String::from_utf8(event).unwrap());
        assert_eq!(retold_as(chunk).as_deref(), Some(expected));
        assert_eq!(retold_as(b"[DONE]"), None);
    }
}
