//! Shapes that no type of the gateway has: the envelopes of errors, and merge patches of what has a type.

use serde_json::{Map, Value, json};

use crate::api::{models, passed_on};

/// Adds them to those that were derived.
pub(super) fn add(schemas: &mut Value) {
    let Some(schemas) = schemas.as_object_mut() else {
        return;
    };
    for (patch, of) in [("KeyPatch", "KeyDraft"), ("TeamPatch", "TeamDraft")] {
        let whole = schemas.get(of).cloned().unwrap_or_default();
        let patched = patch_of(whole, schemas);
        schemas.insert(patch.to_owned(), patched);
    }
    let written = [envelopes(), models::schemas(), passed_on::schemas()];
    for written in written {
        if let Value::Object(written) = written {
            schemas.extend(written);
        }
    }
}

/// What a merge patch (RFC 7396) of something may hold: any of its fields, `null` for one that is to go, and patches of what
/// has fields itself.
fn patch_of(mut whole: Value, schemas: &Map<String, Value>) -> Value {
    for field in whole["properties"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut)
    {
        let named = field["$ref"].as_str().and_then(|of| of.rsplit('/').next());
        let inside = named.and_then(|name| schemas.get(name));
        if let Some(inside) = inside.filter(|inside| inside.get("properties").is_some()) {
            *field = patch_of(inside.clone(), schemas);
        }
        // The values of a map, such as tags, may go too.
        if let Some(values) = field
            .get_mut("additionalProperties")
            .filter(|of| of.is_object())
        {
            *values = nullable(values);
        }
        *field = nullable(field);
    }
    if let Some(whole) = whole.as_object_mut() {
        whole.shift_remove("required");
    }
    whole["description"] =
        json!("What is to change: a value for what is to have another, `null` for what is to go.");
    whole
}

fn nullable(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// The envelopes of errors.
fn envelopes() -> Value {
    json!({
        "ProviderError": {
            "type": "object",
            "description": "An error as the provider wrote it, most often in OpenAI's envelope.",
        },
        "Error": {
            "type": "object",
            "description": "An error in OpenAI's envelope.",
            "required": ["error", "request_id"],
            "properties": {
                "error": {
                    "type": "object",
                    "required": ["message", "type", "param", "code"],
                    "properties": {
                        "message": {"type": "string", "description": "What is wrong, and what would be right."},
                        "type": {"type": "string", "description": "OpenAI's word for its class."},
                        "param": {"type": ["string", "null"], "description": "The field that is to blame, where one is."},
                        "code": {"type": "string", "description": "A word for programs."},
                    },
                },
                "request_id": {"type": "string", "description": "As in the header x-request-id."},
            },
        },
        "AnthropicError": {
            "type": "object",
            "description": "An error in Anthropic's envelope.",
            "required": ["type", "error"],
            "properties": {
                "type": {"const": "error"},
                "error": {
                    "type": "object",
                    "required": ["type", "message"],
                    "properties": {
                        "type": {"type": "string", "description": "Anthropic's word for the status."},
                        "message": {"type": "string", "description": "What is wrong, and what would be right."},
                        "details": {
                            "type": "object",
                            "properties": {"error_code": {"type": "string", "description": "A word for programs."}},
                        },
                    },
                },
                "request_id": {"type": "string"},
            },
        },
    })
}
