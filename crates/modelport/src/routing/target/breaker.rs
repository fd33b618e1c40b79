//! The circuit breaker of a target: it opens when many calls fail, and closes when trials show that they no longer do.
//!
//! Only what began after it opened can close it, so the late answers of an outage's beginning prove nothing; nor can the
//! late failures of an outage open it again after its end. A request that is sent although it is open, because the route
//! has no other target, counts as evidence like a trial when it succeeds, and does not prolong the pause when it fails.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::window::{Count, Totals, Window};

/// Fewer calls within the window than this prove nothing.
const FEWEST_CALLS: u64 = 5;

/// It opens when at least one call in so many failed: a target that fails half of the time costs more attempts than a
/// share of retries allows.
const ONE_FAILURE_IN: u64 = 2;

/// It also opens when so many calls in a row failed: at a busy target that dies, the answers of the last seconds would hide
/// it for as long. More than the calls that one broken connection takes with it, and hardly ever by chance.
const IN_A_ROW: u32 = 10;

/// How long it stays open at first: about as long as a restart takes.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// How long it stays open at most: for a target that is down for hours, one failed request a minute.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The trials that must succeed. One may be luck: a target that fails half of its calls would pass every second time.
const TRIALS: u64 = 2;

/// Closed at first. Its fields share one number so that they change together.
#[derive(Default)]
pub(super) struct Breaker {
    state: AtomicU64,
    window: Window,
    /// Failures since the last success.
    streak: AtomicU32,
}

/// What a call takes with it from its beginning to its end.
#[derive(Debug)]
pub(super) struct Pass {
    /// The opening that the call began after.
    opening: u64,
    kind: PassKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PassKind {
    Ordinary,
    Trial,
}

/// Whether calls go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// They do.
    Closed,
    /// They do not until the pause is over; after it, a trial may.
    Open,
    /// A trial is under way.
    Trying,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// When the pause is over, in milliseconds.
    pub(super) until: u64,
    /// How often the pause was doubled.
    doublings: u64,
    /// How many trials succeeded since the last opening.
    proven: u64,
    /// The number of the last opening, which starts again from 0 after 2^16.
    opening: u64,
}

impl Breaker {
    pub(super) fn read(&self) -> State {
        State::unpack(self.state.load(Relaxed))
    }

    pub(super) fn totals(&self, now: u64) -> Totals {
        self.window.totals(now)
    }

    /// A call begins; if a trial is free, it is this one.
    pub(super) fn enter(&self, now: u64) -> Pass {
        let trial = self.change(|state| {
            let is_free = state.phase == Phase::Open && state.until <= now;
            is_free.then_some(State {
                phase: Phase::Trying,
                ..state
            })
        });
        match trial {
            Some(state) => Pass {
                opening: state.opening,
                kind: PassKind::Trial,
            },
            None => Pass {
                opening: self.read().opening,
                kind: PassKind::Ordinary,
            },
        }
    }

    /// The call succeeded.
    pub(super) fn succeeded(&self, pass: &mut Pass, now: u64) {
        let kind = pass.settle();
        self.streak.store(0, Relaxed);
        let before = self.change(|state| state.after_success(pass.opening, kind));
        match before {
            Some(state) if state.phase == Phase::Closed => {
                self.window.note(Count::Success, now);
            }
            // The failures that opened it are not to open it again.
            Some(state) if state.proven + 1 >= TRIALS => self.window.clear(),
            Some(_) | None => {}
        }
    }

    /// The call failed, at once or after it had succeeded at first.
    pub(super) fn failed(&self, pass: &mut Pass, count: Count, now: u64) {
        let kind = pass.settle();
        let state = self.read();
        if state.opening != pass.opening {
            return;
        }
        if state.phase == Phase::Closed {
            self.window.note(count, now);
            let streak = self.streak.fetch_add(1, Relaxed).saturating_add(1);
            if streak < IN_A_ROW && !self.window.totals(now).are_bad() {
                return;
            }
        }
        self.change(|state| state.after_failure(pass.opening, kind, now));
    }

