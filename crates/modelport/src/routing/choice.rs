//! What was chosen for one request on a route, and what came of it: all that is needed to explain it later.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderName, StatusCode};
use modelport_provider::{capability::Capability, failure::FailureKind};
use smallvec::SmallVec;

use super::{needs::Needs, policy::Candidate, route::Route};
use crate::ids::trace::SpanId;

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
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The deployment, by its place in the plan.
    pub place: usize,
    /// Its provider, by its place in the configuration.
    pub provider: usize,
    /// The model that is asked for; empty where the provider is to choose.
    pub model: Arc<str>,
    /// Which of the provider's credentials was shown.
    pub key: usize,
    /// When it began.
    pub began: Instant,
    /// How it ended.
    pub outcome: Outcome,
    /// The status of the provider's answer, if it gave one.
    pub status: Option<StatusCode>,
    /// From its beginning to the head of that answer.
    pub head: Option<Duration>,
    /// Whether the answer's head tells what the provider itself made of the request's fields.
    pub tells_fields: bool,
    /// How long it took, to its first output if it was answered.
    pub took: Duration,
    /// From its beginning to where its answer broke off, where another target was to go on with it.
    pub cut: Option<Duration>,
    /// How much of that was spent waiting for the provider.
    pub waited: Duration,
    /// Whether it was begun beside another one that was slow.
    pub beside: bool,
    /// Its span, where traces are made.
    pub span: Option<SpanId>,
}

impl Attempt {
    /// One that begins now.
    pub fn begin(
        place: usize,
        (provider, key): (usize, usize),
        model: &Arc<str>,
        now: Instant,
    ) -> Self {
        Self {
            place,
            provider,
            model: Arc::clone(model),
            key,
            began: now,
            outcome: Outcome::Left,
            status: None,
            head: None,
            tells_fields: false,
            took: Duration::ZERO,
            cut: None,
            waited: Duration::ZERO,
            beside: false,
            span: None,
        }
    }

    /// The head of an answer is there.
    pub fn heard(&mut self, status: StatusCode, now: Instant) {
        self.status = Some(status);
        self.head = Some(now.saturating_duration_since(self.began));
    }

    /// Another was faster: what had not ended is given up.
    pub fn give_up(&mut self, now: Instant) {
        if self.outcome == Outcome::Left {
            self.outcome = Outcome::Cancelled;
            self.took = now.saturating_duration_since(self.began);
            self.waited = self.took;
        }
    }
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
    /// Not yet, or the caller left before.
    Left,
}

impl Outcome {
    /// The name used in logs and explanations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed(kind) => kind.as_str(),
            Self::Cancelled | Self::Left => "cancelled",
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
pub type Attempts = Vec<Attempt>;
