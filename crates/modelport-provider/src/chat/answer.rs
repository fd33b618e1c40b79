//! A whole answer to a chat request.

use serde_json::value::RawValue;

use super::message::Message;
use super::tool_call::ToolCall;
use crate::object::{Object, body_text};
use crate::usage::{Service, Usage, read_usage};

/// Why an answer cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChatFault {
    /// It is not JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// It is JSON of another kind.
    #[error("the answer is not a JSON object")]
    NotAnObject,
}

/// A chat completion. An upstream may answer 200 and put an error inside: see [`ChatCompletion::error_json`].
#[derive(Debug, Clone)]
pub struct ChatCompletion {
    /// The upstream's id for it; empty if it gave none.
    pub id: String,
    /// The model that served it, often not the one asked for; empty if it is not named.
    pub model: String,
    /// When, in seconds since 1970.
    pub created: Option<i64>,
    /// The answers; usually one, none on some errors.
    pub choices: Vec<Choice>,
    /// The answer as it came.
    pub raw: Box<RawValue>,
    usage: Option<Box<RawValue>>,
    service: Option<Service>,
    error: Option<Box<RawValue>>,
}

/// One of the answers.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its number.
    pub index: u64,
    /// What it says.
    pub message: Message,
    /// Why it ended, as the upstream wrote it.
    pub finish_reason: Option<String>,
    /// An error in place of (the rest of) it, as JSON; OpenRouter's, when the failure came after it had answered.
    pub error: Option<Box<RawValue>>,
}

/// Why an answer ended, in one vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FinishReason {
    /// It was complete.
    Stop,
    /// It reached a limit of tokens.
    Length,
    /// It calls tools.
    ToolCalls,
    /// It was filtered.
    ContentFilter,
    /// It calls a function, in the older form.
    FunctionCall,
    /// It failed.
    Error,
    /// A word that is not known; the upstream's own is in `finish_reason`.
    Other,
}

impl FinishReason {
    /// From an upstream's word: `eos` is Together's, `model_length` Mistral's, `abort` SGLang's, `insufficient_system_resource`
    /// DeepSeek's (fact sheet, 2026-11-22).
    pub fn named(word: &str) -> Self {
        match word {
            "stop" | "eos" => Self::Stop,
            "length" | "model_length" => Self::Length,
            "tool_calls" => Self::ToolCalls,
            "content_filter" => Self::ContentFilter,
            "function_call" => Self::FunctionCall,
            "error" | "abort" | "insufficient_system_resource" => Self::Error,
            _ => Self::Other,
        }
    }
}

/// How many choices are read.
pub(super) const MAX_CHOICES: usize = 128;

/// Reads a whole answer; blank lines before it (DeepSeek's keep-alive) are passed over. Fields that are missing or odd are left
/// empty.
///
/// # Errors
///
/// What is no JSON object is no answer.
pub fn read_completion(body: &[u8]) -> Result<ChatCompletion, ChatFault> {
    let (raw, object) = read_object(body)?;
    let choices = object.array("choices", MAX_CHOICES).unwrap_or_default();
    let choices = (0..)
        .zip(&choices.items)
        .filter_map(|(place, raw)| Choice::read(raw, place));
    Ok(ChatCompletion {
        id: object.text("id").unwrap_or_default().into_owned(),
        model: object.text("model").unwrap_or_default().into_owned(),
        created: object.signed("created"),
        choices: choices.collect(),
        usage: object.raw("usage").map(ToOwned::to_owned),
        service: object
            .raw("service_tier")
            .and_then(|tier| Service::read(tier.get())),
        error: object.raw("error").map(ToOwned::to_owned),
        raw: raw.to_owned(),
    })
}

pub(super) fn read_object(body: &[u8]) -> Result<(&RawValue, Object<'_>), ChatFault> {
    let text = body_text(body).ok_or(ChatFault::NotJson)?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|_| ChatFault::NotJson)?;
    let object = Object::read(raw.get()).ok_or(ChatFault::NotAnObject)?;
    Ok((raw, object))
}

impl ChatCompletion {
    /// The first choice's text; empty if there is none.
    pub fn text(&self) -> String {
        self.choices
            .first()
            .map(|choice| choice.message.text())
            .unwrap_or_default()
    }

    /// The first choice's tool calls.
    pub fn tool_calls(&self) -> &[ToolCall] {
        self.choices
            .first()
            .map_or(&[], |choice| &choice.message.tool_calls)
    }

    /// What was used.
    pub fn usage(&self) -> Option<Usage> {
        let mut usage = read_usage(self.usage_json()?.as_bytes())?;
        usage.service = usage.service.or(self.service);
        Some(usage)
    }

    /// What was used, as the upstream wrote it.
    pub fn usage_json(&self) -> Option<&str> {
        self.usage.as_deref().map(RawValue::get)
    }

    /// The error inside the answer, of the whole or of a choice, as the upstream wrote it. What was said before it is kept.
    pub fn error_json(&self) -> Option<&str> {
        let of_a_choice = || {
            self.choices
                .iter()
                .find_map(|choice| choice.error.as_deref())
        };
        self.error
            .as_deref()
            .or_else(of_a_choice)
            .map(RawValue::get)
    }
}

impl Choice {
    /// Why it ended. An upstream that called tools and says `stop` (xAI, Ollama) means tool calls.
    pub fn finish(&self) -> Option<FinishReason> {
        let reason = FinishReason::named(self.finish_reason.as_deref()?);
        let calls = !self.message.tool_calls.is_empty();
        Some(if calls && reason == FinishReason::Stop {
            FinishReason::ToolCalls
        } else {
            reason
        })
    }

    fn read(raw: &RawValue, place: u64) -> Option<Self> {
        let object = Object::read(raw.get())?;
        Some(Self {
            index: object.unsigned("index").unwrap_or(place),
            message: object
                .raw("message")
                .and_then(Message::read)
                .unwrap_or_default(),
            finish_reason: object
                .text("finish_reason")
                .map(std::borrow::Cow::into_owned),
            error: object.raw("error").map(ToOwned::to_owned),
        })
    }
}
