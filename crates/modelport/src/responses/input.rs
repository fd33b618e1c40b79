//! The conversation: a list of items becomes a list of messages. What the model did in one turn, which the Responses API
//! tells in several items, is one message in the chat API.

use modelport_provider::receipt::{Fate, Receipt};
use serde_json::{Map, Value, json};

use super::calls::EXTRA;
use super::content::{self, Answered};
use super::fault::{self, missing, unsupported, wrong_kind};
use crate::translation::Untranslatable;

/// The messages that `instructions` and `input` make.
pub(super) fn messages(
    instructions: Option<&Value>,
    input: Option<&Value>,
    receipt: &mut Receipt,
) -> Result<Vec<Value>, Untranslatable> {
    let mut conversation = Conversation::default();
    match instructions {
        None => {}
        Some(Value::String(text)) => conversation.say("system", text.as_str()),
        Some(Value::Array(items)) => conversation.add_all(items, "instructions", receipt)?,
        Some(_) => return Err(wrong_kind("instructions", "text")),
    }
    match input {
        Some(Value::String(text)) => conversation.say("user", text.as_str()),
        Some(Value::Array(items)) if !items.is_empty() => {
            conversation.add_all(items, "input", receipt)?;
        }
        Some(Value::Array(_)) => return Err(missing("input", "text or at least one item")),
        Some(_) => return Err(wrong_kind("input", "text or an array of items")),
        None => return Err(missing("input", "text or an array of items")),
    }
    conversation.forget_thought(receipt);
    if conversation.messages.is_empty() {
        return Err(missing(
            "input",
            "text, or items of which one says something",
        ));
    }
    Ok(conversation.messages)
}

#[derive(Default)]
struct Conversation {
    messages: Vec<Value>,
    /// What the model thought before what comes next.
    thought: Option<String>,
}

impl Conversation {
    fn add_all(
        &mut self,
        items: &[Value],
        list: &str,
        receipt: &mut Receipt,
    ) -> Result<(), Untranslatable> {
        for (place, item) in items.iter().enumerate() {
            self.add(item, &format!("{list}[{place}]"), receipt)?;
        }
        Ok(())
    }

    fn add(&mut self, item: &Value, at: &str, receipt: &mut Receipt) -> Result<(), Untranslatable> {
        let members = fault::members(item, at)?;
        let kind = members.get("type").unwrap_or(&Value::Null);
        if !is_the_models(members) {
            self.forget_thought(receipt);
        }
        match kind.as_str() {
            None if members.contains_key("role") => self.add_message(members, at),
            Some("message") => self.add_message(members, at),
            Some("function_call") => {
                let [id, name, arguments] = texts(members, at, ["call_id", "name", "arguments"])?;
                let function = json!({ "name": name, "arguments": arguments });
                let mut call = json!({ "id": id, "type": "function", "function": function });
                if let (Some(call), Some(extra)) = (call.as_object_mut(), members.get(EXTRA)) {
                    call.insert(EXTRA.to_owned(), extra.clone());
                }
                self.add_call(call);
                Ok(())
            }
            Some("custom_tool_call") => {
                let [id, name, input] = texts(members, at, ["call_id", "name", "input"])?;
                let custom = json!({ "name": name, "input": input });
                self.add_call(json!({ "id": id, "type": "custom", "custom": custom }));
                Ok(())
            }
            Some("function_call_output" | "custom_tool_call_output") => {
                self.add_output(members, at)
            }
            Some("reasoning") => {
                self.think(members, receipt);
                Ok(())
            }
            Some(_) | None => {
                let remedy = "Use messages, function calls, custom tool calls, their outputs and reasoning, each in full.";
                Err(unsupported(&format!("{at}.type"), kind, remedy))
            }
        }
    }

    fn add_message(
        &mut self,
        members: &Map<String, Value>,
        at: &str,
    ) -> Result<(), Untranslatable> {
        let role = members.get("role").unwrap_or(&Value::Null);
        let field = format!("{at}.content");
        let content = members.get("content").unwrap_or(&Value::Null);
        match role.as_str() {
            Some("assistant") => self.answer(&Answered::read(content, &field)?),
            Some(role @ ("user" | "system" | "developer")) => {
                self.say(role, content::said(content, &field)?);
            }
            Some(_) | None => {
                let remedy = "Use user, assistant, system or developer.";
                return Err(unsupported(&format!("{at}.role"), role, remedy));
            }
        }
        Ok(())
    }

