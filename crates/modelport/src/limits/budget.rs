//! How much money may be spent in a window. A request reserves what it is expected to cost before it is sent, so a burst
//! cannot spend more than there is, and settles with what it has cost. It does no I/O: what was spent before the process
//! started it is told, and whom to tell that a soft limit was reached is the caller's matter.
//!
//! In a calendar window a request counts where it was reserved, as the ledger counts it where it arrived: what ends after
//! midnight is charged to a window that is over, and touches no counter. In a rolling window it counts from when it was
//! reserved, and then from when it was settled. An amount counts there for at least the length of the window, and at most
//! for a sixtieth longer.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{
    money::Money,
    window::{Window, millis},
};

mod calendar;
mod rolling;

use calendar::Calendar;
use rolling::Rolling;

/// What may be spent in a window.
#[derive(Debug)]
pub struct Budget {
    window: Window,
    /// What it is called by: what may be spent, or is warned of.
    amount: Money,
    soft: Option<Money>,
    hard: Option<Money>,
    account: Arc<Account>,
    loads: Arc<AtomicU64>,
    reach: Arc<AtomicU64>,
}

/// What has been reserved and spent.
#[derive(Debug)]
enum Account {
    Calendar(Calendar),
    Rolling(Rolling),
}

/// Money that is set apart for a request. It has to be settled or released; dropped it stays set apart until the window
/// is over.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Reserved {
    amount: Money,
    /// Which period of a calendar window, or which bucket of a rolling one.
    place: u64,
}

/// Why nothing was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// What the window's requests have cost.
    pub spent: Money,
    /// What is set apart for those under way.
    pub reserved: Money,
    /// The hard limit.
    pub limit: Money,
    /// When there may be enough again, in milliseconds since 1970; `None` if waiting does not help.
    pub resets_at: Option<u64>,
}

/// The soft limit has been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftReached {
    /// What the window's requests have cost.
    pub spent: Money,
    /// The soft limit.
    pub limit: Money,
}

/// Where a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What the window's requests have cost.
    pub spent: Money,
    /// What is set apart for those under way.
    pub reserved: Money,
}

impl Budget {
    /// A budget of which nothing is spent. At the soft limit somebody is told; no request passes that might exceed the
    /// hard one.
    pub fn new(window: Window, soft: Option<Money>, hard: Option<Money>) -> Self {
        let account = match window {
            Window::Day | Window::Week | Window::Month | Window::Total => {
                Account::Calendar(Calendar::new(window))
            }
            Window::Rolling(length) => Account::Rolling(Rolling::new(millis(length))),
        };
        Self {
            window,
            amount: hard.or(soft).unwrap_or_default(),
            soft,
            hard,
            account: Arc::new(account),
            loads: Arc::default(),
            reach: Arc::default(),
        }
    }

    /// The same budget with other limits: what was spent and what is set apart is of both.
    #[must_use]
    pub fn with_limits(&self, soft: Option<Money>, hard: Option<Money>) -> Self {
        Self {
            window: self.window,
            amount: hard.or(soft).unwrap_or_default(),
            soft,
            hard,
            account: Arc::clone(&self.account),
            loads: Arc::clone(&self.loads),
            reach: Arc::clone(&self.reach),
        }
    }

    /// The same budget of this amount, where it only warns, and already before that is spent.
    #[must_use]
    pub fn of(self, amount: Money) -> Self {
        Self { amount, ..self }
    }

    /// The amount that was configured.
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// The period of this budget.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The most that may be spent, if there is such a limit.
    pub fn hard(&self) -> Option<Money> {
        self.hard
    }

    /// The amount at which somebody is told, if there is one.
    pub fn soft(&self) -> Option<Money> {
        self.soft
    }

    /// How long a bucket of a rolling window is, in milliseconds.
    pub fn bucket(&self) -> Option<u64> {
        match &*self.account {
            Account::Calendar(_) => None,
            Account::Rolling(rolling) => Some(rolling.width()),
        }
    }

    /// How often it has been told of its past.
    pub fn loads(&self) -> u64 {
        self.loads.load(Ordering::Acquire)
    }

    /// Up to when the past reaches that it has been told of, in milliseconds since 1970; 0 if of none.
    pub fn reach(&self) -> u64 {
        self.reach.load(Ordering::Acquire)
    }

