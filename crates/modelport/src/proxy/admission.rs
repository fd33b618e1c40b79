//! Whether a request may be sent, by the limits and budgets of whoever sends it and of whomever it is sent to.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use modelport_provider::{cost::Counts, usage::Usage};
use smallvec::SmallVec;

use super::{Job, failure::Failure, failure::whole_seconds, meter::Meter, plan::Deployment};
use crate::{
    app::App,
    clock,
    error::{Error, Limit},
    limits::{
        self,
        admission::{Reached, Reason, Refused, Standing},
        cell::{Owner, Use},
        money::Money,
        register::{Bounds, cells},
        words::Reset,
    },
    models::cost,
};

mod leave;

use leave::{Leave, No};

/// Fields that limit an answer's length.
const MAX_TOKENS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

/// Room for the values of the headers that say where a caller stands, in bytes: as much as usual ones need.
const LEVELS_LENGTH: usize = 96;

/// Events of a stream after which what it has used is counted anew.
const EVENTS: u64 = 32;

/// Leave to answer a request, and what it is expected to use.
pub struct Admitted {
    leave: Leave,
    /// Whose answers teach what to expect.
    who: u64,
    /// The length of the request's body.
    bytes: usize,
    /// Events of the stream so far.
    events: u64,
}

/// Leave to ask a provider.
pub struct AtProvider(Leave);

/// Admits a request by the limits of its key, its team, its model and the gateway; `None` where there are none. Where
/// limits are shared, [`agree`] comes next.
///
/// # Errors
///
/// [`Error::Limited`] by the first limit that has not enough.
pub(super) fn admit(job: &Job) -> Result<Option<Box<Admitted>>, Error> {
    let app = &job.worker.app;
    let known = job.caller.known.as_ref();
    let (key, team) = known.map_or((None, None), |known| {
        (Some(&*known.id), known.team.as_deref())
    });
    let first = job.plan.first();
    let requested = job.asked.model(&job.body);
    let model = requested.or_else(|| first.map(|at| &*at.model));
    let bounds = app.limits.of_request(key, team, model.unwrap_or_default());
    if bounds.is_empty() {
        return Ok(None);
    }
    let (who, expects) = expected(job, first, &bounds);
    let leave = Leave::take(app, bounds, expects);
    let leave = leave.map_err(|no| no.into_error(key_name(job)))?;
    Ok(Some(Box::new(Admitted {
        leave,
        who,
        bytes: job.body.len(),
        events: 0,
    })))
}

/// Asks the server of shared limits whether an admitted request may be sent.
///
/// # Errors
///
/// As [`admit`]; [`Error::LimitsAway`] where the server does not answer and the gateway may not decide alone.
pub(super) async fn agree(job: &Job, meter: &mut Meter) -> Result<(), Error> {
    let (Some(shared), Some(mut admitted)) = (&job.worker.app.shared, meter.take_admitted()) else {
        return Ok(());
    };
    let agreed = admitted.leave.agree(shared).await;
    admitted.leave = agreed.map_err(|no| no.into_error(key_name(job)))?;
    meter.admitted(Some(admitted));
    Ok(())
}

/// Admits a request to a provider by the provider's limits; `None` where it has none. Where limits are shared,
/// [`agreed_at_provider`] comes next.
///
/// # Errors
///
/// A failure that lets another provider answer, by the first limit that has not enough.
pub(super) fn at_provider(job: &Job, at: &Deployment) -> Result<Option<Box<AtProvider>>, Failure> {
    let app = &job.worker.app;
    let bounds = app.limits.of_provider(job.provider_id(at));
    if bounds.is_empty() {
        return Ok(None);
    }
    let (_, expects) = expected(job, Some(at), &bounds);
    let leave = Leave::take(app, bounds, expects).map_err(No::into_failure)?;
    Ok(Some(Box::new(AtProvider(leave))))
}

/// Asks the server of shared limits whether a request may be sent to the provider that has admitted it.
///
/// # Errors
///
/// As [`at_provider`].
pub(super) async fn agreed_at_provider(
    job: &Job,
    mut permit: Box<AtProvider>,
) -> Result<Box<AtProvider>, Failure> {
    if let Some(shared) = &job.worker.app.shared {
        permit.0 = permit.0.agree(shared).await.map_err(No::into_failure)?;
    }
    Ok(permit)
}

/// What a request is expected to use at a deployment, and whose answers tell. What it costs is of interest to budgets only.
fn expected(job: &Job, at: Option<&Deployment>, bounds: &Bounds) -> (u64, Use) {
    let app = &job.worker.app;
    let who = (app.limits.expected).who(job.caller.number, at.map(|at| &*at.model));
    let (input_tokens, output_tokens) =
        app.limits
            .expected
            .tokens(who, job.body.len(), max_tokens(job));
    let has_budget = cells(bounds).any(|cell| matches!(cell.limit, limits::cell::Limit::Budget(_)));
    let cost = at.filter(|_| has_budget).map_or(Money::ZERO, |at| {
        let usage = Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        };
        let (counts, now) = (Counts::Estimated, clock::calendar());
        let cost = cost::of(app, at.provider, &at.model, &usage, counts, now);
        cost.amount().map_or(Money::ZERO, Money::from_dollars)
    });
    let expects = Use {
        input_tokens,
        output_tokens,
        cost,
    };
    (who, expects)
}

