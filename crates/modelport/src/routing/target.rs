//! What one target's own traffic tells of it: how busy and how fast it is, whether it fails, whether it asked for a
//! pause. Written by all threads on the request path, so all atomics; time comes in from outside. Each signal is read
//! by itself, and a reader may see one of two that changed together: a choice made on it is a moment old anyway.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use modelport_provider::failure::FailureKind;

use super::policy::Standing;

mod average;
mod breaker;
mod cooling;
mod flight;
mod halves;
mod histogram;
mod reading;
mod window;

pub use flight::Flight;
pub use reading::{BreakerState, Reading};

/// The signals of one target.
pub struct Target {
    start: Instant,
    /// Calls that were begun and not dropped.
    in_flight: AtomicU32,
    /// Those among them that have shown nothing yet.
    waiting: AtomicU32,
    /// Since when there are such calls and no output, in milliseconds.
    silent_since: AtomicU64,
    average: average::Average,
    histogram: histogram::Histogram,
    breaker: breaker::Breaker,
    cooling: cooling::Cooling,
    /// The last failure that counted against it. For people, not for choices.
    last_failure: ArcSwapOption<FailureKind>,
}

impl Target {
    /// A target of which nothing is known.
    pub fn new(start: Instant) -> Self {
        Self {
            start,
            in_flight: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            silent_since: AtomicU64::new(0),
            average: average::Average::default(),
            histogram: histogram::Histogram::default(),
            breaker: breaker::Breaker::default(),
            cooling: cooling::Cooling::default(),
            last_failure: ArcSwapOption::empty(),
        }
    }

    /// Whether it may be asked.
    pub fn standing(&self, now: Instant) -> Standing {
        let now = self.elapsed(now);
        if self.cooling.left(now).is_some() {
            return Standing::Parked;
        }
        let state = self.breaker.read();
        match state.phase {
            breaker::Phase::Closed => Standing::Ready,
            breaker::Phase::Open if state.until <= now => Standing::Trial,
            breaker::Phase::Open | breaker::Phase::Trying => Standing::Parked,
        }
    }

    /// A call begins. It takes the trial if one is free.
    pub fn begin(self: &Arc<Self>, now: Instant) -> Flight {
        Flight::begin(Arc::clone(self), now)
    }

    /// It is not to be asked before then: its headers say that nothing is left of a limit.
    pub fn cool_down(&self, until: Instant, now: Instant) {
        self.cooling.until(self.elapsed(until), self.elapsed(now));
    }

    /// Calls under way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Relaxed)
    }

    /// The peak-sensitive average of its time to first output, if there is a recent one. It is at least as long as the
    /// target has kept its callers waiting without showing any of them anything, so that one that hangs looks slow before the
    /// first of them gives up.
    pub fn latency(&self, now: Instant) -> Option<Duration> {
        let now = self.elapsed(now);
        self.average
            .read(now)
            .map(|average| average.max(self.silence(now)))
    }

    /// The time within which 95 of 100 first outputs came in the last minutes, if there were at least 20.
    pub fn p95(&self) -> Option<Duration> {
        self.histogram.p95()
    }

    fn silence(&self, now: u64) -> Duration {
        if self.waiting.load(Relaxed) == 0 {
            return Duration::ZERO;
        }
        Duration::from_millis(now.saturating_sub(self.silent_since.load(Relaxed)))
    }

    fn elapsed(&self, now: Instant) -> u64 {
        millis(now.saturating_duration_since(self.start))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
