//! The one error of the library: opaque, with predicates.
//!
//! It says what went wrong between us and a provider. It never holds a credential, a prompt or
//! an answer; an upstream's own error message is kept because a caller must be able to read it.

use std::{fmt, time::Duration};

use http::StatusCode;

use crate::failure::{ErrorBody, FailureKind};

/// Why a call to a provider did not give an answer.
#[derive(Clone, Debug)]
pub struct Error(Box<Kind>);

#[derive(Clone, Debug)]
enum Kind {
    /// No connection: name lookup, TCP, or TLS.
    Connect { origin: String, cause: String },
    /// The provider stayed silent for too long.
    Silent { stage: Stage, after: Duration },
    /// The connection ended before the first byte of an answer.
    Closed { cause: String },
    /// The connection ended inside an answer.
    Cut { cause: String },
    /// What arrived is not what was promised: not HTTP, not JSON, not an event stream.
    Malformed { what: String },
    /// The provider answered, and the answer is an error.
    Refused {
        status: StatusCode,
        kind: FailureKind,
        body: Box<ErrorBody>,
        retry_after: Option<Duration>,
    },
    /// A setting or an argument is unusable.
    Invalid { what: String },
    /// The caller's request cannot be put into the provider's terms.
    Rejected {
        kind: FailureKind,
        fault: RequestFault,
    },
}

/// What is wrong with a request that was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFault {
    /// What is wrong, and what would be right.
    pub message: String,
    /// The field, where one is to blame.
    pub param: Option<String>,
    /// A word for programs.
    pub code: &'static str,
}

/// What a silent provider was being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The connection, its TLS handshake included.
    Connect,
    /// The head of the answer.
    Head,
    /// The next piece of the answer's body.
    Body,
}

impl Error {
    pub(crate) fn connect(origin: &str, cause: impl fmt::Display) -> Self {
        Self::new(Kind::Connect {
            origin: origin.to_owned(),
            cause: cause.to_string(),
        })
    }

    pub(crate) fn silent(stage: Stage, after: Duration) -> Self {
        Self::new(Kind::Silent { stage, after })
    }

    pub(crate) fn closed(cause: impl fmt::Display) -> Self {
        Self::new(Kind::Closed {
            cause: cause.to_string(),
        })
    }

    pub(crate) fn cut(cause: impl fmt::Display) -> Self {
        Self::new(Kind::Cut {
            cause: cause.to_string(),
        })
    }

    pub(crate) fn malformed(what: impl fmt::Display) -> Self {
        Self::new(Kind::Malformed {
            what: what.to_string(),
        })
    }

    pub(crate) fn refused(
        status: StatusCode,
        kind: FailureKind,
        body: ErrorBody,
        retry_after: Option<Duration>,
    ) -> Self {
        Self::new(Kind::Refused {
            status,
            kind,
            body: Box::new(body),
            retry_after,
        })
    }

    pub(crate) fn invalid(what: impl fmt::Display) -> Self {
        Self::new(Kind::Invalid {
            what: what.to_string(),
        })
    }

    pub(crate) fn rejected(param: &str, message: impl fmt::Display) -> Self {
        Self::new(Kind::Rejected {
            kind: FailureKind::BadRequest,
            fault: RequestFault {
                message: message.to_string(),
                param: Some(param.to_owned()),
                code: "invalid_value",
            },
        })
    }

    pub(crate) fn too_long(message: impl fmt::Display) -> Self {
        Self::new(Kind::Rejected {
            kind: FailureKind::ContextOverflow,
            fault: RequestFault {
                message: message.to_string(),
                param: Some("messages".to_owned()),
                code: "context_length_exceeded",
            },
        })
    }

    fn new(kind: Kind) -> Self {
        Self(Box::new(kind))
    }

    /// No connection could be made: name lookup, TCP or TLS failed.
    pub fn is_connect(&self) -> bool {
        matches!(
            *self.0,
            Kind::Connect { .. }
                | Kind::Silent {
                    stage: Stage::Connect,
                    ..
                }
        )
    }

    /// The provider stayed silent longer than its timeout allows.
    pub fn is_timeout(&self) -> bool {
        matches!(*self.0, Kind::Silent { .. })
    }

    /// The connection ended before the first byte of an answer.
    pub fn is_closed(&self) -> bool {
        matches!(*self.0, Kind::Closed { .. })
    }

    /// The connection ended inside an answer.
    pub fn is_cut(&self) -> bool {
        matches!(*self.0, Kind::Cut { .. })
    }

    /// What arrived is not what the API promises.
    pub fn is_malformed(&self) -> bool {
        matches!(*self.0, Kind::Malformed { .. })
    }

    /// A setting or an argument is unusable; nothing was sent.
    pub fn is_invalid(&self) -> bool {
        matches!(*self.0, Kind::Invalid { .. })
    }

    /// What is wrong with the caller's request, if it could not be put into the provider's terms; nothing was sent.
    pub fn request_fault(&self) -> Option<&RequestFault> {
        match &*self.0 {
            Kind::Rejected { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// The provider refused because of a rate limit.
    pub fn is_rate_limited(&self) -> bool {
        self.failure() == FailureKind::RateLimited
    }

    /// What the provider was waited for, and how long, if it stayed silent.
    pub fn silence(&self) -> Option<(Stage, Duration)> {
        match *self.0 {
            Kind::Silent { stage, after } => Some((stage, after)),
            _ => None,
        }
    }

    /// The status of the provider's refusal, if it answered with one.
    pub fn status(&self) -> Option<StatusCode> {
        match *self.0 {
            Kind::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    /// How long the provider asked to wait before another try.
    pub fn retry_after(&self) -> Option<Duration> {
        match *self.0 {
            Kind::Refused { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// What the provider said about its refusal.
    pub fn error_body(&self) -> Option<&ErrorBody> {
        match &*self.0 {
            Kind::Refused { body, .. } => Some(body),
            _ => None,
        }
    }

    /// The class of the failure: whose fault it is, and whether trying again can help.
    pub fn failure(&self) -> FailureKind {
        match &*self.0 {
            Kind::Connect { .. }
            | Kind::Silent {
                stage: Stage::Connect,
                ..
            } => FailureKind::Connect,
            Kind::Silent { .. } => FailureKind::Timeout,
            Kind::Closed { .. } | Kind::Cut { .. } => FailureKind::Truncated,
            Kind::Malformed { .. } => FailureKind::Malformed,
            Kind::Refused { kind, .. } | Kind::Rejected { kind, .. } => *kind,
            Kind::Invalid { .. } => FailureKind::BadRequest,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Connect { origin, cause } => write!(f, "no connection to {origin}: {cause}"),
            Kind::Silent { stage, after } => {
                let what = match stage {
                    Stage::Connect => "the connection was not made",
                    Stage::Head => "no answer began",
                    Stage::Body => "the answer fell silent",
                };
                write!(f, "{what} within {} s", after.as_secs_f64())
            }
            Kind::Closed { cause } => {
                write!(f, "the connection ended before an answer: {cause}")
            }
            Kind::Cut { cause } => write!(f, "the answer was cut off: {cause}"),
            Kind::Malformed { what } | Kind::Invalid { what } => f.write_str(what),
            Kind::Rejected { fault, .. } => f.write_str(&fault.message),
            Kind::Refused { status, body, .. } => {
                write!(f, "{} from the provider: {}", status.as_u16(), body.message)
            }
        }
    }
}

impl std::error::Error for Error {}
