//! One call to a target, from its beginning until its answer has ended or been given up.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use modelport_provider::failure::{FailureKind, Fault};

use super::{Target, breaker::Pass, cooling::Seen, window::Count};

/// A call that is under way. It counts as such until it is dropped; one that is dropped without a note, because the
/// caller left or another attempt was faster, says nothing for or against the target.
#[must_use = "the call is over when this is dropped"]
pub struct Flight {
    target: Arc<Target>,
    begun: Instant,
    pass: Pass,
    seen: Seen,
    shown: Shown,
}

/// What the target has shown of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Output,
    Failure,
}

impl Flight {
    pub(super) fn begin(target: Arc<Target>, now: Instant) -> Self {
        let elapsed = target.elapsed(now);
        target.in_flight.fetch_add(1, Relaxed);
        if target.waiting.fetch_add(1, Relaxed) == 0 {
            target.silent_since.store(elapsed, Relaxed);
        }
        Self {
            begun: now,
            pass: target.breaker.enter(elapsed),
            seen: target.cooling.seen(),
            shown: Shown::Nothing,
            target,
        }
    }

    /// Whether this call is the trial of a target that failed before.
    pub fn is_trial(&self) -> bool {
        self.pass.is_trial()
    }

    /// The first output came, so long after the call began. Only the first such note counts.
    pub fn answered(&mut self, first_output: Duration, now: Instant) {
        if self.shown != Shown::Nothing {
            return;
        }
        let elapsed = self.target.elapsed(now);
        self.note(Shown::Output, elapsed);
        self.target.average.note(first_output, elapsed);
        self.target.histogram.note(first_output, elapsed);
        self.target.cooling.answered(self.seen);
        self.target.breaker.succeeded(&mut self.pass, elapsed);
    }

    /// The call failed, before its first output or after it; `retry_after` is the pause that the target asked for.
    ///
    /// Failures that are the target's fault count for its breaker. A rate limit is none: it is a pause. Nor is the refusal
    /// of our credential, which concerns every call and is certain at once, so it is a pause too, and its growing length
    /// keeps it from costing many attempts. What is the caller's fault shows that the target answers.
    pub fn failed(&mut self, kind: FailureKind, retry_after: Option<Duration>, now: Instant) {
        let count = match self.shown {
            Shown::Nothing => Count::Failure,
            Shown::Output => Count::LateFailure,
            Shown::Failure => return,
        };
        let elapsed = self.target.elapsed(now);
        self.note(Shown::Failure, elapsed);
        match kind.fault() {
            Fault::Caller if count == Count::LateFailure => {}
            Fault::Caller => {
                self.target.cooling.answered(self.seen);
                self.target.breaker.succeeded(&mut self.pass, elapsed);
            }
            Fault::Credential => self.pause(kind, retry_after, elapsed),
            Fault::Provider if kind == FailureKind::RateLimited => {
                self.pause(kind, retry_after, elapsed);
            }
            Fault::Provider => self.blame(kind, retry_after, count, now),
        }
    }

    /// The call met a limit of its model, at a target that serves others too: those are none the worse.
    pub fn limited(&mut self, now: Instant) {
        if self.shown == Shown::Failure {
            return;
        }
        let elapsed = self.target.elapsed(now);
        self.note(Shown::Failure, elapsed);
        let kind = FailureKind::RateLimited;
        self.target.last_failure.store(Some(Arc::new(kind)));
        self.target.breaker.leave(&mut self.pass);
    }

    fn pause(&mut self, kind: FailureKind, retry_after: Option<Duration>, elapsed: u64) {
        self.target.last_failure.store(Some(Arc::new(kind)));
        match retry_after {
            Some(pause) => self.cool_for(pause, elapsed),
            None => self.target.cooling.begin(elapsed),
        }
        self.target.breaker.leave(&mut self.pass);
    }

    fn blame(
        &mut self,
        kind: FailureKind,
        retry_after: Option<Duration>,
        count: Count,
        now: Instant,
    ) {
        let elapsed = self.target.elapsed(now);
        self.target.last_failure.store(Some(Arc::new(kind)));
        if let Some(pause) = retry_after {
            self.cool_for(pause, elapsed);
        }
        if kind == FailureKind::Timeout && count == Count::Failure {
            // It would have taken longer still.
            let waited = now.saturating_duration_since(self.begun);
            self.target.average.note(waited, elapsed);
        }
        self.target.breaker.failed(&mut self.pass, count, elapsed);
    }

    fn cool_for(&self, pause: Duration, elapsed: u64) {
        let until = elapsed.saturating_add(super::millis(pause));
        self.target.cooling.until(until, elapsed);
    }

    /// The call has shown something, so the target is not silent.
    fn note(&mut self, shown: Shown, elapsed: u64) {
        if self.shown == Shown::Nothing {
            self.target.waiting.fetch_sub(1, Relaxed);
            self.target.silent_since.fetch_max(elapsed, Relaxed);
        }
        self.shown = shown;
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.shown == Shown::Nothing {
            self.target.waiting.fetch_sub(1, Relaxed);
        }
        self.target.breaker.leave(&mut self.pass);
        self.target.in_flight.fetch_sub(1, Relaxed);
    }
}
