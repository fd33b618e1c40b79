//! How each no looks on the wire: one `match` decides status, type, code, param and headers.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::{Envelope, Error, Limit};
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
        let invalid = "invalid_request_error";
        match self {
            Self::Unauthorized { .. } => Row::new(401, "authentication_error", "invalid_api_key"),
            Self::AdminClosed => Row::new(403, "permission_error", "admin_closed"),
            Self::NoAdmin { .. } => Row::new(401, "authentication_error", "invalid_admin_key"),
            Self::NotHere { .. } => Row::new(403, "permission_error", "viewer_not_here"),
            Self::NoMetrics { .. } => Row::new(401, "authentication_error", "invalid_metrics_key"),
            Self::Conflict { .. } => Row::new(409, invalid, "conflict"),
            Self::StoreAway => Row {
                retry_after: Some(1),
                ..Row::new(503, "server_error", "database_unavailable")
            },
            Self::KeyOver { .. } => Row::new(401, "authentication_error", "key_not_active"),
            Self::KeyElsewhere { .. } => Row::new(403, "permission_error", "address_not_allowed"),
            Self::KeysUnread => Row {
                retry_after: Some(1),
                ..Row::new(503, "server_error", "keys_unavailable")
            },
            Self::LimitsAway => Row {
                retry_after: Some(1),
                ..Row::new(503, "server_error", "limits_unavailable")
            },
            Self::Forbidden { param, code, .. } => {
                Row::new(403, "permission_error", code).param(*param)
            }
            Self::BadRequest { param, code, .. } => {
                Row::new(400, invalid, code).param(param.as_deref())
            }
            Self::TooLarge { .. } => Row::new(413, invalid, "request_too_large"),
            Self::BodyCut => Row::new(400, invalid, "incomplete_body"),
            Self::UnknownUrl { .. } => Row::new(404, invalid, "unknown_url"),
            Self::MethodNotAllowed { .. } => Row::new(405, invalid, "method_not_allowed"),
            Self::NotFound { param, code, .. } => Row::new(404, invalid, code).param(Some(*param)),
            Self::Unreachable { .. } => Row::new(502, "upstream_error", "upstream_unreachable"),
            Self::Silent { .. } => Row::new(504, "upstream_error", "upstream_timeout"),
            Self::Credential { .. } => {
                Row::new(502, "upstream_error", "upstream_credential").never_retry()
            }
            Self::OutOfCredit { .. } => {
                Row::new(502, "upstream_error", "upstream_out_of_credit").never_retry()
            }
            Self::Upstream {
                status,
                retry_after,
                ..
            } => Row {
                status: *status,
                retry_after: *retry_after,
                ..Row::new(502, "upstream_error", "upstream_failed")
            },
            Self::Deadline { .. } => Row::new(504, "timeout_error", "deadline_exceeded"),
            // RFC 9111, section 5.2.1.7.
            Self::NotKept => Row::new(504, invalid, "not_cached").never_retry(),
            Self::Busy { retry_after, .. } => Row {
                retry_after: Some(*retry_after),
                ..Row::new(429, "rate_limit_error", "provider_busy")
            },
            Self::Limited {
                limit, retry_after, ..
            } => {
                let row = match limit {
                    Limit::Rate => Row::new(429, "rate_limit_error", "rate_limit_exceeded"),
                    Limit::TooLarge => {
                        Row::new(429, "rate_limit_error", "request_over_limit").never_retry()
                    }
                    Limit::Budget => {
                        Row::new(402, "insufficient_quota", "budget_exceeded").never_retry()
                    }
                };
                Row {
                    retry_after: *retry_after,
                    ..row
                }
            }
            Self::Internal => Row::new(500, "server_error", "internal_error"),
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
