//! A second attempt beside a first one that is slow: whichever has its first output first is the answer, and the other
//! is cancelled.

use std::time::{Duration, Instant};

use super::{
    Job,
    failure::Failure,
    plan::Deployment,
    sending::{self, Sending},
    tries::{Won, at_deployment},
};
use crate::{clock, routing::choice::Attempts};

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
    attempts: &mut Attempts,
) -> Raced {
    let alone = |result| Raced {
        place,
        sending: None,
        result,
        last: place,
    };
    let Some(after) = patience(job, at) else {
        return alone(at_deployment(job, place, at, sending, attempts).await);
    };
    let started = clock::now();
    let mut noted = Noted::towards(attempts);
    let mut first = Box::pin(at_deployment(job, place, at, sending, &mut noted.first));
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
        return alone(result);
    };
    let mut second = Box::pin(at_deployment(
        job,
        place + 1,
        other,
        &other_sending,
        &mut noted.second,
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
    let now = clock::now();
    noted.decided(now, now.saturating_duration_since(started));
    drop(noted);
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

/// The attempts at two deployments, which are the request's when this is dropped, by whomever: the caller may leave.
struct Noted<'a> {
    first: Attempts,
    second: Attempts,
    all: &'a mut Attempts,
}

impl<'a> Noted<'a> {
    fn towards(all: &'a mut Attempts) -> Self {
        Self {
            first: Attempts::new(),
            second: Attempts::new(),
            all,
        }
    }

    /// One of the two has won, or both have failed. Both waited at the same time, and the request has waited for no
    /// longer than it took.
    fn decided(&mut self, now: Instant, took: Duration) {
        let mut left = took;
        for attempt in self.first.iter_mut().chain(&mut self.second) {
            attempt.give_up(now);
            attempt.waited = attempt.waited.min(left);
            left -= attempt.waited;
        }
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        for attempt in &mut self.second {
            attempt.beside = true;
        }
        self.all.append(&mut self.first);
        self.all.append(&mut self.second);
    }
}
