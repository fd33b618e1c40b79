//! One deployment: the first attempt, its retries, and its provider's other credentials.

use std::{
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use http::HeaderMap;
use modelport_provider::{failure::FailureKind, retry};

use super::{
    Job,
    attempt::{self, Committed},
    failure::{Failure, whole_seconds},
    meter::Meter,
    plan::Deployment,
    sending::Sending,
};
use crate::{
    clock,
    error::Error,
    limits::room::{Place, Refusal, Who},
    routing::{
        choice::{Attempt, Attempts, Outcome},
        keyring::{Keyring, Tried},
        route::CacheRate,
        target::{Flight, Target},
    },
};

/// An answer that has begun.
pub struct Won {
    /// The answer.
    pub committed: Committed,
    /// What the answer keeps as long as it goes on.
    pub held: Held,
    /// How long the request waited for a place.
    pub queued: Duration,
}

/// What an answer keeps as long as it goes on: its place among the requests under way.
#[derive(Default)]
pub struct Held {
    /// Its place among those that the provider gets at once.
    pub room: Option<Place>,
    /// Counts the request at its target.
    pub flight: Option<Flight>,
    /// Is told how much of the input came from the provider's cache.
    pub cache: Option<Arc<CacheRate>>,
}

/// The most times that one deployment is tried with yet another credential.
const MAX_CHANGES: u32 = 3;

/// What follows a failure at the same deployment.
enum Next {
    /// Another credential, at once.
    Key(usize),
    /// The same again, after this pause.
    Wait(Duration),
    /// Nothing.
    Over,
}

/// Tries the deployment at this place of the plan, and notes each attempt.
///
/// # Errors
/// The [`Failure`] of the last attempt.
pub async fn at_deployment(
    job: &Job,
    place: usize,
    at: &Deployment,
    sending: &Sending,
    meter: &Meter,
    attempts: &mut Attempts,
) -> Result<Won, Failure> {
    let app = &job.worker.app;
    let (Some(keyring), Some(signals)) = (app.keyrings.get(at.provider), job.plan.signals(app, at))
    else {
        return Err(Failure::of(
            FailureKind::Connect,
            "the provider is not configured",
        ));
    };
    let Entered { room, queued } = enter(job, place, at).await?;
    let mut tried = Tried::default();
    let mut retries = 0;
    let mut key = keyring.first(&mut tried, fastrand::u64(..), clock::now());
    loop {
        meter.calling();
        let (result, attempt) = one(job, place, at, key, signals, keyring, sending).await;
        attempts.push(attempt);
        let failure = match result {
            Ok(mut won) => {
                (won.held.room, won.queued) = (room, queued);
                return Ok(won);
            }
            Err(failure) => failure,
        };
        let next = what_next(job, place, at, keyring, &mut tried, &failure, retries);
        let wait = match next {
            Next::Wait(wait) => Some(wait),
            Next::Key(_) => Some(Duration::ZERO),
            Next::Over => None,
        };
        attempt::note_failure(job, at, &failure, attempt.took, wait);
        match next {
            Next::Over => return Err(failure),
            Next::Key(other) => key = other,
            Next::Wait(wait) => {
                retries += 1;
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// A place at a provider.
struct Entered {
    /// `None` where a provider takes as many as come.
    room: Option<Place>,
    queued: Duration,
}

/// Takes a place at the provider, if it gets only so many requests at once. Where another target of the route is up,
/// a request rather goes there than wait; only the last one waits.
async fn enter(job: &Job, place: usize, at: &Deployment) -> Result<Entered, Failure> {
    let app = &job.worker.app;
    let Some(room) = app.rooms.get(at.provider).and_then(Option::as_ref) else {
        let (room, queued) = (None, Duration::ZERO);
        return Ok(Entered { room, queued });
    };
    if let Some(free) = room.try_enter() {
        let (room, queued) = (Some(free), Duration::ZERO);
        return Ok(Entered { room, queued });
    }
    let busy = |kind: FailureKind, what: &str, retry_after: Duration| {
        let error = Error::Busy {
            provider: job.provider_name(at).to_owned(),
            what: what.to_owned(),
            retry_after: whole_seconds(retry_after),
        };
        Failure::own(kind, error)
    };
    if !job.waits.load(Relaxed) && job.plan.has_ready(app, place + 1) {
        let wait = Duration::from_secs(1);
        return Err(busy(
            FailureKind::RateLimited,
            "all its places are taken",
            wait,
        ));
    }
    let who = Who {
        key: job.caller,
        priority: 0,
    };
    let now = clock::now();
    let deadline = job.deadline.map_or(now + LONG, |deadline| deadline.at);
    match Box::pin(room.enter(who, deadline.into())).await {
        Ok(entered) => Ok(Entered {
            room: Some(entered.place),
            queued: entered.waited,
        }),
        Err(Refusal::Full { retry_after }) => {
            let what = "its waiting room is full";
            Err(busy(FailureKind::RateLimited, what, retry_after))
        }
        Err(Refusal::Late) => match job.deadline {
            Some(deadline) if deadline.at <= clock::now() => Err(deadline.passed()),
            Some(_) | None => {
                let wait = clock::now().saturating_duration_since(now);
                // It has waited as long as one waits, and does not begin again elsewhere.
                let what = "no place became free in time";
                Err(busy(FailureKind::Timeout, what, wait))
            }
        },
    }
}

/// Longer than anything waits.
const LONG: Duration = Duration::from_hours(24);

/// One attempt, counted at its target.
async fn one(
    job: &Job,
    place: usize,
    at: &Deployment,
    key: usize,
    signals: &Arc<Target>,
    keyring: &Keyring,
    sending: &Sending,
) -> (Result<Won, Failure>, Attempt) {
    let started = clock::now();
    if let Some(deadline) = job.deadline.filter(|deadline| deadline.at <= started) {
        let attempt = Attempt {
            place,
            key,
            outcome: Outcome::Cancelled,
            took: Duration::ZERO,
        };
        return (Err(deadline.passed()), attempt);
    }
    let mut flight = signals.begin(started);
    let attempt = pin!(attempt::once(job, at, key, sending));
    let result = match job.deadline {
        None => attempt.await,
        Some(deadline) => match tokio::time::timeout_at(deadline.at.into(), attempt).await {
            Ok(result) => result,
            Err(_) => Err(deadline.passed()),
        },
    };
    let result = result.map_err(|failure| job.hide(at, key, failure));
    let now = clock::now();
    let took = now.saturating_duration_since(started);
    let is_keys = result.as_ref().is_err_and(|failure| {
        keyring.blames(key, failure.kind, failure.retry_after, now) && keyring.has_good(now)
    });
    // One credential of several says nothing of the provider.
    if !is_keys {
        job.note_signal(at, result.as_ref().err(), took);
    }
    let outcome = match &result {
        Ok(committed) => {
            flight.answered(took, now);
            if job.plan.choice.is_some() {
                spare(signals, keyring, key, committed.headers());
            }
            attempt::note_success(job, at, sending, took);
            Outcome::Answered
        }
        Err(failure) => {
            let is_slow = job
                .deadline
                .is_some_and(|deadline| deadline.is_the_routes());
            let counts = failure.was_sent() && (!failure.is_ours() || is_slow);
            if counts && !is_keys {
                flight.failed(failure.kind, failure.retry_after, now);
            }
            Outcome::Failed(failure.kind)
        }
    };
    let attempt = Attempt {
        place,
        key,
        outcome,
        took,
    };
    let cache = job.plan.target(at).map(|target| Arc::clone(&target.cache));
    let result = result.map(|committed| Won {
        committed,
        held: Held {
            room: None,
            flight: Some(flight),
            cache,
        },
        queued: Duration::ZERO,
    });
    (result, attempt)
}

/// Lets a target rest that has nothing left of a limit, before it has to refuse. Where its provider has several
/// credentials it is only this one that rests, until all do.
fn spare(signals: &Target, keyring: &Keyring, key: usize, answered: &HeaderMap) {
    let Some(left) = retry::remaining_until(answered, clock::calendar()) else {
        return;
    };
    let now = clock::now();
    let rest = keyring.used_up(key, left, now);
    if let Some(until) = rest.and_then(|rest| now.checked_add(rest)) {
        signals.cool_down(until, now);
    }
}

fn what_next(
    job: &Job,
    place: usize,
    at: &Deployment,
    keyring: &Keyring,
    tried: &mut Tried,
    failure: &Failure,
    retries: u32,
) -> Next {
    let app = &job.worker.app;
    let now = clock::now();
    if failure.is_ours() || !job.may_repeat() {
        return Next::Over;
    }
    let another = failure.may_fail_over() && job.plan.has_ready(app, place + 1);
    // One that is refused may be an accident; where it is not, another target is better than a long search.
    let may_change = tried.count() <= 1 || !another;
    if Keyring::may_blame(failure.kind)
        && may_change
        && tried.count() <= MAX_CHANGES
        && let Some(other) = keyring.next_good(tried, fastrand::u64(..), now)
        && job.may_go_on(now)
    {
        return Next::Key(other);
    }
    // On a route another target that is up is better than a pause.
    if another {
        return Next::Over;
    }
    match attempt::wait_before_retry(&app.config, at.provider, failure, retries) {
        Some(wait) if job.has_time_for(now, wait) && job.may_go_on(now) => Next::Wait(wait),
        Some(_) | None => Next::Over,
    }
}

impl Job {
    /// Whether an attempt beyond the first may be made: a route has a budget for them.
    pub(super) fn may_go_on(&self, now: Instant) -> bool {
        let choice = self.plan.choice.as_ref();
        choice.is_none_or(|choice| choice.route.budget.take(now))
    }

    /// Whether a pause ends before the request's deadline.
    fn has_time_for(&self, now: Instant, pause: Duration) -> bool {
        self.deadline.is_none_or(|deadline| {
            now.checked_add(pause)
                .is_some_and(|resumed| resumed < deadline.at)
        })
    }
}
