//! What a request needs of a model, read from its body: the abilities that it uses, and about how long it is. Found by
//! looking for names rather than by reading messages, so it may be mistaken where a text holds such a name; then a
//! target that could have answered is passed over, which is the better mistake.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use modelport_provider::{capability::Capability, splice::Ask};

/// Bytes of JSON that make a token, roughly, in English text.
const BYTES_PER_TOKEN: usize = 4;

/// The most bytes that an image or a sound in the body counts for: what it costs has little to do with its size.
const MAX_STRING: usize = 16 << 10;

/// Made once: making one costs more than searching a short text.
static IMAGE_URL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"image_url\""));
/// Begins the types of parts with images and sounds.
static INPUT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"input_"));

/// What one request needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The abilities that it uses.
    pub capabilities: Vec<Capability>,
    /// The length of its input, by estimate.
    pub input_tokens: u64,
}

impl Needs {
    /// Those of a request with this body.
    pub fn of(ask: &Ask, body: &[u8]) -> Self {
        let mut needs = Self {
            capabilities: Vec::new(),
            input_tokens: tokens(body.len()),
        };
        for field in ask.fields() {
            let value = body.get(field.value.clone()).unwrap_or_default();
            if matches!(value, b"null" | b"[]" | b"{}" | b"false") {
                continue;
            }
            // Nobody writes these with escapes, and reading them costs more than comparing.
            match body.get(field.name.clone()).unwrap_or_default() {
                b"\"tools\"" | b"\"functions\"" => needs.add(Capability::Tools),
                b"\"response_format\"" => needs.format(value),
                b"\"messages\"" | b"\"input\"" => needs.content(value),
                _ => {}
            }
        }
        needs
    }

    fn format(&mut self, value: &[u8]) {
        if memmem::find(value, b"json_schema").is_some() {
            self.add(Capability::JsonSchema);
        } else if memmem::find(value, b"json_object").is_some() {
            self.add(Capability::JsonMode);
        }
    }

    fn content(&mut self, value: &[u8]) {
        if IMAGE_URL.find(value).is_some() {
            self.add(Capability::Vision);
        }
        for at in INPUT.find_iter(value) {
            let rest = value.get(at + INPUT.needle().len()..).unwrap_or_default();
            if rest.starts_with(b"image\"") {
                self.add(Capability::Vision);
            } else if rest.starts_with(b"audio\"") {
                self.add(Capability::AudioInput);
            }
        }
        if self.capabilities.contains(&Capability::Vision)
            || self.capabilities.contains(&Capability::AudioInput)
        {
            self.input_tokens = tokens(text_length(value));
        }
    }

    fn add(&mut self, capability: Capability) {
        if !self.capabilities.contains(&capability) {
            self.capabilities.push(capability);
        }
    }
}

fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes / BYTES_PER_TOKEN).unwrap_or(u64::MAX)
}

/// The length of a text without the middles of very long strings.
fn text_length(value: &[u8]) -> usize {
    let strings = value.split(|byte| *byte == b'"');
    strings.map(|part| part.len().min(MAX_STRING) + 1).sum()
}

#[cfg(test)]
mod tests {
    use modelport_provider::splice::read_ask;

    use super::*;

    fn check(body: &str, capabilities: &[Capability]) {
        let needs = Needs::of(&read_ask(body.as_bytes()).unwrap(), body.as_bytes());
        assert_eq!(needs.capabilities, capabilities, "{body}");
    }

    #[test]
    fn what_a_request_uses_is_what_it_needs() {
        check(r#"{"messages":[{"role":"user","content":"hi"}]}"#, &[]);
        check(r#"{"tools":[],"messages":[]}"#, &[]);
        check(r#"{"tools":[{"type":"function"}]}"#, &[Capability::Tools]);
        check(
            r#"{"response_format":{"type":"json_schema","json_schema":{}}}"#,
            &[Capability::JsonSchema],
        );
        check(
            r#"{"response_format":{"type":"json_object"}}"#,
            &[Capability::JsonMode],
        );
        check(r#"{"response_format":{"type":"text"}}"#, &[]);
        check(
            r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:"}}]}]}"#,
            &[Capability::Vision],
        );
        check(
            r#"{"messages":[{"content":[{"type":"input_audio","input_audio":{}}]}]}"#,
            &[Capability::AudioInput],
        );
    }

    #[test]
    fn an_image_counts_little() {
        let image = "A".repeat(1 << 20);
        let body = format!(
            r#"{{"messages":[{{"content":[{{"type":"image_url","image_url":{{"url":"{image}"}}}}]}}]}}"#
        );
        let needs = Needs::of(&read_ask(body.as_bytes()).unwrap(), body.as_bytes());
        assert!(needs.input_tokens < 5000, "{}", needs.input_tokens);
        let text = format!(
            r#"{{"messages":[{{"content":"{}"}}]}}"#,
            "word ".repeat(4000)
        );
        let needs = Needs::of(&read_ask(text.as_bytes()).unwrap(), text.as_bytes());
        assert!((5000..5100).contains(&needs.input_tokens));
    }
}
