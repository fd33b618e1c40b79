//! The few fields of a multipart form that the gateway acts on, found while the form arrives. The rest of it, files above
//! all, is only looked through for the boundary, in bounded memory. Grammar: RFC 7578 and RFC 2046, section 5.1.

use std::ops::Range;

use http::{HeaderMap, header};
use memchr::memmem;
use modelport_provider::splice::{self, AskFault, MAX_MODEL};

use crate::error::Error;

/// The longest head of a part.
const MAX_HEAD: usize = 16 << 10;

/// The longest value of a field that is read.
const MAX_VALUE: usize = MAX_MODEL;

/// The longest boundary (RFC 2046, section 5.1.1).
const MAX_BOUNDARY: usize = 70;

/// What a form asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormAsk {
    model: Option<(Range<usize>, String)>,
    stream: Option<bool>,
}

impl FormAsk {
    /// The model asked for.
    pub fn model(&self) -> Option<&str> {
        self.model.as_ref().map(|(_, name)| name.as_str())
    }

    /// Where its name stands in the form.
    pub fn model_place(&self) -> Option<Range<usize>> {
        self.model.as_ref().map(|(place, _)| place.clone())
    }

    /// Whether the answer is asked for as a stream of events.
    pub fn stream(&self) -> bool {
        self.stream.unwrap_or(false)
    }
}

/// Reads a form piece by piece.
#[derive(Debug)]
pub struct FormReader {
    /// What ends a part: CRLF, two dashes, the boundary.
    delimiter: Vec<u8>,
    /// What has arrived and is not read yet.
    carried: Vec<u8>,
    /// Where in the form `carried` begins.
    offset: usize,
    state: State,
    ask: FormAsk,
}

/// Where in the form reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first boundary.
    Preamble,
    /// Just behind a boundary.
    Boundary,
    /// In the head of a part.
    Head,
    /// In the value of a part.
    Value(Field),
    /// Behind the last boundary.
    End,
}

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Model,
    Stream,
    Other,
}

/// Whether a request with these headers sends a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let label = headers.get(header::CONTENT_TYPE);
    label.is_some_and(|label| {
        let label = label.as_bytes();
        let kind = label.get(.."multipart/form-data".len());
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/form-data"))
    })
}

