//! OpenAI's Responses API, whose answers are those of chat in other words: whole, or as named events (OpenAI API reference and
//! the types of its Python SDK 3.57, 2026-11). Nothing is kept, so that an earlier response is never found.

mod ask;
mod render;

pub(crate) use ask::ResponsesAsk;
pub(crate) use render::{events, whole};

#[cfg(test)]
mod tests;
