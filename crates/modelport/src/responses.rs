//! OpenAI's Responses API in the chat completions API's words, and the answers back, whole and streamed. Pure: bytes in,
//! bytes out. Shapes are those of the API's reference and of the types in OpenAI's Python SDK (3.57, 2026-11). What the
//! chat API cannot say is refused with the field's name; what only asks for storage or extras is left out and noted.

mod answer;
mod calls;
mod citations;
mod content;
mod echo;
mod events;
mod fault;
mod input;
mod item;
mod kinds;
mod request;
mod tools;

pub use answer::from_chat;
pub use echo::Echo;
pub use events::Events;
pub use request::to_chat;

#[cfg(test)]
mod tests;
