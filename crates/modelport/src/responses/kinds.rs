//! What a request's fields may hold at all. Many are passed on under the same or another name, or left out: a value of the
//! wrong kind would be refused under a name that the caller did not write, or by nobody. Their ranges are the provider's
//! to know.

use serde_json::{Map, Value};

use super::fault::wrong_kind;
use crate::translation::Untranslatable;

/// What a field may hold besides null.
#[derive(Clone, Copy)]
enum Kind {
    Flag,
    Text,
    Number,
    Count,
    Tokens,
    Object,
    Texts,
}

/// The API's reference, "Create a response", 2026-11. Those that are read elsewhere are not here.
const FIELDS: [(&str, Kind); 18] = [
    ("background", Kind::Flag),
    ("include", Kind::Texts),
    ("max_output_tokens", Kind::Tokens),
    ("metadata", Kind::Object),
    ("parallel_tool_calls", Kind::Flag),
    ("prompt_cache_key", Kind::Text),
    ("prompt_cache_options", Kind::Object),
    ("prompt_cache_retention", Kind::Text),
    ("reasoning", Kind::Object),
    ("safety_identifier", Kind::Text),
    ("service_tier", Kind::Text),
    ("store", Kind::Flag),
    ("temperature", Kind::Number),
    ("text", Kind::Object),
    ("top_logprobs", Kind::Count),
    ("top_p", Kind::Number),
    ("truncation", Kind::Text),
    ("user", Kind::Text),
];

/// Members of objects, likewise.
const MEMBERS: [(&str, &str, Kind); 2] = [
    ("reasoning", "effort", Kind::Text),
    ("text", "verbosity", Kind::Text),
];

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Flag => value.is_boolean(),
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Count => value.is_u64(),
            Self::Tokens => value.as_u64().is_some_and(|count| count > 0),
            Self::Object => value.is_object(),
            Self::Texts => value
                .as_array()
                .is_some_and(|texts| texts.iter().all(Value::is_string)),
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Flag => "true or false",
            Self::Text => "text",
            Self::Number => "a number",
            Self::Count => "a whole number",
            Self::Tokens => "a whole number of at least 1",
            Self::Object => "an object",
            Self::Texts => "an array of texts",
        }
    }

    fn check(self, value: Option<&Value>, field: &str) -> Result<(), Untranslatable> {
        match value {
            None | Some(Value::Null) => Ok(()),
            Some(value) if self.fits(value) => Ok(()),
            Some(_) => Err(wrong_kind(field, self.wanted())),
        }
    }
}

/// Refuses the first field that holds what it cannot.
pub(super) fn check(fields: &Map<String, Value>) -> Result<(), Untranslatable> {
    for (field, kind) in FIELDS {
        kind.check(fields.get(field), field)?;
    }
    for (field, member, kind) in MEMBERS {
        let value = fields.get(field).and_then(|object| object.get(member));
        kind.check(value, &format!("{field}.{member}"))?;
    }
    Ok(())
}
