//! What this gateway knows of a limit that it shares with others: what the server that keeps the count has last said. It is
//! told to a server that has forgotten, and it is where the gateway goes on from while the server is away.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{
    budget::Budget,
    cell::{Cell, Limit},
    money::Money,
    window::Window,
};

/// Of one limit. Nothing of it is touched in a gateway that shares nothing.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    key: OnceLock<Arc<str>>,
    /// Of a rate, where what has been taken ends; of a budget, what is spent, in nanodollars.
    seen: AtomicU64,
    /// Of a budget, what was set apart, in nanodollars.
    reserved: AtomicU64,
    /// Of a calendar budget, the window that it was seen in; of a rolling one, when.
    window: AtomicU64,
    /// Which count of the server's it is, so that it can be told from a later one.
    generation: AtomicU64,
    /// How often the budget had been told of its past by then.
    loads: AtomicU64,
    /// For which time the server is away the gateway has taken over.
    epoch: AtomicU64,
    /// What may be spent in that time, in picodollars, and in which window.
    allowed: AtomicU64,
    allowed_in: AtomicU64,
}

/// What a server is told of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// What is spent, in nanodollars, as far as the gateway knows.
    pub(super) seed: u64,
    /// The count that it has told this already; 0 for none.
    pub(super) generation: u64,
    /// Up to when the ledger's part of it reaches, in milliseconds since 1970.
    pub(super) reach: u64,
}

/// Picodollars in the unit of a shared budget, so that nine million dollars are below 2⁵³.
const PICO: u64 = 1000;

/// In nanodollars, rounded up.
pub(super) fn nano(amount: Money) -> u64 {
    amount.pico().div_ceil(PICO)
}

/// From nanodollars.
pub(super) fn of_nano(amount: u64) -> Money {
    Money::from_pico(amount.saturating_mul(PICO))
}

impl Mirror {
    /// What the count of a limit is called. All have one hash tag, since one script reads several.
    pub(super) fn key(&self, cell: &Cell) -> &Arc<str> {
        self.key.get_or_init(|| {
            let (owner, limit) = (cell.owner.as_str(), cell.limit.as_str());
            let amount = match &cell.limit {
                Limit::Rate(_, _, rate) => rate.limit().to_string(),
                Limit::Concurrency(places) => places.limit().to_string(),
                Limit::Budget(budget) => {
                    let amount = budget.hard().or(budget.soft()).unwrap_or_default();
                    format!("{}:{}", word(budget.window()), amount.pico())
                }
            };
            Arc::from(format!(
                "{{modelport}}:{owner}:{}:{limit}:{amount}",
                cell.name
            ))
        })
    }

    /// The server has said where a rate ends.
    pub(super) fn see_rate(&self, taken: u64) {
        self.seen.store(taken, Relaxed);
    }

    /// The gateway itself has come so far.
    pub(super) fn advance_rate(&self, taken: u64) {
        self.seen.fetch_max(taken, Relaxed);
    }

    /// Where a rate ended.
    pub(super) fn rate(&self) -> u64 {
        self.seen.load(Relaxed)
    }

    /// The server has said where a budget stands.
    pub(super) fn see_budget(
        &self,
        budget: &Budget,
        spent: u64,
        reserved: u64,
        generation: u64,
        now: u64,
    ) {
        self.window.store(place(budget, now), Relaxed);
        self.seen.store(spent, Relaxed);
        self.reserved.store(reserved, Relaxed);
        self.generation.store(generation, Relaxed);
        self.loads.store(budget.loads(), Relaxed);
    }

    /// A request has cost so much, in nanodollars.
    pub(super) fn spend(&self, amount: u64) {
        self.seen.fetch_add(amount, Relaxed);
    }

    /// What the server has last said is spent of a budget, if its window is not over.
    pub(super) fn spent(&self, budget: &Budget, now: u64) -> Money {
        of_nano(self.still(budget, self.seen.load(Relaxed), now))
    }

    /// What is known of a budget.
    pub(super) fn budget(&self, budget: &Budget, now: u64) -> Known {
        let own = nano(budget.standing(now).spent);
        let generation = if self.loads.load(Relaxed) == budget.loads() {
            self.generation.load(Relaxed)
        } else {
            // It has learned more since, and tells it again.
            0
        };
        Known {
            seed: own.max(self.still(budget, self.seen.load(Relaxed), now)),
            generation,
            reach: budget.reach(),
        }
    }

    /// The server is away: from now on this gateway's own count of the limit decides. Once each time, it goes on from
    /// what the server has last said.
    pub(super) fn take_over(&self, limit: &Limit, gateways: u64, epoch: u64, now: u64) {
        if self.epoch.load(Relaxed) == epoch {
            return;
        }
        match limit {
            Limit::Rate(_, _, rate) => rate.raise(self.seen.load(Relaxed)),
            Limit::Concurrency(_) => {}
            Limit::Budget(budget) => {
                let standing = budget.standing(now);
                let own = standing.spent.plus(standing.reserved);
                let seen = self.seen.load(Relaxed);
                let seen = seen.saturating_add(self.reserved.load(Relaxed));
                let all = of_nano(self.still(budget, seen, now)).max(own);
                let left = budget.hard().unwrap_or(Money::MAX).less(all);
                let allowed = own.plus(Money::from_pico(left.pico() / gateways.max(1)));
                self.allowed.store(allowed.pico(), Relaxed);
                self.allowed_in.store(period(budget, now), Relaxed);
            }
        }
        self.epoch.store(epoch, Relaxed);
    }

    /// How far a budget may be spent by this gateway while the server is away.
    pub(super) fn allowance(&self, budget: &Budget, gateways: u64, now: u64) -> Money {
        match budget.hard() {
            None => Money::MAX,
            Some(_) if self.allowed_in.load(Relaxed) == period(budget, now) => {
                Money::from_pico(self.allowed.load(Relaxed))
            }
            Some(hard) => Money::from_pico(hard.pico() / gateways.max(1)),
        }
    }

    /// An amount, if the window that it was seen in is not over.
    fn still(&self, budget: &Budget, seen: u64, now: u64) -> u64 {
        let at = self.window.load(Relaxed);
        let is_still = match budget.window() {
            Window::Rolling(_) => budget.window().period(now).contains(&at),
            _ => period(budget, now) == at,
        };
        if is_still { seen } else { 0 }
    }
}

/// What tells one window of a budget from the next.
fn period(budget: &Budget, now: u64) -> u64 {
    match budget.window() {
        Window::Rolling(_) => 0,
        window => window.period(now).start,
    }
}

fn place(budget: &Budget, now: u64) -> u64 {
    match budget.window() {
        Window::Rolling(_) => now,
        _ => period(budget, now),
    }
}

fn word(window: Window) -> String {
    match window {
        Window::Day => "day".to_owned(),
        Window::Week => "week".to_owned(),
        Window::Month => "month".to_owned(),
        Window::Total => "total".to_owned(),
        Window::Rolling(length) => format!("{}s", length.as_secs()),
    }
}
