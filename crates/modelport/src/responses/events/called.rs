//! The part of a stream that is tool calls.

use modelport_provider::chat::ToolCallFragment;
use serde_json::json;

use super::{Delta, Events};
use crate::responses::calls::Tool;
use crate::responses::item::{Status, item_id};

impl Events {
    pub(super) fn call(
        &mut self,
        fragment: &ToolCallFragment,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let call = self
            .calls
            .take(fragment)
            .map_err(|fault| format!("The answer has {fault}."))?;
        self.hush(Status::Completed, out);
        if self.places.len() <= call {
            self.places.resize(call.saturating_add(1), None);
        }
        match self.places.get(call).copied().flatten() {
            Some(place) => self.add_to_call(call, place, &fragment.arguments, out),
            None if self
                .calls
                .calls()
                .get(call)
                .is_some_and(|call| call.name.is_some()) =>
            {
                self.announce(call, out);
            }
            None => {}
        }
        Ok(())
    }

    /// Begins a call's item, unless it has begun.
    pub(super) fn announce(&mut self, call: usize, out: &mut Vec<u8>) {
        let Some(slot @ None) = self.places.get_mut(call) else {
            return;
        };
        let place = self.output.len();
        *slot = Some(place);
        let Some(known) = self.calls.calls().get(call) else {
            return;
        };
        let tool = Tool::of(known);
        let id = item_id(tool.prefix(), &self.head.id, place);
        let item = tool.item(&id, known, "", Status::InProgress);
        let said = known.arguments.clone();
        self.add(place, &item, out);
        self.add_to_call(call, place, &said, out);
    }

    fn add_to_call(&mut self, call: usize, place: usize, text: &str, out: &mut Vec<u8>) {
        let Some(known) = self.calls.calls().get(call).filter(|_| !text.is_empty()) else {
            return;
        };
        let tool = Tool::of(known);
        let delta = Delta {
            item_id: &item_id(tool.prefix(), &self.head.id, place),
            output_index: place,
            content_index: None,
            text,
            logprobs: None,
        };
        self.emit(tool.delta_event(), delta, out);
    }

    pub(super) fn close(&mut self, call: usize, place: usize, status: Status, out: &mut Vec<u8>) {
        let Some(known) = self.calls.calls().get(call).cloned() else {
            return;
        };
        let tool = Tool::of(&known);
        let rest = tool.rest(&known.arguments);
        self.add_to_call(call, place, rest, out);
        let said = known.arguments.clone() + rest;
        let id = item_id(tool.prefix(), &self.head.id, place);
        let mut body = json!({ "item_id": id, "output_index": place, tool.member(): said });
        if let (Tool::Function, Some(body), Some(name)) = (tool, body.as_object_mut(), &known.name)
        {
            body.insert("name".to_owned(), name.as_str().into());
        }
        self.emit(tool.done_event(), body, out);
        self.done(place, tool.item(&id, &known, &said, status), out);
    }
}
