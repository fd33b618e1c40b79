//! A window that ends now: a ring of buckets, each a sixtieth of the window long. What is in a bucket counts until the
//! whole bucket is older than the window.
//!
//! The limit is held against one sum over all buckets, in one step, so it is exact however many come at once. The sum is
//! never less than what is in the buckets: what comes is added to the sum first, what goes is taken from the bucket
//! first. A bucket that has gone is emptied by the one who moved the ring past it; should that thread stand still there,
//! its content counts for longer. The ring has twice the buckets that count, so a bucket is used again only long after.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::{ArcSwap, Guard};

use super::{
    super::money::{Money, Sum},
    Refusal, Standing,
};

#[derive(Debug)]
pub(super) struct Rolling {
    /// The window's length, in milliseconds.
    length: u64,
    /// A bucket's length, in milliseconds.
    width: u64,
    ring: ArcSwap<Ring>,
    /// When the soft limit was last reported, in milliseconds since 1970; 0 for never.
    reported: AtomicU64,
}

/// The buckets. They are numbered from 1970 on; after a pause in which all have gone, another ring takes the place of this.
#[derive(Debug)]
struct Ring {
    /// The number of the newest bucket, or [`RETIRED`].
    newest: AtomicU64,
    committed: Tally,
    spent: Tally,
}

/// A sum and its parts.
#[derive(Debug)]
struct Tally {
    sum: Sum,
    buckets: [Sum; RING],
}

/// The buckets that make up a window.
const PARTS: u64 = 60;

/// The buckets that count: those of a window, and the one of which a part is in the window still.
const COUNTING: u64 = PARTS + 1;

/// The buckets of the ring.
const BUCKETS: u64 = 128;

#[expect(clippy::cast_possible_truncation, reason = "it fits a byte")]
const RING: usize = BUCKETS as usize;

/// The newest bucket of a ring into which nothing is put any more.
const RETIRED: u64 = u64::MAX;

impl Rolling {
    pub(super) fn new(length: u64) -> Self {
        Self {
            length,
            width: length.div_ceil(PARTS),
            ring: ArcSwap::from_pointee(Ring::new(0)),
            reported: AtomicU64::new(0),
        }
    }

    pub(super) fn width(&self) -> u64 {
        self.width
    }

    /// What was spent before.
    pub(super) fn load(&self, spent: Money, at: u64) -> Money {
        let (ring, _) = self.at(at);
        let number = at / self.width;
        if ring.age(number) < COUNTING {
            ring.committed.add(number, spent);
            ring.spent.add(number, spent)
        } else {
            ring.spent.sum.get()
        }
    }

    pub(super) fn reserve(&self, estimate: Money, limit: Money, now: u64) -> Result<u64, Refusal> {
        let (ring, newest) = self.at(now);
        match ring.committed.sum.add_within(estimate, limit) {
            Ok(()) => {
                ring.committed.bucket(newest).add(estimate);
                Ok(newest)
            }
            Err(committed) => {
                let excess = committed.plus(estimate).less(limit);
                let resets_at = ring.committed.gone(newest, excess);
                let resets_at = resets_at.filter(|_| estimate <= limit);
                let resets_at = resets_at.map(|number| number.saturating_mul(self.width));
                Err(Standing::new(ring.spent.sum.get(), committed).refusal(limit, resets_at))
            }
        }
    }

    pub(super) fn reserve_more(&self, number: u64, more: Money) {
        let ring = self.ring.load();
        if ring.age(number) < COUNTING {
            ring.committed.add(number, more);
        }
    }

    /// What was spent before.
    pub(super) fn settle(&self, number: u64, reserved: Money, actual: Money, now: u64) -> Money {
        let (ring, newest) = self.at(now);
        let removed = ring.take(number, reserved);
        ring.committed.sum.exchange(removed, actual);
        ring.committed.bucket(newest).add(actual);
        ring.spent.add(newest, actual)
    }

