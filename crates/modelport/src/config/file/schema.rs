//! The JSON Schema of the configuration file, for editors: made from the table of keys.

use serde_json::{Map, Value, json};

use super::keys::{API_KEY, Block, Key, Shape, TOP};

/// The JSON Schema (draft 2020-12) of `modelport.toml`.
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "modelport.toml",
    });
    if let (Value::Object(whole), Value::Object(top)) = (&mut schema, table(&TOP)) {
        whole.extend(top);
    }
    schema
}

/// The same as text.
pub fn schema_text() -> String {
    // A value with text keys can always be written.
    serde_json::to_string_pretty(&schema()).unwrap_or_default()
}

fn table(block: &'static Block) -> Value {
    let properties: Map<String, Value> = block
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    let required: Vec<&str> = block
        .keys
        .iter()
        .filter(|key| key.is_required)
        .map(|key| key.name)
        .collect();
    let mut table = json!({
        "type": "object",
        "description": block.help,
        "properties": properties,
        "additionalProperties": false,
    });
    if let (false, Value::Object(table)) = (required.is_empty(), &mut table) {
        table.insert("required".to_owned(), json!(required));
    }
    table
}

fn property(key: &Key) -> Value {
    let mut property = shape(key.shape);
    if let Value::Object(fields) = &mut property {
        fields.insert("description".to_owned(), json!(key.help()));
        if let Some(preset) = key.preset() {
            fields.insert("default".to_owned(), default(key.shape, preset));
        }
    }
    property
}

/// A default as the type that the key has.
fn default(shape: Shape, preset: &str) -> Value {
    match shape {
        Shape::Seconds | Shape::Whole { .. } | Shape::Switch | Shape::SwitchOr(_) => {
            serde_json::from_str(preset).unwrap_or_else(|_| json!(preset))
        }
        _ => json!(preset),
    }
}

/// A value, or text that refers to a variable which holds it.
fn or_reference(value: &Value) -> Value {
    json!({"anyOf": [value, {"type": "string", "pattern": r"\$\{"}]})
}

fn shape(shape: Shape) -> Value {
    let text = || json!({"type": "string"});
    let list = |items: Value| json!({"type": "array", "items": items});
    match shape {
        Shape::Text | Shape::Path | Shape::Profile | Shape::Secret => text(),
        Shape::Secrets | Shape::Texts => json!({"anyOf": [text(), list(text())]}),
        Shape::Keys => {
            let mut keys = list(json!({"anyOf": [text(), table(&API_KEY)]}));
            if let Value::Object(keys) = &mut keys {
                keys.insert("minItems".to_owned(), json!(1));
            }
            keys
        }
        Shape::Seconds => or_reference(&json!({"type": "number", "minimum": 0})),
        Shape::Whole { least, most } => {
            or_reference(&json!({"type": "integer", "minimum": least, "maximum": most}))
        }
        Shape::Switch => or_reference(&json!({"type": "boolean"})),
        Shape::Bytes => json!({"anyOf": [{"type": "integer"}, text()]}),
        Shape::Share => json!({"anyOf": [{"type": "number"}, text()]}),
        Shape::Choice(words) => or_reference(&json!({"enum": words})),
        Shape::Words(words) => list(json!({"enum": words()})),
        Shape::Headers | Shape::Strings => {
            json!({"type": "object", "additionalProperties": text()})
        }
        Shape::Table(block) => table(block),
        Shape::Tables(block) => list(table(block)),
        Shape::Targets(block) => list(json!({"anyOf": [text(), table(block)]})),
        Shape::SwitchOr(block) => json!({"anyOf": [{"type": "boolean"}, table(block)]}),
    }
}
