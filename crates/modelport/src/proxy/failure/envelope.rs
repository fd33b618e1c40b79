//! An error found inside an answer as an answer of its own.

use modelport_provider::failure::ErrorBody;
use serde_json::{Map, Value, json};

use crate::error::Envelope;

/// Whether a provider's error can be read by a client of the API with this envelope. A client of OpenAI's reads whatever a
/// provider of that API sends; one of Anthropic's only Anthropic's own.
pub(super) fn fits(envelope: Envelope, body: &[u8]) -> bool {
    match envelope {
        Envelope::OpenAi => true,
        Envelope::Anthropic => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            body.get("type").is_some_and(|kind| kind == "error")
        }
    }
}

/// OpenAI's envelope around an error found in `body`: all that the provider says of it, and the
/// fields that it leaves out.
pub(super) fn around(said: &ErrorBody, body: &[u8]) -> Vec<u8> {
    let body: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let mut error = match body.get("error") {
        Some(Value::Object(error)) => error.clone(),
        _ => Map::new(),
    };
    let kind = said.kind.as_deref().unwrap_or("upstream_error");
    for (name, value) in [
        ("message", json!(said.message)),
        ("type", json!(kind)),
        ("param", json!(said.param)),
        ("code", json!(said.code)),
    ] {
        if error.get(name).is_none_or(Value::is_null) {
            error.insert(name.to_owned(), value);
        }
    }
    json!({ "error": error }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use modelport_provider::failure::error_in_ok;

    use super::*;

    fn check(body: &str, expected: &str) {
        let said = error_in_ok(body.as_bytes()).unwrap();
        let found = around(&said, body.as_bytes());
        assert_eq!(String::from_utf8(found).unwrap(), expected, "{body}");
    }

    #[test]
    fn all_four_fields_are_there_and_nothing_is_lost() {
        let whole = r#"{"error":{"message":"m","type":"t","param":null,"code":"c","more":1}}"#;
        check(whole, whole);
        check(
            r#"{"id":"x","choices":[],"error":{"code":502,"message":"m","metadata":{"raw":"r"}}}"#,
            r#"{"error":{"code":502,"message":"m","metadata":{"raw":"r"},"type":"upstream_error","param":null}}"#,
        );
        check(
            r#"{"choices":[{"message":{"content":"half"},"error":{"code":502,"message":"m"}}]}"#,
            r#"{"error":{"message":"m","type":"upstream_error","param":null,"code":"502"}}"#,
        );
        check(
            r#"{"error":"words"}"#,
            r#"{"error":{"message":"words","type":"upstream_error","param":null,"code":null}}"#,
        );
    }
}
