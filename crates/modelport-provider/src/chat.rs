//! Chat completions as types, for those who use this library from Rust. Writing keeps every field it is given, reading keeps
//! what it does not know and fails for nothing but broken JSON. The gateway's own path passes bytes and needs none of it.

mod answer;
mod assemble;
mod chunk;
mod message;
mod request;
mod tool_call;

pub use answer::{ChatCompletion, ChatFault, Choice, FinishReason, read_completion};
pub use assemble::{AssemblyFault, MAX_ARGUMENTS, MAX_TOOL_CALLS, ToolCallAssembler};
pub use chunk::{ChatChunk, ChunkChoice, Delta, read_chunk};
pub use message::{Content, Message, Role};
pub use request::ChatRequest;
pub use tool_call::{ToolCall, ToolCallFragment};

#[cfg(test)]
mod tests;
