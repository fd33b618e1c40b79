//! A window of the calendar. Each period has counters of its own, and the first request of the next period brings new
//! ones: who still holds the old ones counts in a period that is over, and disturbs nobody.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::{
    super::{
        money::{Money, Sum},
        window::Window,
    },
    Refusal, Standing,
};

#[derive(Debug)]
pub(super) struct Calendar {
    window: Window,
    period: ArcSwap<Period>,
}

/// One period and what it costs. Its start is its name.
#[derive(Debug)]
struct Period {
    start: u64,
    end: u64,
    /// What is spent and what is set apart.
    committed: Sum,
    spent: Sum,
}

impl Calendar {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            period: ArcSwap::from_pointee(Period::new(0, 0)),
        }
    }

    pub(super) fn load(&self, spent: Money, at: u64) {
        let period = self.at(at);
        if period.start <= at {
            period.committed.add(spent);
            period.spent.add(spent);
        }
    }

    pub(super) fn reserve(&self, estimate: Money, limit: Money, now: u64) -> Result<u64, Refusal> {
        let period = self.at(now);
        match period.committed.add_within(estimate, limit) {
            Ok(()) => Ok(period.start),
            Err(committed) => {
                let helps = period.end < u64::MAX && estimate <= limit;
                let resets_at = helps.then_some(period.end);
                Err(Standing::new(period.spent.get(), committed).refusal(limit, resets_at))
            }
        }
    }

    pub(super) fn reserve_more(&self, start: u64, more: Money) {
        if let Some(period) = self.still(start) {
            period.committed.add(more);
        }
    }

    /// What was spent before; `None` if that period is over.
    pub(super) fn settle(&self, start: u64, reserved: Money, actual: Money) -> Option<Money> {
        let period = self.still(start)?;
        period.committed.exchange(reserved, actual);
        Some(period.spent.add(actual))
    }

    pub(super) fn release(&self, start: u64, reserved: Money) {
        if let Some(period) = self.still(start) {
            period.committed.take(reserved);
        }
    }

    pub(super) fn standing(&self, now: u64) -> Standing {
        let period = self.at(now);
        Standing::new(period.spent.get(), period.committed.get())
    }

    /// The period of this time, or a later one if that has begun for somebody else.
    fn at(&self, now: u64) -> Guard<Arc<Period>> {
        loop {
            let period = self.period.load();
            // The last moment there is has no period that ends after it.
            if now < period.end || period.end == u64::MAX {
                return period;
            }
            let next = self.window.period(now);
            let next = Arc::new(Period::new(next.start, next.end));
            // If another was faster its period is as good.
            self.period.compare_and_swap(&period, next);
        }
    }

    /// The period that began then, if it is not over.
    fn still(&self, start: u64) -> Option<Guard<Arc<Period>>> {
        let period = self.period.load();
        (period.start == start).then_some(period)
    }
}

impl Period {
    fn new(start: u64, end: u64) -> Self {
        Self {
            start,
            end,
            committed: Sum::default(),
            spent: Sum::default(),
        }
    }
}
