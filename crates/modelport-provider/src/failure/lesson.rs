//! What a refusal teaches about a model: the field that it is not taken with, and the ability that is missing. A refusal of
//! a field's value teaches nothing, for another value would have done.

use super::ErrorBody;
use crate::capability::Capability;

/// What one refusal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// The top-level field that is refused whatever its value.
    pub field: Option<Box<str>>,
    /// The ability that is missing.
    pub capability: Option<Capability>,
}

/// The longest name of a field.
const MAX_FIELD: usize = 64;

/// Words for programs that refuse a field whatever its value.
const CODES: [&str; 2] = ["unsupported_parameter", "unknown_parameter"];

/// Words for people by which a field is not known at all; it is then named in quotes or at the end.
const UNKNOWN: [&str; 8] = [
    "unrecognized request argument",
    "unknown field",
    "unknown parameter",
    "unknown name",
    "unexpected keyword",
    "extra inputs are not permitted",
    "extra fields not permitted",
    "argument not supported",
];

/// Words by which something is not to be had here: what is the phrase that stands beside them.
const MISSING: [&str; 8] = [
    "not support",
    "unsupported parameter",
    "only supported by",
    "endpoints found that support",
    "requires --",
    "is not enabled",
    "not a multimodal model",
    "at most 0 image",
];

/// Words that make a text be about a value after all.
const VALUES: [&str; 5] = [
    "unsupported value",
    "invalid value",
    "only the default",
    "supported values are",
    "' value",
];

/// From here on a text gives advice, in which other fields are named.
const ADVICE: [&str; 3] = [", expected one of", "try disabling", "to learn more"];

/// A schema is one value of `response_format`, images and sounds are parts of `messages`: no field is refused by them.
const JSON_SCHEMA: &str = "response_format.json_schema";
const IMAGES: &str = "messages.image_url";
const SOUNDS: &str = "messages.input_audio";

/// What a phrase of a text is about, the narrower before the wider.
const PHRASES: [(&str, &str); 23] = [
    ("enable-auto-tool-choice", "tools"),
    ("parallel_tool_calls", "parallel_tool_calls"),
    ("parallel tool", "parallel_tool_calls"),
    ("tool_choice", "tool_choice"),
    ("tools", "tools"),
    ("tool use", "tools"),
    ("tool call", "tools"),
    ("function call", "tools"),
    ("json_schema", JSON_SCHEMA),
    ("json schema", JSON_SCHEMA),
    ("structured output", JSON_SCHEMA),
    ("response_format", "response_format"),
    ("response format", "response_format"),
    ("reasoning_effort", "reasoning_effort"),
    ("thinking", "reasoning_effort"),
    ("logprobs", "logprobs"),
    ("streaming", "stream"),
    ("input_audio", SOUNDS),
    ("audio input", SOUNDS),
    ("image input", IMAGES),
    ("image", IMAGES),
    ("vision", IMAGES),
    ("multimodal", IMAGES),
];

/// No request is without these, so that none of them is refused as such.
const ESSENTIAL: [&str; 4] = ["model", "messages", "prompt", "input"];

/// What a refusal teaches, if anything.
pub fn lesson(said: &ErrorBody) -> Option<Lesson> {
    let text = said.message.to_lowercase();
    let end = ADVICE.iter().filter_map(|advice| text.find(advice)).min();
    let text = text.get(..end.unwrap_or(text.len()))?;
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let unknown = says(&UNKNOWN);
    if says(&VALUES) || !(unknown || says(&MISSING) || said.says(&CODES)) {
        return None;
    }
    let param = said.param.as_deref().filter(|param| is_blamed(param));
    let phrase = || PHRASES.iter().find(|(phrase, _)| text.contains(phrase));
    let named = || named_field(text);
    let path = match (param, unknown) {
        (Some(param), _) => match phrase() {
            Some((_, path)) if path.starts_with(param) => *path,
            Some(_) | None => param,
        },
        (None, true) => named()?,
        (None, false) => phrase().map(|(_, path)| *path).or_else(named)?,
    };
    let lesson = Lesson {
        field: (!path.contains(['.', '['])).then(|| snake_case(path, &said.message)),
        capability: capability(path),
    };
    (lesson.field.is_some() || lesson.capability.is_some()).then_some(lesson)
}

/// Whether a text is the name of a field that can be left out; some providers put a sentence there.
fn is_blamed(param: &str) -> bool {
    let root = param.split(['.', '[']).next();
    is_name(param) && root.is_some_and(|root| !ESSENTIAL.contains(&root))
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte);
    !text.is_empty() && text.len() <= MAX_FIELD && text.bytes().all(fits)
}

/// The field that a text names: the first in quotes, or before `: extra inputs`, or at its end after a colon.
fn named_field(text: &str) -> Option<&str> {
    let mut quoted = text.split(['"', '\'', '`']).skip(1).step_by(2);
    let before = || text.split_once(": extra ").map(|(name, _)| name);
    let last = || text.rsplit_once(": ").map(|(_, name)| name);
    let named = quoted
        .find(|name| is_name(name))
        .or_else(before)
        .or_else(last)?;
    let named = named.strip_prefix("body.").unwrap_or(named);
    is_blamed(named).then_some(named)
}

/// xAI names fields in camel case; requests spell them in snake case. `name` is in lower case, `message` as it came.
fn snake_case(name: &str, message: &str) -> Box<str> {
    let written = (0..message.len())
        .filter_map(|start| message.get(start..start.checked_add(name.len())?))
        .find(|written| written.eq_ignore_ascii_case(name));
    let mut snake = String::with_capacity(name.len());
    for letter in written.unwrap_or(name).chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake.into()
}

/// What a model without this field, or this part of one, cannot do.
fn capability(path: &str) -> Option<Capability> {
    match path {
        "tools" | "functions" => Some(Capability::Tools),
        "parallel_tool_calls" => Some(Capability::ParallelTools),
        "response_format" => Some(Capability::JsonMode),
        JSON_SCHEMA => Some(Capability::JsonSchema),
        "reasoning" | "reasoning.effort" | "reasoning_effort" => Some(Capability::Reasoning),
        IMAGES => Some(Capability::Vision),
        SOUNDS => Some(Capability::AudioInput),
        "stream" => Some(Capability::Streaming),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
