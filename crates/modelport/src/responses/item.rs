//! The items of a response's output, and how an answer ends. One item looks the same in a stream and in a whole answer.

use modelport_provider::chat::FinishReason;
use serde_json::{Value, json};

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Complete,
    /// It is too short, for the reason that the API has a word for.
    Cut(&'static str),
    Failed,
}

impl Ending {
    /// An answer without a reason ended well: that it was cut off shows otherwise.
    pub(super) fn of(reason: Option<FinishReason>) -> Self {
        match reason {
            Some(FinishReason::Length) => Self::Cut("max_output_tokens"),
            Some(FinishReason::ContentFilter) => Self::Cut("content_filter"),
            Some(FinishReason::Error) => Self::Failed,
            Some(
                FinishReason::Stop
                | FinishReason::ToolCalls
                | FinishReason::FunctionCall
                | FinishReason::Other,
            )
            | None => Self::Complete,
        }
    }

    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Complete => "completed",
            Self::Cut(_) => "incomplete",
            Self::Failed => "failed",
        }
    }

    pub(super) fn event(self) -> &'static str {
        match self {
            Self::Complete => "response.completed",
            Self::Cut(_) => "response.incomplete",
            Self::Failed => "response.failed",
        }
    }

    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Cut(reason) => Some(reason),
            Self::Complete | Self::Failed => None,
        }
    }

    pub(super) fn error(self) -> Option<Value> {
        let message = "The model's provider ended the answer with an error.";
        match self {
            Self::Failed => Some(json!({ "code": "server_error", "message": message })),
            Self::Complete | Self::Cut(_) => None,
        }
    }

    /// What this ending makes of the item that was written last.
    pub(super) fn of_last_item(self) -> Status {
        match self {
            Self::Complete => Status::Completed,
            Self::Cut(_) | Self::Failed => Status::Incomplete,
        }
    }
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
        }
    }
}

/// The kinds of content that come as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Thought,
    Text,
    Refusal,
}

impl Speech {
    /// The item that holds it.
    pub(super) fn item(self, id: &str, content: &[Value], status: Status) -> Value {
        let status = status.name();
        match self {
            Self::Thought => {
                json!({ "id": id, "type": "reasoning", "summary": [], "content": content, "status": status })
            }
            Self::Text | Self::Refusal => {
                json!({ "id": id, "type": "message", "role": "assistant", "status": status, "content": content })
            }
        }
    }

    /// The part of an item that is this.
    pub(super) fn part(self, text: &str, logprobs: &[Value], annotations: &[Value]) -> Value {
        match self {
            Self::Thought => json!({ "type": "reasoning_text", "text": text }),
            Self::Text => {
                json!({ "type": "output_text", "text": text, "annotations": annotations, "logprobs": logprobs })
            }
            Self::Refusal => json!({ "type": "refusal", "refusal": text }),
        }
    }

    /// What an item's id begins with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Thought => "rs",
            Self::Text | Self::Refusal => "msg",
        }
    }

    pub(super) fn delta_event(self) -> &'static str {
        match self {
            Self::Thought => "response.reasoning_text.delta",
            Self::Text => "response.output_text.delta",
            Self::Refusal => "response.refusal.delta",
        }
    }

    pub(super) fn done_event(self) -> &'static str {
        match self {
            Self::Thought => "response.reasoning_text.done",
            Self::Text => "response.output_text.done",
            Self::Refusal => "response.refusal.done",
        }
    }
}

/// An item's id, from the response's and its place in the output.
pub(super) fn item_id(prefix: &str, response_id: &str, place: usize) -> String {
    let stem = response_id.strip_prefix("resp_").unwrap_or(response_id);
    format!("{prefix}_{stem}_{place}")
}
