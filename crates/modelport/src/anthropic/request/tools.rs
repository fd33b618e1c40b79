//! Tools, and which of them the model is to use.

use serde_json::{Map, Value, json};

use crate::anthropic::notes::Notes;
use crate::anthropic::reading::{Fields, Place, invalid, unsupported, wrong_type};
use crate::translation::Untranslatable;

/// Takes `tools` and `tool_choice`.
pub(super) fn take_tools(
    fields: &mut Fields<'_>,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let tools = fields.optional_array("tools")?.unwrap_or_default();
    let choice = fields.take("tool_choice");
    if tools.is_empty() {
        return without_tools(choice, notes);
    }
    let place = Place::Top.member("tools");
    let mut functions = Vec::with_capacity(tools.len());
    for (number, tool) in tools.into_iter().enumerate() {
        functions.push(function(Fields::read(tool, place.item(number))?, notes)?);
    }
    chat.insert("tools".to_owned(), functions.into());
    match choice {
        Some(choice) => put_choice(choice, chat, notes),
        None => Ok(()),
    }
}

/// The chat API refuses a choice of tools where there are none; only one that asks for a call loses something by that.
fn without_tools(choice: Option<Value>, notes: &mut Notes) -> Result<(), Untranslatable> {
    let Some(choice) = choice else {
        return Ok(());
    };
    let place = Place::Top.member("tool_choice");
    match Fields::read(choice, place)?.text("type")?.as_str() {
        "any" | "tool" => Err(invalid(
            place,
            "`tool_choice` asks for a call, but there are no `tools`; send some, or leave it out.",
        )),
        _ => {
            notes.dropped("tool_choice");
            Ok(())
        }
    }
}

fn put_choice(
    choice: Value,
    chat: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Untranslatable> {
    let place = Place::Top.member("tool_choice");
    let mut choice = Fields::read(choice, place)?;
    let kind = choice.text("type")?;
    let sent = match kind.as_str() {
        "auto" => "auto".into(),
        "any" => "required".into(),
        "none" => "none".into(),
        "tool" => json!({"type": "function", "function": {"name": choice.text("name")?}}),
        other => {
            return Err(unsupported(
                place.member("type"),
                other,
                "Send `auto`, `any`, `tool` or `none`.",
            ));
        }
    };
    chat.insert("tool_choice".to_owned(), sent);
    if choice.optional_flag("disable_parallel_tool_use")? == Some(true) {
        chat.insert("parallel_tool_calls".to_owned(), false.into());
        notes.mapped(
            "tool_choice.disable_parallel_tool_use",
            "parallel_tool_calls: false",
        );
    }
    choice.drop_rest("tool_choice.", notes);
    Ok(())
}

fn function(mut tool: Fields<'_>, notes: &mut Notes) -> Result<Value, Untranslatable> {
    let kind = tool.optional_text("type")?;
    if tool.take("cache_control").is_some() {
        notes.dropped("cache_control");
    }
    let name = tool.text("name")?;
    let sent = match kind.as_deref() {
        None | Some("custom") => custom(name, &mut tool)?,
        Some(kind) => match built_in(kind) {
            Some(tool) => {
                notes.mapped("tools[].type", "function");
                json!({"name": name, "description": tool.description, "parameters": (tool.input)()})
            }
            None => {
                return Err(unsupported(
                    tool.place_of("type"),
                    kind,
                    "Leave the tool out, or offer one of your own with a `name` and an `input_schema`.",
                ));
            }
        },
    };
    tool.drop_rest("tools[].", notes);
    Ok(json!({"type": "function", "function": sent}))
}

fn custom(name: String, tool: &mut Fields<'_>) -> Result<Value, Untranslatable> {
    let mut sent = Map::new();
    sent.insert("name".to_owned(), name.into());
    if let Some(description) = tool.optional_text("description")? {
        sent.insert("description".to_owned(), description.into());
    }
    let schema = tool.required("input_schema", "the JSON schema of the tool's input")?;
    if !schema.is_object() {
        return Err(wrong_type(
            &tool.place_of("input_schema"),
            "an object",
            &schema,
        ));
    }
    sent.insert("parameters".to_owned(), schema);
    if let Some(strict) = tool.optional_flag("strict")? {
        sent.insert("strict".to_owned(), strict.into());
    }
    Ok(sent.into())
}

/// A tool that runs at the caller and whose input Anthropic's models know by heart; others must be told.
struct BuiltIn {
    description: &'static str,
    input: fn() -> Value,
}

/// Those that any model can be told of. The others run at Anthropic (searching, fetching, executing code), or are too much
/// a thing of its models (a computer's screen, a browser, memory).
fn built_in(kind: &str) -> Option<BuiltIn> {
    if kind.starts_with("bash_") {
        return Some(BuiltIn {
            description: "Runs a command in a bash session that stays open between calls.",
            input: bash_input,
        });
    }
    kind.starts_with("text_editor_").then_some(BuiltIn {
        description: "Views, creates and edits text files. Lines are counted from 1. `str_replace` replaces text that occurs exactly once.",
        input: editor_input,
    })
}

/// Anthropic's guide "Bash tool" (2026-11).
fn bash_input() -> Value {
    json!({
        "type": "object",
        "properties": {
            "command": {"type": "string", "description": "The command to run; not needed with `restart`."},
            "restart": {"type": "boolean", "description": "Whether to start the session anew."},
        },
    })
}

/// Anthropic's guide "Text editor tool" (2026-11).
fn editor_input() -> Value {
    json!({
        "type": "object",
        "properties": {
            "command": {"type": "string", "enum": ["view", "str_replace", "create", "insert"]},
            "path": {"type": "string", "description": "The file, or for `view` also a directory."},
            "view_range": {
                "type": "array",
                "items": {"type": "integer"},
                "description": "For `view`: the first and the last line; -1 is the end of the file.",
            },
            "old_str": {"type": "string", "description": "For `str_replace`: the text to replace."},
            "new_str": {"type": "string", "description": "For `str_replace`: the new text."},
            "file_text": {"type": "string", "description": "For `create`: the content of the file."},
            "insert_line": {"type": "integer", "description": "For `insert`: the line after which to insert; 0 is the beginning."},
            "insert_text": {"type": "string", "description": "For `insert`: the text to insert."},
        },
        "required": ["command", "path"],
    })
}
