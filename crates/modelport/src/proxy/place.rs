//! Taking a place at a provider that gets only so many requests at once, and waiting for one.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use modelport_provider::failure::FailureKind;

use super::{
    Job,
    failure::{Failure, whole_seconds},
    plan::Deployment,
};
use crate::{
    clock,
    error::Error,
    limits::room::{Place, Refusal, Who},
};

/// A place at a provider.
pub(super) struct Entered {
    /// `None` where a provider takes as many as come.
    pub(super) room: Option<Place>,
    /// How long it was waited for.
    pub(super) queued: Duration,
}

/// Takes a place at the provider, if it gets only so many requests at once. Where another target of the route is up,
/// a request rather goes there than wait, unless it has found all full.
pub(super) async fn enter(job: &Job, place: usize, at: &Deployment) -> Result<Entered, Failure> {
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
        key: job.caller.number,
        priority: job.caller.priority(),
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
