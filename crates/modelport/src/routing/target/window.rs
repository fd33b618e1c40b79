//! How many calls of the last ten seconds went well and how many did not.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::halves::{join, split};

/// The slots of one second each, so the seconds that are looked back on.
const SLOTS: u64 = 10;

/// The counts of each second.
#[derive(Default)]
pub(super) struct Window([Slot; 10]);

/// The second that a slot is for, counted from 1, and its calls and failures in 16 bits each.
#[derive(Default)]
struct Slot(AtomicU64);

/// What is counted of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Count {
    /// A call that went well.
    Success,
    /// A call that failed.
    Failure,
    /// A call that was counted as a success, and failed after all.
    LateFailure,
}

/// The calls of the window, and those among them that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Totals {
    pub(super) calls: u64,
    pub(super) failures: u64,
}

impl Window {
    pub(super) fn note(&self, count: Count, now: u64) {
        let second = 1 + now / 1000;
        let place = usize::try_from(second % SLOTS).unwrap_or(0);
        if let Some(slot) = self.0.get(place) {
            slot.note(count, second);
        }
    }

    pub(super) fn totals(&self, now: u64) -> Totals {
        let second = 1 + now / 1000;
        self.0.iter().fold(Totals::default(), |sum, slot| {
            let (of, counted) = slot.read();
            if of + SLOTS <= second {
                return sum;
            }
            Totals {
                calls: sum.calls + counted.calls,
                failures: sum.failures + counted.failures,
            }
        })
    }

    pub(super) fn clear(&self) {
        for slot in &self.0 {
            slot.0.store(0, Relaxed);
        }
    }
}

/// The largest count of a slot.
const FULL: u64 = 0xffff;

impl Slot {
    fn note(&self, count: Count, second: u64) {
        let (calls, failures) = match count {
            Count::Success => (1, 0),
            Count::Failure => (1, 1),
            Count::LateFailure => (0, 1),
        };
        self.0.update(Relaxed, Relaxed, |cell| {
            let (of, counts) = split(cell);
            let kept = if of == second { counts } else { 0 };
            let calls = (kept >> 16).saturating_add(calls).min(FULL);
            let failures = (kept & FULL).saturating_add(failures).min(FULL);
            join(second, (calls << 16) | failures)
        });
    }

    fn read(&self) -> (u64, Totals) {
        let (of, counts) = split(self.0.load(Relaxed));
        let calls = counts >> 16;
        let failures = counts & FULL;
        (of, Totals { calls, failures })
    }
}
