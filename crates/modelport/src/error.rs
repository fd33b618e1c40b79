//! Everything the gateway itself says no with, and how each no looks on the wire.
//!
//! An upstream's refusal of the caller's request is not here: it is passed on as it came. Status,
//! type, code, param and headers are decided in one `match`, because clients choose exception and
//! retry by them.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::{
    config::ProviderConfig,
    ids::{ANTHROPIC_REQUEST_ID, REQUEST_ID, RequestId},
};

/// In whose words an error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
}

/// A no of the gateway's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No key, or one that is not ours.
    #[error("{}", key_message(*presented))]
    Unauthorized {
        /// Whether a key came at all.
        presented: bool,
    },
    /// A key that once opened.
    #[error("The API key {what}. Ask whoever gave it to you for another.")]
    KeyOver {
        /// What became of it.
        what: &'static str,
    },
    /// A key that opens for other addresses.
    #[error("The API key may not be used from {}. Use it from one of its own addresses.", peer.map_or_else(|| "an unknown address".to_owned(), |peer| peer.to_string()))]
    KeyElsewhere {
        /// Where the request came from.
        peer: Option<std::net::IpAddr>,
    },
    /// The keys have not been read yet.
    #[error(
        "modelport cannot check the API key, because the database of its keys does not answer. Try again, or see the log."
    )]
    KeysUnread,
    /// The admin API of a gateway that has no admin key.
    #[error("The admin API is closed. Set MODELPORT_ADMIN_KEY to open it.")]
    AdminClosed,
    /// No admin key.
    #[error("{}", if *presented { "Incorrect admin key provided. Send MODELPORT_ADMIN_KEY as 'Authorization: Bearer KEY'." } else { "No admin key provided. Send MODELPORT_ADMIN_KEY as 'Authorization: Bearer KEY'." })]
    NoAdmin {
        /// Whether a key came at all.
        presented: bool,
    },
    /// What was asked for does not fit what is there.
    #[error("{message}")]
    Conflict {
        /// What is there, and what would fit.
        message: String,
    },
    /// The database does not answer.
    #[error("The database does not answer, so nothing was changed. Try again, or see the log.")]
    StoreAway,
    /// A key that opens other things.
    #[error("{message}")]
    Forbidden {
        /// What the key does not open, and what it does.
        message: String,
        /// The field, where one is to blame.
        param: Option<&'static str>,
        /// A word for programs.
        code: &'static str,
    },
    /// The body is not a request that can be acted on.
    #[error("{message}")]
    BadRequest {
        /// What is wrong with which field, and what would be right.
        message: String,
        /// The field, where one is to blame.
        param: Option<String>,
        /// A word for programs.
        code: &'static str,
    },
    /// The body is over the limit.
    #[error(
        "The request body is larger than {limit} bytes. Send a smaller one, or raise {variable}."
    )]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
        /// The variable that sets it.
        variable: &'static str,
    },
    /// The body stopped arriving.
    #[error("The request body ended before it was complete.")]
    BodyCut,
    /// No such URL.
    #[error("Unknown URL: {method} {path}. The API is under /v1; GET /v1/models lists the models.")]
    UnknownUrl {
        /// The request's method.
        method: String,
        /// The request's path.
        path: String,
    },
    /// The URL exists, but not with this method.
    #[error("{method} is not allowed on {path}.")]
    MethodNotAllowed {
        /// The request's method.
        method: String,
        /// The request's path.
        path: String,
    },
    /// A model or provider that does not exist here.
    #[error("{message}")]
    NotFound {
        /// What was looked for, and how to find what there is.
        message: String,
        /// The field that named it.
        param: &'static str,
        /// A word for programs.
        code: &'static str,
    },
    /// The provider cannot be reached, or broke off before it answered.
    #[error(
        "{provider} could not be reached: {cause}. Check {variable}, and that the provider is up."
    )]
    Unreachable {
        /// The provider's display name.
        provider: String,
        /// What happened, as the transport tells it.
        cause: String,
        /// The variable that says where the provider is.
        variable: String,
    },
    /// The provider stayed silent for too long.
    #[error(
        "{provider} stayed silent for {seconds} s ({variable}={seconds}): {what}. Stream the answer (\"stream\": true) so that it arrives in pieces, or raise {variable}."
    )]
    Silent {
        /// The provider's display name.
        provider: String,
        /// The silence allowed, in seconds, as configured.
        seconds: String,
        /// The variable that sets it.
        variable: String,
        /// What was waited for.
        what: &'static str,
    },
    /// The provider refuses the gateway's credential.
    #[error("{provider} refused modelport's credential with {status}: {said} Check {variable}.")]
    Credential {
        /// The provider's display name.
        provider: String,
        /// The provider's status.
        status: u16,
        /// The provider's own words.
        said: String,
        /// The variable that holds the credential.
        variable: String,
    },
    /// The provider's account is out of money or quota.
    #[error(
        "{provider} refused with {status}, the account behind modelport is out of credit: {said}"
    )]
    OutOfCredit {
        /// The provider's display name.
        provider: String,
        /// The provider's status.
        status: u16,
        /// The provider's own words.
        said: String,
    },
    /// The provider failed, and what it said cannot be passed on as it is.
    #[error("{provider} failed: {what}")]
    Upstream {
        /// The provider's display name.
        provider: String,
        /// What went wrong.
        what: String,
        /// The status to answer with: 502, or the provider's own 5xx or 429.
        status: StatusCode,
        /// Seconds that the provider asked to wait.
        retry_after: Option<u64>,
    },
    /// The time that a request was given is over.
    #[error(
        "The request had no output within {seconds} s, the time given by {given_by}. Give it more, or ask a faster model."
    )]
    Deadline {
        /// The time, in seconds.
        seconds: String,
        /// Who gave it: a header or a route's setting.
        given_by: &'static str,
    },
    /// Nothing is kept for a caller who wants nothing else.
    #[error(
        "No answer to this request is kept, and its cache-control says only-if-cached. Leave that out to have a provider asked."
    )]
    NotKept,
    /// Every place of a provider is taken, and the waiting room is full or the wait was too long.
    #[error("{provider} is busy: {what}. Come back later, or raise its concurrency or queue.")]
    Busy {
        /// The provider's display name.
        provider: String,
        /// What there was no place in.
        what: String,
        /// Seconds after which a place is likely.
        retry_after: u64,
    },
    /// A limit or a budget does not allow the request.
    #[error("{message}")]
    Limited {
        /// What kind of limit.
        limit: Limit,
        /// Whose, how far it is used, and when there is more.
        message: String,
        /// Seconds after which there may be enough.
        retry_after: Option<u64>,
        /// Headers that say where the caller stands.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    /// The server through which limits are shared does not answer.
    #[error(
        "modelport cannot check the limits of the request, because the server that keeps them does not answer. Try again, or see the log."
    )]
    LimitsAway,
    /// A fault of ours.
    #[error("modelport failed inside. The request id finds it in the log.")]
    Internal,
}

