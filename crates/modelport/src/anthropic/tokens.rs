//! How many tokens a request is, estimated without a tokenizer.
//!
//! It is meant for a client that asks whether something fits, not for bills: four bytes count as a token, and so does one
//! character of Chinese, Japanese or Korean. Beside OpenAI's tokenizers `o200k` and `cl100k` (measured 2026-11) this gives
//! 0.9 to 1.25 times as many tokens for English, code and JSON, 0.9 to 1.8 times for German, Russian, Chinese, Japanese and
//! Korean, 0.6 to 2.4 times for Arabic and Hindi, and half or less for rows of numbers, emoji and base64 inside a text.
//! Images and documents are guesses: of neither is the content looked at. Other tokenizers differ further.

use serde_json::Value;

use super::ask::take_model;
use super::reading::{Fields, wrong_type};
use crate::translation::Untranslatable;

/// What an image counts: the most that one costs at Anthropic, whose count is width times height by 750, after it has made
/// large ones smaller (its guide "Vision", 2026-11).
const IMAGE: u64 = 1_600;
/// What a document counts at least: a page of text and its picture.
const DOCUMENT: u64 = 2_000;
/// Bytes of a PDF in base64 for one token; a page is often around 100 KB.
const DOCUMENT_BYTES: u64 = 50;
/// What the frame of a message or a tool counts.
const FRAME: u64 = 4;

/// Estimates the input tokens of a request to `/v1/messages` or `/v1/messages/count_tokens`.
///
/// # Errors
///
/// A body that is no JSON object, and a `model` or `messages` that is missing or of the wrong kind. What is inside the
/// messages is not checked.
pub fn count_tokens(body: &[u8]) -> Result<u64, Untranslatable> {
    let mut fields = Fields::read_body(body)?;
    take_model(&mut fields)?;
    let messages = fields.required("messages", "the conversation")?;
    let Value::Array(messages) = messages else {
        return Err(wrong_type(&"messages", "an array", &messages));
    };
    let mut tokens: u64 = messages
        .iter()
        .filter_map(|message| message.get("content"))
        .map(|said| FRAME + content(said))
        .sum();
    if let Some(system) = fields.take("system") {
        tokens += FRAME + content(&system);
    }
    for tool in fields.optional_array("tools")?.unwrap_or_default() {
        tokens += FRAME + json(&tool);
    }
    let format = fields.take("output_config");
    tokens += format
        .as_ref()
        .and_then(|config| config.get("format"))
        .map_or(0, json);
    Ok(tokens)
}

fn content(content: &Value) -> u64 {
    match content {
        Value::String(said) => text(said),
        Value::Array(blocks) => blocks.iter().map(block).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => 0,
    }
}

fn block(block: &Value) -> u64 {
    let member = |name: &str| block.get(name).and_then(Value::as_str).map_or(0, text);
    match block.get("type").and_then(Value::as_str) {
        Some("text") => member("text"),
        Some("thinking") => member("thinking"),
        Some("image") => IMAGE,
        Some("document") => document(block),
        Some("tool_use") => FRAME + member("name") + block.get("input").map_or(0, json),
        Some("tool_result" | "search_result") => {
            FRAME + member("title") + member("source") + block.get("content").map_or(0, content)
        }
        Some(_) | None => json(block),
    }
}

fn document(document: &Value) -> u64 {
    let Some(source) = document.get("source") else {
        return 0;
    };
    let data = source
        .get("data")
        .and_then(Value::as_str)
        .unwrap_or_default();
    match source.get("type").and_then(Value::as_str) {
        Some("text") => text(data),
        Some("content") => source.get("content").map_or(0, content),
        Some(_) | None => (length(data) / DOCUMENT_BYTES).max(DOCUMENT),
    }
}

fn text(said: &str) -> u64 {
    if said.is_ascii() {
        return length(said).div_ceil(4);
    }
    let (mut wide, mut narrow) = (0_u64, 0_u64);
    for char in said.chars() {
        if is_wide(char) {
            wide += 1;
        } else {
            // At most 4.
            narrow += u64::try_from(char.len_utf8()).unwrap_or(0);
        }
    }
    wide + narrow.div_ceil(4)
}

fn json(value: &Value) -> u64 {
    text(&value.to_string())
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// Whether a character is one of Chinese, Japanese or Korean, of which each is about a token; three of its bytes would
/// count as less.
fn is_wide(char: char) -> bool {
    matches!(
        char,
        '\u{1100}'..='\u{11ff}'
            | '\u{2e80}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff00}'..='\u{ffef}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    fn count(messages: &Value) -> u64 {
        let body = value!({"model": "m", "messages": messages}).to_string();
        count_tokens(body.as_bytes()).unwrap()
    }

    fn said(content: &Value) -> u64 {
        count(&value!([{"role": "user", "content": content}])) - FRAME
    }

    #[test]
    fn text_counts_by_its_length() {
        assert_eq!(said(&"12345678".into()), 2);
        assert_eq!(said(&"123456789".into()), 3);
        assert_eq!(said(&"".into()), 0);
        assert_eq!(said(&"你好世界".into()), 4);
        assert_eq!(said(&"안녕 hello".into()), 2 + 2);
        assert_eq!(said(&"été à".into()), 2);
        assert_eq!(
            said(&value!([{"type": "text", "text": "1234"}, {"type": "text", "text": "5"}])),
            2
        );
    }

    #[test]
    fn other_blocks_count_by_their_kind() {
        let image = value!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x".repeat(1_000_000)}});
        assert_eq!(said(&value!([image])), IMAGE);
        let pdf = |bytes: usize| value!([{"type": "document", "source": {"type": "base64", "data": "x".repeat(bytes)}}]);
        assert_eq!(said(&pdf(10)), DOCUMENT);
        assert_eq!(said(&pdf(1_000_000)), 20_000);
        let note = value!({"type": "document", "source": {"type": "text", "data": "12345678"}});
        assert_eq!(said(&value!([note])), 2);
        let result = value!({"type": "tool_result", "tool_use_id": "a", "content": [image, {"type": "text", "text": "1234"}]});
        assert_eq!(said(&value!([result])), FRAME + IMAGE + 1);
        let call = value!({"type": "tool_use", "id": "a", "name": "1234", "input": {"a": 1}});
        assert_eq!(said(&value!([call])), FRAME + 1 + 2);
        assert!(said(&value!([{"type": "of_tomorrow", "text": "1234"}])) > 5);
    }

    #[test]
    fn system_tools_and_schema_count() {
        let count = |more: &Value| {
            let mut body = value!({"model": "m", "messages": []});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            count_tokens(body.to_string().as_bytes()).unwrap()
        };
        assert_eq!(count(&value!({})), 0);
        assert_eq!(count(&value!({"system": "1234"})), FRAME + 1);
        assert_eq!(
            count(&value!({"system": [{"type": "text", "text": "1234"}]})),
            FRAME + 1
        );
        assert!(
            count(&value!({"tools": [{"name": "a", "input_schema": {"type": "object"}}]})) > 12
        );
        assert!(
            count(&value!({"output_config": {"format": {"type": "json_schema", "schema": {}}}}))
                > 8
        );
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        for (body, param) in [
            (r#"{"messages":[]}"#, Some("model")),
            (r#"{"model":"m"}"#, Some("messages")),
            (r#"{"model":"m","messages":{}}"#, Some("messages")),
            (r#"{"model":"m","messages":[],"tools":1}"#, Some("tools")),
            ("", None),
        ] {
            let fault = count_tokens(body.as_bytes()).unwrap_err();
            assert_eq!(fault.param.as_deref(), param, "{body}");
        }
    }
}
