//! Merge patches: a change as a JSON object with what is to change (RFC 7396).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Refusal, invalid};

/// What is said now, with a patch on it.
pub(super) fn patched<T: Serialize + for<'de> Deserialize<'de>>(
    said: &T,
    patch: &Value,
) -> Result<T, Refusal> {
    if !patch.is_object() {
        return Err(invalid(
            "body",
            "a change is a JSON object with what is to change.",
        ));
    }
    let mut whole =
        serde_json::to_value(said).map_err(|error| Refusal::Conflict(error.to_string()))?;
    merge(&mut whole, patch);
    serde_json::from_value(whole).map_err(|error| invalid("body", error.to_string()))
}

/// Merges a patch into a value (RFC 7396, section 2).
fn merge(whole: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *whole = patch.clone();
        return;
    };
    if !whole.is_object() {
        *whole = Value::Object(serde_json::Map::new());
    }
    let Value::Object(whole) = whole else { return };
    for (name, value) in patch {
        if value.is_null() {
            whole.remove(name);
        } else {
            merge(whole.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
