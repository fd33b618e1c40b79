//! What translations between APIs have in common: a request in another API's words, and what became of each of its fields.

use modelport_provider::receipt::Receipt;

/// A request in the chat completions API's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatRequest {
    /// The body to send.
    pub body: Vec<u8>,
    /// Fields that the chat API has under another name, or not at all.
    pub receipt: Receipt,
}

/// Why a request cannot be translated: the caller's fault, or more than the chat API can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untranslatable {
    /// What is wrong, and what would be right.
    pub message: String,
    /// The field to blame, such as `messages[2].content[0].type`.
    pub param: Option<String>,
    /// A word for programs.
    pub code: &'static str,
}
