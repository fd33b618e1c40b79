//! A whole answer.

use modelport_provider::chat::{Choice, ToolCall, ToolCallFragment, read_completion};
use modelport_provider::usage::find_usage;
use serde_json::{Value, json};

use super::calls::{Tool, plain};
use super::citations::Citations;
use super::echo::{Echo, Head};
use super::item::{Ending, Speech, Status, item_id};

/// The response that a chat completion makes; `None` if `completion` is none.
pub fn from_chat(
    completion: &[u8],
    echo: &Echo,
    requested_model: &str,
    created_at: u64,
) -> Option<Vec<u8>> {
    let answer = read_completion(completion).ok()?;
    let choice = answer.choices.first()?;
    let head = Head {
        id: response_id(&answer.id, created_at),
        model: requested_model.to_owned(),
        created_at,
    };
    let ending = Ending::of(if answer.error_json().is_some() {
        Some(modelport_provider::chat::FinishReason::Error)
    } else {
        choice.finish()
    });
    let logprobs = if echo.wants_logprobs() {
        logprobs(completion)
    } else {
        Vec::new()
    };
    let mut citations = Citations::default();
    citations.read(completion);
    let annotations = citations.of(&choice.message.text());
    let extras = Extras {
        logprobs: &logprobs,
        annotations: &annotations,
    };
    let output = output(choice, &head.id, &extras, ending.of_last_item());
    let usage = find_usage(completion);
    let response = echo.response(&head, Some(ending), &output, usage.as_ref());
    Some(response.to_string().into_bytes())
}

/// Nobody can ask for a response later, so that the completion's own id is good enough.
fn response_id(completion_id: &str, created_at: u64) -> String {
    match completion_id
        .strip_prefix("chatcmpl-")
        .unwrap_or(completion_id)
    {
        "" => format!("resp_{created_at}"),
        stem => format!("resp_{stem}"),
    }
}

/// The tokens' probabilities in a completion or a chunk.
pub(super) fn logprobs(json: &[u8]) -> Vec<Value> {
    let mut answer: Value = serde_json::from_slice(json).unwrap_or_default();
    match answer
        .pointer_mut("/choices/0/logprobs/content")
        .map(Value::take)
    {
        Some(Value::Array(tokens)) => tokens,
        Some(_) | None => Vec::new(),
    }
}

/// What comes with the answer's text.
struct Extras<'a> {
    logprobs: &'a [Value],
    annotations: &'a [Value],
}

fn output(choice: &Choice, response_id: &str, extras: &Extras<'_>, last: Status) -> Vec<Value> {
    let message = &choice.message;
    let thought = message.reasoning().unwrap_or_default();
    let refusal = message.extra.get("refusal").and_then(Value::as_str);
    let part = |speech: Speech, text: &str| {
        (!text.is_empty()).then(|| speech.part(text, extras.logprobs, extras.annotations))
    };
    let speeches = [
        (Speech::Thought, vec![part(Speech::Thought, &thought)]),
        (
            Speech::Text,
            vec![
                part(Speech::Text, &message.text()),
                part(Speech::Refusal, refusal.unwrap_or_default()),
            ],
        ),
    ];
    let mut output: Vec<Value> = Vec::new();
    for (speech, parts) in speeches {
        let parts: Vec<Value> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            let id = item_id(speech.prefix(), response_id, output.len());
            output.push(speech.item(&id, &parts, Status::Completed));
        }
    }
    for call in &message.tool_calls {
        output.push(called(call, response_id, output.len()));
    }
    if let Some(item) = output.last_mut().and_then(Value::as_object_mut) {
        item.insert("status".to_owned(), json!(last.name()));
    }
    output
}

fn called(call: &ToolCall, response_id: &str, place: usize) -> Value {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let call = plain(ToolCallFragment {
        index: 0,
        id: some(&call.id),
        name: some(&call.name),
        arguments: call.arguments.clone(),
        extra: call.extra.clone(),
    });
    let tool = Tool::of(&call);
    let id = item_id(tool.prefix(), response_id, place);
    tool.item(&id, &call, &call.arguments, Status::Completed)
}
