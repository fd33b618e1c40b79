//! Values that satisfy a JSON schema, for tool arguments and structured answers. It covers what tools and structured outputs
//! use; it is no validator.

use serde_json::{Map, Value, json};

use super::ask::Ask;

/// How deep a made-up value nests; a schema that refers to itself ends here.
const MAX_DEPTH: usize = 12;
/// The most elements a made-up array gets, and characters a made-up string.
const MAX_ITEMS: u64 = 64;

/// The JSON the request wants for an answer, if it wants JSON.
pub(super) fn wanted(ask: &Ask<'_>) -> Option<String> {
    let format: Value = serde_json::from_str(ask.response_format.or(ask.format)?.get()).ok()?;
    let object = || json!({ "answer": ask.question().chars().take(80).collect::<String>(), "simulated": true });
    let value = match format.get("type").and_then(Value::as_str) {
        Some("json_schema") => sample(format.pointer("/json_schema/schema")?),
        Some("json_object") => object(),
        Some("text") => return None,
        // Ollama takes the word, or the schema itself.
        _ if format == "json" => object(),
        _ if format.is_object() => sample(&format),
        _ => return None,
    };
    Some(value.to_string())
}

/// A plausible value for a schema.
pub(super) fn sample(schema: &Value) -> Value {
    Sampler { root: schema }.value(schema, "", 0)
}

struct Sampler<'a> {
    root: &'a Value,
}

impl Sampler<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::Null;
        }
        if let Some(fixed) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
            return fixed.clone();
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(target.trim_start_matches('#'));
            return target.map_or(Value::Null, |target| self.value(target, name, depth + 1));
        }
        for choices in ["anyOf", "oneOf"] {
            if let Some(first) = schema
                .get(choices)
                .and_then(Value::as_array)
                .and_then(|all| all.first())
            {
                return self.value(first, name, depth + 1);
            }
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "integer" => json!(integer(schema)),
            "number" => json!(number(schema)),
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => Value::String(string(schema, name)),
        }
    }

    /// The required properties, or all of them when none is.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let parts = schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let mut object = Map::new();
        for part in parts {
            if let Value::Object(merged) = self.value(part, "", depth + 1) {
                object.extend(merged);
            }
        }
        let required: Option<Vec<&str>> = schema
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect());
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if required
                .as_ref()
                .is_none_or(|required| required.contains(&name.as_str()))
            {
                object.insert(name.clone(), self.value(property, name, depth + 1));
            }
        }
        Value::Object(object)
    }

    fn array(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(1);
        let most = schema
            .get("maxItems")
            .and_then(Value::as_u64)
            .unwrap_or(MAX_ITEMS);
        let Some(items) = schema.get("items") else {
            return json!([]);
        };
        (0..least.clamp(1, MAX_ITEMS).min(most))
            .map(|_| self.value(items, name, depth + 1))
            .collect()
    }
}

/// The type of a schema: its first that is not null, or what its keywords imply.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema.get("properties").is_some() || schema.get("allOf").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn integer(schema: &Value) -> i64 {
    let least = schema.get("minimum").and_then(Value::as_i64);
    let above = schema
        .get("exclusiveMinimum")
        .and_then(Value::as_i64)
        .map(|bound| bound.saturating_add(1));
    let most = schema
        .get("maximum")
        .and_then(Value::as_i64)
        .unwrap_or(i64::MAX);
    least.or(above).unwrap_or(7).min(most)
}

fn number(schema: &Value) -> f64 {
    let least = schema.get("minimum").and_then(Value::as_f64);
    let above = schema
        .get("exclusiveMinimum")
        .and_then(Value::as_f64)
        .map(|bound| bound + 0.5);
    let most = schema
        .get("maximum")
        .and_then(Value::as_f64)
        .unwrap_or(f64::MAX);
    least.or(above).unwrap_or(1.5).min(most)
}

fn string(schema: &Value, name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let about = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2026-11-22",
        Some("date-time") => "2026-11-22T15:00:00Z",
        Some("time") => "15:00:00Z",
        Some("email") => "sim@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ if about(&["city", "location", "place"]) => "Oslo",
        _ if about(&["country"]) => "Norway",
        _ if about(&["date", "day"]) => "2026-11-22",
        _ if about(&["timezone", "tz"]) => "Europe/Oslo",
        _ if about(&["mail"]) => "sim@example.com",
        _ if about(&["url", "link"]) => "https://example.com/",
        _ if about(&["name"]) => "Ada",
        _ => "sample",
    };
    let bound = |keyword| {
        schema
            .get(keyword)
            .and_then(Value::as_u64)
            .and_then(|bound| usize::try_from(bound).ok())
    };
    let least = bound("minLength").unwrap_or(0).min(1024);
    let most = bound("maxLength").unwrap_or(1024);
    let padding = std::iter::repeat_n('x', least.saturating_sub(text.len()));
    text.chars().chain(padding).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_schema() {
        for (schema, value) in [
            (
                json!({"type":"object","properties":{"city":{"type":"string"},"unit":{"enum":["c","f"]},"days":{"type":"integer","minimum":3}},"required":["city","days"]}),
                json!({"city":"Oslo","days":3}),
            ),
            (
                json!({"properties":{"a":{"type":"boolean"},"b":{"type":["null","number"]}}}),
                json!({"a":true,"b":1.5}),
            ),
            (
                json!({"type":"array","items":{"const":1},"minItems":2}),
                json!([1, 1]),
            ),
            (
                json!({"type":"array","items":{"type":"string"},"maxItems":0}),
                json!([]),
            ),
            (
                json!({"anyOf":[{"type":"null"},{"type":"string"}]}),
                json!(null),
            ),
            (
                json!({"$ref":"#/$defs/p","$defs":{"p":{"type":"string","format":"date"}}}),
                json!("2026-11-22"),
            ),
            (
                json!({"allOf":[{"properties":{"a":{"const":1}}},{"properties":{"b":{"const":2}}}]}),
                json!({"a":1,"b":2}),
            ),
            (json!({"type":"string","minLength":9}), json!("samplexxx")),
            (json!({"type":"string","maxLength":2}), json!("sa")),
            (
                json!({"type":"integer","exclusiveMinimum":9,"maximum":20}),
                json!(10),
            ),
            (json!(true), json!("sample")),
        ] {
            assert_eq!(sample(&schema), value, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let endless =
            json!({"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]});
        assert!(sample(&endless).to_string().ends_with('}'));
    }
}
