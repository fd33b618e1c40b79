//! Reading along an answer that is passed on unseen, be it compressed or too long to be held. What
//! cannot be read is let be: then the usage stays unknown, and the answer goes on as it came.

use std::io::{self, Write};

use bytes::Bytes;
use http::{HeaderMap, header};
use modelport_provider::{
    failure::ErrorBody,
    openai_compatible::{
        ends::{usage_at_end, usage_at_start},
        look::Look,
        stream::Grammar,
    },
    sse::{SseReader, events},
    usage::Usage,
};

use super::super::decoding::{Coding, Decoder};

/// The most that one piece is decoded to: more would hold up the pieces of others.
const MAX_DECODED: usize = 8 << 20;

/// How much of either end of a plain answer is kept.
const MAX_END: usize = 64 << 10;

/// What has been read of an answer so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The last usage that it told.
    pub(super) usage: Option<Usage>,
    /// The error that it holds.
    pub(super) error: Option<ErrorBody>,
    /// How far it has come.
    pub(super) progress: Progress,
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// It cannot be told.
    #[default]
    Unknown,
    /// It is a stream that has not said that it is finished.
    Unfinished,
    /// It is a stream that has given a finish reason.
    Finished,
    /// It is a stream that has said that it is done.
    Done,
}

/// A reader beside an answer.
pub(super) struct Aside {
    coding: Coding,
    expected: Expected,
    grammar: Grammar,
    state: State,
}

enum State {
    Begin,
    Reading(Box<Decoder<Reader>>),
    /// Why nothing more is read.
    Lost(String),
}

/// What an answer is said or asked to be.
#[derive(Clone, Copy)]
enum Expected {
    LabelledEvents,
    AskedForEvents,
    Plain,
}

impl Aside {
    /// A reader of an answer with these headers, which was asked for as a stream or not, in these words.
    pub(super) fn new(headers: &HeaderMap, asked_for_stream: bool, grammar: Grammar) -> Self {
        let label = headers.get(header::CONTENT_TYPE);
        let labelled =
            label.is_some_and(|label| label.as_bytes().starts_with(b"text/event-stream"));
        Self {
            coding: Coding::of(headers),
            expected: match (labelled, asked_for_stream) {
                (true, _) => Expected::LabelledEvents,
                (false, true) => Expected::AskedForEvents,
                (false, false) => Expected::Plain,
            },
            grammar,
            state: State::Begin,
        }
    }

    /// Reads a piece as it came.
    pub(super) fn read(&mut self, piece: &[u8]) {
        if let (State::Begin, Some(first)) = (&self.state, piece.first()) {
            let reader = Reader::new(self.expected, self.grammar);
            self.state = match Decoder::new(self.coding, *first, reader) {
                Some(decoder) => State::Reading(Box::new(decoder)),
                None => State::Lost("it is coded in a way that is not read here".to_owned()),
            };
        }
        if let State::Reading(decoder) = &mut self.state {
            decoder.sink().room = MAX_DECODED;
            if let Err(error) = decoder.push(piece) {
                self.lose(&error);
            }
        }
    }

    /// What has been read so far.
    pub(super) fn seen(&mut self) -> Option<&mut Seen> {
        match &mut self.state {
            State::Reading(decoder) => Some(&mut decoder.sink().seen),
            State::Begin | State::Lost(_) => None,
        }
    }

    /// The answer is at its end; why it could not be read, if it could not.
    pub(super) fn end(&mut self) -> Result<(), &str> {
        if let State::Reading(decoder) = &mut self.state {
            decoder.sink().room = MAX_DECODED;
            match decoder.end() {
                Ok(()) => decoder.sink().end(),
                Err(error) => self.lose(&error),
            }
        }
        match &self.state {
            State::Lost(why) => Err(why),
            State::Begin | State::Reading(_) => Ok(()),
        }
    }

    fn lose(&mut self, error: &io::Error) {
        self.state = State::Lost(error.to_string());
    }
}

/// What reads the text of an answer.
struct Reader {
    expected: Expected,
    grammar: Grammar,
    form: Form,
    seen: Seen,
    /// How much more may come of the piece at hand.
    room: usize,
}

