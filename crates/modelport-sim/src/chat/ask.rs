//! The few fields of a request that shape the answer. Everything else in it is skipped without being built.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::text::estimate;

/// What a part of a message that is not text counts, an image mostly.
const TOKENS_PER_PART: usize = 85;
/// What the frame around each message counts.
const TOKENS_PER_MESSAGE: usize = 4;

/// As many bytes of a long text are looked at: more than an answer echoes.
const BEGINNING: usize = 400;

/// A request for a chat completion, a legacy completion or Ollama's chat.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask<'a> {
    pub(crate) model: Option<String>,
    pub(crate) stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(borrow)]
    pub(crate) messages: Option<Vec<Message<'a>>>,
    /// Legacy completions: a string or an array.
    #[serde(borrow)]
    pub(crate) prompt: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tools: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tool_choice: Option<&'a RawValue>,
    pub(super) parallel_tool_calls: Option<bool>,
    #[serde(borrow)]
    pub(super) response_format: Option<&'a RawValue>,
    /// Ollama's `"json"` or a schema.
    #[serde(borrow)]
    pub(super) format: Option<&'a RawValue>,
    pub(super) n: Option<usize>,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
    /// Ollama's settings.
    options: Option<ModelOptions>,
    /// Whether Ollama may cut a prompt that is too long; it may unless told not to.
    truncate: Option<bool>,
    /// Ollama's switch for thinking, or how much.
    #[serde(borrow)]
    think: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct ModelOptions {
    num_predict: Option<i64>,
    num_ctx: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message<'a> {
    role: Option<String>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    /// Ollama's images.
    #[serde(default)]
    images: Vec<IgnoredAny>,
    #[serde(borrow)]
    tool_calls: Option<Vec<ToolCall<'a>>>,
}

/// A tool call of an earlier answer.
#[derive(Debug, Deserialize)]
struct ToolCall<'a> {
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Debug, Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// A part of a message: text, or something else.
#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
}

/// What a message's content, or a prompt, is made of.
enum Content<'a> {
    /// A JSON string, as it is written.
    Text(&'a str),
    Parts(Vec<Part<'a>>),
    /// The prompts of a legacy completion.
    Texts(Vec<&'a RawValue>),
}

impl<'a> Content<'a> {
    /// Looks at a content without copying it: one with an image is a megabyte.
    fn of(content: &'a RawValue) -> Self {
        let written = content.get();
        if !written.starts_with('[') {
            return Self::Text(written);
        }
        match serde_json::from_str(written) {
            Ok(parts) => Self::Parts(parts),
            Err(_) => Self::Texts(serde_json::from_str(written).unwrap_or_default()),
        }
    }
}

impl Ask<'_> {
    /// Reads a request's body; the error says where it is wrong.
    pub(crate) fn read(body: &[u8]) -> Result<Ask<'_>, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// The client wants usage at the end of a stream.
    pub(crate) fn includes_usage(&self) -> bool {
        self.stream_options
            .as_ref()
            .and_then(|options| options.include_usage)
            .unwrap_or(false)
    }

    /// The most tokens the answer may have.
    pub(super) fn limit(&self) -> Option<usize> {
        let predict = self
            .options
            .as_ref()
            .and_then(|options| options.num_predict);
        // Ollama reads a negative number as no limit.
        let predict = predict.and_then(|tokens| usize::try_from(tokens).ok());
        self.max_completion_tokens.or(self.max_tokens).or(predict)
    }

    /// The context that is asked for.
    pub(crate) fn num_ctx(&self) -> Option<usize> {
        self.options.as_ref().and_then(|options| options.num_ctx)
    }

    /// A prompt that is too long is to be refused, not cut.
    pub(crate) fn refuses_to_be_cut(&self) -> bool {
        self.truncate == Some(false)
    }

    /// Thinking is asked for.
    pub(crate) fn thinks(&self) -> bool {
        self.think
            .is_some_and(|think| !matches!(think.get(), "false" | "null"))
    }

    /// What Ollama's own chat cannot read: content in parts, and arguments that are no object.
    pub(crate) fn unreadable_for_ollama(&self) -> Option<&'static str> {
        let messages = self.messages.as_deref().unwrap_or_default();
        let starts =
            |raw: Option<&RawValue>, with| raw.is_some_and(|raw| raw.get().starts_with(with));
        if messages.iter().any(|message| starts(message.content, '[')) {
            return Some(
                "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string",
            );
        }
        let mut calls = messages
            .iter()
            .filter_map(|message| message.tool_calls.as_deref())
            .flatten();
        calls.any(|call| !starts(call.function.arguments, '{')).then_some(
            "json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments",
        )
    }

    /// The text of the last message of the user, or of the prompt.
    pub(super) fn question(&self) -> String {
        let messages = self.messages.as_deref().unwrap_or_default();
        let last = messages
            .iter()
            .rev()
            .find(|message| message.role.as_deref() == Some("user"));
        let content = last.and_then(|message| message.content).or(self.prompt);
        content.map_or_else(String::new, text)
    }

    /// The last message is a tool's result.
    pub(super) fn answers_a_tool(&self) -> bool {
        let last = self.messages.as_deref().unwrap_or_default().last();
        last.is_some_and(|message| matches!(message.role.as_deref(), Some("tool" | "function")))
    }

    /// What the prompt counts, about a quarter of its characters.
    pub(super) fn prompt_tokens(&self) -> usize {
        let messages = self.messages.as_deref().unwrap_or_default().iter();
        let messages: usize = messages
            .map(|message| {
                TOKENS_PER_MESSAGE
                    + TOKENS_PER_PART * message.images.len()
                    + message.content.map_or(0, tokens)
            })
            .sum();
        messages
            + self.prompt.map_or(0, tokens)
            + self.tools.map_or(0, |tools| estimate(tools.get().len()))
    }
}

