//! Messages from OpenAI's shape to Ollama's: content is one text with images beside it, arguments of tool calls are
//! objects, and a tool's result names the tool.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::{error::Error, receipt::Receipt};

/// How far into a data URI its end of label is looked for.
const MAX_LABEL: usize = 256;

/// The members of a message that are read here.
const READ: [&str; 9] = [
    "role",
    "content",
    "tool_calls",
    "tool_call_id",
    "tool_name",
    "name",
    "reasoning_content",
    "reasoning",
    "refusal",
];

/// Translates the value of `messages`.
///
/// # Errors
///
/// A message or part that cannot be said natively, with its place.
pub(super) fn translate(messages: Value, receipt: &mut Receipt) -> Result<Value, Error> {
    let Value::Array(messages) = messages else {
        return Err(Error::rejected("messages", "messages must be an array."));
    };
    let mut tools = HashMap::new();
    let mut out = Vec::with_capacity(messages.len());
    for (place, message) in messages.into_iter().enumerate() {
        let at = format!("messages[{place}]");
        let Value::Object(message) = message else {
            let problem = format!("{at} must be an object with role and content.");
            return Err(Error::rejected(&at, problem));
        };
        for name in message.keys() {
            if !READ.contains(&name.as_str()) {
                receipt.dropped(&format!("messages[].{name}"));
            }
        }
        out.push(one(message, &at, &mut tools, receipt)?);
    }
    Ok(Value::Array(out))
}

