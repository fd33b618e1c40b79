//! A streamed answer: the chunks of a chat completion become the events of the Responses API. Text and thought are one item
//! at a time. Tool calls stay open to the end, since some providers send the pieces of parallel calls by turns.

mod called;
mod spoken;

use modelport_provider::chat::{ChatChunk, FinishReason, ToolCallAssembler, read_chunk};
use modelport_provider::usage::{Usage, find_usage};
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::logprobs;
use super::calls::plain;
use super::citations::Citations;
use super::echo::{Echo, Head};
use super::item::{Ending, Speech, Status};
use spoken::Speaking;

/// Turns the chunks of one streamed answer into events.
pub struct Events {
    echo: Echo,
    head: Head,
    progress: Progress,
    sequence: u64,
    /// The items so far, in order; null where one is not finished.
    output: Vec<Value>,
    speaking: Option<Speaking>,
    citations: Citations,
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
            citations: Citations::default(),
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
        self.citations.read(chunk);
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