/// The most tokens that the caller wants in an answer.
fn max_tokens(job: &Job) -> Option<u64> {
    let fields = job.asked.of_json()?.fields().iter();
    let said = fields.filter(|field| field.is_named(&job.body, &MAX_TOKENS));
    let numbers = said.filter_map(|field| {
        let value = job.body.get(field.value.clone())?;
        std::str::from_utf8(value).ok()?.parse().ok()
    });
    numbers.max()
}

fn key_name(job: &Job) -> &str {
    let known = job.caller.known.as_ref();
    known.map_or("", |known| known.key.prefix())
}

impl Admitted {
    /// Where the caller stands, for headers.
    pub fn standing(&self) -> Standing {
        self.leave.standing()
    }

    /// An event of the stream has passed, which is a token at most providers. What a stream uses beyond what it was
    /// expected to counts while it runs.
    pub fn event(&mut self) {
        self.events += 1;
        let expects = self.leave.expects;
        if self.events.is_multiple_of(EVENTS) && self.events > expects.output_tokens {
            self.leave.grow(Use {
                output_tokens: self.events,
                ..expects
            });
        }
    }

    /// The request is over, with what it used if that is known.
    pub fn settle(self, app: &App, used: Option<Use>, is_whole: bool) -> SmallVec<[Reached; 1]> {
        if let (Some(used), true) = (used, is_whole) {
            let expected = &app.limits.expected;
            expected.observe(self.who, self.bytes, used.input_tokens, used.output_tokens);
        }
        self.leave.settle(used)
    }
}

impl AtProvider {
    /// The request is over, with what it used if that is known.
    pub fn settle(self, used: Option<Use>) -> SmallVec<[Reached; 1]> {
        self.0.settle(used)
    }
}

/// The refusal by a limit, in words and headers.
fn refusal(refused: &Refused, standing: Standing, key: &str, now: u64) -> Error {
    let cell = &refused.cell;
    let name = &cell.name;
    let owner = match cell.owner {
        Owner::Gateway => "this gateway".to_owned(),
        Owner::Key => format!("the API key {key}"),
        Owner::Team => format!("the team {name}"),
        Owner::Model => format!("the model {name}"),
        Owner::Provider => format!("the provider {name}"),
    };
    let limit = cell.limit.as_str();
    let retry_after = refused.retry_after(now);
    let again = retry_after.map_or_else(String::new, |wait| {
        format!(" Try again in {}.", Reset(wait))
    });
    let (kind, message) = match refused.reason {
        Reason::Spent {
            limit: amount,
            remaining,
            asked,
            ..
        } => (
            Limit::Rate,
            format!(
                "Rate limit reached for {owner}: {limit} is {amount}, {remaining} are left, and this request needs {asked}.{again}"
            ),
        ),
        Reason::TooLarge {
            limit: amount,
            asked,
        } => (
            Limit::TooLarge,
            format!(
                "The request is too large for {owner}: {limit} is {amount}, and this request needs {asked}. Send a shorter one, or ask for a shorter answer with max_tokens."
            ),
        ),
        Reason::Busy { limit: amount } => (
            Limit::Rate,
            format!(
                "Too many requests at once for {owner}: {limit} is {amount}. Try again when one of them is answered."
            ),
        ),
        Reason::Budget(budget) => (
            Limit::Budget,
            format!(
                "The budget of {owner} does not allow this request: {} of {} are spent, and {} are set apart for requests under way.{}",
                budget.spent,
                budget.limit,
                budget.reserved,
                budget.resets_at.map_or_else(
                    || " Ask for a larger one.".to_owned(),
                    |at| format!(" It is renewed at {}.", moment(at))
                )
            ),
        ),
    };
    let mut headers = Vec::new();
    write(standing, |name, value| headers.push((name, value)));
    Error::Limited {
        limit: kind,
        owner: cell.owner.as_str(),
        name: limit,
        message,
        retry_after: retry_after.map(whole_seconds),
        headers,
    }
}

fn moment(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| millis.to_string(), |at| at.to_string())
}

/// The headers that say where a caller stands, in OpenAI's words (platform.openai.com, "Rate limits", 2026-11): how much
/// there is, how much of it is left, and when it is whole again.
const OF_REQUESTS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
const OF_TOKENS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];

/// Says where a caller stands.
fn write(standing: Standing, mut put: impl FnMut(HeaderName, HeaderValue)) {
    let levels = [
        (standing.requests, OF_REQUESTS),
        (standing.tokens, OF_TOKENS),
    ];
    // All values are parts of one text, so that they take memory once.
    let mut text = String::with_capacity(LEVELS_LENGTH);
    let mut ends = SmallVec::<[(HeaderName, usize); 6]>::new();
    let mut number = itoa::Buffer::new();
    for (level, [limit, remaining, reset]) in levels {
        if let Some(level) = level {
            text.push_str(number.format(level.limit));
            ends.push((limit, text.len()));
            text.push_str(number.format(level.remaining));
            ends.push((remaining, text.len()));
            Reset(level.reset).push_to(&mut text);
            ends.push((reset, text.len()));
        }
    }
    let mut rest = Bytes::from(text);
    let mut start = 0;
    for (name, end) in ends {
        let value = rest.split_to(end - start);
        start = end;
        if let Ok(value) = HeaderValue::from_maybe_shared(value) {
            put(name, value);
        }
    }
}

/// Puts where a caller stands into an answer's headers, in place of where the gateway stands at the provider.
pub(super) fn add_headers(headers: &mut http::HeaderMap, standing: Standing) {
    headers.reserve(OF_REQUESTS.len() + OF_TOKENS.len());
    write(standing, |name, value| drop(headers.insert(name, value)));
}