    fn say(&mut self, role: &str, content: impl Into<Value>) {
        let content: Value = content.into();
        self.messages
            .push(json!({ "role": role, "content": content }));
    }

    /// Calls and their outputs must follow each other in the chat API, so that a text after calls joins their message.
    fn answer(&mut self, answered: &Answered) {
        let is_free = !self
            .last_answer()
            .is_some_and(|last| last.contains_key("tool_calls"));
        let message = if is_free {
            self.new_answer()
        } else {
            self.open_answer()
        };
        let Some(message) = message else { return };
        append(message, "content", &answered.text);
        if !answered.refusal.is_empty() {
            append(message, "refusal", &answered.refusal);
        }
    }

    fn add_call(&mut self, call: Value) {
        let Some(message) = self.open_answer() else {
            return;
        };
        let calls = message.entry("tool_calls").or_insert_with(|| json!([]));
        if let Some(calls) = calls.as_array_mut() {
            calls.push(call);
        }
    }

    fn add_output(&mut self, members: &Map<String, Value>, at: &str) -> Result<(), Untranslatable> {
        let [id] = texts(members, at, ["call_id"])?;
        let field = format!("{at}.output");
        let output = members
            .get("output")
            .ok_or_else(|| missing(&field, "text"))?;
        let content = content::output(output, &field)?;
        self.messages
            .push(json!({ "role": "tool", "tool_call_id": id, "content": content }));
        Ok(())
    }

    /// A thought is text in its content, or in its summary. One that is encrypted says nothing to another provider.
    fn think(&mut self, members: &Map<String, Value>, receipt: &mut Receipt) {
        let text = |name: &str| -> Option<String> {
            let parts = members.get(name)?.as_array()?;
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            Some(texts.collect::<Vec<_>>().join("\n")).filter(|text| !text.is_empty())
        };
        match text("content").or_else(|| text("summary")) {
            None => receipt.note("input[].reasoning", Fate::Dropped),
            Some(thought) => {
                let mut all = self
                    .thought
                    .take()
                    .map(|before| before + "\n")
                    .unwrap_or_default();
                all.push_str(&thought);
                self.thought = Some(all);
            }
        }
    }

    /// A thought belongs to what the model said right after it, and to nothing later.
    fn forget_thought(&mut self, receipt: &mut Receipt) {
        if self.thought.take().is_some() {
            receipt.note("input[].reasoning", Fate::Dropped);
        }
    }

    fn last_answer(&mut self) -> Option<&mut Map<String, Value>> {
        let last = self.messages.last_mut()?.as_object_mut()?;
        let is_answer = last.get("role").and_then(Value::as_str) == Some("assistant");
        is_answer.then_some(last)
    }

    /// The model's message that was begun last, or a new one.
    fn open_answer(&mut self) -> Option<&mut Map<String, Value>> {
        if self.last_answer().is_none() {
            return self.new_answer();
        }
        let thought = self.thought.take();
        let last = self.last_answer()?;
        if let Some(thought) = thought {
            if last.contains_key("reasoning_content") {
                append(last, "reasoning_content", "\n");
            }
            append(last, "reasoning_content", &thought);
        }
        Some(last)
    }

    fn new_answer(&mut self) -> Option<&mut Map<String, Value>> {
        let thought = self.thought.take();
        self.messages
            .push(json!({ "role": "assistant", "content": null }));
        let message = self.last_answer()?;
        if let Some(thought) = thought {
            append(message, "reasoning_content", &thought);
        }
        Some(message)
    }
}

/// Whether an item is something that the model thought, said or called.
fn is_the_models(item: &Map<String, Value>) -> bool {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    matches!(
        text("type"),
        Some("reasoning" | "function_call" | "custom_tool_call")
    ) || text("role") == Some("assistant")
}

/// Adds to a member's text; none is as good as empty.
fn append(message: &mut Map<String, Value>, name: &str, text: &str) {
    match message.get_mut(name) {
        Some(Value::String(before)) => before.push_str(text),
        Some(_) | None => {
            message.insert(name.to_owned(), text.into());
        }
    }
}

/// Members that must be text.
fn texts<'a, const N: usize>(
    members: &'a Map<String, Value>,
    at: &str,
    names: [&str; N],
) -> Result<[&'a str; N], Untranslatable> {
    let mut found = [""; N];
    for (place, name) in found.iter_mut().zip(names) {
        let text = members.get(name).and_then(Value::as_str);
        *place = text.ok_or_else(|| missing(&format!("{at}.{name}"), "text"))?;
    }
    Ok(found)
}
