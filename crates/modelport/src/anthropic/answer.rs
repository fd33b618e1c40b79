//! A whole chat completion as a message.

use modelport_provider::chat::{ChatCompletion, Choice, FinishReason, ToolCall, read_completion};
use modelport_provider::usage::find_usage;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::carried::{Carried, EXTRA};
use super::stop::{Ending, call_id, matched_sequence, message_id};
use super::usage::MessageUsage;

/// Under this key arguments are kept that are not a JSON object, as Anthropic advises for such input (its guide
/// "Fine-grained tool streaming", 2026-11).
const INVALID_JSON: &str = "INVALID_JSON";

#[derive(Debug, Serialize)]
struct Message<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Value>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    usage: MessageUsage,
}

/// The message that a chat completion comes to. `requested_model` is its model where the completion names none. Without a
/// usage all counts are 0.
///
/// `None` for what is not a completion, or one that failed: an error in it, no choice, a failure as the finish reason.
pub fn from_chat(completion: &[u8], requested_model: &str) -> Option<Vec<u8>> {
    let read = read_completion(completion).ok()?;
    let choice = choice_of(&read)?;
    let id = message_id(&read.id, completion);
    let ending = Ending {
        finish: choice.finish(),
        sequence: matched_sequence(completion),
        calls: choice.message.tool_calls.len(),
        refused: refusal(choice).is_some(),
    };
    let model = Some(read.model.as_str()).filter(|model| !model.is_empty());
    let usage = find_usage(completion);
    let message = Message {
        id: &id,
        kind: "message",
        role: "assistant",
        model: model.unwrap_or(requested_model),
        content: content(choice, &id),
        stop_reason: ending.reason(),
        stop_sequence: ending.sequence(),
        usage: usage.as_ref().map(MessageUsage::from).unwrap_or_default(),
    };
    serde_json::to_vec(&message).ok()
}

fn choice_of(completion: &ChatCompletion) -> Option<&Choice> {
    if completion.error_json().is_some() {
        return None;
    }
    let choice = completion.choices.first()?;
    (choice.finish() != Some(FinishReason::Error)).then_some(choice)
}

fn refusal(choice: &Choice) -> Option<&str> {
    let refusal = choice.message.extra.get("refusal")?.as_str()?;
    (!refusal.is_empty()).then_some(refusal)
}

fn content(choice: &Choice, id: &str) -> Vec<Value> {
    let mut content = Vec::new();
    let mut carried = Carried::default();
    if let Some(details) = choice.message.extra.get("reasoning_details") {
        carried.add_details(details);
    }
    let calls = (0..).zip(&choice.message.tool_calls);
    let calls: Vec<_> = calls
        .map(|(number, call)| (call_id(&call.id, id, number), call))
        .collect();
    for (id, call) in &calls {
        if let Some(extra) = call.extra.get(EXTRA) {
            carried.add_extra(id, extra);
        }
    }
    match (choice.message.reasoning(), carried.take()) {
        (Some(thought), signature) => {
            let signature = signature.unwrap_or_default();
            content.push(json!({"type": "thinking", "thinking": thought, "signature": signature}));
        }
        (None, Some(data)) => content.push(json!({"type": "redacted_thinking", "data": data})),
        (None, None) => {}
    }
    let text = choice.message.text();
    for text in [text.as_str(), refusal(choice).unwrap_or_default()] {
        if !text.is_empty() {
            content.push(json!({"type": "text", "text": text}));
        }
    }
    for (id, call) in calls {
        content.push(json!({
            "type": "tool_use",
            "id": id,
            "name": call.name,
            "input": input(call),
        }));
    }
    content
}

/// A model may write anything as arguments; what is no object must not be lost, since the caller may tell the model.
fn input(call: &ToolCall) -> Map<String, Value> {
    match serde_json::from_str(&call.arguments) {
        Ok(Value::Object(input)) => input,
        Ok(Value::Null) => Map::new(),
        Ok(_) | Err(_) => Map::from_iter([(
            INVALID_JSON.to_owned(),
            Value::String(call.arguments.clone()),
        )]),
    }
}

#[cfg(test)]
mod tests;
