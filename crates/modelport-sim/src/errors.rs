//! The errors the simulated provider answers with, in OpenAI's envelope or Ollama's, and the answers of a proxy in front of it.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::answer::{Answer, Dialect};

/// Bytes that are neither JSON nor text in any encoding.
pub(crate) const NOISE: &[u8] =
    b"\x00\x01\xfe\xff{\"a\":\x80\x81\xc3\x28\x1b[31m\xf0\x9f\r\n\x07garbage\x00";

/// An error in place of an answer, in no dialect yet.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
    kind: &'static str,
    param: Option<Cow<'static, str>>,
    code: Option<&'static str>,
}

impl Refusal {
    fn new(
        status: u16,
        message: impl Into<String>,
        kind: &'static str,
        param: Option<&'static str>,
        code: Option<&'static str>,
    ) -> Self {
        Self {
            status,
            message: message.into(),
            kind,
            param: param.map(Cow::Borrowed),
            code,
        }
    }

    /// The body of the error.
    pub(crate) fn body(&self, dialect: Dialect) -> Value {
        match dialect {
            Dialect::OpenAi => {
                json!({ "error": { "message": self.message, "type": self.kind, "param": self.param, "code": self.code } })
            }
            Dialect::Ollama => json!({ "error": self.message }),
        }
    }

    pub(crate) fn answer(&self, dialect: Dialect) -> Answer {
        Answer::json(self.status, &self.body(dialect))
    }
}

/// A response that is to be continued, and was not kept.
pub(crate) fn no_previous_response(id: &str) -> Refusal {
    Refusal::new(
        400,
        format!("Previous response with id '{id}' not found."),
        "invalid_request_error",
        Some("previous_response_id"),
        Some("previous_response_not_found"),
    )
}

/// The error that fits a status.
pub(crate) fn fitting(status: u16) -> Refusal {
    let (kind, code, message) = match status {
        400 => (
            "invalid_request_error",
            "invalid_value",
            "The simulator refuses this request.",
        ),
        401 => (
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided.",
        ),
        402 => (
            "insufficient_credits",
            "insufficient_credits",
            "Insufficient credits.",
        ),
        403 => (
            "permission_error",
            "permission_denied",
            "This key may not use this model.",
        ),
        404 => (
            "invalid_request_error",
            "model_not_found",
            "The model does not exist or you do not have access to it.",
        ),
        408 => (
            "timeout_error",
            "request_timeout",
            "The request took too long to arrive.",
        ),
        409 => ("conflict_error", "conflict", "The resource is locked."),
        413 => (
            "invalid_request_error",
            "request_too_large",
            "The request is too large.",
        ),
        422 => (
            "invalid_request_error",
            "unprocessable_entity",
            "The request cannot be processed.",
        ),
        429 => (
            "rate_limit_error",
            "rate_limit_exceeded",
            "Rate limit reached. Please try again later.",
        ),
        503 => (
            "server_error",
            "service_unavailable",
            "The engine is currently overloaded, please try again later.",
        ),
        504 | 524 => (
            "timeout_error",
            "timeout",
            "The upstream model did not answer in time.",
        ),
        529 => (
            "overloaded_error",
            "overloaded",
            "The provider is overloaded.",
        ),
        200..500 => (
            "invalid_request_error",
            "simulated",
            "The simulator answers with this status.",
        ),
        _ => (
            "server_error",
            "server_error",
            "The server had an error while processing your request.",
        ),
    };
    Refusal::new(status, message, kind, None, Some(code))
}

/// 429 that never heals.
pub(crate) fn quota() -> Refusal {
    let message = "You exceeded your current quota, please check your plan and billing details.";
    Refusal::new(
        429,
        message,
        "insufficient_quota",
        None,
        Some("insufficient_quota"),
    )
}

/// The prompt is longer than the model's context.
pub(crate) fn context_length() -> Refusal {
    let message = "This model's maximum context length is 131072 tokens. However, your messages resulted in 140000 tokens.";
    Refusal::new(
        400,
        message,
        "invalid_request_error",
        Some("messages"),
        Some("context_length_exceeded"),
    )
}

/// A field that the model is not taken with.
pub(crate) fn unsupported_parameter(field: &str) -> Refusal {
    Refusal {
        param: Some(Cow::Owned(field.to_owned())),
        ..Refusal::new(
            400,
            format!("Unsupported parameter: '{field}' is not supported with this model."),
            "invalid_request_error",
            None,
            Some("unsupported_parameter"),
        )
    }
}

/// A request that is not what the endpoint reads.
pub(crate) fn invalid_request(message: impl Into<String>) -> Refusal {
    Refusal::new(400, message, "invalid_request_error", None, None)
}

/// A request that is not HTTP as it should be.
pub(crate) fn unreadable(status: u16, message: &str) -> Refusal {
    Refusal::new(status, message, "invalid_request_error", None, None)
}

/// The key is missing or wrong.
pub(crate) fn invalid_key() -> Refusal {
    let message = "Incorrect API key provided. The simulator was started with another one.";
    Refusal::new(
        401,
        message,
        "invalid_request_error",
        None,
        Some("invalid_api_key"),
    )
}

/// A model the simulator does not list.
pub(crate) fn model_not_found(model: &str) -> Refusal {
    let message = format!("The model `{model}` does not exist or you do not have access to it.");
    Refusal::new(
        404,
        message,
        "invalid_request_error",
        Some("model"),
        Some("model_not_found"),
    )
}

/// The same in Ollama's words.
pub(crate) fn model_not_pulled(model: &str) -> Refusal {
    Refusal::new(
        404,
        format!("model \"{model}\" not found, try pulling it first"),
        "not_found_error",
        None,
        None,
    )
}

/// A URL the simulator does not serve.
pub(crate) fn unknown_url(method: &str, path: &str) -> Refusal {
    Refusal::new(
        404,
        format!("Invalid URL ({method} {path})"),
        "invalid_request_error",
        None,
        Some("unknown_url"),
    )
}

/// A failure that is told inside an answer that began well.
pub(crate) fn in_band() -> Refusal {
    Refusal::new(
        200,
        "The server had an error while processing your request.",
        "server_error",
        None,
        Some("server_error"),
    )
}

/// A failure of a provider behind OpenRouter: the code is a number (OpenRouter documentation, errors and debugging, 2026-11-22).
pub(crate) fn behind() -> Value {
    json!({ "code": 502, "message": "Provider disconnected mid-stream", "metadata": { "error_type": "provider_unavailable" } })
}

/// A web page, as a proxy sends it.
pub(crate) fn page(status: u16) -> Vec<u8> {
    let reason = crate::http::reason(status);
    format!("<html>\n<head><title>{status} {reason}</title></head>\n<body><center><h1>{status} {reason}</h1></center></body>\n</html>\n")
        .into_bytes()
}
