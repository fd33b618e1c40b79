//! A chat request, put together step by step. Any field an upstream knows can be sent; nothing is added on its own.

use serde::Serialize;
use serde_json::{Map, Value};

use super::message::{Content, Message, Role};

/// A request for a chat completion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChatRequest {
    /// The model, as the upstream calls it.
    pub model: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// How freely it answers, usually 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The most tokens of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// The functions it may call, as JSON.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Value>,
    /// The form of the answer, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<Value>,
    /// Set by the call that streams.
    #[serde(skip_serializing_if = "is_off")]
    pub(crate) stream: bool,
    /// Every other field, by its own name; none that has a field above.
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// The fields that have a place of their own.
const KNOWN: [&str; 7] = [
    "model",
    "messages",
    "temperature",
    "max_tokens",
    "tools",
    "response_format",
    "stream",
];

impl ChatRequest {
    /// A request to `model` that says nothing yet.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            messages: Vec::new(),
            temperature: None,
            max_tokens: None,
            tools: Vec::new(),
            response_format: None,
            stream: false,
            extra: Map::new(),
        }
    }

    /// Adds instructions.
    #[must_use]
    pub fn system(self, content: impl Into<Content>) -> Self {
        self.message(Message::new(Role::System, content))
    }

    /// Adds what the person says.
    #[must_use]
    pub fn user(self, content: impl Into<Content>) -> Self {
        self.message(Message::new(Role::User, content))
    }

    /// Adds any message, such as an earlier answer.
    #[must_use]
    pub fn message(mut self, message: Message) -> Self {
        self.messages.push(message);
        self
    }

    /// Sets how freely it answers.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets the most tokens of the answer.
    #[must_use]
    pub fn max_tokens(mut self, tokens: u64) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Adds a function it may call: `{"type":"function","function":{…}}`.
    #[must_use]
    pub fn tool(mut self, tool: Value) -> Self {
        self.tools.push(tool);
        self
    }

    /// Sets the form of the answer: `{"type":"json_object"}` or a schema.
    #[must_use]
    pub fn response_format(mut self, format: Value) -> Self {
        self.response_format = Some(format);
        self
    }

    /// Sets any other field. A field that has a method of its own is left to that.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        if !KNOWN.contains(&name.as_str()) {
            self.extra.insert(name, value.into());
        }
        self
    }

    /// The fields set by [`ChatRequest::field`].
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// The body that goes upstream.
    pub fn to_json(&self) -> String {
        crate::object::compact(self)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes the field by reference"
)]
fn is_off(flag: &bool) -> bool {
    !flag
}
