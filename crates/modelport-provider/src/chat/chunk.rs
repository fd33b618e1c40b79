//! One event of a streamed answer.

use serde_json::value::RawValue;

use super::answer::{ChatFault, MAX_CHOICES, read_object};
use super::message::{Role, read_streamed_content};
use super::tool_call::{ToolCallFragment, read_fragments};
use crate::object::Object;
use crate::usage::{Service, Usage, read_usage};

/// A streamed piece. Its choices may be none, at the start (Azure's prompt filter), in the middle or at the end (usage).
#[derive(Debug, Clone, Default)]
pub struct ChatChunk {
    /// The answer's id; empty on Azure's filter chunks.
    pub id: String,
    /// The model that serves it; empty on Azure's filter chunks.
    pub model: String,
    /// When, in seconds since 1970; 0 on Azure's filter chunks.
    pub created: Option<i64>,
    /// What is new.
    pub choices: Vec<ChunkChoice>,
    usage: Option<Box<RawValue>>,
    service: Option<Service>,
    error: Option<Box<RawValue>>,
}

/// What is new of one answer.
#[derive(Debug, Clone, Default)]
pub struct ChunkChoice {
    /// The answer's number.
    pub index: u64,
    /// What is new; empty where there is no delta at all, as on Azure's annotations.
    pub delta: Delta,
    /// Why it ended, on the last piece, as the upstream wrote it.
    pub finish_reason: Option<String>,
    error: Option<Box<RawValue>>,
}

/// The new text of a streamed piece.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// Who speaks; on the first piece or on every one.
    pub role: Option<Role>,
    /// New text.
    pub content: Option<String>,
    /// New thought: `reasoning_content`, `reasoning` or thinking parts; once if it came in two spellings.
    pub reasoning: Option<String>,
    /// New text of a refusal.
    pub refusal: Option<String>,
    /// New pieces of tool calls, for a [`ToolCallAssembler`](super::ToolCallAssembler).
    pub tool_calls: Vec<ToolCallFragment>,
    /// OpenRouter's reasoning blocks, to be sent back whole.
    pub reasoning_details: Option<Box<RawValue>>,
}

/// Reads the data of one event, which is not `[DONE]`.
///
/// # Errors
///
/// What is no JSON object is no chunk.
pub fn read_chunk(data: &[u8]) -> Result<ChatChunk, ChatFault> {
    let (_, object) = read_object(data)?;
    let choices = object.array("choices", MAX_CHOICES).unwrap_or_default();
    let choices = (0..)
        .zip(&choices.items)
        .filter_map(|(place, raw)| ChunkChoice::read(raw, place));
    Ok(ChatChunk {
        id: object.text("id").unwrap_or_default().into_owned(),
        model: object.text("model").unwrap_or_default().into_owned(),
        created: object.signed("created"),
        choices: choices.collect(),
        usage: object.raw("usage").map(ToOwned::to_owned),
        service: object
            .raw("service_tier")
            .and_then(|tier| Service::read(tier.get())),
        error: object
            .raw("error")
            .or_else(|| groq_error(&object))
            .map(ToOwned::to_owned),
    })
}

/// Groq reports a failure in the stream as `x_groq.error`, a string (its Python SDK, 2026-08-18).
fn groq_error<'a>(chunk: &Object<'a>) -> Option<&'a RawValue> {
    chunk.object("x_groq")?.raw("error")
}

impl ChatChunk {
    /// What was used so far. The last one seen counts; they never add up.
    pub fn usage(&self) -> Option<Usage> {
        let mut usage = read_usage(self.usage_json()?.as_bytes())?;
        usage.service = usage.service.or(self.service);
        Some(usage)
    }

    /// What was used so far, as the upstream wrote it. The last one seen counts; they never add up.
    pub fn usage_json(&self) -> Option<&str> {
        self.usage.as_deref().map(RawValue::get)
    }

    /// The error in this piece, as the upstream wrote it: the answer has failed, even if `[DONE]` follows.
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

    /// The first choice's new text.
    pub fn content(&self) -> Option<&str> {
        self.choices.first()?.delta.content.as_deref()
    }
}

impl ChunkChoice {
    fn read(raw: &RawValue, place: u64) -> Option<Self> {
        let object = Object::read(raw.get())?;
        Some(Self {
            index: object.unsigned("index").unwrap_or(place),
            delta: object
                .object("delta")
                .map(|delta| Delta::read(&delta))
                .unwrap_or_default(),
            finish_reason: object
                .text("finish_reason")
                .map(std::borrow::Cow::into_owned),
            error: object.raw("error").map(ToOwned::to_owned),
        })
    }
}

impl Delta {
    fn read(object: &Object<'_>) -> Self {
        let (content, thought) = object
            .raw("content")
            .map(read_streamed_content)
            .unwrap_or_default();
        let spelled = ["reasoning_content", "reasoning"]
            .iter()
            .filter_map(|name| object.text(name))
            .find(|text| !text.is_empty());
        Self {
            role: object.text("role").map(|role| Role::from(role.as_ref())),
            content,
            reasoning: spelled.map(std::borrow::Cow::into_owned).or(thought),
            refusal: object.text("refusal").map(std::borrow::Cow::into_owned),
            tool_calls: object
                .raw("tool_calls")
                .map(read_fragments)
                .unwrap_or_default(),
            reasoning_details: object.raw("reasoning_details").map(ToOwned::to_owned),
        }
    }
}
