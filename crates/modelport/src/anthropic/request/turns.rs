//! The conversation: Anthropic's turns as chat messages.
//!
//! Results of tools are messages of their own in the chat API and must follow the calls at once, so they go before anything
//! else that the user says in the same turn.

use serde_json::{Map, Value, json};

use super::content::{Block, Part, content_of, object, read_parts, read_text, split};
use crate::anthropic::carried::Carried;
use crate::anthropic::notes::Notes;
use crate::anthropic::reading::{Fields, Place, invalid, wrong_type};
use crate::translation::Untranslatable;

/// Takes `system` and `messages`.
pub(super) fn take_messages(
    fields: &mut Fields<'_>,
    notes: &mut Notes,
) -> Result<Vec<Value>, Untranslatable> {
    let mut conversation = Conversation {
        sent: Vec::new(),
        turn: Turn::Nobody,
        notes,
    };
    if let Some(system) = fields.take("system") {
        conversation.notes.mapped("system", "messages");
        conversation.system(system, Place::Top.member("system"))?;
    }
    let place = Place::Top.member("messages");
    fields
        .required("messages", "the conversation")
        .and_then(|messages| match messages {
            Value::Array(messages) if messages.is_empty() => {
                Err(invalid(place, "`messages` is empty; send at least one."))
            }
            Value::Array(messages) => Ok(messages),
            other => Err(wrong_type(&place, "an array", &other)),
        })?
        .into_iter()
        .enumerate()
        .try_for_each(|(number, message)| conversation.message(message, place.item(number)))?;
    conversation.end_turn();
    Ok(conversation.sent)
}

struct Conversation<'n> {
    sent: Vec<Value>,
    turn: Turn,
    notes: &'n mut Notes,
}

/// Whose turn it is, with what has been said in it.
enum Turn {
    Nobody,
    User(Vec<Part>),
    Assistant(Assistant),
}

#[derive(Default)]
struct Assistant {
    text: String,
    thoughts: String,
    calls: Vec<Value>,
    carried: Carried,
}

impl Conversation<'_> {
    fn message(&mut self, message: Value, place: Place<'_>) -> Result<(), Untranslatable> {
        let mut message = Fields::read(message, place)?;
        let role = message.text("role")?;
        let content = message.required("content", "a string or an array of blocks")?;
        let place = place.member("content");
        match role.as_str() {
            "user" => self.user(content, place)?,
            "assistant" => self.assistant(content, place)?,
            "system" => self.system(content, place)?,
            _ => {
                let place = message.place_of("role");
                let allowed = "must be one of `user`, `assistant` and `system`";
                return Err(invalid(place, format!("`{place}` {allowed}.")));
            }
        }
        message.drop_rest("messages[].", self.notes);
        Ok(())
    }

    fn system(&mut self, content: Value, place: Place<'_>) -> Result<(), Untranslatable> {
        let text = read_text(content, place, self.notes)?;
        self.end_turn();
        if !text.is_empty() {
            self.send("system", text.into());
        }
        Ok(())
    }

    fn user(&mut self, content: Value, place: Place<'_>) -> Result<(), Untranslatable> {
        let mut said = self.begin_user();
        for (number, block) in blocks(content, &place)?.into_iter().enumerate() {
            let block = Block::read(block, place.item(number), self.notes)?;
            if block.kind == "tool_result" {
                said.append(&mut self.tool_result(block)?);
            } else {
                said.append(&mut block.into_parts(self.notes)?);
            }
        }
        self.turn = Turn::User(said);
        Ok(())
    }

    /// What the user has said so far in this turn.
    fn begin_user(&mut self) -> Vec<Part> {
        match std::mem::replace(&mut self.turn, Turn::Nobody) {
            Turn::User(said) => said,
            other @ (Turn::Nobody | Turn::Assistant(_)) => {
                self.turn = other;
                self.end_turn();
                Vec::new()
            }
        }
    }

    /// Sends the result's text, and gives back what a `tool` message cannot hold.
    fn tool_result(&mut self, mut result: Block<'_>) -> Result<Vec<Part>, Untranslatable> {
        let id = result.fields.text("tool_use_id")?;
        let failed = result.fields.optional_flag("is_error")? == Some(true);
        let content = result.fields.take("content");
        let place = result.fields.place_of("content");
        let parts = content.map_or(Ok(Vec::new()), |content| {
            read_parts(content, place, self.notes)
        })?;
        let (mut text, mut media) = split(parts);
        if failed {
            self.notes
                .mapped("messages[].content[].is_error", "content");
            text.insert_str(0, FAILED);
        }
        if !media.is_empty() {
            self.notes
                .mapped("messages[].content[].content", "a user message");
            if text.is_empty() {
                ELSEWHERE.clone_into(&mut text);
            }
            media.insert(0, Part::Text(format!("The result of tool call {id}:")));
        }
        self.sent.push(object([
            ("role", "tool".into()),
            ("tool_call_id", id.into()),
            ("content", text.into()),
        ]));
        result.drop_rest(self.notes);
        Ok(media)
    }

    fn assistant(&mut self, content: Value, place: Place<'_>) -> Result<(), Untranslatable> {
        let mut said = match std::mem::replace(&mut self.turn, Turn::Nobody) {
            Turn::Assistant(said) => said,
            other @ (Turn::Nobody | Turn::User(_)) => {
                self.turn = other;
                self.end_turn();
                Assistant::default()
            }
        };
        for (number, block) in blocks(content, &place)?.into_iter().enumerate() {
            let block = Block::read(block, place.item(number), self.notes)?;
            said.hear(block, self.notes)?;
        }
        self.turn = Turn::Assistant(said);
        Ok(())
    }

    fn send(&mut self, role: &str, content: Value) {
        self.sent
            .push(object([("role", role.into()), ("content", content)]));
    }

    fn end_turn(&mut self) {
        match std::mem::replace(&mut self.turn, Turn::Nobody) {
            Turn::User(said) if !said.is_empty() => self.send("user", content_of(said)),
            Turn::Assistant(said) => self.sent.push(said.into_message()),
            Turn::Nobody | Turn::User(_) => {}
        }
    }
}

