//! From a status and what was said with it to the class of a failure: the provider's own words for
//! programs first, then the status, then the text.

use http::StatusCode;

use super::{ErrorBody, FailureKind, Fault, error_status};

/// Texts by which a prompt that is too long is told where no code says it (after litellm 1.109.1,
/// `exception_mapping_utils.py`, and ollama, `llm/llama_server.go`, 2026-08-21).
const OVERFLOW_TEXTS: [&str; 7] = [
    "maximum context length",
    "exceeds the available context size",
    "longer than the model's context length",
    "`inputs` tokens + `max_new_tokens` must be",
    "exceeds the maximum number of tokens allowed",
    "exceed context limit",
    "input length exceeds the context length",
];

/// Texts of a 400 that is really about the key (xAI and Gemini answer so, fact sheet 2026-11-22).
const KEY_TEXTS: [&str; 2] = ["incorrect api key", "api key not valid"];

/// Texts of a 403 that is about the prompt, not the credential.
const GUARDRAIL_TEXTS: [&str; 4] = [
    "prompt injection",
    "guardrail",
    "moderation",
    "content policy",
];

/// The class of an answer with an error status.
pub fn classify(status: StatusCode, body: Option<&ErrorBody>) -> FailureKind {
    let said = body.and_then(by_words);
    said.unwrap_or_else(|| by_status(status, body))
}

/// The class of an error inside an answer whose status promised success.
pub fn classify_in_band(body: &ErrorBody) -> FailureKind {
    let status = body.code.as_deref().and_then(error_status);
    match (by_words(body), status) {
        (Some(kind), _) => kind,
        (None, Some(status)) => by_status(status, Some(body)),
        (None, None) => by_text(body).unwrap_or(FailureKind::Server),
    }
}

/// The status that an error inside an answer would have had.
pub fn status_in_band(body: &ErrorBody) -> StatusCode {
    if let Some(status) = body.code.as_deref().and_then(error_status) {
        return status;
    }
    let kind = classify_in_band(body);
    match kind.fault() {
        Fault::Caller => StatusCode::BAD_REQUEST,
        Fault::Provider if kind == FailureKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Fault::Provider | Fault::Credential => StatusCode::BAD_GATEWAY,
    }
}

/// By the words that are meant for programs.
fn by_words(body: &ErrorBody) -> Option<FailureKind> {
    use FailureKind as Kind;
    let table: [(&[&str], Kind); 11] = [
        (
            &[
                "context_length_exceeded",
                "exceed_context_size_error",
                "token_limit_exceeded",
            ],
            Kind::ContextOverflow,
        ),
        (
            &[
                "content_filter",
                "content_policy_violation",
                "ResponsibleAIPolicyViolation",
                "refusal",
            ],
            Kind::ContentFilter,
        ),
        (
            &["insufficient_quota", "payment_required"],
            Kind::OutOfCredit,
        ),
        (
            &["invalid_api_key", "authentication", "authentication_error"],
            Kind::Credential,
        ),
        (
            &[
                "model_not_found",
                "invalid_model",
                "not_found",
                "not_found_error",
                "DeploymentNotFound",
            ],
            Kind::NotFound,
        ),
        (
            &[
                "rate_limit_exceeded",
                "rate_limit_error",
                "dynamic_request_limited",
                "dynamic_token_limited",
                "RESOURCE_EXHAUSTED",
            ],
            Kind::RateLimited,
        ),
        (
            &[
                "capacity_exhausted",
                "temporarily_unavailable",
                "provider_overloaded",
                "overloaded_error",
                "overloaded",
                "UNAVAILABLE",
            ],
            Kind::Overloaded,
        ),
        (
            &["provider_unavailable", "server", "server_error", "unmapped"],
            Kind::Server,
        ),
        (&["timeout"], Kind::Timeout),
        (&["permission_denied"], Kind::Permission),
        (
            &[
                "unsupported_parameter",
                "unknown_parameter",
                "unsupported_value",
            ],
            Kind::BadRequest,
        ),
    ];
    if body.says(&["permission_denied"]) && mentions(body, &GUARDRAIL_TEXTS) {
        return Some(Kind::ContentFilter);
    }
    let found = table.iter().find(|(words, _)| body.says(words));
    found.map(|(_, kind)| *kind)
}

fn by_status(status: StatusCode, body: Option<&ErrorBody>) -> FailureKind {
    use FailureKind as Kind;
    let text = body.and_then(by_text);
    match status.as_u16() {
        401 => Kind::Credential,
        402 | 412 => Kind::OutOfCredit,
        403 if body.is_some_and(|body| mentions(body, &GUARDRAIL_TEXTS)) => Kind::ContentFilter,
        403 => Kind::Permission,
        // llama.cpp answers 501 for what it was started without, such as embeddings: it is not ill.
        404 | 501 => Kind::NotFound,
        408 | 504 | 524 => Kind::Timeout,
        409 | 425 => Kind::Conflict,
        429 => Kind::RateLimited,
        498 | 503 | 529 => Kind::Overloaded,
        424 | 500..=599 => Kind::Server,
        300..=399 => Kind::Malformed,
        _ => text.unwrap_or(Kind::BadRequest),
    }
}

fn by_text(body: &ErrorBody) -> Option<FailureKind> {
    if mentions(body, &OVERFLOW_TEXTS) {
        Some(FailureKind::ContextOverflow)
    } else if mentions(body, &KEY_TEXTS) {
        Some(FailureKind::Credential)
    } else {
        None
    }
}

fn mentions(body: &ErrorBody, texts: &[&str]) -> bool {
    let message = body.message.to_lowercase();
    texts.iter().any(|text| message.contains(text))
}
