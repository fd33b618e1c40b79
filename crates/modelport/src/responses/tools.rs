//! Tools and the choice between them: flat in the Responses API, nested in the chat API.

use serde_json::{Map, Value, json};

use super::fault::{self, missing, unsupported, wrong_kind};
use super::request::without;
use crate::translation::Untranslatable;

const OWN_TOOLS: &str = "Only tools of the types function and custom can be used: tools that the API itself runs need a provider with a Responses API.";

/// The tools, each nested under its type.
pub(super) fn tools(value: &Value) -> Result<Vec<Value>, Untranslatable> {
    let tools = value
        .as_array()
        .ok_or_else(|| wrong_kind("tools", "an array"))?;
    let numbered = tools.iter().enumerate();
    numbered
        .map(|(place, tool)| self::tool(tool, &format!("tools[{place}]")))
        .collect()
}

fn tool(tool: &Value, at: &str) -> Result<Value, Untranslatable> {
    let members = fault::members(tool, at)?;
    let kind = members.get("type").unwrap_or(&Value::Null);
    let name = || {
        let name = members.get("name").and_then(Value::as_str);
        name.ok_or_else(|| missing(&format!("{at}.name"), "the tool's name"))
    };
    match kind.as_str() {
        Some("function") => {
            name()?;
            Ok(json!({ "type": "function", "function": without(members, &["type"]) }))
        }
        Some("custom") => {
            name()?;
            Ok(json!({ "type": "custom", "custom": custom(members) }))
        }
        Some(_) | None => Err(unsupported(&format!("{at}.type"), kind, OWN_TOOLS)),
    }
}

/// A custom tool's grammar stands one level deeper in the chat API.
fn custom(members: &Map<String, Value>) -> Map<String, Value> {
    let mut custom = without(members, &["type"]);
    if let Some(Value::Object(format)) = custom.get_mut("format")
        && format.get("type").and_then(Value::as_str) == Some("grammar")
    {
        let grammar = without(format, &["type"]);
        *format = Map::from_iter([
            ("type".to_owned(), "grammar".into()),
            ("grammar".to_owned(), grammar.into()),
        ]);
    }
    custom
}

/// Which tools may or must be called.
pub(super) fn choice(value: &Value) -> Result<Value, Untranslatable> {
    let members = match value {
        Value::String(_) => return Ok(value.clone()),
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            return Err(wrong_kind("tool_choice", "a word or an object"));
        }
    };
    match members.get("type").and_then(Value::as_str) {
        Some("allowed_tools") => {
            let listed = members.get("tools").and_then(Value::as_array);
            let listed = listed.ok_or_else(|| missing("tool_choice.tools", "an array"))?;
            let numbered = listed.iter().enumerate();
            let tools: Result<Vec<Value>, Untranslatable> = numbered
                .map(|(place, tool)| named(tool, &format!("tool_choice.tools[{place}]")))
                .collect();
            let mut allowed = without(members, &["type", "tools"]);
            allowed.insert("tools".to_owned(), tools?.into());
            Ok(json!({ "type": "allowed_tools", "allowed_tools": allowed }))
        }
        Some(_) | None => named(value, "tool_choice"),
    }
}

/// A tool by its name.
fn named(value: &Value, at: &str) -> Result<Value, Untranslatable> {
    let kind = value.get("type").unwrap_or(&Value::Null);
    let Some(word @ ("function" | "custom")) = kind.as_str() else {
        return Err(unsupported(&format!("{at}.type"), kind, OWN_TOOLS));
    };
    let name = value.get("name").and_then(Value::as_str);
    let name = name.ok_or_else(|| missing(&format!("{at}.name"), "the tool's name"))?;
    Ok(json!({ "type": word, word: { "name": name } }))
}