enum Form {
    /// Nothing but blanks has come.
    Open,
    Events(SseReader),
    Plain(Ends),
}

impl Reader {
    fn new(expected: Expected, grammar: Grammar) -> Self {
        Self {
            expected,
            grammar,
            form: Form::Open,
            seen: Seen::default(),
            room: 0,
        }
    }

    /// Told by the first letter, since a label may be wrong.
    fn settle_form(&mut self, text: &[u8]) {
        let Some(first) = text.trim_ascii_start().first() else {
            return;
        };
        self.form = match (self.expected, first) {
            (_, b'{') | (Expected::Plain, _) => Form::Plain(Ends::default()),
            (Expected::LabelledEvents, _) | (Expected::AskedForEvents, b'd' | b'e' | b':') => {
                self.seen.progress = Progress::Unfinished;
                Form::Events(SseReader::default())
            }
            (Expected::AskedForEvents, _) => Form::Plain(Ends::default()),
        };
    }

    fn read(&mut self, text: &[u8]) -> io::Result<()> {
        if matches!(self.form, Form::Open) {
            self.settle_form(text);
        }
        match &mut self.form {
            Form::Open => Ok(()),
            Form::Plain(ends) => {
                ends.read(text);
                Ok(())
            }
            Form::Events(reader) => {
                let block = reader.push(&Bytes::copy_from_slice(text));
                read_events(
                    &block.map_err(io::Error::other)?,
                    self.grammar,
                    &mut self.seen,
                )
            }
        }
    }

    fn end(&mut self) {
        match &mut self.form {
            Form::Open => {}
            Form::Plain(ends) => ends.look(&mut self.seen),
            Form::Events(reader) => {
                // An answer may end without the blank line that closes its last event. What is not
                // JSON there is the half of one, and the progress tells that the rest is missing.
                let _ = read_events(&reader.finish(), self.grammar, &mut self.seen);
            }
        }
    }
}

impl Write for Reader {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let Some(room) = self.room.checked_sub(text.len()) else {
            return Err(io::Error::other(format!(
                "a piece of it stands for more than {MAX_DECODED} bytes"
            )));
        };
        self.room = room;
        self.read(text)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read_events(block: &[u8], grammar: Grammar, seen: &mut Seen) -> io::Result<()> {
    for event in events(block).filter(|event| event.has_data) {
        let said = grammar.read_event(&event.data);
        if said.malformed {
            return Err(io::Error::other("it holds an event that is not JSON"));
        }
        if said.usage.is_some() {
            seen.usage = said.usage;
        }
        if seen.error.is_none() {
            seen.error = said.error;
        }
        if said.done {
            seen.progress = Progress::Done;
        } else if said.finished && seen.progress == Progress::Unfinished {
            seen.progress = Progress::Finished;
        }
    }
    Ok(())
}

/// The two ends of a plain answer; the whole of a short one is in the first.
#[derive(Default)]
struct Ends {
    start: Vec<u8>,
    end: Vec<u8>,
}

impl Ends {
    fn read(&mut self, text: &[u8]) {
        let room = MAX_END.saturating_sub(self.start.len()).min(text.len());
        let (start, rest) = text.split_at(room);
        self.start.extend_from_slice(start);
        let last = rest.len().saturating_sub(MAX_END);
        self.end
            .extend_from_slice(rest.get(last..).unwrap_or_default());
        // Moving the end to the front now and then costs less than each time.
        if self.end.len() > 2 * MAX_END {
            self.end.drain(..self.end.len() - MAX_END);
        }
    }

    fn look(&self, seen: &mut Seen) {
        if self.end.is_empty() {
            if let Ok(look) = Look::at(self.start.trim_ascii()) {
                seen.usage = look.usage();
                seen.error = look.error();
            }
            return;
        }
        // The end may be short, and then what belongs to it is at the end of the start.
        let end = if self.end.len() < MAX_END {
            usage_at_end(&[&*self.start, &*self.end].concat())
        } else {
            usage_at_end(&self.end)
        };
        seen.usage = end.or_else(|| usage_at_start(&self.start));
    }
}

#[cfg(test)]
mod tests;