/// The chat API has no other way to say that a tool failed.
const FAILED: &str = "Error: ";
/// Stands in for a result of which everything is in the user's message; some providers want a text.
const ELSEWHERE: &str = "The result is in the next message.";

fn blocks(content: Value, place: &Place<'_>) -> Result<Vec<Value>, Untranslatable> {
    match content {
        text @ Value::String(_) => Ok(vec![object([("type", "text".into()), ("text", text)])]),
        Value::Array(blocks) => Ok(blocks),
        other => Err(wrong_type(place, "a string or an array of blocks", &other)),
    }
}

impl Assistant {
    fn hear(&mut self, mut block: Block<'_>, notes: &mut Notes) -> Result<(), Untranslatable> {
        match block.kind.as_str() {
            "text" => self.text.push_str(&block.fields.text("text")?),
            "thinking" => {
                self.thoughts.push_str(&block.fields.text("thinking")?);
                notes.mapped("messages[].content[].thinking", "reasoning_content");
                let signature = block.fields.take("signature");
                if signature.is_some_and(|signature| !self.carry(&signature)) {
                    notes.dropped("messages[].content[].signature");
                }
            }
            "redacted_thinking" => {
                let data = block.fields.take("data");
                if !data.is_some_and(|data| self.carry(&data)) {
                    notes.dropped("messages[].content[].redacted_thinking");
                }
                return Ok(());
            }
            "tool_use" => self.calls.push(call(&mut block.fields)?),
            _ => return Err(block.refuse()),
        }
        block.drop_rest(notes);
        Ok(())
    }

    /// Takes up what a signature carries, and says whether it was one of ours.
    fn carry(&mut self, signature: &Value) -> bool {
        let carried = signature.as_str().and_then(Carried::read);
        let is_ours = carried.is_some();
        self.carried.absorb(carried.unwrap_or_default());
        is_ours
    }

    fn into_message(self) -> Value {
        let mut message = Map::new();
        message.insert("role".to_owned(), "assistant".into());
        // Without calls there must be a text, be it empty: Ollama refuses a null then (fact sheet, 2026-11-22).
        let content = if self.text.is_empty() && !self.calls.is_empty() {
            Value::Null
        } else {
            self.text.into()
        };
        message.insert("content".to_owned(), content);
        if !self.thoughts.is_empty() {
            message.insert("reasoning_content".to_owned(), self.thoughts.into());
        }
        if !self.calls.is_empty() {
            message.insert("tool_calls".to_owned(), self.calls.into());
        }
        self.carried.restore(&mut message);
        message.into()
    }
}

fn call(block: &mut Fields<'_>) -> Result<Value, Untranslatable> {
    let (id, name) = (block.text("id")?, block.text("name")?);
    let input = block.take("input").unwrap_or_else(|| json!({}));
    if !input.is_object() {
        return Err(wrong_type(&block.place_of("input"), "an object", &input));
    }
    let function = object([
        ("name", name.into()),
        ("arguments", input.to_string().into()),
    ]);
    Ok(object([
        ("id", id.into()),
        ("type", "function".into()),
        ("function", function),
    ]))
}
