//! What a request asks for, and how its body is altered without being rebuilt: every byte that is not edited stays
//! as the client wrote it. It does not decide what is edited; that is a profile's business.

mod ask;
mod fault;
mod spliced;

use bytes::Bytes;

pub use ask::{Ask, Field, check_model, read_ask};
pub use fault::{AskFault, MAX_MODEL, ModelProblem};
pub use spliced::{Edit, Spliced, apply};

/// The body with `model` as the value of its `model` member.
///
/// `ask` must come from this `body`. If the member already says `model`, the body comes back as the one piece it is;
/// if there is none, it is put first.
pub fn with_model(body: &Bytes, ask: &Ask, model: &str) -> Spliced {
    match model_edit(body, ask, model, ask.fields().len()) {
        Some(edit) => apply(body, &[edit]),
        None => Spliced::whole(body.clone()),
    }
}

/// The edit that makes `model` the value of the `model` member, if one is needed, in a body of which `others` members stay.
pub(crate) fn model_edit(body: &[u8], ask: &Ask, model: &str, others: usize) -> Option<Edit> {
    if ask.model(body) == Some(model) {
        return None;
    }
    let (range, replacement) = match ask.model_value() {
        Some(value) => (value, quoted("", model, "")),
        None if others == 0 => (ask.first_member(), quoted("\"model\":", model, "")),
        None => (ask.first_member(), quoted("\"model\":", model, ",")),
    };
    Some(Edit { range, replacement })
}

/// The edits that take members out of an object or elements out of an array, each with a comma beside it. `places` are all of
/// them in their order, a member from the start of its name to the end of its value; `gone` says which go.
pub fn removals(places: &[(usize, usize)], gone: &[bool]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut cut = |range| {
        edits.push(Edit {
            range,
            replacement: Bytes::new(),
        });
    };
    let last_kept = gone.iter().rposition(|gone| !gone);
    let tail = last_kept.map_or(0, |place| place + 1);
    let pairs = places.iter().zip(places.iter().skip(1)).zip(gone);
    for (((start, _), (next, _)), _) in pairs.take(tail).filter(|(_, gone)| **gone) {
        cut(*start..*next);
    }
    // Behind the last member that stays there is no comma to take along but the one before.
    let first_of_tail = places.get(tail).map(|(start, _)| *start);
    if let (Some(start), Some((_, end))) = (first_of_tail, places.last()) {
        let kept_end = last_kept.and_then(|place| places.get(place));
        cut(kept_end.map_or(start, |(_, end)| *end)..*end);
    }
    edits
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
