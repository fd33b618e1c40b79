//! How each no looks on the wire: one `match` decides status, type, code, param and headers.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::{
    Envelope, Error, Limit,
    kinds::{self, Kind},
};
use crate::ids::{ANTHROPIC_REQUEST_ID, REQUEST_ID, RequestId};

/// An error on the wire.
struct Row<'a> {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    param: Option<&'a str>,
    retry_after: Option<u64>,
    /// Whether trying the same again can help, where the status alone would mislead a client.
    should_retry: Option<bool>,
}

impl<'a> Row<'a> {
    fn new(status: u16, kind: &'static str, code: &'static str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            kind,
            code,
            param: None,
            retry_after: None,
            should_retry: None,
        }
    }

    fn of(kind: Kind) -> Self {
        Self::new(kind.status, kind.class, kind.code)
    }

    fn param(self, param: Option<&'a str>) -> Self {
        Self { param, ..self }
    }

    fn never_retry(self) -> Self {
        Self {
            should_retry: Some(false),
            ..self
        }
    }
}

impl Error {
    fn row(&self) -> Row<'_> {
        match self {
            Self::Unauthorized { .. } => Row::of(kinds::INVALID_API_KEY),
            Self::AdminClosed => Row::of(kinds::ADMIN_CLOSED),
            Self::NoAdmin { .. } => Row::of(kinds::INVALID_ADMIN_KEY),
            Self::NotHere { .. } => Row::of(kinds::VIEWER_NOT_HERE),
            Self::NoMetrics { .. } => Row::of(kinds::INVALID_METRICS_KEY),
            Self::Conflict { .. } => Row::of(kinds::CONFLICT),
            Self::StoreAway => Row {
                retry_after: Some(1),
                ..Row::of(kinds::DATABASE_UNAVAILABLE)
            },
            Self::KeyOver { .. } => Row::of(kinds::KEY_NOT_ACTIVE),
            Self::KeyElsewhere { .. } => Row::of(kinds::ADDRESS_NOT_ALLOWED),
            Self::KeysUnread => Row {
                retry_after: Some(1),
                ..Row::of(kinds::KEYS_UNAVAILABLE)
            },
            Self::LimitsAway => Row {
                retry_after: Some(1),
                ..Row::of(kinds::LIMITS_UNAVAILABLE)
            },
            Self::Forbidden { param, code, .. } => Row::new(403, kinds::DENIED, code).param(*param),
            Self::BadRequest { param, code, .. } => {
                Row::new(400, kinds::INVALID, code).param(param.as_deref())
            }
            Self::TooLarge { .. } => Row::of(kinds::REQUEST_TOO_LARGE),
            Self::BodyCut => Row::of(kinds::INCOMPLETE_BODY),
            Self::UnknownUrl { .. } => Row::of(kinds::UNKNOWN_URL),
            Self::MethodNotAllowed { .. } => Row::of(kinds::METHOD_NOT_ALLOWED),
            Self::NotFound { param, code, .. } => {
                Row::new(404, kinds::INVALID, code).param(Some(*param))
            }
            Self::Unreachable { .. } => Row::of(kinds::UPSTREAM_UNREACHABLE),
            Self::Silent { .. } => Row::of(kinds::UPSTREAM_TIMEOUT),
            Self::Credential { .. } => Row::of(kinds::UPSTREAM_CREDENTIAL).never_retry(),
            Self::OutOfCredit { .. } => Row::of(kinds::UPSTREAM_OUT_OF_CREDIT).never_retry(),
            Self::Upstream {
                status,
                retry_after,
                ..
            } => Row {
                status: *status,
                retry_after: *retry_after,
                ..Row::of(kinds::UPSTREAM_FAILED)
            },
            Self::Deadline { .. } => Row::of(kinds::DEADLINE_EXCEEDED),
            // RFC 9111, section 5.2.1.7.
            Self::NotKept => Row::of(kinds::NOT_CACHED).never_retry(),
            Self::Busy { retry_after, .. } => Row {
                retry_after: Some(*retry_after),
                ..Row::of(kinds::PROVIDER_BUSY)
            },
            Self::Limited {
                limit, retry_after, ..
            } => {
                let row = match limit {
                    Limit::Rate => Row::of(kinds::RATE_LIMIT_EXCEEDED),
                    Limit::TooLarge => Row::of(kinds::REQUEST_OVER_LIMIT).never_retry(),
                    Limit::Budget => Row::of(kinds::BUDGET_EXCEEDED).never_retry(),
                };
                Row {
                    retry_after: *retry_after,
                    ..row
                }
            }
            Self::Internal => Row::of(kinds::INTERNAL_ERROR),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.row().status
    }

    /// A word for programs.
    pub fn code(&self) -> &'static str {
        self.row().code
    }

    /// The error as a body, all fields always present.
    pub fn body(&self, envelope: Envelope, id: &RequestId) -> Vec<u8> {
        let row = self.row();
        let body = match envelope {
            Envelope::OpenAi => json!({
                "error": {
                    "message": self.to_string(),
                    "type": row.kind,
                    "param": row.param,
                    "code": row.code,
                },
                "request_id": id.as_str(),
            }),
            Envelope::Anthropic => {
                let kind = anthropic_type(row.status);
                anthropic_body(kind, &self.to_string(), Some(row.code), id.as_str())
            }
        };
        body.to_string().into_bytes()
    }

    /// The error as one event of a stream that has begun.
    pub fn event(&self, envelope: Envelope, id: &RequestId) -> Bytes {
        let mut event = match envelope {
            Envelope::OpenAi => b"data: ".to_vec(),
            Envelope::Anthropic => b"event: error\ndata: ".to_vec(),
        };
        event.extend_from_slice(&self.body(envelope, id));
        event.extend_from_slice(b"\n\n");
        Bytes::from(event)
    }

    /// The error as an answer.
    pub fn into_reply(self, envelope: Envelope, id: &RequestId) -> Response<Body> {
        let row = self.row();
        let mut response = Response::new(Body::from(self.body(envelope, id)));
        *response.status_mut() = row.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(REQUEST_ID, id.to_header());
        match envelope {
            Envelope::OpenAi => {}
            Envelope::Anthropic => drop(headers.insert(ANTHROPIC_REQUEST_ID, id.to_header())),
        }
        if let Some(seconds) = row.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Self::Limited { headers: said, .. } = &self {
            headers.extend(said.iter().cloned());
        }
        if let Some(retry) = row.should_retry {
            let value = if retry { "true" } else { "false" };
            headers.insert(SHOULD_RETRY, HeaderValue::from_static(value));
        }
        if row.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Anthropic's envelope. Its SDKs give the code to their callers, and some codes make them send the request again in another
/// form (anthropic-sdk-python 2.14.0, `_exceptions.py`).
pub fn anthropic_body(
    kind: &str,
    message: &str,
    code: Option<&str>,
    request_id: &str,
) -> serde_json::Value {
    let mut error = json!({"type": kind, "message": message});
    if let Some(code) = code {
        error["details"] = json!({"error_code": code});
    }
    let mut body = json!({"type": "error", "error": error});
    if !request_id.is_empty() {
        body["request_id"] = json!(request_id);
    }
    body
}

/// Anthropic's word for a status (its API reference, "Errors", 2026-11-22).
pub fn anthropic_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// Tells OpenAI's SDKs whether to try again, over what the status says
/// (openai-python 3.54.0, `_base_client.py`).
pub const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