/// What a content counts.
fn tokens(content: &RawValue) -> usize {
    match Content::of(content) {
        Content::Text(written) => written_tokens(written),
        Content::Parts(parts) => {
            let part = |part: &Part<'_>| {
                part.text
                    .map_or(TOKENS_PER_PART, |text| written_tokens(text.get()))
            };
            parts.iter().map(part).sum()
        }
        Content::Texts(texts) => texts.iter().map(|text| written_tokens(text.get())).sum(),
    }
}

/// What a JSON string counts; another value counts nothing. Escapes are counted as they are written.
fn written_tokens(written: &str) -> usize {
    if written.starts_with('"') {
        estimate(written.len().saturating_sub(2))
    } else {
        0
    }
}

/// The beginning of the first text in a content.
fn text(content: &RawValue) -> String {
    let written = match Content::of(content) {
        Content::Text(written) => Some(written),
        Content::Parts(parts) => parts.iter().find_map(|part| part.text).map(RawValue::get),
        Content::Texts(texts) => texts.first().map(|text| text.get()),
    };
    written.map_or_else(String::new, beginning)
}

/// The beginning of a JSON string: a long one is cut before it is decoded, unless an escape might be cut.
fn beginning(written: &str) -> String {
    let end = written.floor_char_boundary(BEGINNING);
    match written.get(..end) {
        Some(start) if end < written.len() && start.starts_with('"') && !start.contains('\\') => {
            start.trim_start_matches('"').to_owned()
        }
        Some(_) | None => serde_json::from_str(written).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_the_last_text_of_the_user() {
        for (body, question) in [
            (
                r#"{"messages":[{"role":"user","content":"one"},{"role":"user","content":"two \u00e9"},{"role":"assistant","content":"x"}]}"#,
                "two é",
            ),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"see"}]}]}"#,
                "see",
            ),
            (r#"{"messages":[{"role":"user","content":null}]}"#, ""),
            (r#"{"messages":[{"role":"system","content":"s"}]}"#, ""),
            (r#"{"messages":[]}"#, ""),
            (r#"{"prompt":"legacy"}"#, "legacy"),
            (r#"{"prompt":["first","second"]}"#, "first"),
            (r#"{"prompt":[1,2,3]}"#, ""),
            (r#"{"messages":[{"role":"user","content":12}]}"#, ""),
            (r#"{"messages":[{"role":"user","content":{}}]}"#, ""),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"text","text":null}]}]}"#,
                "",
            ),
        ] {
            assert_eq!(
                Ask::read(body.as_bytes()).unwrap().question(),
                question,
                "{body}"
            );
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let question = |text: &str| {
            let body = serde_json::json!({ "prompt": text }).to_string();
            Ask::read(body.as_bytes()).unwrap().question()
        };
        for text in [
            "é".repeat(1000),
            "\"quoted\" ".repeat(100),
            "a\\".repeat(500),
        ] {
            assert!(
                text.starts_with(&question(&text)) && question(&text).len() > 300,
                "{text}"
            );
        }
    }

    #[test]
    fn limits_and_counts_are_read() {
        let ask =
            Ask::read(br#"{"options":{"num_predict":-1},"stream_options":{"include_usage":true}}"#)
                .unwrap();
        assert_eq!((ask.limit(), ask.includes_usage()), (None, true));
        let ask = Ask::read(br#"{"max_tokens":5,"max_completion_tokens":7,"messages":[{"role":"user","content":"12345678"}]}"#).unwrap();
        assert_eq!(
            (ask.limit(), ask.includes_usage(), ask.prompt_tokens()),
            (Some(7), false, 6)
        );
        assert!(Ask::read(br#"{"stream":"yes"}"#).is_err());
        assert!(Ask::read(b"{").is_err());
    }
    #[test]
    fn ollamas_own_fields_are_read() {
        let ask = Ask::read(br#"{"options":{"num_ctx":9},"truncate":false,"think":"low","messages":[{"images":["A","B"]}]}"#).unwrap();
        assert_eq!((ask.num_ctx(), ask.prompt_tokens()), (Some(9), 174));
        assert!(ask.refuses_to_be_cut() && ask.thinks());
        assert!(!Ask::read(br#"{"think":false}"#).unwrap().thinks());
        for (body, readable) in [
            (
                r#"{"messages":[{"content":"x","tool_calls":[{"function":{"arguments":{}}}]}]}"#,
                true,
            ),
            (r#"{"messages":[{"content":[]}]}"#, false),
            (
                r#"{"messages":[{"tool_calls":[{"function":{"arguments":"{}"}}]}]}"#,
                false,
            ),
        ] {
            let ask = Ask::read(body.as_bytes()).unwrap();
            assert_eq!(ask.unreadable_for_ollama().is_none(), readable, "{body}");
        }
    }
}
