//! From an answer of `/api/chat` to one in OpenAI's shape: a completion, or a stream of chunks as server-sent events.
//! Thoughts go out as `reasoning_content`, the name that most clients read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

/// One line of a stream, or a whole answer. What is not needed is passed over without being built.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    created_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) done: bool,
    #[serde(borrow)]
    done_reason: Option<Cow<'a, str>>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Message<'a> {
    /// As it is written, to be passed on as it is.
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Debug, Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    pub(super) fn read(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    pub(super) fn model(&self) -> &str {
        self.model.as_deref().unwrap_or_default()
    }

    /// When it was made, in seconds since 1970.
    pub(super) fn created(&self) -> i64 {
        let written = self.created_at.as_deref();
        written
            .and_then(|at| at.parse::<jiff::Timestamp>().ok())
            .map_or(0, jiff::Timestamp::as_second)
    }

    /// Why the answer ended. Ollama says `stop` after tool calls as well.
    pub(super) fn finish_reason(&self, calls: usize) -> &'static str {
        match self.done_reason.as_deref() {
            Some("length") => "length",
            _ if calls > 0 => "tool_calls",
            _ => "stop",
        }
    }

    /// What was used. A count of zero is left out by Ollama, as where the prompt was in its cache.
    pub(super) fn usage(&self) -> Value {
        let prompt = self.prompt_eval_count.unwrap_or(0);
        let answer = self.eval_count.unwrap_or(0);
        json!({
            "prompt_tokens": prompt,
            "completion_tokens": answer,
            "total_tokens": prompt.saturating_add(answer),
        })
    }
}

impl<'a> Message<'a> {
    /// The text, as JSON; `None` for an empty one.
    pub(super) fn content(&self) -> Option<&'a RawValue> {
        self.content
            .filter(|text| !matches!(text.get(), "\"\"" | "null"))
    }

    /// The thought, as JSON; `None` for an empty one.
    pub(super) fn thinking(&self) -> Option<&'a RawValue> {
        self.thinking
            .filter(|text| !matches!(text.get(), "\"\"" | "null"))
    }

    /// The tool calls in OpenAI's shape, numbered from `first`. A call without an id gets one made of `stamp`, which is
    /// new for every answer, since the result must name it.
    pub(super) fn tool_calls(&self, first: usize, stamp: u64) -> Vec<Value> {
        let calls = self.tool_calls.as_deref().unwrap_or_default().iter();
        let calls = calls.enumerate().map(|(place, call)| {
            let index = first + place;
            let id = call.id.as_deref().filter(|id| !id.is_empty());
            let id = id.map_or_else(|| format!("call_{stamp:016x}{index}"), str::to_owned);
            json!({
                "index": index,
                "id": id,
                "type": "function",
                "function": {"name": call.function.name, "arguments": call.function.arguments()},
            })
        });
        calls.collect()
    }
}

impl Function<'_> {
    /// The arguments as text: OpenAI writes the object as a string.
    fn arguments(&self) -> String {
        let written = self.arguments.map_or("{}", RawValue::get);
        if written.starts_with('"') {
            return serde_json::from_str(written).unwrap_or_default();
        }
        written.to_owned()
    }
}

/// A whole answer as a completion; `None` if it is not one, but an error or no JSON.
pub(super) fn completion(json: &[u8], stamp: u64) -> Option<Vec<u8>> {
    let mut line = Line::read(json).ok().filter(|line| line.error.is_none())?;
    let answer = match line.message.take() {
        Some(message) => message,
        None if line.done => Message::default(),
        None => return None,
    };
    let mut calls = answer.tool_calls(0, stamp);
    for call in &mut calls {
        // Only pieces of a stream are numbered.
        call.as_object_mut().map(|call| call.remove("index"));
    }
    let reason = line.finish_reason(calls.len());
    let content = answer
        .content()
        .map_or_else(|| json!(""), |text| json!(text));
    let mut message = json!({"role": "assistant", "content": content});
    if let Some(message) = message.as_object_mut() {
        if let Some(thought) = answer.thinking() {
            message.insert("reasoning_content".to_owned(), json!(thought));
        }
        if !calls.is_empty() {
            message.insert("tool_calls".to_owned(), Value::Array(calls));
        }
    }
    let mut choice = json!({"index": 0, "message": message, "finish_reason": reason});
    if let (Some(logprobs), Some(choice)) = (line.logprobs, choice.as_object_mut()) {
        choice.insert("logprobs".to_owned(), json!({"content": logprobs}));
    }
    let completion = json!({
        "id": id(stamp),
        "object": "chat.completion",
        "created": line.created(),
        "model": line.model(),
        "choices": [choice],
        "usage": line.usage(),
    });
    Some(completion.to_string().into_bytes())
}

/// An answer's id.
pub(super) fn id(stamp: u64) -> String {
    format!("chatcmpl-{stamp:016x}")
}
