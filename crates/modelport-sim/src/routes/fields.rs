//! Fields of a request that this provider refuses, or takes without a look, as its options say.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::errors::{self, Refusal};
use crate::server::Shared;

/// The body of a completion without the fields that are ignored.
pub(super) fn taken<'a>(shared: &Shared, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Refusal> {
    let options = &shared.options;
    if options.refuse.is_empty() && options.ignore.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    // What is no object is refused by the one who reads it.
    let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Ok(Cow::Borrowed(body));
    };
    if let Some(field) = options
        .refuse
        .iter()
        .find(|field| fields.contains_key(*field))
    {
        return Err(errors::unsupported_parameter(field));
    }
    fields.retain(|name, _| !options.ignore.contains(name));
    Ok(Cow::Owned(Value::Object(fields).to_string().into_bytes()))
}
