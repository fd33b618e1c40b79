//! What a provider wants to see again with the next request and the Messages API has no place for: `OpenRouter`'s
//! `reasoning_details`, and the `extra_content` of a tool call, in which Gemini signs it (fact sheet, 2026-11-22). It travels
//! as the signature of a thought, or as a redacted thought where there is none: these are opaque to callers, who send them
//! back as they came, as Anthropic asks them to.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;
use modelport_provider::scan::{self, Kind};
use modelport_provider::splice::{self, Spliced};
use serde_json::{Map, Value, json};

/// What a signature of ours begins with, as no provider's does.
const MARK: &str = "modelport:";

/// The same as it stands in a body.
const WRITTEN: &[u8] = b"\"modelport:{";

const DETAILS: &str = "reasoning_details";

/// What Gemini adds to a call.
pub(super) const EXTRA: &str = "extra_content";

/// The most that is carried of one answer, in bytes. Who thinks at greater length does without.
const MAX_CARRIED: usize = 4 << 20;

/// What is carried of one answer.
#[derive(Debug, Default)]
pub(super) struct Carried {
    details: Vec<Value>,
    /// Of the calls, by their ids.
    extras: Map<String, Value>,
    size: usize,
}

impl Carried {
    /// What a signature carries; `None` for one that is not ours.
    pub(super) fn read(signature: &str) -> Option<Self> {
        let json = signature.strip_prefix(MARK)?;
        let mut members: Map<String, Value> = serde_json::from_str(json).ok()?;
        let mut carried = Self::default();
        if let Some(Value::Array(details)) = members.remove(DETAILS) {
            carried.details = details;
        }
        if let Some(Value::Object(extras)) = members.remove(EXTRA) {
            carried.extras = extras;
        }
        Some(carried)
    }

    /// Takes up what else a turn carries.
    pub(super) fn absorb(&mut self, other: Self) {
        self.details.extend(other.details);
        self.extras.extend(other.extras);
    }

    /// Adds pieces of thought. In a stream they come in parts, told together by their kind and index.
    pub(super) fn add_details(&mut self, details: &Value) {
        for piece in details.as_array().into_iter().flatten() {
            if !self.has_room_for(piece) {
                return;
            }
            let known = self.details.iter_mut().find(|known| is_part(known, piece));
            match (known.and_then(Value::as_object_mut), piece.as_object()) {
                (Some(known), Some(piece)) => join(known, piece),
                (None, _) | (_, None) => self.details.push(piece.clone()),
            }
        }
    }

    /// Adds what came with the call of this id.
    pub(super) fn add_extra(&mut self, call: &str, extra: &Value) {
        if self.has_room_for(extra) {
            self.extras.insert(call.to_owned(), extra.clone());
        }
    }

    /// Half of it would be worth nothing, so that past the bound all of it goes.
    fn has_room_for(&mut self, value: &Value) -> bool {
        self.size = self.size.saturating_add(value.to_string().len());
        if self.size <= MAX_CARRIED {
            return true;
        }
        self.details.clear();
        self.extras.clear();
        false
    }

    /// The signature that carries it; `None` if there is nothing.
    pub(super) fn take(&mut self) -> Option<String> {
        let (details, extras) = (
            std::mem::take(&mut self.details),
            std::mem::take(&mut self.extras),
        );
        if details.is_empty() && extras.is_empty() {
            return None;
        }
        let mut members = Map::new();
        if !details.is_empty() {
            members.insert(DETAILS.to_owned(), details.into());
        }
        if !extras.is_empty() {
            members.insert(EXTRA.to_owned(), extras.into());
        }
        Some(format!("{MARK}{}", json!(members)))
    }

    /// Puts it where the chat API has it: into the assistant's message, which has its calls.
    pub(super) fn restore(mut self, message: &mut Map<String, Value>) {
        if !self.details.is_empty() {
            message.insert(DETAILS.to_owned(), self.details.into());
        }
        let calls = message.get_mut("tool_calls").and_then(Value::as_array_mut);
        for call in calls.into_iter().flatten() {
            let id = call.get("id").and_then(Value::as_str).unwrap_or_default();
            if let (Some(extra), Some(call)) = (self.extras.remove(id), call.as_object_mut()) {
                call.insert(EXTRA.to_owned(), extra);
            }
        }
    }
}

/// Whether a piece goes on where another has stopped. What is encrypted comes whole.
fn is_part(known: &Value, piece: &Value) -> bool {
    let same = |name: &str| piece.get(name).is_some() && piece.get(name) == known.get(name);
    piece.get("data").is_none() && same("type") && same("index")
}

fn join(known: &mut Map<String, Value>, piece: &Map<String, Value>) {
    for (name, value) in piece {
        match (known.get_mut(name), value) {
            (_, Value::Null) => {}
            (Some(Value::String(so_far)), Value::String(more))
                if ["text", "summary"].contains(&name.as_str()) =>
            {
                so_far.push_str(more);
            }
            _ => {
                known.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A request without the thoughts that carry something, for a provider that checks signatures: it refuses ours. `None` if
/// there are none.
pub fn without_carried(body: &Bytes) -> Option<Spliced> {
    memmem::find(body, WRITTEN)?;
    let mut edits = Vec::new();
    for message in elements(body, &member(body, &(0..body.len()), "messages")?) {
        let Some(content) = member(body, &message, "content") else {
            continue;
        };
        let blocks = elements(body, &content);
        let is_ours = |block: &Range<usize>| {
            ["signature", "data"].iter().any(|name| {
                let value = member(body, block, name);
                let value = value.and_then(|value| body.get(value));
                value.is_some_and(|value| value.starts_with(WRITTEN))
            })
        };
        let gone: Vec<bool> = blocks.iter().map(is_ours).collect();
        if gone.contains(&true) {
            let places: Vec<_> = blocks
                .iter()
                .map(|block| (block.start, block.end))
                .collect();
            edits.extend(splice::removals(&places, &gone));
        }
    }
    (!edits.is_empty()).then(|| splice::apply(body, &edits))
}

/// Where a member of the object at `place` stands.
fn member(body: &[u8], place: &Range<usize>, name: &str) -> Option<Range<usize>> {
    let mut found = None;
    let read = scan::members(body.get(place.clone())?, |member| {
        if member.key == name {
            found = Some(within(place, &member.value));
        }
    });
    read.ok().and(found)
}

/// Where the objects of the array at `place` stand; none of what is no array.
fn elements(body: &[u8], place: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let array = body.get(place.clone()).unwrap_or_default();
    let read = scan::elements(array, |element, _: Kind| {
        found.push(within(place, &element));
    });
    if read.is_err() {
        found.clear();
    }
    found
}

fn within(place: &Range<usize>, part: &Range<usize>) -> Range<usize> {
    place.start + part.start..place.start + part.end
}

#[cfg(test)]
mod tests;