/// A kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many in a time, or at once.
    Rate,
    /// The request alone is more than it allows.
    TooLarge,
    /// Money.
    Budget,
}

fn key_message(presented: bool) -> &'static str {
    if presented {
        "Incorrect API key provided. Send one of modelport's keys (MODELPORT_API_KEY, or `modelport keys create`) as 'Authorization: Bearer KEY'."
    } else {
        "No API key provided. Send one of modelport's keys (MODELPORT_API_KEY, or `modelport keys create`) as 'Authorization: Bearer KEY'."
    }
}

/// Whose fault an error is, which is how loud it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The caller's.
    Caller,
    /// A provider's, or of the credentials we have there.
    Upstream,
    /// Ours.
    Gateway,
}

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
    /// The provider stayed silent; `what` says in which state.
    pub fn silent(provider: &ProviderConfig, what: &'static str) -> Self {
        Self::Silent {
            provider: provider.name.clone(),
            seconds: provider.timeout.as_secs_f64().to_string(),
            variable: provider.timeout_variable.clone(),
            what,
        }
    }

    fn row(&self) -> Row<'_> {
        let invalid = "invalid_request_error";
        match self {
            Self::Unauthorized { .. } => Row::new(401, "authentication_error", "invalid_api_key"),
            Self::AdminClosed => Row::new(403, "permission_error", "admin_closed"),
            Self::NoAdmin { .. } => Row::new(401, "authentication_error", "invalid_admin_key"),
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
    pub fn code(&self) -> &str {
        self.row().code
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unauthorized { .. }
            | Self::AdminClosed
            | Self::NoAdmin { .. }
            | Self::Conflict { .. }
            | Self::KeyOver { .. }
            | Self::Limited { .. }
            | Self::NotKept
            | Self::KeyElsewhere { .. }
            | Self::Forbidden { .. }
            | Self::BadRequest { .. }
            | Self::TooLarge { .. }
            | Self::BodyCut
            | Self::UnknownUrl { .. }
            | Self::MethodNotAllowed { .. }
            | Self::NotFound { .. } => Blame::Caller,
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Credential { .. }
            | Self::OutOfCredit { .. }
            | Self::Deadline { .. }
            | Self::Busy { .. }
            | Self::Upstream { .. } => Blame::Upstream,
            Self::KeysUnread | Self::StoreAway | Self::LimitsAway | Self::Internal => {
                Blame::Gateway
            }
        }
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
