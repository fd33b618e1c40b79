//! An error inside an answer that promised success: `OpenRouter` answers so when it has already
//! sent its status (its errors documentation, 2026-08-22), and every stream can.

use memchr::memmem;

use super::{
    ErrorBody,
    body::{read_error, read_members},
};
use crate::object::{Object, body_text};

/// Finish reasons that say that the answer failed: `OpenRouter`'s and Mistral's, `SGLang`'s, and
/// `DeepSeek`'s (fact sheet "Reading a stream", 2026-11-22).
pub const FAILED_FINISHES: [&str; 3] = ["error", "abort", "insufficient_system_resource"];

/// The most choices that are looked into.
const MAX_CHOICES: usize = 128;

/// The error of an event that says that it is one: beside its `type`, in its `error`, or in the response that failed.
pub fn read_failed_event(json: &[u8]) -> Option<ErrorBody> {
    let object = Object::read(body_text(json)?)?;
    let response = object.object("response");
    let error = response.as_ref().and_then(|response| response.raw("error"));
    if let Some(error) = object.raw("error").or(error) {
        return Some(read_error(error.get(), &object));
    }
    Some(read_members(&object))
}

/// The error in a completion or in the data of a streamed event, if it holds one: at the top, in a
/// choice, as a finish reason, or under `x_groq`.
pub fn error_in_ok(json: &[u8]) -> Option<ErrorBody> {
    // In a JSON string the quotes would be escaped, so text cannot be mistaken for this.
    let gates = FAILED_FINISHES.map(|word| format!("\"{word}\""));
    let may_hold = |gate: &String| memmem::find(json, gate.as_bytes()).is_some();
    gates.iter().any(may_hold).then_some(())?;
    let object = Object::read(body_text(json)?)?;
    if let Some(error) = object.raw("error") {
        return Some(read_error(error.get(), &object));
    }
    if let Some(error) = object
        .object("x_groq")
        .and_then(|groq| Some(groq.raw("error")?.get()))
    {
        return Some(read_error(error, &object));
    }
    let choices = object.array("choices", MAX_CHOICES)?;
    choices.items.iter().find_map(|choice| {
        let choice = Object::read(choice.get())?;
        if let Some(error) = choice.raw("error") {
            return Some(read_error(error.get(), &choice));
        }
        let finish = choice.text("finish_reason")?;
        FAILED_FINISHES
            .contains(&finish.as_ref())
            .then(|| ErrorBody::from_text("the provider gave up on the answer"))
    })
}
