//! The few fields of a request that the gateway itself acts on.

use super::reading::{Fields, invalid, wrong_type};
use crate::translation::Untranslatable;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// The model, as the caller names it.
    pub(super) model: String,
    /// Whether the answer is to be streamed.
    pub(super) stream: bool,
    /// The most tokens of the answer.
    pub(super) max_tokens: u64,
}

pub(super) fn take_ask(fields: &mut Fields<'_>) -> Result<Ask, Untranslatable> {
    Ok(Ask {
        model: take_model(fields)?,
        stream: fields.optional_flag("stream")?.unwrap_or(false),
        max_tokens: take_max_tokens(fields)?,
    })
}

pub(super) fn take_model(fields: &mut Fields<'_>) -> Result<String, Untranslatable> {
    let model = fields.text("model")?;
    if model.is_empty() {
        return Err(invalid("model", "`model` is empty; send a model's id."));
    }
    Ok(model)
}

/// Anthropic reads 0 as "fill the prompt cache and answer nothing", which the chat API cannot say.
fn take_max_tokens(fields: &mut Fields<'_>) -> Result<u64, Untranslatable> {
    let value = fields.required("max_tokens", "the most tokens of the answer")?;
    match value.as_u64() {
        Some(0) => Err(invalid(
            "max_tokens",
            "`max_tokens` is 0, which only Anthropic's own API understands; send at least 1.",
        )),
        Some(tokens) => Ok(tokens),
        None => Err(wrong_type(
            &"max_tokens",
            "a whole number of at least 1",
            &value,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_ask(body: &[u8]) -> Result<Ask, Untranslatable> {
        take_ask(&mut Fields::read_body(body)?)
    }

    #[test]
    fn the_fields_are_read() {
        let ask = read_ask(br#"{"model":"m","max_tokens":7,"stream":true,"messages":0}"#).unwrap();
        assert_eq!(
            (ask.model.as_str(), ask.stream, ask.max_tokens),
            ("m", true, 7)
        );
        let ask = read_ask(br#"{"model":"m","max_tokens":1,"stream":null}"#).unwrap();
        assert!(!ask.stream);
    }

    #[test]
    fn a_fault_names_the_field() {
        for (body, param, code) in [
            ("{", None, "invalid_json"),
            ("[]", None, "not_an_object"),
            (r#"{"max_tokens":1}"#, Some("model"), "missing_field"),
            (
                r#"{"max_tokens":1,"model":null}"#,
                Some("model"),
                "missing_field",
            ),
            (
                r#"{"max_tokens":1,"model":4}"#,
                Some("model"),
                "invalid_type",
            ),
            (
                r#"{"max_tokens":1,"model":""}"#,
                Some("model"),
                "invalid_value",
            ),
            (r#"{"model":"m"}"#, Some("max_tokens"), "missing_field"),
            (
                r#"{"model":"m","max_tokens":0}"#,
                Some("max_tokens"),
                "invalid_value",
            ),
            (
                r#"{"model":"m","max_tokens":-1}"#,
                Some("max_tokens"),
                "invalid_type",
            ),
            (
                r#"{"model":"m","max_tokens":1.5}"#,
                Some("max_tokens"),
                "invalid_type",
            ),
            (
                r#"{"model":"m","max_tokens":1,"stream":"yes"}"#,
                Some("stream"),
                "invalid_type",
            ),
        ] {
            let fault = read_ask(body.as_bytes()).unwrap_err();
            assert_eq!(
                (fault.param.as_deref(), fault.code),
                (param, code),
                "{body}"
            );
        }
    }
}
