//! A request's fields, one by one: its conversation is read in `input`, its tools in `tools`.

use modelport_provider::receipt::{Fate, Receipt};
use serde_json::{Map, Value, json};

use super::fault::{self, keeps_nothing, missing, unsupported};
use super::{input, kinds, tools};
use crate::translation::{ChatRequest, Untranslatable};

/// Fields that the chat API has under the same name and with the same meaning.
const SAME: [&str; 9] = [
    "temperature",
    "top_p",
    "metadata",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "service_tier",
];

/// What `include` asks for to get the tokens' probabilities.
pub(super) const LOGPROBS: &str = "message.output_text.logprobs";

const SEND_ALL: &str = "Send the whole conversation in `input`.";

/// A request in the chat completions API's words, to the model `upstream_model`.
///
/// # Errors
///
/// What is no such request, or asks for more than the chat completions API can say.
pub fn to_chat(body: &[u8], upstream_model: &str) -> Result<ChatRequest, Untranslatable> {
    let fields = read(body)?;
    refuse_what_is_kept(&fields)?;
    kinds::check(&fields)?;
    let mut receipt = Receipt::default();
    let mut chat = Map::new();
    chat.insert("model".to_owned(), upstream_model.into());
    let messages = input::messages(
        given(&fields, "instructions"),
        given(&fields, "input"),
        &mut receipt,
    )?;
    chat.insert("messages".to_owned(), messages.into());
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        translate(name, value, &fields, &mut chat, &mut receipt)?;
    }
    Ok(ChatRequest {
        body: Value::Object(chat).to_string().into_bytes(),
        receipt,
    })
}

fn read(body: &[u8]) -> Result<Map<String, Value>, Untranslatable> {
    let invalid = |message: String| Untranslatable {
        message,
        param: None,
        code: "invalid_json",
    };
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(invalid(
            "The request's body must be a JSON object.".to_owned(),
        )),
        Err(error) => Err(invalid(format!(
            "The request's body is not valid JSON: {error}."
        ))),
    }
}

/// A field that is there and not null.
fn given<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn refuse_what_is_kept(fields: &Map<String, Value>) -> Result<(), Untranslatable> {
    for (name, remedy) in [
        ("previous_response_id", SEND_ALL),
        ("conversation", SEND_ALL),
        (
            "prompt",
            "Send the prompt's text in `instructions` and the whole input in `input`.",
        ),
    ] {
        if given(fields, name).is_some() {
            return Err(keeps_nothing(name, remedy));
        }
    }
    if fields.get("background") == Some(&Value::Bool(true)) {
        let remedy = "Leave it out, send the whole input, and wait for the answer or stream it.";
        return Err(keeps_nothing("background", remedy));
    }
    Ok(())
}

fn translate(
    name: &str,
    value: &Value,
    fields: &Map<String, Value>,
    chat: &mut Map<String, Value>,
    receipt: &mut Receipt,
) -> Result<(), Untranslatable> {
    match name {
        // Read with the conversation, with the tools, or refused before.
        "model"
        | "input"
        | "instructions"
        | "tool_choice"
        | "parallel_tool_calls"
        | "background" => {}
        "max_output_tokens" => {
            chat.insert("max_completion_tokens".to_owned(), value.clone());
        }
        "tools" => with_tools(value, fields, chat)?,
        "reasoning" => {
            renamed(name, value, ("effort", "reasoning_effort"), chat)?;
            note_members(name, value, &["effort"], receipt);
        }
        "text" => {
            let members = renamed(name, value, ("verbosity", "verbosity"), chat)?;
            if let Some(format) = given(members, "format").map(format).transpose()?.flatten() {
                chat.insert("response_format".to_owned(), format);
            }
            note_members(name, value, &["format", "verbosity"], receipt);
        }
        "top_logprobs" => {
            if value != &json!(0) {
                chat.insert("logprobs".to_owned(), true.into());
                chat.insert(name.to_owned(), value.clone());
            }
        }
        "include" => include(value, chat, receipt),
        "stream" => {
            if value == &Value::Bool(true) {
                chat.insert("stream".to_owned(), true.into());
                chat.insert(
                    "stream_options".to_owned(),
                    json!({ "include_usage": true }),
                );
            }
        }
        "stream_options" => note_members(name, value, &["include_obfuscation"], receipt),
        "store" | "truncation" => {
            if value == &Value::Bool(true) || value.as_str().is_some_and(|word| word != "disabled")
            {
                receipt.note(name, Fate::Dropped);
            }
        }
        same if SAME.contains(&same) => {
            chat.insert(name.to_owned(), value.clone());
        }
        _ => receipt.note(name, Fate::Dropped),
    }
    Ok(())
}

