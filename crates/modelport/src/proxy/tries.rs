//! One deployment: the first attempt, its retries, and its provider's other credentials.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;
use modelport_provider::{failure::FailureKind, retry};

use super::{
    Job,
    admission::{self, AtProvider},
    attempt::{self, Committed},
    failure::Failure,
    next::{self, Next},
    place::{self, Entered},
    plan::Deployment,
    sending::Sending,
    waited::Waited,
};
use crate::{
    clock,
    ids::trace::SpanId,
    limits::room::Place,
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
    /// When its first output was there.
    pub at: Instant,
}

/// What an answer keeps as long as it goes on: its place among the requests under way.
#[derive(Default)]
pub struct Held {
    /// Its place among those that the provider gets at once.
    pub room: Option<Place>,
    /// Its leave by the limits of the provider.
    pub permit: Option<Box<AtProvider>>,
    /// Counts the request at its target.
    pub flight: Option<Flight>,
    /// Is told how much of the input came from the provider's cache.
    pub cache: Option<Arc<CacheRate>>,
}

/// Tries the deployment at this place of the plan, and notes each attempt when it begins, and what comes of it.
///
/// # Errors
/// The [`Failure`] of the last attempt.
pub async fn at_deployment(
    job: &Job,
    place: usize,
    at: &Deployment,
    sending: &Sending,
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
    let permit = match admission::at_provider(job, at)? {
        // Boxed, for the future of every request is as large as what this keeps.
        Some(permit) if app.shared.is_some() => {
            Some(Box::pin(admission::agreed_at_provider(job, permit)).await?)
        }
        permit => permit,
    };
    let Entered { room, queued } = place::enter(job, place, at).await?;
    let mut tried = Tried::default();
    let mut retries = 0;
    let mut key = keyring.first(&at.model, &mut tried, fastrand::u64(..), clock::now());
    loop {
        if let Some(deadline) = job.deadline.filter(|deadline| deadline.at <= clock::now()) {
            return Err(deadline.passed());
        }
        let mut begun = Attempt::begin(place, (at.provider, key), &at.model, clock::now());
        begun.span = job.trace.map(|_| SpanId::fresh());
        let attempt = attempts.push_mut(begun);
        let result = one(job, at, attempt, signals, keyring, sending).await;
        let took = attempt.took;
        let failure = match result {
            Ok(mut won) => {
                (won.held.room, won.queued) = (room, queued);
                won.held.permit = permit;
                return Ok(won);
            }
            Err(failure) => failure,
        };
        let next = next::at_the_same(job, place, at, keyring, &mut tried, &failure, retries);
        let wait = match next {
            Next::Wait(wait) => Some(wait),
            Next::Key(_) => Some(Duration::ZERO),
            Next::Over => None,
        };
        attempt::note_failure(job, at, &failure, took, wait);
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

/// One attempt, counted at its target.
async fn one(
    job: &Job,
    at: &Deployment,
    noted: &mut Attempt,
    signals: &Arc<Target>,
    keyring: &Keyring,
    sending: &Sending,
) -> Result<Won, Failure> {
    let (key, started) = (noted.key, noted.began);
    let mut flight = signals.begin(started);
    let (result, waited) = measured(job, at, noted, sending).await;
    let result = result.map_err(|failure| job.hide(at, key, failure));
    let now = clock::now();
    let took = now.saturating_duration_since(started);
    let is_keys = result.as_ref().is_err_and(|failure| {
        keyring.blames(key, &at.model, failure.kind, failure.retry_after, now)
            && keyring.has_good(&at.model, now)
    });
    // One credential of several says nothing of the provider.
    if !is_keys {
        job.note_signal(at, sending, result.as_ref().err(), took);
    }
    noted.outcome = match &result {
        Ok(committed) => {
            flight.answered(took, now);
            if job.plan.choice.is_some() {
                spare(job, at, signals, keyring, key, committed.headers());
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
                let is_limit = failure.kind == FailureKind::RateLimited;
                if is_limit && job.plan.serves_several(at) {
                    flight.limited(now);
                } else {
                    flight.failed(failure.kind, failure.retry_after, now);
                }
            }
            Outcome::Failed(failure.kind)
        }
    };
    (noted.took, noted.waited) = (took, waited);
    let cache = job.plan.target(at).map(|target| Arc::clone(&target.cache));
    result.map(|committed| Won {
        committed,
        held: Held {
            room: None,
            permit: None,
            flight: Some(flight),
            cache,
        },
        queued: Duration::ZERO,
        at: now,
    })
}

/// One attempt within the request's deadline, and how much of it was waiting.
async fn measured(
    job: &Job,
    at: &Deployment,
    noted: &mut Attempt,
    sending: &Sending,
) -> (Result<Committed, Failure>, Duration) {
    let attempt = pin!(attempt::once(job, at, noted, sending));
    let mut attempt = Waited::of(attempt);
    let result = match job.deadline {
        None => (&mut attempt).await,
        Some(deadline) => {
            let in_time = tokio::time::timeout_at(deadline.at.into(), &mut attempt);
            match in_time.await {
                Ok(result) => result,
                Err(_) => Err(deadline.passed()),
            }
        }
    };
    (result, attempt.total())
}

/// Lets a target rest that has nothing left of a limit, before it has to refuse. Where its provider has several
/// credentials it is only this one that rests, until all do; and of a target for several models only the model.
fn spare(
    job: &Job,
    at: &Deployment,
    signals: &Target,
    keyring: &Keyring,
    key: usize,
    answered: &HeaderMap,
) {
    let Some(left) = retry::remaining_until(answered, clock::calendar()) else {
        return;
    };
    let now = clock::now();
    let rest = keyring.used_up(key, &at.model, left, now);
    if job.plan.serves_several(at) {
        return;
    }
    if let Some(until) = rest.and_then(|rest| now.checked_add(rest)) {
        signals.cool_down(until, now);
    }
}
