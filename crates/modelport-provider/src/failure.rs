//! What a provider's error means: whose fault it is, and whether trying again can help. Reads every
//! shape in which errors come; what is done about them is decided elsewhere.

use std::time::Duration;

use http::StatusCode;

mod body;
mod classify;
mod in_band;
mod lesson;

pub use body::{ErrorBody, read_error_body};
pub use classify::{classify, classify_in_band, status_in_band};
pub use in_band::{FAILED_FINISHES, error_in_ok, read_failed_event};
pub use lesson::{Lesson, lesson};

/// The class of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The request is wrong.
    BadRequest,
    /// The request is longer than the model's context.
    ContextOverflow,
    /// A content filter or a guardrail stopped it.
    ContentFilter,
    /// The credential is missing, wrong or expired.
    Credential,
    /// The credential may not do this.
    Permission,
    /// The account has no money or quota left. Waiting does not help.
    OutOfCredit,
    /// There is no such model, deployment or path.
    NotFound,
    /// It took too long.
    Timeout,
    /// Something else holds what is needed.
    Conflict,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The provider has no capacity for now.
    Overloaded,
    /// The provider failed inside.
    Server,
    /// No connection could be made.
    Connect,
    /// The connection ended before the answer did.
    Truncated,
    /// What came is not an answer.
    Malformed,
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller's: the request would fail again.
    Caller,
    /// Ours: the credential that we show there.
    Credential,
    /// The provider's.
    Provider,
}

impl FailureKind {
    /// The name used in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::ContextOverflow => "context_overflow",
            Self::ContentFilter => "content_filter",
            Self::Credential => "credential",
            Self::Permission => "permission",
            Self::OutOfCredit => "out_of_credit",
            Self::NotFound => "not_found",
            Self::Timeout => "timeout",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::Connect => "connect",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
        }
    }

    /// Whose fault it is.
    pub fn fault(self) -> Fault {
        match self {
            Self::BadRequest | Self::ContextOverflow | Self::ContentFilter | Self::NotFound => {
                Fault::Caller
            }
            Self::Credential | Self::Permission | Self::OutOfCredit => Fault::Credential,
            Self::Timeout
            | Self::Conflict
            | Self::RateLimited
            | Self::Overloaded
            | Self::Server
            | Self::Connect
            | Self::Truncated
            | Self::Malformed => Fault::Provider,
        }
    }

    /// Whether the same provider may do better next time.
    pub fn may_retry(self) -> bool {
        self.fault() == Fault::Provider
    }

    /// Whether another provider may do better.
    pub fn may_fail_over(self) -> bool {
        !matches!(self, Self::BadRequest | Self::ContentFilter)
    }
}

/// The longest message that is kept, in characters.
const MAX_MESSAGE: usize = 4096;

/// The longest text that is taken from a body that is no JSON, in characters.
const MAX_TEXT: usize = 300;

/// The status that a numeric code stands for, if it is one of an error.
fn error_status(code: &str) -> Option<StatusCode> {
    let code: u16 = code.parse().ok()?;
    let status = StatusCode::from_u16(code).ok()?;
    (status.is_client_error() || status.is_server_error()).then_some(status)
}

/// A wait in seconds; nonsense is none.
fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests;
