//! The form of the answer: a JSON schema.

use serde_json::{Map, Value, json};

use crate::anthropic::notes::Notes;
use crate::anthropic::reading::{Fields, unsupported, wrong_type};
use crate::translation::Untranslatable;

/// The chat API wants a name for a schema; Anthropic's has none.
const NAME: &str = "answer";

/// Takes `format` out of the output's configuration.
pub(super) fn take_format(
    config: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let Some(format) = config.take("format") else {
        return Ok(());
    };
    let place = config.place_of("format");
    let mut format = Fields::read(format, place)?;
    let kind = format.text("type")?;
    if kind != "json_schema" {
        return Err(unsupported(
            place.member("type"),
            &kind,
            "Send `json_schema`.",
        ));
    }
    let schema = format.required("schema", "the JSON schema of the answer")?;
    if !schema.is_object() {
        return Err(wrong_type(&place.member("schema"), "an object", &schema));
    }
    let mut sent = json!({"name": NAME});
    if is_strict(&schema) {
        sent["strict"] = true.into();
    }
    sent["schema"] = schema;
    chat.insert(
        "response_format".to_owned(),
        json!({"type": "json_schema", "json_schema": sent}),
    );
    notes.mapped("output_config.format", "response_format");
    format.drop_rest("output_config.format.", notes);
    Ok(())
}

/// Whether a schema may be sent as a strict one, as which alone the answer is sure to fit it. OpenAI then refuses a schema
/// of which any object has an optional property or allows others (its guide "Structured outputs", 2026-11); Anthropic takes
/// optional ones.
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => is_closed(members) && members.values().all(is_strict),
        Value::Array(items) => items.iter().all(is_strict),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Whether this object, if it is the schema of one, allows exactly the properties that it requires.
fn is_closed(schema: &Map<String, Value>) -> bool {
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return true;
    }
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &String| {
        required.is_some_and(|names| names.iter().any(|other| other.as_str() == Some(name)))
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && properties.is_none_or(|properties| properties.keys().all(is_required))
}
