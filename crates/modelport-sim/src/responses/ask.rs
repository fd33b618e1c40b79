//! A request, in the words of chat, which is what the simulator makes its answers from.

use serde_json::{Map, Value, json};

use crate::errors::{self, Refusal};

/// What the response repeats of the request.
const REPEATED: [&str; 12] = [
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "reasoning",
    "service_tier",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "user",
];

/// A request for a response.
pub(crate) struct ResponsesAsk {
    /// The request as chat would have it.
    pub(crate) chat: Vec<u8>,
    /// What the response repeats.
    pub(super) repeated: Map<String, Value>,
}

impl ResponsesAsk {
    /// Reads a request's body.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let mut fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
            errors::invalid_request(format!(
                "We could not parse the JSON body of your request: {error}"
            ))
        })?;
        fields.retain(|_, value| !value.is_null());
        if let Some(id) = fields.get("previous_response_id") {
            return Err(errors::no_previous_response(
                id.as_str().unwrap_or_default(),
            ));
        }
        let Some(input) = fields.get("input") else {
            return Err(errors::invalid_request(
                "Missing required parameter: 'input'.",
            ));
        };
        let chat = json!({
            "model": fields.get("model"),
            "stream": fields.get("stream"),
            "messages": messages(fields.get("instructions"), input),
            "tools": fields.get("tools").map(tools),
            "tool_choice": fields.get("tool_choice").map(nested),
            "parallel_tool_calls": fields.get("parallel_tool_calls"),
            "max_completion_tokens": fields.get("max_output_tokens"),
            "response_format": fields.get("text").and_then(|text| text.get("format")).map(format),
        });
        fields.retain(|name, _| REPEATED.contains(&name.as_str()));
        Ok(Self {
            chat: chat.to_string().into_bytes(),
            repeated: fields,
        })
    }
}

/// The messages, and the outputs of tools; other items shape no answer.
fn messages(instructions: Option<&Value>, input: &Value) -> Vec<Value> {
    let system = instructions.map(|text| json!({ "role": "system", "content": text }));
    let input = match input {
        Value::Array(items) => items.iter().filter_map(message).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            vec![json!({ "role": "user", "content": input })]
        }
    };
    system.into_iter().chain(input).collect()
}

fn message(item: &Value) -> Option<Value> {
    if item.get("type").and_then(Value::as_str) == Some("function_call_output") {
        return Some(json!({ "role": "tool", "content": item.get("output") }));
    }
    let role = item.get("role")?;
    Some(json!({ "role": role, "content": item.get("content") }))
}

fn tools(tools: &Value) -> Value {
    tools.as_array().into_iter().flatten().map(nested).collect()
}

/// A function, which chat has one level deeper; other tools are not called.
fn nested(tool: &Value) -> Value {
    if tool.get("type").and_then(Value::as_str) == Some("function") {
        json!({ "type": "function", "function": tool })
    } else if tool.is_string() {
        tool.clone()
    } else {
        json!({})
    }
}

fn format(format: &Value) -> Value {
    json!({ "type": format.get("type"), "json_schema": { "schema": format.get("schema") } })
}
