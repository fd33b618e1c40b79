//! One message of a conversation, as sent and as answered.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::tool_call::{ToolCall, read_tool_calls};
use crate::object::{Elements, Object, read_text};

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Role {
    /// Instructions from the application.
    System,
    /// The newer name of `system` at OpenAI.
    Developer,
    /// The person.
    User,
    /// The model.
    #[default]
    Assistant,
    /// The result of a function.
    Tool,
    /// Anything else, as it is written.
    Other(String),
}

impl Role {
    /// As it is written in JSON.
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Role {
    fn from(name: &str) -> Self {
        match name {
            "system" => Self::System,
            "developer" => Self::Developer,
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "tool" => Self::Tool,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Parts (text, images, audio, files), as JSON.
    Parts(Vec<Value>),
}

impl Content {
    /// The text, that of all text parts together.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts
                .iter()
                .filter_map(|part| part.get("text")?.as_str())
                .collect(),
        }
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// One message. A model's answer can be sent back as it is: what was not understood is in `extra` and goes along, as
/// DeepSeek's `reasoning_content` and OpenRouter's `reasoning_details` must in a tool loop (fact sheet, 2026-11-22).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; `None` beside tool calls.
    pub content: Option<Content>,
    /// The functions the model wants called.
    pub tool_calls: Vec<ToolCall>,
    /// The call that a `tool` message answers.
    pub tool_call_id: Option<String>,
    /// Every other field.
    pub extra: Map<String, Value>,
}

/// The members of a message that have fields of their own here.
const KNOWN: [&str; 4] = ["role", "content", "tool_calls", "tool_call_id"];

impl Message {
    /// A message of that role and content.
    pub fn new(role: Role, content: impl Into<Content>) -> Self {
        Self {
            role,
            content: Some(content.into()),
            ..Self::default()
        }
    }

    /// The result of the tool call `id`.
    pub fn tool_result(id: impl Into<String>, content: impl Into<Content>) -> Self {
        Self {
            tool_call_id: Some(id.into()),
            ..Self::new(Role::Tool, content)
        }
    }

    /// The text; empty if there is none.
    pub fn text(&self) -> String {
        self.content.as_ref().map(Content::text).unwrap_or_default()
    }

    /// What the model thought before it answered, in whichever form it came: `reasoning_content`, `reasoning`, or Mistral's
    /// thinking parts.
    pub fn reasoning(&self) -> Option<String> {
        let spelled = ["reasoning_content", "reasoning"]
            .iter()
            .filter_map(|name| self.extra.get(*name)?.as_str())
            .find(|text| !text.is_empty());
        spelled.map(str::to_owned).or_else(|| match &self.content {
            Some(Content::Parts(parts)) => {
                let thoughts: String = parts.iter().filter_map(thought_in).collect();
                (!thoughts.is_empty()).then_some(thoughts)
            }
            Some(Content::Text(_)) | None => None,
        })
    }

    pub(super) fn read(json: &RawValue) -> Option<Self> {
        let object = Object::read(json.get())?;
        Some(Self {
            role: object
                .text("role")
                .map(|role| Role::from(role.as_ref()))
                .unwrap_or_default(),
            content: object.raw("content").and_then(read_content),
            tool_calls: object
                .raw("tool_calls")
                .map(read_tool_calls)
                .unwrap_or_default(),
            tool_call_id: object
                .text("tool_call_id")
                .map(std::borrow::Cow::into_owned),
            extra: object.others(&KNOWN),
        })
    }
}

fn read_content(raw: &RawValue) -> Option<Content> {
    match read_text(raw.get()) {
        Some(text) => Some(Content::Text(text.into_owned())),
        None => serde_json::from_str(raw.get()).ok().map(Content::Parts),
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", &self.role)?;
        if let Some(content) = &self.content {
            map.serialize_entry("content", content)?;
        }
        if !self.tool_calls.is_empty() {
            map.serialize_entry("tool_calls", &self.tool_calls)?;
        }
        if let Some(id) = &self.tool_call_id {
            map.serialize_entry("tool_call_id", id)?;
        }
        for (name, value) in self
            .extra
            .iter()
            .filter(|(name, _)| !KNOWN.contains(&name.as_str()))
        {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The text and the thought in content that is being streamed: a string, or an array of parts (Mistral).
pub(super) fn read_streamed_content(raw: &RawValue) -> (Option<String>, Option<String>) {
    if let Some(text) = read_text(raw.get()) {
        return (Some(text.into_owned()), None);
    }
    let parts = Elements::read(raw.get(), MAX_PARTS).unwrap_or_default();
    let parts = parts
        .items
        .iter()
        .filter_map(|part| serde_json::from_str::<Value>(part.get()).ok());
    let (mut text, mut thought) = (None, None);
    for part in parts {
        if let Some(piece) = thought_in(&part) {
            thought.get_or_insert_with(String::new).push_str(&piece);
        } else if let Some(piece) = part.get("text").and_then(Value::as_str) {
            text.get_or_insert_with(String::new).push_str(piece);
        }
    }
    (text, thought)
}

/// How many parts of one message are read.
const MAX_PARTS: usize = 1_024;

/// `{"type":"thinking","thinking":[{"type":"text","text":…}]}`, Mistral's; some write the thought as a string.
fn thought_in(part: &Value) -> Option<String> {
    if part.get("type")?.as_str()? != "thinking" {
        return None;
    }
    Some(match part.get("thinking") {
        Some(Value::String(thought)) => thought.clone(),
        Some(Value::Array(pieces)) => pieces
            .iter()
            .filter_map(|piece| piece.get("text")?.as_str())
            .collect(),
        _ => String::new(),
    })
}