    pub(super) fn release(&self, number: u64, reserved: Money) {
        let ring = self.ring.load();
        let removed = ring.take(number, reserved);
        ring.committed.sum.take(removed);
    }

    pub(super) fn standing(&self, now: u64) -> Standing {
        let (ring, _) = self.at(now);
        Standing::new(ring.spent.sum.get(), ring.committed.sum.get())
    }

    /// Whether a soft limit that was reached now is to be reported; it is then noted as reported.
    pub(super) fn report(&self, now: u64) -> bool {
        let step = |last: u64| {
            let is_due = last == 0 || now >= last.saturating_add(self.length);
            is_due.then_some(now)
        };
        self.reported
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
            .is_ok()
    }

    /// The ring moved to this time, and the number of its newest bucket.
    fn at(&self, now: u64) -> (Guard<Arc<Ring>>, u64) {
        let number = (now / self.width).min(RETIRED - 1);
        loop {
            let ring = self.ring.load();
            if let Some(newest) = ring.advance(number) {
                return (ring, newest);
            }
            // If another was faster its ring is as good.
            self.ring
                .compare_and_swap(&ring, Arc::new(Ring::new(number)));
        }
    }
}

impl Ring {
    fn new(newest: u64) -> Self {
        Self {
            newest: AtomicU64::new(newest),
            committed: Tally::new(),
            spent: Tally::new(),
        }
    }

    /// Moves to this bucket, if it is not there, and empties those that have gone. The newest bucket; `None` if all have
    /// gone, after which nobody uses this ring.
    fn advance(&self, number: u64) -> Option<u64> {
        let mut before = self.newest.load(Ordering::Acquire);
        loop {
            if before == RETIRED {
                return None;
            }
            if before >= number {
                return Some(before);
            }
            let gap = number - before;
            let next = if gap < COUNTING { number } else { RETIRED };
            match self.newest.compare_exchange_weak(
                before,
                next,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) if next == RETIRED => return None,
                Ok(_) => break,
                Err(other) => before = other,
            }
        }
        for gone in before + 1..=number {
            if let Some(gone) = gone.checked_sub(COUNTING) {
                self.committed.empty(gone);
                self.spent.empty(gone);
            }
        }
        Some(number)
    }

    /// Takes what was reserved out of its bucket, and says how much of it was still there.
    fn take(&self, number: u64, reserved: Money) -> Money {
        // Past the end of the ring its bucket may be another's.
        if self.age(number) < BUCKETS {
            self.committed.bucket(number).take(reserved)
        } else {
            Money::ZERO
        }
    }

    /// By how many a bucket is older than the newest one.
    fn age(&self, number: u64) -> u64 {
        self.newest.load(Ordering::Acquire).saturating_sub(number)
    }
}

impl Tally {
    fn new() -> Self {
        Self {
            sum: Sum::default(),
            buckets: std::array::from_fn(|_| Sum::default()),
        }
    }

    /// Adds it, and says what the sum was before.
    fn add(&self, number: u64, amount: Money) -> Money {
        let before = self.sum.add(amount);
        self.bucket(number).add(amount);
        before
    }

    fn empty(&self, number: u64) {
        let amount = self.bucket(number).take_all();
        self.sum.take(amount);
    }

    /// The first bucket number at which so much of what counts now has gone.
    fn gone(&self, newest: u64, amount: Money) -> Option<u64> {
        let mut sum = Money::ZERO;
        let mut numbers = newest.saturating_sub(PARTS)..=newest;
        let last = numbers.find(|&number| {
            sum = sum.plus(self.bucket(number).get());
            sum >= amount
        })?;
        Some(last.saturating_add(COUNTING))
    }

    fn bucket(&self, number: u64) -> &Sum {
        let index = usize::try_from(number % BUCKETS).unwrap_or_default();
        #[expect(clippy::indexing_slicing, reason = "a remainder by the length")]
        &self.buckets[index]
    }
}
