//! Ollama's errors, `{"error":"…"}`, in OpenAI's envelope.

use http::StatusCode;
use serde_json::json;

use crate::{
    failure::{self, FailureKind},
    object::{Object, body_text},
};

/// The body of an answer with an error status; one that is not Ollama's is left as it is.
pub(super) fn of_status(status: StatusCode, body: &[u8]) -> Option<Vec<u8>> {
    let is_text = Object::read(body_text(body)?)?.text("error").is_some();
    is_text.then(|| envelope(status, body))
}

/// An error where an answer was promised.
pub(super) fn in_band(body: &[u8]) -> Vec<u8> {
    envelope(StatusCode::INTERNAL_SERVER_ERROR, body)
}

/// The types are those of Ollama's own OpenAI layer (`openai/openai.go`, 2026-08-21).
fn envelope(status: StatusCode, body: &[u8]) -> Vec<u8> {
    let said = failure::read_error_body(body).unwrap_or_default();
    let kind = match status {
        StatusCode::BAD_REQUEST => "invalid_request_error",
        StatusCode::NOT_FOUND => "not_found_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        _ => "api_error",
    };
    let too_long = failure::classify(status, Some(&said)) == FailureKind::ContextOverflow;
    let code = too_long.then_some("context_length_exceeded");
    let error = json!({"message": said.message, "type": kind, "param": null, "code": code});
    json!({"error": error}).to_string().into_bytes()
}
