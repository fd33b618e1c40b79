//! A streamed answer: the chunks of a chat completion become the events of the Responses API. Text and thought are one item
//! at a time. Tool calls stay open to the end, since some providers send the pieces of parallel calls by turns.

use modelport_provider::chat::{
    ChatChunk, FinishReason, ToolCallAssembler, ToolCallFragment, read_chunk,
};
use modelport_provider::usage::{Usage, find_usage};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::logprobs;
use super::calls::{Tool, plain};
use super::echo::{Echo, Head};
use super::item::{Ending, Speech, Status, item_id};

/// How much text and thought of one answer is kept for its last events, in bytes.
const MAX_TEXT: usize = 32 * 1024 * 1024;

/// Turns the chunks of one streamed answer into events.
pub struct Events {
    echo: Echo,
    head: Head,
    progress: Progress,
    sequence: u64,
    /// The items so far, in order; null where one is not finished.
    output: Vec<Value>,
    speaking: Option<Speaking>,
    calls: ToolCallAssembler,
    /// Where the calls stand in the output; `None` until a call's name is known.
    places: Vec<Option<usize>>,
    text_bytes: usize,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    New,
    Begun,
    Over,
}

/// The item that is being spoken, and its last part.
struct Speaking {
    place: usize,
    id: String,
    speech: Speech,
    text: String,
    logprobs: Vec<Value>,
    /// The parts before.
    parts: Vec<Value>,
}

#[derive(Serialize)]
struct Event<'a, B> {
    #[serde(rename = "type")]
    name: &'a str,
    sequence_number: u64,
    #[serde(flatten)]
    body: B,
}

#[derive(Serialize)]
struct Delta<'a> {
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<usize>,
    #[serde(rename = "delta")]
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a [Value]>,
}

impl Events {
    /// For the answer to one request.
    pub fn new(echo: Echo, requested_model: &str, response_id: &str, created_at: u64) -> Self {
        Self {
            echo,
            head: Head {
                id: response_id.to_owned(),
                model: requested_model.to_owned(),
                created_at,
            },
            progress: Progress::New,
            sequence: 0,
            output: Vec::new(),
            speaking: None,
            calls: ToolCallAssembler::new(),
            places: Vec::new(),
            text_bytes: 0,
            finish: None,
            usage: None,
        }
    }

    /// Takes one chunk, which is not `[DONE]`; what is no chunk is passed over.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let Ok(read) = read_chunk(chunk) else { return };
        if self.progress == Progress::Over {
            return;
        }
        self.begin(out);
        if let Some(usage) = find_usage(chunk) {
            self.usage = Some(usage.over(self.usage.as_ref()));
        }
        if read.error_json().is_some() {
            self.finish = Some(FinishReason::Error);
        }
        let tokens = if self.echo.wants_logprobs() {
            logprobs(chunk)
        } else {
            Vec::new()
        };
        if let Err(message) = self.take(read, tokens, out) {
            self.fail("answer_too_long", &message, out);
        }
    }

    /// Ends the answer, once the stream has come to its end.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.progress == Progress::Over {
            return;
        }
        self.begin(out);
        let ending = Ending::of(self.finish);
        // What is announced only now is the last item, so that it is known before anything is closed.
        for call in 0..self.calls.calls().len() {
            self.announce(call, out);
        }
        let last = self.output.len().saturating_sub(1);
        let status = |place: usize| {
            if place == last {
                ending.of_last_item()
            } else {
                Status::Completed
            }
        };
        if let Some(place) = self.speaking.as_ref().map(|speaking| speaking.place) {
            self.hush(status(place), out);
        }
        for call in 0..self.places.len() {
            if let Some(Some(place)) = self.places.get(call).copied() {
                self.close(call, place, status(place), out);
            }
        }
        self.progress = Progress::Over;
        let usage = self.usage.as_ref();
        let response = self
            .echo
            .response(&self.head, Some(ending), &self.output, usage);
        self.emit(ending.event(), json!({ "response": response }), out);
    }

    /// Ends the answer with an error. `OpenAI`'s Python SDK raises on a member `error` (3.57, `_streaming.py`); the others are
    /// those of the API's own event.
    pub fn fail(&mut self, code: &str, message: &str, out: &mut Vec<u8>) {
        if self.progress == Progress::Over {
            return;
        }
        self.progress = Progress::Over;
        let error =
            json!({ "message": message, "type": "upstream_error", "param": null, "code": code });
        let body = json!({ "code": code, "message": message, "param": null, "error": error });
        self.emit("error", body, out);
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.progress == Progress::New {
            self.progress = Progress::Begun;
            let response = self.echo.response(&self.head, None, &[], None);
            self.emit("response.created", json!({ "response": response }), out);
            self.emit("response.in_progress", json!({ "response": response }), out);
        }
    }

    fn take(
        &mut self,
        chunk: ChatChunk,
        logprobs: Vec<Value>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let Some(choice) = chunk.choices.into_iter().next() else {
            return Ok(());
        };
        let delta = choice.delta;
        self.say(Speech::Thought, delta.reasoning, Vec::new(), out)?;
        self.say(Speech::Text, delta.content, logprobs, out)?;
        self.say(Speech::Refusal, delta.refusal, Vec::new(), out)?;
        for fragment in delta.tool_calls {
            self.call(&plain(fragment), out)?;
        }
        if let Some(reason) = choice.finish_reason {
            self.finish.get_or_insert(FinishReason::named(&reason));
        }
        Ok(())
    }

    fn say(
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
            "part": speech.part("", &[]),
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
    fn hush(&mut self, status: Status, out: &mut Vec<u8>) {
        if let Some(mut speaking) = self.speaking.take() {
            self.end_part(&mut speaking, out);
            let item = speaking.speech.item(&speaking.id, &speaking.parts, status);
            self.done(speaking.place, item, out);
        }
    }

    fn end_part(&mut self, speaking: &mut Speaking, out: &mut Vec<u8>) {
        let speech = speaking.speech;
        let text = std::mem::take(&mut speaking.text);
        let logprobs = std::mem::take(&mut speaking.logprobs);
        let part = speech.part(&text, &logprobs);
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

    fn call(&mut self, fragment: &ToolCallFragment, out: &mut Vec<u8>) -> Result<(), String> {
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
    fn announce(&mut self, call: usize, out: &mut Vec<u8>) {
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

    fn close(&mut self, call: usize, place: usize, status: Status, out: &mut Vec<u8>) {
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

    fn add(&mut self, place: usize, item: &Value, out: &mut Vec<u8>) {
        self.output.push(Value::Null);
        self.emit(
            "response.output_item.added",
            json!({ "output_index": place, "item": item }),
            out,
        );
    }

    fn done(&mut self, place: usize, item: Value, out: &mut Vec<u8>) {
        self.emit(
            "response.output_item.done",
            json!({ "output_index": place, "item": &item }),
            out,
        );
        if let Some(slot) = self.output.get_mut(place) {
            *slot = item;
        }
    }

    fn emit(&mut self, name: &str, body: impl Serialize, out: &mut Vec<u8>) {
        let event = Event {
            name,
            sequence_number: self.sequence,
            body,
        };
        self.sequence = self.sequence.saturating_add(1);
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        // Maps with text for names, written to memory: nothing can fail.
        serde_json::to_writer(&mut *out, &event).unwrap_or_default();
        out.extend_from_slice(b"\n\n");
    }
}