impl FormReader {
    /// For a form with these headers.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when they name no boundary.
    pub fn new(headers: &HeaderMap) -> Result<Self, Error> {
        let label = headers.get(header::CONTENT_TYPE);
        let label = label
            .and_then(|label| label.to_str().ok())
            .unwrap_or_default();
        let boundary = parameter(label, "boundary")
            .filter(|boundary| (1..=MAX_BOUNDARY).contains(&boundary.len()));
        let Some(boundary) = boundary else {
            return Err(bad_form(
                "The content-type multipart/form-data names no usable boundary. Let the HTTP client set that header.",
            ));
        };
        Ok(Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            carried: Vec::new(),
            offset: 0,
            state: State::Preamble,
            ask: FormAsk::default(),
        })
    }

    /// What has been found so far.
    pub fn ask(&self) -> &FormAsk {
        &self.ask
    }

    /// Reads on.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when it is no form, or a field that is acted on is given twice or cannot be used.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), Error> {
        self.carried.extend_from_slice(piece);
        while self.step()? {}
        Ok(())
    }

    /// One step; false when more must arrive first.
    fn step(&mut self) -> Result<bool, Error> {
        match self.state {
            State::Preamble => Ok(self.find_first()),
            State::Boundary => Ok(self.behind_boundary()),
            State::Head => self.head(),
            State::Value(field) => self.value(field),
            State::End => {
                self.drop_front(self.carried.len());
                Ok(false)
            }
        }
    }

    /// The first boundary has no line end before it.
    fn find_first(&mut self) -> bool {
        let dashes = self.delimiter.get(2..).unwrap_or_default();
        let length = dashes.len();
        match memmem::find(&self.carried, dashes) {
            Some(at) => self.enter(at + length, State::Boundary),
            None => self.keep_tail(length),
        }
    }

    fn behind_boundary(&mut self) -> bool {
        if self.carried.starts_with(b"--") {
            return self.enter(2, State::End);
        }
        match memmem::find(&self.carried, b"\r\n") {
            Some(at) => self.enter(at + 2, State::Head),
            None => false,
        }
    }

    fn head(&mut self) -> Result<bool, Error> {
        if self.carried.starts_with(b"\r\n") {
            return Ok(self.enter(2, State::Value(Field::Other)));
        }
        let Some(end) = memmem::find(&self.carried, b"\r\n\r\n") else {
            if self.carried.len() > MAX_HEAD {
                return Err(bad_form("The head of a part of the form is too long."));
            }
            return Ok(false);
        };
        let head = self.carried.get(..end).unwrap_or_default();
        let field = field(&String::from_utf8_lossy(head));
        Ok(self.enter(end + 4, State::Value(field)))
    }

    fn value(&mut self, field: Field) -> Result<bool, Error> {
        let Some(end) = memmem::find(&self.carried, &self.delimiter) else {
            if field == Field::Other {
                return Ok(self.keep_tail(self.delimiter.len()));
            }
            if self.carried.len() > MAX_VALUE + self.delimiter.len() {
                return Err(bad_form(
                    "A field of the form that names a model is too long.",
                ));
            }
            return Ok(false);
        };
        let value = self.carried.get(..end).unwrap_or_default();
        let text = String::from_utf8_lossy(value).into_owned();
        let place = self.offset..self.offset + end;
        match field {
            Field::Model => self.model(place, text)?,
            Field::Stream => self.stream(&text)?,
            Field::Other => {}
        }
        let length = self.delimiter.len();
        Ok(self.enter(end + length, State::Boundary))
    }

    fn model(&mut self, place: Range<usize>, name: String) -> Result<(), Error> {
        if self.ask.model.is_some() {
            return Err(fault(&AskFault::Duplicate { field: "model" }));
        }
        splice::check_model(&name).map_err(|problem| fault(&AskFault::Model(problem)))?;
        self.ask.model = Some((place, name));
        Ok(())
    }

    fn stream(&mut self, text: &str) -> Result<(), Error> {
        if self.ask.stream.is_some() {
            return Err(fault(&AskFault::Duplicate { field: "stream" }));
        }
        let is = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        // What is neither is the provider's to refuse.
        self.ask.stream = Some(is(["true", "1", "yes"]));
        Ok(())
    }

    /// Goes on behind the first `length` bytes.
    fn enter(&mut self, length: usize, state: State) -> bool {
        self.drop_front(length);
        self.state = state;
        true
    }

    /// Forgets all that cannot be the beginning of something `length` bytes long.
    fn keep_tail(&mut self, length: usize) -> bool {
        self.drop_front(self.carried.len().saturating_sub(length.saturating_sub(1)));
        false
    }

    fn drop_front(&mut self, length: usize) {
        self.carried.drain(..length);
        self.offset += length;
    }
}

/// Which field the part with this head holds.
fn field(head: &str) -> Field {
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    });
    match disposition
        .and_then(|value| parameter(value, "name"))
        .as_deref()
    {
        Some("model") => Field::Model,
        Some("stream") => Field::Stream,
        Some(_) | None => Field::Other,
    }
}

/// A parameter of a header's value, such as `name` of `form-data; name="model"`. What stands in quotes is one value whatever
/// is in it.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquoted(quoted)?
        } else {
            let end = after.find(';').unwrap_or(after.len());
            let (value, after) = after.split_at(end);
            (value.trim().to_owned(), after)
        };
        if name
            .trim()
            .trim_start_matches(';')
            .trim()
            .eq_ignore_ascii_case(wanted)
        {
            return Some(value);
        }
        rest = after;
    }
}

/// What stands before the closing quote, and what behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            _ => value.push(letter),
        }
    }
    None
}

fn fault(fault: &AskFault) -> Error {
    Error::BadRequest {
        message: fault.describe(&[]),
        param: fault.field().map(str::to_owned),
        code: fault.code(),
    }
}

fn bad_form(message: &str) -> Error {
    Error::BadRequest {
        message: message.to_owned(),
        param: None,
        code: "invalid_form",
    }
}

#[cfg(test)]
mod tests;