/// The chat API refuses what is about tools where there are none (its reference, `tool_choice`, 2026-11).
fn with_tools(
    value: &Value,
    fields: &Map<String, Value>,
    chat: &mut Map<String, Value>,
) -> Result<(), Untranslatable> {
    let tools = tools::tools(value)?;
    let choice = given(fields, "tool_choice");
    let choice = choice.map(tools::choice).transpose()?;
    if tools.is_empty() {
        return Ok(());
    }
    chat.insert("tools".to_owned(), tools.into());
    if let Some(choice) = choice {
        chat.insert("tool_choice".to_owned(), choice);
    }
    if let Some(parallel) = given(fields, "parallel_tool_calls") {
        chat.insert("parallel_tool_calls".to_owned(), parallel.clone());
    }
    Ok(())
}

/// The members of an object, of which one has a field of its own in the chat API.
fn renamed<'a>(
    field: &str,
    value: &'a Value,
    (member, chats): (&str, &str),
    chat: &mut Map<String, Value>,
) -> Result<&'a Map<String, Value>, Untranslatable> {
    let members = fault::members(value, field)?;
    if let Some(value) = given(members, member) {
        chat.insert(chats.to_owned(), value.clone());
    }
    Ok(members)
}

/// The format of the answer's text; plain text goes without saying.
fn format(format: &Value) -> Result<Option<Value>, Untranslatable> {
    let members = fault::members(format, "text.format")?;
    let kind = members.get("type").unwrap_or(&Value::Null);
    match kind.as_str() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(json!({ "type": "json_object" }))),
        Some("json_schema") => {
            for (member, wanted) in [("name", "the schema's name"), ("schema", "a JSON Schema")] {
                if given(members, member).is_none() {
                    return Err(missing(&format!("text.format.{member}"), wanted));
                }
            }
            let schema = without(members, &["type"]);
            Ok(Some(
                json!({ "type": "json_schema", "json_schema": schema }),
            ))
        }
        Some(_) | None => {
            let remedy = "Use text, json_object or json_schema.";
            Err(unsupported("text.format.type", kind, remedy))
        }
    }
}

fn include(value: &Value, chat: &mut Map<String, Value>, receipt: &mut Receipt) {
    let wanted = value.as_array().map(Vec::as_slice).unwrap_or_default();
    for item in wanted {
        if item.as_str() == Some(LOGPROBS) {
            chat.insert("logprobs".to_owned(), true.into());
        } else {
            receipt.note("include", Fate::Dropped);
        }
    }
}

/// The members that say something, but for some.
pub(super) fn without(members: &Map<String, Value>, leave: &[&str]) -> Map<String, Value> {
    let kept = members
        .iter()
        .filter(|(name, value)| !value.is_null() && !leave.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Notes that the members of `field` are left out, but for those that are `known`.
fn note_members(field: &str, value: &Value, known: &[&str], receipt: &mut Receipt) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if !value.is_null() && !known.contains(&name.as_str()) {
            receipt.note(&format!("{field}.{name}"), Fate::Dropped);
        }
    }
}