    /// The call ended without having shown anything: the next one may be the trial.
    pub(super) fn leave(&self, pass: &mut Pass) {
        if pass.settle() == PassKind::Trial {
            self.change(|state| state.after_nothing(pass.opening));
        }
    }

    /// Changes the state, if there is something to change; the state before.
    fn change(&self, change: impl Fn(State) -> Option<State>) -> Option<State> {
        let changed = self.state.fetch_update(Relaxed, Relaxed, |packed| {
            change(State::unpack(packed)).map(State::pack)
        });
        changed.ok().map(State::unpack)
    }
}

impl Totals {
    fn are_bad(self) -> bool {
        self.calls >= FEWEST_CALLS && self.failures * ONE_FAILURE_IN >= self.calls
    }
}

impl Pass {
    pub(super) fn is_trial(&self) -> bool {
        self.kind == PassKind::Trial
    }

    /// A trial is over with its first sign; what comes after is that of an ordinary call.
    fn settle(&mut self) -> PassKind {
        std::mem::replace(&mut self.kind, PassKind::Ordinary)
    }
}

impl State {
    fn after_success(self, opening: u64, kind: PassKind) -> Option<Self> {
        if self.opening != opening {
            return None;
        }
        let phase = match (self.phase, kind) {
            (Phase::Closed, _) => return Some(self),
            (Phase::Open | Phase::Trying, _) if self.proven + 1 >= TRIALS => Phase::Closed,
            (Phase::Trying, PassKind::Ordinary) => Phase::Trying,
            (Phase::Open | Phase::Trying, PassKind::Trial) | (Phase::Open, PassKind::Ordinary) => {
                Phase::Open
            }
        };
        Some(match phase {
            Phase::Closed => Self {
                phase,
                until: 0,
                doublings: 0,
                proven: 0,
                opening,
            },
            Phase::Open | Phase::Trying => Self {
                phase,
                proven: self.proven + 1,
                ..self
            },
        })
    }

    fn after_failure(self, opening: u64, kind: PassKind, now: u64) -> Option<Self> {
        if self.opening != opening {
            return None;
        }
        let doublings = match (self.phase, kind) {
            (Phase::Closed, _) => 0,
            (Phase::Trying, PassKind::Trial) => self.doublings + 1,
            (Phase::Open, _) | (Phase::Trying, PassKind::Ordinary) => return None,
        };
        let doublings = doublings.min(MOST_DOUBLINGS);
        let pause = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
        Some(Self {
            phase: Phase::Open,
            until: now.saturating_add(super::millis(pause)),
            doublings,
            proven: 0,
            opening: (opening + 1) & OPENING,
        })
    }

    fn after_nothing(self, opening: u64) -> Option<Self> {
        let is_its_trial = self.phase == Phase::Trying && self.opening == opening;
        is_its_trial.then_some(Self {
            phase: Phase::Open,
            ..self
        })
    }
}

/// After as many the pause is longer than the longest.
const MOST_DOUBLINGS: u64 = 4;

// From the low end: 2 bits of phase, 3 of doublings, 1 of trials, 16 of openings, and 42 of milliseconds, which are
// over a century.
const OPENING: u64 = 0xffff;

impl State {
    fn pack(self) -> u64 {
        let phase = match self.phase {
            Phase::Closed => 0,
            Phase::Open => 1,
            Phase::Trying => 2,
        };
        let small = phase | (self.doublings << 2) | (self.proven << 5) | (self.opening << 6);
        small | (self.until << 22)
    }

    fn unpack(packed: u64) -> Self {
        let phase = match packed & 3 {
            0 => Phase::Closed,
            1 => Phase::Open,
            _ => Phase::Trying,
        };
        Self {
            phase,
            until: packed >> 22,
            doublings: (packed >> 2) & 7,
            proven: (packed >> 5) & 1,
            opening: (packed >> 6) & OPENING,
        }
    }
}
