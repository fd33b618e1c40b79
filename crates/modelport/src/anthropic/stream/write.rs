//! Anthropic's events as bytes. Nothing is allocated for a delta but the room that it takes.

use serde::Serialize;
use serde_json::{Value, json};

use crate::anthropic::stop::Ending;
use crate::anthropic::usage::MessageUsage;
use crate::error::anthropic_body;

/// The kinds of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Thinking,
    Text,
    Tool,
}

/// What is new in a block.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(tag = "type")]
pub(super) enum Delta<'a> {
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    /// Of a thought that is over.
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    /// A piece of a tool's input, as JSON text.
    #[serde(rename = "input_json_delta")]
    Input { partial_json: &'a str },
}

impl<'a> Delta<'a> {
    pub(super) fn thinking(thinking: &'a str) -> Self {
        Self::Thinking { thinking }
    }

    pub(super) fn signature(signature: &'a str) -> Self {
        Self::Signature { signature }
    }

    pub(super) fn text(text: &'a str) -> Self {
        Self::Text { text }
    }

    pub(super) fn input(partial_json: &'a str) -> Self {
        Self::Input { partial_json }
    }

    /// The kind of block that it belongs to.
    pub(super) fn block(self) -> Block {
        match self {
            Self::Thinking { .. } | Self::Signature { .. } => Block::Thinking,
            Self::Text { .. } => Block::Text,
            Self::Input { .. } => Block::Tool,
        }
    }
}

pub(super) fn write_start(id: &str, model: &str, usage: &MessageUsage, out: &mut Vec<u8>) {
    let message = json!({
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage,
    });
    let event = json!({"type": "message_start", "message": message});
    write("message_start", &event, out);
}

/// Begins a block of thought or text. The signature is there because Anthropic's SDKs ask for one.
pub(super) fn write_opening(index: u64, block: Block, out: &mut Vec<u8>) {
    let content = match block {
        Block::Thinking => json!({"type": "thinking", "thinking": "", "signature": ""}),
        Block::Text | Block::Tool => json!({"type": "text", "text": ""}),
    };
    write_block(index, &content, out);
}

/// A whole block of its own.
pub(super) fn write_redacted(index: u64, data: &str, out: &mut Vec<u8>) {
    let content = json!({"type": "redacted_thinking", "data": data});
    write_block(index, &content, out);
    write_stop(index, out);
}

pub(super) fn write_tool(index: u64, id: &str, name: &str, out: &mut Vec<u8>) {
    let content = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
    write_block(index, &content, out);
}

fn write_block(index: u64, content: &Value, out: &mut Vec<u8>) {
    let event = json!({"type": "content_block_start", "index": index, "content_block": content});
    write("content_block_start", &event, out);
}

pub(super) fn write_delta(index: u64, delta: Delta<'_>, out: &mut Vec<u8>) {
    #[derive(Serialize)]
    struct Event<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        index: u64,
        delta: Delta<'a>,
    }
    let kind = "content_block_delta";
    write(kind, &Event { kind, index, delta }, out);
}

pub(super) fn write_stop(index: u64, out: &mut Vec<u8>) {
    let event = json!({"type": "content_block_stop", "index": index});
    write("content_block_stop", &event, out);
}

pub(super) fn write_end(ending: &Ending, usage: &MessageUsage, out: &mut Vec<u8>) {
    let delta = json!({"stop_reason": ending.reason(), "stop_sequence": ending.sequence()});
    let event = json!({"type": "message_delta", "delta": delta, "usage": usage});
    write("message_delta", &event, out);
    write("message_stop", &json!({"type": "message_stop"}), out);
}

pub(super) fn write_error(kind: &str, message: &str, request_id: &str, out: &mut Vec<u8>) {
    write(
        "error",
        &anthropic_body(kind, message, None, request_id),
        out,
    );
}

fn write(name: &str, data: &impl Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    let start = out.len();
    if serde_json::to_writer(&mut *out, data).is_err() {
        // Cannot happen with a vector and these types; half an event must not stay in any case.
        out.truncate(start);
    }
    out.extend_from_slice(b"\n\n");
}
