//! The part of a stream that is text, thought and refusals.

use serde_json::{Value, json};

use super::{Delta, Events};
use crate::responses::item::{Speech, Status, item_id};

/// How much text and thought of one answer is kept for its last events, in bytes.
const MAX_TEXT: usize = 32 * 1024 * 1024;

/// The item that is being spoken, and its last part.
pub(super) struct Speaking {
    pub(super) place: usize,
    id: String,
    speech: Speech,
    text: String,
    logprobs: Vec<Value>,
    /// The parts before.
    parts: Vec<Value>,
}

impl Events {
    pub(super) fn say(
        &mut self,
        speech: Speech,
        text: Option<String>,
        logprobs: Vec<Value>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(());
        };
        self.text_bytes = self.text_bytes.saturating_add(text.len());
        if self.text_bytes > MAX_TEXT {
            return Err(format!("The answer is longer than {MAX_TEXT} bytes."));
        }
        self.open(speech, out);
        let Some(mut speaking) = self.speaking.take() else {
            return Ok(());
        };
        speaking.text.push_str(&text);
        let delta = Delta {
            item_id: &speaking.id,
            output_index: speaking.place,
            content_index: Some(speaking.parts.len()),
            text: &text,
            logprobs: (speech == Speech::Text).then_some(logprobs.as_slice()),
        };
        self.emit(speech.delta_event(), delta, out);
        speaking.logprobs.extend(logprobs);
        self.speaking = Some(speaking);
        Ok(())
    }

    /// Sees to it that a part of this kind is open.
    fn open(&mut self, speech: Speech, out: &mut Vec<u8>) {
        let open = self.speaking.take();
        let speaking = match open {
            Some(same) if same.speech == speech => {
                self.speaking = Some(same);
                return;
            }
            // Text and refusal are parts of one message.
            Some(mut message) if message.speech.prefix() == speech.prefix() => {
                self.end_part(&mut message, out);
                message.speech = speech;
                message
            }
            other => {
                self.speaking = other;
                self.hush(Status::Completed, out);
                self.begin_item(speech, out)
            }
        };
        let added = json!({
            "item_id": speaking.id,
            "output_index": speaking.place,
            "content_index": speaking.parts.len(),
            "part": speech.part("", &[], &[]),
        });
        self.speaking = Some(speaking);
        self.emit("response.content_part.added", added, out);
    }

    fn begin_item(&mut self, speech: Speech, out: &mut Vec<u8>) -> Speaking {
        let place = self.output.len();
        let id = item_id(speech.prefix(), &self.head.id, place);
        self.add(place, &speech.item(&id, &[], Status::InProgress), out);
        Speaking {
            place,
            id,
            speech,
            text: String::new(),
            logprobs: Vec::new(),
            parts: Vec::new(),
        }
    }

    /// Ends the item that is being spoken.
    pub(super) fn hush(&mut self, status: Status, out: &mut Vec<u8>) {
        if let Some(mut speaking) = self.speaking.take() {
            self.end_part(&mut speaking, out);
            let item = speaking.speech.item(&speaking.id, &speaking.parts, status);
            self.done(speaking.place, item, out);
        }
    }

    /// Tells what a text rests on. Only now all of it is known: pages are numbered anew with every chunk.
    fn annotate(&mut self, speaking: &Speaking, text: &str, out: &mut Vec<u8>) -> Vec<Value> {
        if speaking.speech != Speech::Text {
            return Vec::new();
        }
        let annotations = self.citations.of(text);
        for (place, annotation) in annotations.iter().enumerate() {
            let added = json!({
                "item_id": speaking.id,
                "output_index": speaking.place,
                "content_index": speaking.parts.len(),
                "annotation_index": place,
                "annotation": annotation,
            });
            self.emit("response.output_text.annotation.added", added, out);
        }
        annotations
    }

    fn end_part(&mut self, speaking: &mut Speaking, out: &mut Vec<u8>) {
        let speech = speaking.speech;
        let text = std::mem::take(&mut speaking.text);
        let logprobs = std::mem::take(&mut speaking.logprobs);
        let annotations = self.annotate(speaking, &text, out);
        let part = speech.part(&text, &logprobs, &annotations);
        let mut body = json!({
            "item_id": speaking.id,
            "output_index": speaking.place,
            "content_index": speaking.parts.len(),
        });
        let mut ended = body.clone();
        if let (Some(body), Some(ended)) = (body.as_object_mut(), ended.as_object_mut()) {
            match speech {
                Speech::Thought => body.insert("text".to_owned(), text.into()),
                Speech::Refusal => body.insert("refusal".to_owned(), text.into()),
                Speech::Text => {
                    body.insert("logprobs".to_owned(), logprobs.into());
                    body.insert("text".to_owned(), text.into())
                }
            };
            ended.insert("part".to_owned(), part.clone());
        }
        self.emit(speech.done_event(), body, out);
        self.emit("response.content_part.done", ended, out);
        speaking.parts.push(part);
    }
}
