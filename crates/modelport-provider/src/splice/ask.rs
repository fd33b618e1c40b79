//! The few fields of a request that the gateway acts on, read by one scan of the body, and the faults in them that
//! are the caller's. A field that is read here and given twice is refused: a reader of the first in front of a
//! provider that takes the last would be a way around allow-lists and prices.

use std::borrow::Cow;
use std::ops::Range;

use super::fault::{AskFault, MAX_MODEL, ModelProblem};
use crate::scan::{self, Kind, Member, Problem};

/// What a request asks for. Holds places in the body and no borrow, so that the body can move.
#[derive(Debug, Clone)]
pub struct Ask {
    model: Option<Model>,
    stream: Option<bool>,
    include_usage: Option<bool>,
    /// Just behind the opening brace.
    first_member: usize,
    fields: Vec<Field>,
}

/// Where one top-level field of a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, quotes included.
    pub name: Range<usize>,
    /// Its value.
    pub value: Range<usize>,
}

impl Field {
    /// The field's name in `body`, its escapes decoded.
    pub fn key<'a>(&self, body: &'a [u8]) -> Cow<'a, str> {
        let quoted = body.get(self.name.clone()).unwrap_or_default();
        scan::string_value(quoted).unwrap_or_default()
    }

    /// Whether the field has one of these names in `body`, which are to need no escapes.
    pub fn is_named(&self, body: &[u8], names: &[&str]) -> bool {
        let quoted = body.get(self.name.clone()).unwrap_or_default();
        if quoted.contains(&b'\\') {
            return names.contains(&&*self.key(body));
        }
        let name = quoted
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""));
        name.is_some_and(|name| names.iter().any(|known| known.as_bytes() == name))
    }
}

/// The most fields whose places are kept; those beyond are sent as they came.
const MAX_FIELDS: usize = 256;

/// Room for the fields of the usual request.
const USUAL_FIELDS: usize = 16;

/// The value of `model`, which may be null.
#[derive(Debug, Clone)]
struct Model {
    value: Range<usize>,
    name: ModelName,
}

#[derive(Debug, Clone)]
enum ModelName {
    Null,
    /// Stands in the body as it is.
    Plain,
    /// Stands there with escapes; this is what they mean.
    Decoded(Box<str>),
}

/// Reads what `body` asks for, and validates all of it as JSON.
///
/// # Errors
/// An [`AskFault`] if the body is no JSON object, or if a field that is acted on is given twice or is of a wrong type.
pub fn read_ask(body: &[u8]) -> Result<Ask, AskFault> {
    let mut reading = Reading {
        body,
        ask: Ask::nothing(),
        stream_options: false,
        fault: None,
    };
    let scanned = scan::members(body, |member| reading.member(&member));
    match (scanned, reading.fault) {
        (
            Err(scan::Fault {
                problem: Problem::NotAnObject(found),
                ..
            }),
            _,
        ) => Err(AskFault::NotAnObject { found }),
        (Err(fault), _) => Err(AskFault::Malformed(fault)),
        (Ok(()), Some(fault)) => Err(fault),
        (Ok(()), None) => Ok(Ask {
            first_member: opening_brace(body) + 1,
            ..reading.ask
        }),
    }
}

/// Where an object begins that is known to be one.
fn opening_brace(body: &[u8]) -> usize {
    memchr::memchr(b'{', body).unwrap_or(0)
}

impl Ask {
    fn nothing() -> Self {
        Self {
            model: None,
            stream: None,
            include_usage: None,
            first_member: 0,
            fields: Vec::with_capacity(USUAL_FIELDS),
        }
    }

    /// The model asked for; none if there is no `model` or if it is null. `body` is the body this was read from.
    pub fn model<'a>(&'a self, body: &'a [u8]) -> Option<&'a str> {
        let model = self.model.as_ref()?;
        match &model.name {
            ModelName::Null => None,
            ModelName::Plain => {
                let quoted = body.get(model.value.clone())?;
                let name = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
                std::str::from_utf8(name).ok()
            }
            ModelName::Decoded(name) => Some(name),
        }
    }

    /// Whether the answer is asked for as a stream of events.
    pub fn stream(&self) -> bool {
        self.stream.unwrap_or(false)
    }

    /// Whether the client wants a last event with the usage: `stream_options.include_usage`.
    pub fn include_usage(&self) -> bool {
        self.include_usage.unwrap_or(false)
    }

