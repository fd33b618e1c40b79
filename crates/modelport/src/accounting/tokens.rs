//! How many tokens a request has that no provider counted, because its answer broke off before the usage came. Away from
//! the request path: the tokenizer is slow to load, and slow.

use std::sync::OnceLock;

use serde_json::Value;
use tiktoken_rs::CoreBPE;

/// What the frame of a message counts (openai-cookbook, "How to count tokens with tiktoken").
const FRAME: u64 = 4;

/// The most text that is counted token by token, in bytes; what is beyond counts as the text before it.
const MAX_TEXT: usize = 256 << 10;

/// Bytes for a token where there is no tokenizer, and in what is no text.
const BYTES: u64 = 4;

/// A string longer than this without a blank is data and no text.
const MAX_WORD: usize = 2048;

/// The input tokens of a request with this body, by OpenAI's tokenizer `o200k`. Other models count otherwise, mostly
/// within a fifth of it.
pub(super) fn of_request(body: &[u8]) -> u64 {
    let Ok(body_read) = serde_json::from_slice::<Value>(body) else {
        return bytes(body.len());
    };
    let mut text = String::new();
    let mut frames = 0;
    for field in [
        "messages",
        "input",
        "prompt",
        "system",
        "instructions",
        "tools",
        "functions",
    ] {
        if let Some(value) = body_read.get(field) {
            gather(value, &mut text, &mut frames);
        }
    }
    frames * FRAME + of_text(&text)
}

/// All strings of a value; objects count as frames.
fn gather(value: &Value, text: &mut String, frames: &mut u64) {
    match value {
        Value::String(said) => {
            let is_data = said.len() > MAX_WORD && !said.contains([' ', '\n']);
            if !is_data {
                text.push_str(said);
                text.push('\n');
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, text, frames)),
        Value::Object(members) => {
            *frames += u64::from(members.contains_key("role"));
            members
                .iter()
                .filter(|(name, _)| *name != "role" && *name != "type")
                .for_each(|(_, value)| gather(value, text, frames));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn of_text(text: &str) -> u64 {
    let end = text.floor_char_boundary(MAX_TEXT);
    let counted = text.get(..end).unwrap_or(text);
    let Some(tokenizer) = tokenizer() else {
        return bytes(text.len());
    };
    let tokens = whole(tokenizer.encode_ordinary(counted).len());
    if counted.len() == text.len() {
        return tokens;
    }
    let (all, some) = (whole(text.len()), whole(counted.len()).max(1));
    tokens.saturating_mul(all) / some
}

/// Loaded once, when it is first needed.
fn tokenizer() -> Option<&'static CoreBPE> {
    static TOKENIZER: OnceLock<Option<CoreBPE>> = OnceLock::new();
    TOKENIZER
        .get_or_init(|| tiktoken_rs::o200k_base().ok())
        .as_ref()
}

fn bytes(length: usize) -> u64 {
    whole(length).div_ceil(BYTES)
}

fn whole(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_counted_and_data_is_not() {
        let hello =
            br#"{"model":"m","messages":[{"role":"user","content":"hello world"}],"seed":1}"#;
        // Two words, the line's end and the frame.
        assert_eq!(of_request(hello), 7);
        let image = format!(
            r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"hello world"}},{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{}"}}}}]}}]}}"#,
            "A".repeat(100_000)
        );
        assert_eq!(of_request(image.as_bytes()), 7);
        assert_eq!(of_request(b"not json"), 2);
        assert_eq!(of_request(b"{}"), 0);
    }

    #[test]
    fn a_long_text_is_counted_in_part() {
        let one = of_text(&"hello world ".repeat(1000));
        let many = of_text(&"hello world ".repeat(100_000));
        assert!((95..=105).contains(&(many / one)), "{one} {many}");
    }
}
