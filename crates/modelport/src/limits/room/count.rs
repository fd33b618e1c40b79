//! How many are under way and how many wait, in one atomic word: each step sees both numbers as they were at one moment,
//! so nobody can start to wait for a place that was given back just before, and nobody can slip past those who wait.
//!
//! Who waits and for what is the queue's. The number of waiters changes only while the queue's lock is held.

use std::sync::atomic::{AtomicU64, Ordering};

/// The two numbers.
pub(super) struct Count(AtomicU64);

/// What became of somebody who asked for a place or, failing that, to wait for one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// A place was free.
    Enters,
    /// One more waits.
    Waits,
    /// As many wait as may.
    Full,
}

/// The two numbers at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) under_way: u32,
    pub(super) waiting: u32,
}

/// One waiter, in the word.
const WAITER: u64 = 1 << 32;

impl Count {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Takes a place, if one is free and nobody waits.
    pub(super) fn take(&self, limit: u32) -> bool {
        self.step(|seen| seen.with_one_more(limit)).is_some()
    }

    /// Takes a place or begins to wait. Only under the queue's lock.
    pub(super) fn join(&self, limit: u32, bound: u32) -> Joined {
        let before = self.step(|seen| {
            seen.with_one_more(limit).or_else(|| {
                let waiting = seen.waiting.checked_add(1).filter(|&all| all <= bound)?;
                Some(Seen { waiting, ..seen })
            })
        });
        match before {
            None => Joined::Full,
            Some(seen) if seen.with_one_more(limit).is_some() => Joined::Enters,
            Some(_) => Joined::Waits,
        }
    }

    /// Gives a place back, unless somebody waits, who must get it.
    pub(super) fn leave(&self) -> bool {
        self.step(|seen| {
            let under_way = seen.under_way.saturating_sub(1);
            (seen.waiting == 0).then_some(Seen { under_way, ..seen })
        })
        .is_some()
    }

    /// One waits no longer. Only under the queue's lock, by whoever took that one out of the queue.
    pub(super) fn stop_waiting(&self) {
        self.0.fetch_sub(WAITER, Ordering::AcqRel);
    }

    /// The numbers now.
    pub(super) fn seen(&self) -> Seen {
        Seen::read(self.0.load(Ordering::Acquire))
    }

    /// Takes the step, and says what was before it; `None` if it is not to be taken.
    fn step(&self, step: impl Fn(Seen) -> Option<Seen>) -> Option<Seen> {
        let mut word = self.0.load(Ordering::Acquire);
        loop {
            let seen = Seen::read(word);
            let next = step(seen)?.word();
            match self
                .0
                .compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Some(seen),
                Err(other) => word = other,
            }
        }
    }
}

impl Seen {
    /// With one more under way, if one may start.
    fn with_one_more(self, limit: u32) -> Option<Self> {
        let under_way = self.under_way.checked_add(1).filter(|&all| all <= limit)?;
        (self.waiting == 0).then_some(Self { under_way, ..self })
    }

    /// Each half of a word fits; a number that did not would let nobody in.
    fn read(word: u64) -> Self {
        let half = |half: u64| u32::try_from(half).unwrap_or(u32::MAX);
        Self {
            under_way: half(word % WAITER),
            waiting: half(word / WAITER),
        }
    }

    fn word(self) -> u64 {
        u64::from(self.under_way) + u64::from(self.waiting) * WAITER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_only_when_one_is_free_and_nobody_waits() {
        let count = Count::new();
        assert!(count.take(1));
        assert!(!count.take(1));
        assert_eq!(count.join(1, 1), Joined::Waits);
        assert_eq!(count.join(1, 1), Joined::Full);
        assert!(!count.take(2), "somebody waits");
        assert!(!count.leave(), "the waiter must get the place");
        count.stop_waiting();
        assert!(count.leave());
        let none = Seen {
            under_way: 0,
            waiting: 0,
        };
        assert_eq!(count.seen(), none);
        assert_eq!(count.join(1, 0), Joined::Enters);
        assert_eq!(count.join(1, 0), Joined::Full);
    }
}
