//! What a request asks for, and how its body is altered without being rebuilt: every byte that is not edited stays
//! as the client wrote it. It does not decide what is edited; that is a profile's business.

mod ask;
mod fault;
mod spliced;

use bytes::Bytes;

pub use ask::{Ask, read_ask};
pub use fault::{AskFault, MAX_MODEL, ModelProblem};
pub use spliced::{Edit, Spliced, apply};

/// The body with `model` as the value of its `model` member.
///
/// `ask` must come from this `body`. If the member already says `model`, the body comes back as the one piece it is;
/// if there is none, it is put first.
pub fn with_model(body: &Bytes, ask: &Ask, model: &str) -> Spliced {
    if ask.model(body) == Some(model) {
        return Spliced::whole(body.clone());
    }
    let (range, replacement) = match ask.model_value() {
        Some(value) => (value, quoted("", model, "")),
        None if ask.is_empty() => (ask.first_member(), quoted("\"model\":", model, "")),
        None => (ask.first_member(), quoted("\"model\":", model, ",")),
    };
    apply(body, &[Edit { range, replacement }])
}

/// `text` as a JSON string, between `before` and `after`.
fn quoted(before: &str, text: &str, after: &str) -> Bytes {
    let needs_escape = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    if text.bytes().any(needs_escape) {
        let text = serde_json::Value::from(text);
        return Bytes::from(format!("{before}{text}{after}"));
    }
    Bytes::from([before, "\"", text, "\"", after].concat())
}

#[cfg(test)]
mod tests;
