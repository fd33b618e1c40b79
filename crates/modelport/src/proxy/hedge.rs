//! A second attempt beside a first one that is slow: whichever has its first output first is the answer, and the other
//! is cancelled.

use std::{
    sync::atomic::AtomicU32,
    time::{Duration, Instant},
};

use super::{
    Job,
    failure::Failure,
    plan::Deployment,
    sending::{self, Sending},
    tries::{Won, at_deployment},
};
use crate::{
    clock,
    routing::choice::{Attempt, Attempts, Outcome},
};

/// What came of a deployment, or of two.
pub(super) struct Raced {
    /// The place in the plan of the one that counts.
    pub(super) place: usize,
    /// What was sent to it, if it is the second.
    pub(super) sending: Option<Sending>,
    /// The answer, or why there is none.
    pub(super) result: Result<Won, Failure>,
    /// The place in the plan of the last one that was asked.
    pub(super) last: usize,
}

/// Tries the deployment at this place of the plan, and the next one too if the first output is long in coming and the
/// route has this still to give.
pub(super) async fn race(
    job: &Job,
    place: usize,
    at: &Deployment,
    sending: &Sending,
    calls: &AtomicU32,
    attempts: &mut Attempts,
) -> Raced {
    let alone = |result| Raced {
        place,
        sending: None,
        result,
        last: place,
    };
    let Some(after) = patience(job, at) else {
        return alone(at_deployment(job, place, at, sending, calls, attempts).await);
    };
    let started = clock::now();
    let mut noted = Attempts::new();
    let mut first = Box::pin(at_deployment(job, place, at, sending, calls, &mut noted));
    let in_time = tokio::time::timeout(after, &mut first).await;
    let second = match &in_time {
        Ok(_) => None,
        Err(_) => second(job, place + 1),
    };
    let Some((other, other_sending)) = second else {
        let result = match in_time {
            Ok(result) => result,
            Err(_) => first.as_mut().await,
        };
        drop(first);
        attempts.extend(noted);
        return alone(result);
    };
    let begun = clock::now();
    let mut other_noted = Attempts::new();
    let mut second = Box::pin(at_deployment(
        job,
        place + 1,
        other,
        &other_sending,
        calls,
        &mut other_noted,
    ));
    // The first to have an output, or the second to fail, is the end of it.
    let (first_ended, second_ended) = tokio::select! {
        result = &mut first => (Some(result), None),
        result = &mut second => (None, Some(result)),
    };
    let (first_ended, second_ended) = match (first_ended, second_ended) {
        (Some(Err(failed)), None) => (Some(Err(failed)), Some(second.as_mut().await)),
        (None, Some(Err(failed))) => (Some(first.as_mut().await), Some(Err(failed))),
        ended => ended,
    };
    drop((first, second));
    let mut noted = noted_of((place, at), noted, first_ended.is_none(), started);
    let mut others = noted_of(
        (place + 1, other),
        other_noted,
        second_ended.is_none(),
        begun,
    );
    for attempt in &mut others {
        attempt.beside = true;
    }
    noted.extend(others);
    count_once(&mut noted, clock::now().saturating_duration_since(started));
    attempts.extend(noted);
    match (first_ended, second_ended) {
        (Some(Ok(won)), _) => Raced {
            last: place + 1,
            ..alone(Ok(won))
        },
        (_, Some(Ok(won))) => Raced {
            place: place + 1,
            sending: Some(other_sending),
            result: Ok(won),
            last: place + 1,
        },
        (Some(Err(failed)), _) | (None, Some(Err(failed))) => Raced {
            last: place + 1,
            ..alone(Err(failed))
        },
        (None, None) => alone(Err(Failure::of(
            modelport_provider::failure::FailureKind::Server,
            "neither of two attempts ended",
        ))),
    }
}

/// How long the first output is waited for before a second attempt; `None` where there is none.
fn patience(job: &Job, at: &Deployment) -> Option<Duration> {
    let hedge = job.plan.choice.as_ref()?.route.hedge?;
    if !job.may_repeat() {
        return None;
    }
    hedge
        .after
        .or_else(|| job.plan.signals(&job.worker.app, at)?.p95())
}

/// The deployment at this place, if a second attempt may be made there.
fn second(job: &Job, place: usize) -> Option<(&Deployment, Sending)> {
    // A form that still arrives is on its way to the first.
    if !job.may_repeat() || !job.plan.has_ready(&job.worker.app, place) {
        return None;
    }
    let at = job.plan.deployments.get(place)?;
    let sending = sending::prepare(job, at).ok()?;
    let route = &job.plan.choice.as_ref()?.route;
    let granted = route.hedges.as_ref()?.take(clock::now());
    granted.then_some((at, sending))
}

/// The attempts at one of two deployments, with the one that was given up.
fn noted_of(
    (place, at): (usize, &Deployment),
    mut noted: Attempts,
    given_up: bool,
    begun: Instant,
) -> Attempts {
    if given_up {
        let took = clock::now().saturating_duration_since(begun);
        noted.push(Attempt {
            place,
            provider: at.provider,
            key: noted.last().map_or(0, |last| last.key),
            outcome: Outcome::Cancelled,
            took,
            waited: took,
            beside: false,
        });
    }
    noted
}

/// Two attempts wait at the same time, and the request has waited for no longer than it took.
fn count_once(attempts: &mut Attempts, took: Duration) {
    let mut left = took;
    for attempt in attempts {
        attempt.waited = attempt.waited.min(left);
        left -= attempt.waited;
    }
}
