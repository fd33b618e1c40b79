//! What follows a failure, at the same deployment and after it. Decides, and calls nobody.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use super::{Job, attempt, failure::Failure, plan::Deployment, surface::Surface};
use crate::{
    clock,
    routing::{
        choice::{Attempts, Stop},
        keyring::{Keyring, Tried},
    },
};

/// The most times that one deployment is tried with yet another credential.
const MAX_CHANGES: u32 = 3;

/// What follows a failure at the same deployment.
pub(super) enum Next {
    /// Another credential, at once.
    Key(usize),
    /// The same again, after this pause.
    Wait(Duration),
    /// Nothing.
    Over,
}

/// What follows when a deployment has failed for good.
pub(super) enum After {
    /// The deployment at this place of the plan.
    Try(usize),
    /// The caller is told; with what stopped the search, if there was another to ask.
    Tell(Option<Stop>),
}

/// What follows when the deployment at this place, the last that was asked, has failed for good.
pub(super) fn at_the_next(
    job: &Job,
    place: usize,
    at: &Deployment,
    failure: &Failure,
    attempts: &Attempts,
) -> After {
    let next = place + 1;
    let may_follow = next < job.plan.deployments.len()
        && failure.may_fail_over()
        && job.may_repeat()
        && job.surface != Surface::CountTokens;
    if may_follow {
        // Passing a full room by is no attempt, and is not counted as one.
        return if failure.is_busy() || job.may_leave(at, next) {
            After::Try(next)
        } else {
            After::Tell(Some(Stop::RetryShare))
        };
    }
    // Where all were full and passed by for the next one, it waits at the first that has room for it.
    let has_passed_by = place > 0 && failure.is_busy() && attempts.is_empty();
    if has_passed_by && !job.waits.swap(true, Relaxed) {
        return After::Try(0);
    }
    After::Tell(None)
}

/// What follows a failure of the deployment at this place, after so many retries.
pub(super) fn at_the_same(
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
        && let Some(other) = keyring.next_good(&at.model, tried, fastrand::u64(..), now)
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
    fn may_go_on(&self, now: Instant) -> bool {
        let choice = self.plan.choice.as_ref();
        choice.is_none_or(|choice| choice.route.budget.take(now))
    }

    /// Whether a deployment that has failed may be followed by the one at this place, as far as the route's budget goes.
    pub(super) fn may_leave(&self, failed: &Deployment, next: usize) -> bool {
        let now = clock::now();
        if self.plan.is_rescue(&self.worker.app, failed, next) {
            self.goes_on(now);
            return true;
        }
        self.may_go_on(now)
    }

    /// Books an attempt beyond the first that is made whatever the route's budget holds.
    fn goes_on(&self, now: Instant) {
        if let Some(choice) = &self.plan.choice {
            choice.route.budget.charge(now);
        }
    }

    /// Whether a pause ends before the request's deadline.
    fn has_time_for(&self, now: Instant, pause: Duration) -> bool {
        self.deadline.is_none_or(|deadline| {
            now.checked_add(pause)
                .is_some_and(|resumed| resumed < deadline.at)
        })
    }
}
