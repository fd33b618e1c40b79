//! What a message says: text, or parts of text, images, files and sound.

use serde_json::{Map, Value, json};

use super::fault::{self, missing, unsupported, wrong_kind};
use super::request::without;
use crate::translation::Untranslatable;

const BY_VALUE: &str = "Send the contents themselves, as a data URL.";

/// What a user or the application says. A single text needs no parts, which older servers do not read.
pub(super) fn said(content: &Value, at: &str) -> Result<Value, Untranslatable> {
    let parts = match content {
        Value::String(_) => return Ok(content.clone()),
        Value::Array(parts) => parts,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            return Err(wrong_kind(at, "text or an array of parts"));
        }
    };
    if let [only] = parts.as_slice()
        && is_text(only)
    {
        return Ok(text_of(only, &format!("{at}[0]"))?.into());
    }
    let numbered = parts.iter().enumerate();
    numbered
        .map(|(place, value)| part(value, &format!("{at}[{place}]")))
        .collect()
}

/// What the model said before: its text, and its refusal.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) text: String,
    pub(super) refusal: String,
}

impl Answered {
    pub(super) fn read(content: &Value, at: &str) -> Result<Self, Untranslatable> {
        let mut answered = Self::default();
        match content {
            Value::String(text) => answered.text.clone_from(text),
            Value::Array(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    answered.add(part, &format!("{at}[{place}]"))?;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                return Err(wrong_kind(at, "text or an array of parts"));
            }
        }
        Ok(answered)
    }

    fn add(&mut self, part: &Value, at: &str) -> Result<(), Untranslatable> {
        if part.get("type").and_then(Value::as_str) == Some("refusal") {
            let refusal = part.get("refusal").and_then(Value::as_str);
            let field = format!("{at}.refusal");
            self.refusal
                .push_str(refusal.ok_or_else(|| missing(&field, "text"))?);
        } else {
            self.text.push_str(&only_text(part, at)?);
        }
        Ok(())
    }
}

/// What a tool answered, which the chat API takes as text.
pub(super) fn output(output: &Value, at: &str) -> Result<String, Untranslatable> {
    match output {
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => {
            let numbered = parts.iter().enumerate();
            numbered
                .map(|(place, part)| only_text(part, &format!("{at}[{place}]")))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Err(wrong_kind(at, "text or an array of parts"))
        }
    }
}

fn is_text(part: &Value) -> bool {
    let kind = part.get("type").and_then(Value::as_str);
    matches!(kind, Some("input_text" | "output_text" | "text"))
}

fn text_of(part: &Value, at: &str) -> Result<String, Untranslatable> {
    let text = part.get("text").and_then(Value::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| missing(&format!("{at}.text"), "text"))
}

fn only_text(part: &Value, at: &str) -> Result<String, Untranslatable> {
    if is_text(part) {
        return text_of(part, at);
    }
    let kind = part.get("type").unwrap_or(&Value::Null);
    Err(unsupported(
        &format!("{at}.type"),
        kind,
        "Only text can stand here.",
    ))
}

fn part(part: &Value, at: &str) -> Result<Value, Untranslatable> {
    let members = fault::members(part, at)?;
    let kind = members.get("type").unwrap_or(&Value::Null);
    match kind.as_str() {
        Some("input_text" | "output_text" | "text") => {
            Ok(json!({ "type": "text", "text": text_of(part, at)? }))
        }
        Some("input_image") => image(members, at),
        Some("input_file") => file(members, at),
        Some("input_audio") => {
            let sound = members.get("input_audio").filter(|sound| sound.is_object());
            let field = format!("{at}.input_audio");
            let sound = sound.ok_or_else(|| missing(&field, "an object with data and format"))?;
            Ok(json!({ "type": "input_audio", "input_audio": sound }))
        }
        Some(_) | None => {
            let remedy = "Use input_text, input_image, input_file or input_audio.";
            Err(unsupported(&format!("{at}.type"), kind, remedy))
        }
    }
}

fn image(members: &Map<String, Value>, at: &str) -> Result<Value, Untranslatable> {
    let Some(url) = members.get("image_url").and_then(Value::as_str) else {
        refuse_reference(members, at)?;
        return Err(missing(&format!("{at}.image_url"), "a URL or a data URL"));
    };
    let mut image = json!({ "url": url });
    if let (Some(image), Some(detail)) = (image.as_object_mut(), members.get("detail"))
        && !detail.is_null()
    {
        image.insert("detail".to_owned(), detail.clone());
    }
    Ok(json!({ "type": "image_url", "image_url": image }))
}

fn file(members: &Map<String, Value>, at: &str) -> Result<Value, Untranslatable> {
    refuse_reference(members, at)?;
    if !members.get("file_data").is_some_and(Value::is_string) {
        return Err(missing(
            &format!("{at}.file_data"),
            "the file's contents as a data URL",
        ));
    }
    let file = without(members, &["type", "detail"]);
    Ok(json!({ "type": "file", "file": file }))
}

/// A file that the provider would have to look up.
fn refuse_reference(members: &Map<String, Value>, at: &str) -> Result<(), Untranslatable> {
    for name in ["file_id", "file_url"] {
        if members.get(name).is_some_and(|value| !value.is_null()) {
            let field = format!("{at}.{name}");
            return Err(Untranslatable {
                message: format!(
                    "`{field}` is not supported here: the model's provider looks up no files. {BY_VALUE}"
                ),
                param: Some(field),
                code: "unsupported_parameter",
            });
        }
    }
    Ok(())
}
