//! Tool calls: of functions, whose arguments are JSON, and of custom tools, whose input is any text.

use modelport_provider::chat::ToolCallFragment;
use serde_json::{Value, json};

use super::item::Status;

/// Which tool is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Function,
    Custom,
}

/// Where the chat API puts a custom tool's name and input.
const CUSTOM: &str = "custom";

/// What Gemini adds to a call and wants to see again with its output: a signature (fact sheet, 2026-11-22).
pub(super) const EXTRA: &str = "extra_content";

impl Tool {
    pub(super) fn of(call: &ToolCallFragment) -> Self {
        if call.extra.contains_key(CUSTOM) {
            Self::Custom
        } else {
            Self::Function
        }
    }

    /// What the id of its item begins with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Function => "fc",
            Self::Custom => "ctc",
        }
    }

    /// The member that holds what the tool is called with.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::Function => "arguments",
            Self::Custom => "input",
        }
    }

    pub(super) fn delta_event(self) -> &'static str {
        match self {
            Self::Function => "response.function_call_arguments.delta",
            Self::Custom => "response.custom_tool_call_input.delta",
        }
    }

    pub(super) fn done_event(self) -> &'static str {
        match self {
            Self::Function => "response.function_call_arguments.done",
            Self::Custom => "response.custom_tool_call_input.done",
        }
    }

    /// What is still to come of a call that said so much: a function's arguments are an object.
    pub(super) fn rest(self, said: &str) -> &'static str {
        match self {
            Self::Function if said.trim().is_empty() => "{}",
            Self::Function | Self::Custom => "",
        }
    }

    /// The item of a call.
    pub(super) fn item(
        self,
        id: &str,
        call: &ToolCallFragment,
        said: &str,
        status: Status,
    ) -> Value {
        let kind = match self {
            Self::Function => "function_call",
            Self::Custom => "custom_tool_call",
        };
        let mut item = json!({
            "id": id,
            "type": kind,
            "status": status.name(),
            // Some servers give no id, but the output must name one.
            "call_id": call.id.as_deref().unwrap_or(id),
            "name": call.name.as_deref().unwrap_or_default(),
            self.member(): said,
        });
        if let (Some(item), Some(extra)) = (item.as_object_mut(), call.extra.get(EXTRA)) {
            item.insert(EXTRA.to_owned(), extra.clone());
        }
        item
    }
}

/// A piece of a call as a function's would be: a custom tool's name and input stand elsewhere.
pub(super) fn plain(mut fragment: ToolCallFragment) -> ToolCallFragment {
    if let Some(custom) = fragment.extra.get(CUSTOM) {
        let text = |name: &str| custom.get(name).and_then(Value::as_str);
        let name = text("name").filter(|name| !name.is_empty());
        fragment.name = name.map(str::to_owned).or(fragment.name);
        fragment.arguments = text("input").unwrap_or_default().to_owned();
    }
    fragment
}
