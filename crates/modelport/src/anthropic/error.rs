//! Errors in Anthropic's envelope.

use serde::Serialize;

/// The body of an error answer, and the data of an `error` event.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Told<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details<'a>>,
}

/// What Anthropic's SDKs give their callers as `error_code`.
#[derive(Debug, Serialize)]
struct Details<'a> {
    error_code: &'a str,
}

impl<'a> Envelope<'a> {
    pub(super) fn new(kind: &'a str, message: &'a str, request_id: &'a str) -> Self {
        Self {
            kind: "error",
            error: Told {
                kind,
                message,
                details: None,
            },
            request_id,
        }
    }

    fn coded(mut self, error_code: &'a str) -> Self {
        self.error.details = Some(Details { error_code });
        self
    }
}

/// The body of an answer with this status. An empty request id is left out.
pub fn error_envelope(status: u16, message: &str, request_id: &str) -> Vec<u8> {
    let envelope = Envelope::new(error_type(status), message, request_id);
    serde_json::to_vec(&envelope).unwrap_or_default()
}

/// The same with a word for programs, such as that of an [`Untranslatable`](crate::translation::Untranslatable). Some words
/// make Anthropic's SDKs send the request again in another form.
pub fn coded_error_envelope(status: u16, message: &str, code: &str, request_id: &str) -> Vec<u8> {
    let envelope = Envelope::new(error_type(status), message, request_id).coded(code);
    serde_json::to_vec(&envelope).unwrap_or_default()
}

/// Anthropic's word for a status (its API reference, "Errors", 2026-11). It uses `invalid_request_error` for every 4xx that
/// has no word of its own, and has none for 502 and 503, which are failures on the server's side like any other.
pub fn error_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_word() {
        for (status, kind) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (409, "invalid_request_error"),
            (413, "request_too_large"),
            (422, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "api_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(error_type(status), kind, "{status}");
        }
    }

    #[test]
    fn the_envelope_is_anthropics() {
        assert_eq!(
            String::from_utf8(error_envelope(404, "No \"m\".", "req_1")).unwrap(),
            r#"{"type":"error","error":{"type":"not_found_error","message":"No \"m\"."},"request_id":"req_1"}"#
        );
        assert_eq!(
            String::from_utf8(error_envelope(500, "Oh.", "")).unwrap(),
            r#"{"type":"error","error":{"type":"api_error","message":"Oh."}}"#
        );
        assert_eq!(
            String::from_utf8(coded_error_envelope(400, "Oh.", "unsupported", "r")).unwrap(),
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Oh.","details":{"error_code":"unsupported"}},"request_id":"r"}"#
        );
    }
}
