//! Chat chunks as Anthropic's events, one by one.
//!
//! Anthropic's blocks come one after the other, each closed before the next begins, while providers may send pieces of
//! several tool calls in turn. So one call is open at a time and the others wait in `calls` until its arguments are a whole
//! object, or the stream is at its end.

mod calls;
mod write;

use modelport_provider::chat::{self, ChatChunk, ChunkChoice, FinishReason, read_chunk};
use modelport_provider::usage::find_usage;

use self::calls::{Broken, Calls};
use self::write::{
    Block, Delta, write_delta, write_end, write_error, write_opening, write_redacted, write_start,
    write_stop, write_tool,
};
use super::carried::{Carried, EXTRA};
use super::stop::{Ending, call_id, matched_sequence, message_id};
use super::usage::MessageUsage;

/// A stream: chat chunks in, Anthropic's events out.
#[derive(Debug)]
pub struct Events {
    model: String,
    /// What was used, as far as is known: an estimate of the input at first.
    usage: MessageUsage,
    stage: Stage,
    /// The message's id, once it has begun.
    id: String,
    /// How many blocks have begun.
    begun: u64,
    open: Option<Block>,
    calls: Calls,
    carried: Carried,
    ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Going,
    Over,
}

/// How far calls are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// As far as they have come; the last stays open.
    Following,
    /// To their end: nothing more of them will come.
    Ending,
}

impl Events {
    /// A stream that has not begun. `requested_model` is the message's model where the chunks name none; the estimate is
    /// what the input counts until the provider tells.
    pub fn new(requested_model: &str, input_tokens_estimate: u64) -> Self {
        Self {
            model: requested_model.to_owned(),
            usage: MessageUsage::estimated(input_tokens_estimate),
            stage: Stage::Waiting,
            id: String::new(),
            begun: 0,
            open: None,
            calls: Calls::default(),
            carried: Carried::default(),
            ending: Ending::default(),
        }
    }

