//! The record of one finished request. Holds no prompt and no answer.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::StatusCode;
use modelport_provider::usage::Usage;
use smallvec::SmallVec;
use tracing::Level;

use super::{charge::Charge, unmetered::Unmetered};
use crate::{
    error::{Blame, Error},
    ids::{
        RequestId,
        trace::{SpanId, Trace},
    },
};

/// The status of a request whose caller left before there was one, as nginx has it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// One finished request.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RequestId,
    /// The trace that it belongs to, if it is known to belong to one.
    pub trace: Option<Trace>,
    /// When it arrived.
    pub at: SystemTime,
    /// Whose key it showed; see [`Keys::check`](crate::auth::Keys::check).
    pub caller: u64,
    /// The id of that key, where it has one.
    pub key: Option<Arc<str>>,
    /// Whose the key is.
    pub team: Option<Arc<str>>,
    /// What the caller wants the request counted by: a JSON object of texts.
    pub tags: Option<Arc<str>>,
    /// The endpoint below `/v1`.
    pub endpoint: &'static str,
    /// What is done there, in the words of OpenTelemetry.
    pub operation: &'static str,
    /// The model as the caller named it.
    pub requested: Option<Box<str>>,
    /// The model that was asked for of the provider.
    pub upstream_model: Option<Arc<str>>,
    /// The model that has answered, by the answer's own words; looked for only where spans are made.
    pub answered_by: Option<Box<str>>,
    /// The id of the provider that was asked last.
    pub provider: Option<Box<str>>,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// The route that was for it, whose decision is kept under the request's id.
    pub route: Option<Arc<str>>,
    /// What `x-modelport-params` tells.
    pub params: Option<Box<str>>,
    /// How many attempts were made.
    pub attempts: u32,
    /// What each of them was.
    pub tried: SmallVec<[Tried; 1]>,
    /// How much of the time was spent waiting for providers.
    pub waited: Duration,
    /// The status that the caller got; 499 for a caller that left before there was one.
    pub status: StatusCode,
    /// From the request's arrival to the end of the answer.
    pub duration: Duration,
    /// From the request's arrival to the first output.
    pub first_output: Option<Duration>,
    /// What the provider said it used.
    pub usage: Option<Usage>,
    /// Whether that is an estimate of ours instead.
    pub estimated: bool,
    /// What it costs.
    pub charge: Charge,
    /// What is needed to estimate what was used, where the provider has not said it.
    pub unmetered: Option<Box<Unmetered>>,
    /// What targets did that died in a stream with which another went on.
    pub earlier: Vec<Unmetered>,
    /// What was found among the answers that are kept, where any are.
    pub lookup: Option<Lookup>,
    /// Whose budgets have reached with it the amount at which they warn.
    pub warned: SmallVec<[&'static str; 1]>,
    /// How it ended.
    pub ending: Ending,
    /// What went wrong.
    pub problem: Option<Problem>,
}

/// What went wrong with a request.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Whose fault that was.
    pub blame: Blame,
    /// One of few words for it.
    pub class: &'static str,
    /// Whose limit refused the request, and which, where one did.
    pub limit: Option<(&'static str, &'static str)>,
    /// What was said of it.
    pub said: Box<str>,
}

impl Problem {
    /// An error of ours.
    pub fn of(error: &Error) -> Self {
        let limit = if let Error::Limited { owner, name, .. } = error {
            Some((*owner, *name))
        } else {
            None
        };
        Self {
            blame: error.blame(),
            class: error.code(),
            limit,
            said: error.to_string().into(),
        }
    }
}

/// One attempt at a provider, when it is over. Times are from the request's arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The provider's id; `None` where it is the record's, which it is for the only attempt of most requests.
    pub provider: Option<Box<str>>,
    /// The model that was asked for; `None` where the provider was to choose.
    pub model: Option<Arc<str>>,
    /// Its span, where traces are made.
    pub span: Option<SpanId>,
    /// Which of the provider's credentials was shown, by its place among them.
    pub key: usize,
    /// Why it was made.
    pub step: Step,
    /// How it ended: `answered`, `cancelled`, or the class of its failure.
    pub outcome: &'static str,
    /// The status of the provider's answer, if it gave one.
    pub status: Option<StatusCode>,
    /// When it began.
    pub began: Duration,
    /// When the head of the provider's answer was there.
    pub head: Option<Duration>,
    /// When its first output was there: of an answer that is no stream, all of it.
    pub output: Option<Duration>,
    /// When it ended.
    pub ended: Duration,
}

/// Why an attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is the first.
    First,
    /// The same deployment failed, maybe by another credential.
    Retry,
    /// Another deployment failed.
    Failover,
    /// Another deployment is slow.
    Hedge,
}

impl Step {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Retry => "retry",
            Self::Failover => "failover",
            Self::Hedge => "hedge",
        }
    }
}

/// What was found among the answers that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// The answer; no provider was asked.
    Hit,
    /// Nothing.
    Miss,
    /// It was not looked for.
    Bypass,
}

impl Lookup {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Bypass => "bypass",
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// With an answer.
    Answered,
    /// With a provider's refusal, passed on.
    Refused,
    /// With an error of ours.
    Failed,
    /// With an error inside a stream that had begun.
    Broken,
    /// The caller left.
    Cancelled,
}

impl Ending {
    /// The word for it, in the log and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Broken => "broken",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Record {
    /// One that has just arrived, of a caller who needs no key and of whom nothing else is known. It counts as given up
    /// until something else is said.
    pub fn new(
        id: RequestId,
        at: SystemTime,
        endpoint: &'static str,
        operation: &'static str,
    ) -> Self {
        Self {
            id,
            trace: None,
            at,
            caller: 0,
            key: None,
            team: None,
            tags: None,
            endpoint,
            operation,
            requested: None,
            upstream_model: None,
            answered_by: None,
            provider: None,
            stream: false,
            route: None,
            params: None,
            attempts: 0,
            tried: SmallVec::new(),
            waited: Duration::ZERO,
            status: StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or_default(),
            duration: Duration::ZERO,
            first_output: None,
            usage: None,
            estimated: false,
            charge: Charge::default(),
            unmetered: None,
            earlier: Vec::new(),
            lookup: None,
            warned: SmallVec::new(),
            ending: Ending::Cancelled,
            problem: None,
        }
    }

    /// The id of the provider that an attempt of this request was made at.
    pub fn provider_of<'a>(&'a self, tried: &'a Tried) -> &'a str {
        let own = tried.provider.as_deref();
        own.or(self.provider.as_deref()).unwrap_or_default()
    }

    /// Estimates what was used where the provider has not said it, and what that costs. Away from the request path: see
    /// [`Unmetered`].
    pub fn estimate(&mut self) {
        if let Some(unmetered) = self.unmetered.take() {
            let (usage, charge) = unmetered.estimate();
            self.usage = Some(usage);
            self.charge = charge;
            self.estimated = true;
        }
        for earlier in std::mem::take(&mut self.earlier) {
            let (usage, charge) = earlier.estimate();
            self.usage = Some(usage.and(&self.usage.take().unwrap_or_default()));
            self.charge = charge.and(std::mem::take(&mut self.charge));
            self.estimated |= earlier.told.is_none();
        }
    }

    /// How loud the record's line is: by whose fault a problem was.
    pub fn level(&self) -> Level {
        match self.problem.as_ref().map(|problem| problem.blame) {
            None | Some(Blame::Caller) => Level::INFO,
            Some(Blame::Upstream) => Level::WARN,
            Some(Blame::Gateway) => Level::ERROR,
        }
    }
}