    /// Where the value of `model` stands, even if it is null.
    pub(super) fn model_value(&self) -> Option<Range<usize>> {
        self.model.as_ref().map(|model| model.value.clone())
    }

    /// The empty range before the first member.
    pub(super) fn first_member(&self) -> Range<usize> {
        self.first_member..self.first_member
    }

    /// The top-level fields in their order, as many of them as are kept.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
}

/// An ask in the making.
struct Reading<'a> {
    body: &'a [u8],
    ask: Ask,
    stream_options: bool,
    /// The first fault in a field; a fault in the JSON, further on, comes before it.
    fault: Option<AskFault>,
}

impl Reading<'_> {
    fn member(&mut self, member: &Member<'_>) {
        if self.ask.fields.len() < MAX_FIELDS {
            self.ask.fields.push(Field {
                name: member.name.clone(),
                value: member.value.clone(),
            });
        }
        let read = match &*member.key {
            "model" => self.model(member),
            "stream" => read_bool(&mut self.ask.stream, "stream", member.kind),
            "stream_options" => self.stream_options(member),
            _ => Ok(()),
        };
        if let Err(fault) = read {
            self.fault.get_or_insert(fault);
        }
    }

    fn model(&mut self, member: &Member<'_>) -> Result<(), AskFault> {
        const FIELD: &str = "model";
        if self.ask.model.is_some() {
            return Err(AskFault::Duplicate { field: FIELD });
        }
        let wrong_type = AskFault::WrongType {
            field: FIELD,
            expected: "a string",
            found: member.kind,
        };
        let name = match member.kind {
            Kind::Null => ModelName::Null,
            Kind::String => {
                let quoted = self.body.get(member.value.clone()).unwrap_or_default();
                let name = scan::string_value(quoted).ok_or(wrong_type)?;
                check_model(&name).map_err(AskFault::Model)?;
                match name {
                    Cow::Borrowed(_) => ModelName::Plain,
                    Cow::Owned(name) => ModelName::Decoded(name.into()),
                }
            }
            Kind::Object | Kind::Array | Kind::Number | Kind::True | Kind::False => {
                return Err(wrong_type);
            }
        };
        self.ask.model = Some(Model {
            value: member.value.clone(),
            name,
        });
        Ok(())
    }

    fn stream_options(&mut self, member: &Member<'_>) -> Result<(), AskFault> {
        const FIELD: &str = "stream_options";
        if std::mem::replace(&mut self.stream_options, true) {
            return Err(AskFault::Duplicate { field: FIELD });
        }
        match member.kind {
            Kind::Null => return Ok(()),
            Kind::Object => {}
            Kind::Array | Kind::String | Kind::Number | Kind::True | Kind::False => {
                return Err(AskFault::WrongType {
                    field: FIELD,
                    expected: "an object",
                    found: member.kind,
                });
            }
        }
        let mut read = Ok(());
        let options = self.body.get(member.value.clone()).unwrap_or_default();
        let scanned = scan::members(options, |option| {
            if option.key == "include_usage" && read.is_ok() {
                read = read_bool(
                    &mut self.ask.include_usage,
                    "stream_options.include_usage",
                    option.kind,
                );
            }
        });
        scanned.map_err(AskFault::Malformed).and(read)
    }
}

/// Null counts as false, as it does at the providers.
fn read_bool(into: &mut Option<bool>, field: &'static str, found: Kind) -> Result<(), AskFault> {
    if into.is_some() {
        return Err(AskFault::Duplicate { field });
    }
    *into = Some(match found {
        Kind::True => true,
        Kind::False | Kind::Null => false,
        Kind::Object | Kind::Array | Kind::String | Kind::Number => {
            return Err(AskFault::WrongType {
                field,
                expected: "true or false",
                found,
            });
        }
    });
    Ok(())
}

/// Whether a text can be the name of a model.
///
/// # Errors
/// What is wrong with it.
pub fn check_model(name: &str) -> Result<(), ModelProblem> {
    if name.is_empty() {
        return Err(ModelProblem::Empty);
    }
    if name.len() > MAX_MODEL {
        return Err(ModelProblem::TooLong);
    }
    if name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    for character in name.chars() {
        if character.is_control() {
            return Err(ModelProblem::Control);
        }
        if character.is_whitespace() {
            return Err(ModelProblem::Space);
        }
        if character == char::REPLACEMENT_CHARACTER {
            return Err(ModelProblem::NotText);
        }
    }
    Ok(())
}