    /// Appends the events that one chunk's data comes to; often none. `[DONE]` is not passed in, nor a chunk with an error.
    ///
    /// Tool calls that cannot be told apart any more, or are past a bound, end the stream with an error event; nothing is
    /// written after it.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if self.stage == Stage::Over {
            return;
        }
        let Ok(read) = read_chunk(chunk) else {
            return;
        };
        if let Some(usage) = find_usage(chunk) {
            self.usage = MessageUsage::from(&usage);
        }
        let Some(choice) = read.choices.first() else {
            return;
        };
        self.begin(&read, chunk, out);
        self.write_choice(choice, chunk, out);
    }

    /// Appends the end of a finished stream: the open block's, what else was waiting, the reason and the usage. A stream
    /// that finished with a failure ends in an error event.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if self.stage == Stage::Over {
            return;
        }
        if self.ending.finish == Some(FinishReason::Error) {
            self.fail("api_error", "The provider gave the answer up.", "", out);
            return;
        }
        self.begin(&ChatChunk::default(), b"", out);
        self.write_calls(Pace::Ending, out);
        self.close(out);
        self.hand_over(out);
        write_end(&self.ending, &self.usage, out);
        self.stage = Stage::Over;
    }

    /// Appends one error event, after which nothing is written. `kind` is Anthropic's word for it.
    pub fn fail(&mut self, kind: &str, message: &str, request_id: &str, out: &mut Vec<u8>) {
        if self.stage != Stage::Over {
            write_error(kind, message, request_id, out);
            self.stage = Stage::Over;
        }
    }

    fn begin(&mut self, chunk: &ChatChunk, data: &[u8], out: &mut Vec<u8>) {
        if self.stage != Stage::Waiting {
            return;
        }
        self.stage = Stage::Going;
        self.id = message_id(&chunk.id, data);
        if !chunk.model.is_empty() {
            self.model.clone_from(&chunk.model);
        }
        write_start(&self.id, &self.model, &self.usage.of_input(), out);
    }

    fn write_choice(&mut self, choice: &ChunkChoice, chunk: &[u8], out: &mut Vec<u8>) {
        let details = choice.delta.reasoning_details.as_deref();
        if let Some(details) = details.and_then(|details| serde_json::from_str(details.get()).ok())
        {
            self.carried.add_details(&details);
        }
        self.write_texts(&choice.delta, out);
        // Some servers send an empty reason on every chunk.
        if let Some(reason) = filled(choice.finish_reason.as_deref()) {
            self.ending.finish = Some(FinishReason::named(reason));
            self.ending.sequence = matched_sequence(chunk);
        }
        if choice.delta.tool_calls.is_empty() {
            return;
        }
        match self.calls.push(&choice.delta.tool_calls) {
            Ok(()) => self.write_calls(Pace::Following, out),
            Err(broken) => self.give_up(broken, out),
        }
    }

    fn write_texts(&mut self, delta: &chat::Delta, out: &mut Vec<u8>) {
        if let Some(thought) = filled(delta.reasoning.as_deref()) {
            self.write_text(Delta::thinking(thought), out);
        }
        if let Some(text) = filled(delta.content.as_deref()) {
            self.write_text(Delta::text(text), out);
        }
        if let Some(refusal) = filled(delta.refusal.as_deref()) {
            self.ending.refused = true;
            self.write_text(Delta::text(refusal), out);
        }
    }

    fn give_up(&mut self, broken: Broken, out: &mut Vec<u8>) {
        let message = format!("The answer cannot be passed on: {broken}.");
        self.fail("api_error", &message, "", out);
    }

    /// Text after a call means that the call is complete; should more of it come all the same, [`Calls`] says so.
    fn write_text(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.write_calls(Pace::Ending, out);
        let block = delta.block();
        if self.open != Some(block) {
            self.close(out);
            if block != Block::Thinking {
                self.hand_over(out);
            }
            write_opening(self.begun, block, out);
            self.open_block(block);
        }
        write_delta(self.index(), delta, out);
    }

    fn write_calls(&mut self, pace: Pace, out: &mut Vec<u8>) {
        while self.calls.current().is_some() {
            if self.open != Some(Block::Tool) && !self.open_call(pace, out) {
                return;
            }
            let index = self.index();
            let arguments = self.calls.take_arguments();
            if !arguments.is_empty() {
                write_delta(index, Delta::input(arguments), out);
            }
            if pace == Pace::Following && !self.calls.may_go_on() {
                return;
            }
            self.close(out);
            self.calls.close();
        }
    }

    /// Begins the current call's block, and says whether it could: the name is in its first event, so it waits for that.
    fn open_call(&mut self, pace: Pace, out: &mut Vec<u8>) -> bool {
        let Some(call) = self.calls.current() else {
            return false;
        };
        if call.name.is_none() && pace == Pace::Following {
            return false;
        }
        let name = call.name.clone().unwrap_or_default();
        let given = call.id.as_deref().unwrap_or_default();
        let id = call_id(given, &self.id, self.ending.calls);
        if let Some(extra) = call.extra.get(EXTRA) {
            self.carried.add_extra(&id, extra);
        }
        self.close(out);
        self.hand_over(out);
        write_tool(self.begun, &id, &name, out);
        self.open_block(Block::Tool);
        self.ending.calls += 1;
        true
    }

    fn open_block(&mut self, block: Block) {
        self.open = Some(block);
        self.begun += 1;
    }

    /// The open block's number.
    fn index(&self) -> u64 {
        self.begun.saturating_sub(1)
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        let Some(block) = self.open.take() else {
            return;
        };
        if block == Block::Thinking
            && let Some(signature) = self.carried.take()
        {
            write_delta(self.index(), Delta::signature(&signature), out);
        }
        write_stop(self.index(), out);
    }

    /// Writes a block of its own for what is carried and no thought was there for.
    fn hand_over(&mut self, out: &mut Vec<u8>) {
        if let Some(data) = self.carried.take() {
            write_redacted(self.begun, &data, out);
            self.begun += 1;
        }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
