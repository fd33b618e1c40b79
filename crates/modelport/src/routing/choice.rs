//! What was chosen for one request on a route, and what came of it: all that is needed to explain it later.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderName;
use modelport_provider::{capability::Capability, failure::FailureKind};
use smallvec::SmallVec;

use super::{needs::Needs, policy::Candidate, route::Route};

/// How a route's targets were ordered for one request.
#[derive(Clone)]
pub struct Choice {
    /// The route.
    pub route: Arc<Route>,
    /// What the request needs.
    pub needs: Needs,
    /// The targets that take it, best first.
    pub considered: SmallVec<[Considered; 4]>,
    /// The others.
    pub left_out: Vec<LeftOut>,
}

/// A target that takes a request, as it stood when it was chosen.
#[derive(Clone, Copy, Debug)]
pub struct Considered {
    /// The place of its group on the route.
    pub group: usize,
    /// What the policy looked at.
    pub candidate: Candidate,
}

/// A target that does not take a request.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The place of its group on the route.
    pub group: usize,
    /// Its place in the group.
    pub place: usize,
    /// Why.
    pub reason: Reason,
}

/// Why a target does not take a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is for requests that need this.
    OnlyFor(Capability),
    /// It is for requests with this header, and a value that this request does not have.
    Header(HeaderName),
    /// It is for keys with this tag, and a value that this caller's does not have.
    KeyTag(Arc<str>),
    /// It is for longer requests.
    TooShort {
        /// The request's length in tokens, by estimate.
        tokens: u64,
        /// The least that it takes.
        least: u32,
    },
    /// It is for shorter requests, or its model's context is.
    TooLong {
        /// The request's length in tokens, by estimate.
        tokens: u64,
        /// The most that it takes.
        most: u64,
    },
    /// Its model cannot do what the request needs.
    Lacks(Capability),
    /// The caller's key does not open its provider.
    NotOpened,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyFor(capability) => {
                write!(f, "only for requests with {}", capability.as_str())
            }
            Self::Header(name) => write!(f, "only for requests whose header {name} fits"),
            Self::KeyTag(name) => write!(f, "only for keys whose tag {name} fits"),
            Self::TooShort { tokens, least } => {
                write!(
                    f,
                    "only from {least} input tokens, and these are about {tokens}"
                )
            }
            Self::TooLong { tokens, most } => {
                write!(
                    f,
                    "only up to {most} input tokens, and these are about {tokens}"
                )
            }
            Self::Lacks(capability) => write!(f, "its model lacks {}", capability.as_str()),
            Self::NotOpened => f.write_str("the key does not open its provider"),
        }
    }
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// The deployment, by its place in the plan.
    pub place: usize,
    /// Its provider, by its place in the configuration.
    pub provider: usize,
    /// Which of the provider's credentials was shown.
    pub key: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, to its first output if it was answered.
    pub took: Duration,
    /// How much of that was spent waiting for the provider.
    pub waited: Duration,
    /// Whether it was begun beside another one that was slow.
    pub beside: bool,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With an output, which became the answer.
    Answered,
    /// With a failure of this class.
    Failed(FailureKind),
    /// Another was faster.
    Cancelled,
}

impl Outcome {
    /// The name used in logs and explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed(kind) => kind.as_str(),
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why no further attempt was made, though another target was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The route's share of retries is used up.
    RetryShare,
}

impl Stop {
    /// The name used in explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetryShare => "retry_share",
        }
    }
}

/// The calls of one request, in order.
pub type Attempts = SmallVec<[Attempt; 1]>;