    /// Adds what was spent at that time according to the ledger. Once, before the first request; it reports no soft limit,
    /// since the process that spent it did, and in a rolling window counts as having reported it.
    pub fn load(&self, spent: Money, at: u64) {
        match &*self.account {
            Account::Calendar(calendar) => calendar.load(spent, at),
            Account::Rolling(rolling) => {
                let before = rolling.load(spent, at);
                let is_reached = |soft| before < soft && soft <= before.plus(spent);
                if self.soft.is_some_and(is_reached) {
                    rolling.report(at);
                }
            }
        }
        self.reach.fetch_max(at, Ordering::Release);
        self.loads.fetch_add(1, Ordering::Release);
    }

    /// Sets apart what a request is expected to cost. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if with it more than the hard limit would be spent or set apart.
    pub fn reserve(&self, estimate: Money, now: u64) -> Result<Reserved, Refusal> {
        self.reserve_within(estimate, self.hard.unwrap_or(Money::MAX), now)
    }

    /// As [`Budget::reserve`], with another limit in place of the hard one.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn reserve_within(
        &self,
        estimate: Money,
        limit: Money,
        now: u64,
    ) -> Result<Reserved, Refusal> {
        let place = match &*self.account {
            Account::Calendar(calendar) => calendar.reserve(estimate, limit, now),
            Account::Rolling(rolling) => rolling.reserve(estimate, limit, now),
        };
        Ok(Reserved {
            amount: estimate,
            place: place?,
        })
    }

    /// Sets apart more for a request that turns out to cost more. It is not refused, since the request is under way.
    pub fn reserve_more(&self, reserved: &mut Reserved, more: Money) {
        match &*self.account {
            Account::Calendar(calendar) => calendar.reserve_more(reserved.place, more),
            Account::Rolling(rolling) => rolling.reserve_more(reserved.place, more),
        }
        reserved.amount = reserved.amount.plus(more);
    }

    /// The request has cost so much. The one that reaches the soft limit gets told; in a window that is one request, and
    /// in a rolling one at most one in the window's length.
    #[expect(clippy::needless_pass_by_value, reason = "a reservation ends once")]
    #[must_use = "somebody wants to know of the soft limit"]
    pub fn settle(&self, reserved: Reserved, actual: Money, now: u64) -> Option<SoftReached> {
        let Reserved { amount, place } = reserved;
        let before = match &*self.account {
            Account::Calendar(calendar) => calendar.settle(place, amount, actual)?,
            Account::Rolling(rolling) => rolling.settle(place, amount, actual, now),
        };
        let (spent, limit) = (before.plus(actual), self.soft?);
        (before < limit && limit <= spent && self.is_first(now))
            .then_some(SoftReached { spent, limit })
    }

    /// The request has cost nothing.
    #[expect(clippy::needless_pass_by_value, reason = "a reservation ends once")]
    pub fn release(&self, reserved: Reserved) {
        let Reserved { amount, place } = reserved;
        match &*self.account {
            Account::Calendar(calendar) => calendar.release(place, amount),
            Account::Rolling(rolling) => rolling.release(place, amount),
        }
    }

    /// What is spent and set apart.
    pub fn standing(&self, now: u64) -> Standing {
        match &*self.account {
            Account::Calendar(calendar) => calendar.standing(now),
            Account::Rolling(rolling) => rolling.standing(now),
        }
    }

    /// Whether the soft limit was not reached in this window before. In a calendar window spending only grows, so it is
    /// passed once; in a rolling one it shrinks too.
    fn is_first(&self, now: u64) -> bool {
        match &*self.account {
            Account::Calendar(_) => true,
            Account::Rolling(rolling) => rolling.report(now),
        }
    }
}

impl Standing {
    /// From what is spent and what is spent or set apart.
    fn new(spent: Money, committed: Money) -> Self {
        Self {
            spent,
            reserved: committed.less(spent),
        }
    }

    fn refusal(self, limit: Money, resets_at: Option<u64>) -> Refusal {
        Refusal {
            spent: self.spent,
            reserved: self.reserved,
            limit,
            resets_at,
        }
    }
}

#[cfg(test)]
mod tests;
