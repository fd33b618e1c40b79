//! Reading a request's JSON: members are taken out one by one, and what is wrong with one is told with its place.

use std::fmt;

use serde_json::{Map, Value};

use super::notes::Notes;
use crate::translation::Untranslatable;

/// Where something stands in the request. It is only written out when there is a fault to tell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// The whole.
    Top,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An element of an array.
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    pub(super) fn member<'b>(&'b self, name: &'b str) -> Place<'b> {
        Place::Member(self, name)
    }

    pub(super) fn item(&self, number: usize) -> Place<'_> {
        Place::Item(self, number)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Top => Ok(()),
            Place::Member(Place::Top, name) => f.write_str(name),
            Place::Member(object, name) => write!(f, "{object}.{name}"),
            Place::Item(array, number) => write!(f, "{array}[{number}]"),
        }
    }
}

/// The members of one object that have not been read yet.
#[derive(Debug)]
pub(super) struct Fields<'p> {
    members: Map<String, Value>,
    place: Place<'p>,
}

impl<'p> Fields<'p> {
    /// The members of a request's body.
    pub(super) fn read_body(body: &[u8]) -> Result<Fields<'static>, Untranslatable> {
        let value = serde_json::from_slice(body).map_err(|fault| Untranslatable {
            message: format!("The request body is not valid JSON: {fault}."),
            param: None,
            code: "invalid_json",
        })?;
        match value {
            Value::Object(members) => Ok(Fields {
                members,
                place: Place::Top,
            }),
            other => Err(Untranslatable {
                message: format!(
                    "The request body must be a JSON object, but it is {}.",
                    kind(&other)
                ),
                param: None,
                code: "not_an_object",
            }),
        }
    }

    pub(super) fn read(value: Value, place: Place<'p>) -> Result<Self, Untranslatable> {
        match value {
            Value::Object(members) => Ok(Self { members, place }),
            other => Err(wrong_type(&place, "an object", &other)),
        }
    }

    /// Where a member stands.
    pub(super) fn place_of<'b>(&'b self, name: &'b str) -> Place<'b> {
        self.place.member(name)
    }

    /// Takes a member out; a null counts as absent.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.members
            .shift_remove(name)
            .filter(|value| !value.is_null())
    }

    /// Takes a member out that must be there; `what` says what it is.
    pub(super) fn required(&mut self, name: &str, what: &str) -> Result<Value, Untranslatable> {
        self.take(name).ok_or_else(|| {
            let place = self.place_of(name);
            fault(
                &place,
                "missing_field",
                format!("`{place}` is missing; send {what}."),
            )
        })
    }

    /// Takes out a string that must be there.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Untranslatable> {
        match self.required(name, "a string")? {
            Value::String(text) => Ok(text),
            other => Err(wrong_type(&self.place_of(name), "a string", &other)),
        }
    }

    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(&self.place_of(name), "a string", &other)),
        }
    }

    pub(super) fn optional_flag(&mut self, name: &str) -> Result<Option<bool>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(wrong_type(&self.place_of(name), "true or false", &other)),
        }
    }

    pub(super) fn optional_array(
        &mut self,
        name: &str,
    ) -> Result<Option<Vec<Value>>, Untranslatable> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(wrong_type(&self.place_of(name), "an array", &other)),
        }
    }

    /// Notes all that is left as dropped, under `prefix` and its name.
    pub(super) fn drop_rest(self, prefix: &str, notes: &mut Notes) {
        for (name, _) in self.members.iter().filter(|(_, value)| !value.is_null()) {
            notes.dropped(&format!("{prefix}{name}"));
        }
    }
}

/// What a value is, for a message.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn fault(place: &impl fmt::Display, code: &'static str, message: String) -> Untranslatable {
    Untranslatable {
        message,
        param: Some(place.to_string()),
        code,
    }
}

/// A value of another kind than it must be.
pub(super) fn wrong_type(
    place: &impl fmt::Display,
    expected: &str,
    found: &Value,
) -> Untranslatable {
    let found = match found {
        // The number itself says what is wrong with it, as a negative one does.
        Value::Number(number) => number.to_string(),
        other => kind(other).to_owned(),
    };
    fault(
        place,
        "invalid_type",
        format!("`{place}` must be {expected}, but it is {found}."),
    )
}

/// A value of the right kind that is none of those there are.
pub(super) fn invalid(place: impl fmt::Display, message: impl Into<String>) -> Untranslatable {
    fault(&place, "invalid_value", message.into())
}

/// What only Anthropic's own API can do; `remedy` says what the caller can do instead.
pub(super) fn unsupported(place: impl fmt::Display, value: &str, remedy: &str) -> Untranslatable {
    let shown: String = value.chars().take(MAX_SHOWN).collect();
    let message = format!(
        "`{place}` is \"{shown}\", which cannot be said in the chat completions API that this model's provider speaks. {remedy}"
    );
    fault(&place, "unsupported", message)
}

/// How much of a caller's word is repeated to it.
const MAX_SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_a_path() {
        let messages = Place::Top.member("messages");
        let message = messages.item(2);
        let content = message.member("content");
        let block = content.item(0);
        assert_eq!(
            block.member("type").to_string(),
            "messages[2].content[0].type"
        );
        assert_eq!(messages.to_string(), "messages");
    }

    #[test]
    fn what_is_left_is_noted_unless_it_is_null() {
        let mut fields = Fields::read_body(br#"{"a":1,"b":null,"c":"x","d":2}"#).unwrap();
        assert_eq!(fields.take("a"), Some(1.into()));
        assert_eq!(fields.take("b"), None);
        let mut notes = Notes::default();
        fields.drop_rest("p.", &mut notes);
        let receipt = notes.into_receipt();
        let fields: Vec<_> = receipt.notes().iter().map(|note| &note.field).collect();
        assert_eq!(fields, ["p.c", "p.d"]);
    }

    #[test]
    fn a_long_word_is_not_repeated_whole() {
        let fault = unsupported("type", &"é".repeat(10_000), "Leave it out.");
        assert!(fault.message.len() < 400, "{}", fault.message.len());
    }
}
