//! Tool calls, whole and in pieces.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::assemble::MAX_TOOL_CALLS;
use crate::object::{Elements, Object, read_text};

/// A function that the model wants called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCall {
    /// Its id, which the result refers to; empty if the upstream gave none.
    pub id: String,
    /// The function's name.
    pub name: String,
    /// Its arguments as JSON text; `{}` for none. The model wrote it: it need not be valid.
    pub arguments: String,
    /// Every other field, to be sent back: Gemini's `extra_content` holds a signature that it wants again.
    pub extra: Map<String, Value>,
}

impl Serialize for ToolCall {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Function<'a> {
            name: &'a str,
            arguments: &'a str,
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry(
            "function",
            &Function {
                name: &self.name,
                arguments: &self.arguments,
            },
        )?;
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

/// A piece of a tool call in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolCallFragment {
    /// The call's number; where the upstream gives none (Mistral, Gemini), the piece's place in its chunk.
    pub index: u64,
    /// The call's id, usually on its first piece only.
    pub id: Option<String>,
    /// The function's name, usually on the first piece only; never empty.
    pub name: Option<String>,
    /// New text of the arguments.
    pub arguments: String,
    /// Every other field.
    pub extra: Map<String, Value>,
}

/// The members of a tool call that have fields of their own here. Its `type` is always `function`.
const KNOWN: [&str; 4] = ["id", "index", "type", "function"];

/// The pieces in a chunk's `tool_calls`.
pub(super) fn read_fragments(raw: &RawValue) -> Vec<ToolCallFragment> {
    let elements = Elements::read(raw.get(), MAX_TOOL_CALLS).unwrap_or_default();
    let fragments = (0..).zip(&elements.items).filter_map(|(place, raw)| {
        let object = Object::read(raw.get())?;
        let function = object.object("function").unwrap_or_default();
        let filled = |text: Option<std::borrow::Cow<'_, str>>| {
            text.filter(|text| !text.is_empty())
                .map(std::borrow::Cow::into_owned)
        };
        Some(ToolCallFragment {
            index: object.unsigned("index").unwrap_or(place),
            id: filled(object.text("id")),
            name: filled(function.text("name")),
            arguments: function
                .raw("arguments")
                .map(read_arguments)
                .unwrap_or_default(),
            extra: object.others(&KNOWN),
        })
    });
    fragments.collect()
}

/// The calls in a message's `tool_calls`.
pub(super) fn read_tool_calls(raw: &RawValue) -> Vec<ToolCall> {
    read_fragments(raw)
        .into_iter()
        .map(ToolCall::from)
        .collect()
}

/// Text, or the object itself as Ollama's native API writes it.
fn read_arguments(raw: &RawValue) -> String {
    read_text(raw.get()).map_or_else(|| raw.get().to_owned(), std::borrow::Cow::into_owned)
}

impl From<ToolCallFragment> for ToolCall {
    fn from(whole: ToolCallFragment) -> Self {
        let arguments = whole.arguments;
        Self {
            id: whole.id.unwrap_or_default(),
            name: whole.name.unwrap_or_default(),
            arguments: if arguments.trim().is_empty() {
                "{}".to_owned()
            } else {
                arguments
            },
            extra: whole.extra,
        }
    }
}