/// One message. `tools` remembers which call was of which tool.
fn one(
    mut message: Map<String, Value>,
    at: &str,
    tools: &mut HashMap<String, Value>,
    receipt: &mut Receipt,
) -> Result<Value, Error> {
    let mut out = Map::new();
    let Some(role) = message.get("role").and_then(Value::as_str) else {
        let problem = format!("{at}.role must be system, user, assistant or tool.");
        return Err(Error::rejected(&format!("{at}.role"), problem));
    };
    let role = native_role(role).to_owned();
    out.insert("role".to_owned(), json!(role));
    let (text, images) = content(message.remove("content"), &format!("{at}.content"))?;
    out.insert("content".to_owned(), Value::String(text));
    if !images.is_empty() {
        out.insert("images".to_owned(), Value::Array(images));
    }
    let thought = ["reasoning_content", "reasoning"]
        .iter()
        .find_map(|name| message.remove(*name).filter(Value::is_string));
    if let Some(thought) = thought {
        out.insert("thinking".to_owned(), thought);
    }
    if let Some(Value::Array(calls)) = message.remove("tool_calls") {
        let calls = tool_calls(calls, at, tools)?;
        out.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    let name = message.remove("name");
    if role == "tool" {
        let id = message.remove("tool_call_id");
        let known = id
            .as_ref()
            .and_then(Value::as_str)
            .and_then(|id| tools.get(id));
        let tool = message.remove("tool_name").or(name).or(known.cloned());
        out.extend(tool.map(|tool| ("tool_name".to_owned(), tool)));
        out.extend(id.map(|id| ("tool_call_id".to_owned(), id)));
    } else if name.is_some() {
        receipt.dropped("messages[].name");
    }
    Ok(Value::Object(out))
}

/// `developer` is OpenAI's newer name for `system`, `function` its older one for `tool`.
fn native_role(role: &str) -> &str {
    match role {
        "developer" => "system",
        "function" => "tool",
        other => other,
    }
}

/// The text of a content, its text parts a line each, and its images.
fn content(content: Option<Value>, at: &str) -> Result<(String, Vec<Value>), Error> {
    let parts = match content {
        None | Some(Value::Null) => return Ok((String::new(), Vec::new())),
        Some(Value::String(text)) => return Ok((text, Vec::new())),
        Some(Value::Array(parts)) => parts,
        Some(_) => {
            let problem = format!("{at} must be a string or an array of parts.");
            return Err(Error::rejected(at, problem));
        }
    };
    let (mut texts, mut images) = (Vec::new(), Vec::new());
    for (place, mut part) in parts.into_iter().enumerate() {
        let at = format!("{at}[{place}]");
        let kind = part.get("type").and_then(Value::as_str).map(str::to_owned);
        match (kind.as_deref(), &mut part) {
            (None, Value::String(text)) => texts.push(std::mem::take(text)),
            (Some("text" | "refusal"), part) => texts.push(text_of(part)),
            (Some("image_url"), part) => images.push(image(part, &at)?),
            (kind, _) => {
                let problem = format!(
                    "{at} is a part of type {:?}, which Ollama's API has no place for. Send text and image_url parts.",
                    kind.unwrap_or_default()
                );
                return Err(Error::rejected(&at, problem));
            }
        }
    }
    Ok((texts.join("\n"), images))
}

fn text_of(part: &mut Value) -> String {
    let text = ["text", "refusal"]
        .iter()
        .find(|name| part.get(name).is_some_and(Value::is_string));
    match text.and_then(|name| part.get_mut(name)).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The bare base64 of an image part. An image elsewhere is not fetched: the address would be called from here.
fn image(part: &mut Value, at: &str) -> Result<Value, Error> {
    let at = format!("{at}.image_url.url");
    let url = match part.get_mut("image_url").map(Value::take) {
        Some(Value::Object(mut image)) => image.remove("url"),
        other => other,
    };
    let problem = match url {
        Some(Value::String(mut url)) if is_data_uri(&url) => match end_of_label(&url) {
            Some(end) => {
                url.drain(..end);
                return Ok(Value::String(url));
            }
            None => "is a data URI without base64",
        },
        Some(Value::String(url)) if url.starts_with("http") => {
            "is an address, and Ollama fetches no images"
        }
        _ => "is no image",
    };
    let problem = format!("{at} {problem}. Send the image itself as data:image/png;base64,….");
    Err(Error::rejected(&at, problem))
}

fn is_data_uri(url: &str) -> bool {
    url.get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("data:"))
}

fn end_of_label(url: &str) -> Option<usize> {
    let label = url.get(..url.floor_char_boundary(MAX_LABEL))?;
    let comma = label.find(',')?;
    let is_base64 = label
        .get(..comma)?
        .to_ascii_lowercase()
        .ends_with(";base64");
    is_base64.then_some(comma + 1)
}

fn tool_calls(
    calls: Vec<Value>,
    at: &str,
    tools: &mut HashMap<String, Value>,
) -> Result<Vec<Value>, Error> {
    let mut out = Vec::with_capacity(calls.len());
    for (place, mut call) in calls.into_iter().enumerate() {
        let at = format!("{at}.tool_calls[{place}].function");
        let id = call.get_mut("id").map(Value::take).filter(Value::is_string);
        let name = call.pointer_mut("/function/name").map(Value::take);
        let Some(name) = name.filter(Value::is_string) else {
            return Err(Error::rejected(&at, format_args!("{at} has no name.")));
        };
        let arguments = call.pointer_mut("/function/arguments").map(Value::take);
        let arguments = object(arguments, &format!("{at}.arguments"))?;
        if let Some(id) = id.as_ref().and_then(Value::as_str) {
            tools.insert(id.to_owned(), name.clone());
        }
        let mut made = json!({"function": {"index": place, "name": name, "arguments": arguments}});
        if let (Some(id), Some(made)) = (id, made.as_object_mut()) {
            made.insert("id".to_owned(), id);
        }
        out.push(made);
    }
    Ok(out)
}

/// Arguments as an object: they come as JSON in a string, which is empty where there are none.
fn object(arguments: Option<Value>, at: &str) -> Result<Value, Error> {
    let read = match arguments {
        None | Some(Value::Null) => Some(json!({})),
        Some(Value::String(text)) if text.trim().is_empty() => Some(json!({})),
        Some(Value::String(text)) => serde_json::from_str(&text).ok(),
        Some(other) => Some(other),
    };
    read.filter(Value::is_object).ok_or_else(|| {
        Error::rejected(
            at,
            format_args!("{at} must be a JSON object, written as a string."),
        )
    })
}
