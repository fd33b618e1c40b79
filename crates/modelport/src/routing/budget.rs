//! How many attempts a route may make beyond the first of each request: retries and failovers together, and hedges from
//! an account of their own. When everything fails, each of them makes the outage worse, so they are a share of the
//! requests and no more.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// How many attempts a route has in store that has seen no request, so that a quiet one can retry. They are lent: what
/// requests pay in repays them first, so that a busy route makes its share of further attempts and not one more.
const RESERVE: u64 = 10 * ATTEMPT;

/// How long what requests have paid in lasts: a calm hour does not pay for a storm.
const LASTING: Duration = Duration::from_secs(10);

/// One attempt, in the unit of the account: a request pays its share in percent.
const ATTEMPT: u64 = 100;

/// Time passes in ticks: long enough for the decay not to be lost in rounding.
const TICK: Duration = Duration::from_millis(500);

/// After so many ticks without a request or a further attempt, which are ten seconds, a route is quiet.
const QUIET: u64 = 20;

/// What the reserve of a quiet route regains in a tick: one attempt a second.
const REGAINED: u64 = 50;

/// The account of a route's further attempts.
pub struct RetryBudget {
    start: Instant,
    share: u64,
    /// An [`Account`], packed.
    account: AtomicU64,
}

impl RetryBudget {
    /// An account into which each request pays so many hundredths of an attempt. A share of 0 allows none at all, also
    /// not from the reserve.
    pub fn new(share_percent: u32, start: Instant) -> Self {
        let account = Account {
            balance: RESERVE,
            owed: RESERVE,
            tick: 0,
        };
        Self {
            start,
            share: u64::from(share_percent),
            account: AtomicU64::new(account.pack()),
        }
    }

    /// A request comes: its first attempt is free, and pays in.
    pub fn request(&self, now: Instant) {
        let tick = self.tick(now);
        self.account.update(Relaxed, Relaxed, |packed| {
            Account::at(packed, tick).paid(self.share).pack()
        });
    }

    /// Takes a further attempt from the account, if it holds one.
    #[must_use = "an attempt that is not granted must not be made"]
    pub fn take(&self, now: Instant) -> bool {
        if self.share == 0 {
            return false;
        }
        let tick = self.tick(now);
        let taken = self.account.fetch_update(Relaxed, Relaxed, |packed| {
            Some(Account::at(packed, tick).taken()?.pack())
        });
        taken.is_ok()
    }

    /// Books a further attempt that is made whatever the account holds: what is missing is owed.
    pub fn charge(&self, now: Instant) {
        let tick = self.tick(now);
        self.account.update(Relaxed, Relaxed, |packed| {
            Account::at(packed, tick).charged().pack()
        });
    }

    /// How many further attempts could be made now.
    pub fn left(&self, now: Instant) -> u64 {
        if self.share == 0 {
            return 0;
        }
        Account::at(self.account.load(Relaxed), self.tick(now)).balance / ATTEMPT
    }

    fn tick(&self, now: Instant) -> u64 {
        let ticks = now.saturating_duration_since(self.start).as_millis() / TICK.as_millis();
        u64::try_from(ticks).unwrap_or(MAX_TICK).min(MAX_TICK)
    }
}

/// What an account holds as of a tick.
#[derive(Clone, Copy)]
struct Account {
    /// What further attempts can be made from.
    balance: u64,
    /// What was lent and is to be repaid before anything more is credited.
    owed: u64,
    tick: u64,
}

/// The most that is held against a route: more would be so long after its trouble.
const MOST_OWED: u64 = 100 * ATTEMPT;

/// The widths of the fields in their 64 bits. The ticks last for four years.
const BALANCE_BITS: u32 = 22;
const OWED_BITS: u32 = 14;
const MAX_BALANCE: u64 = (1 << BALANCE_BITS) - 1;
const MAX_OWED: u64 = (1 << OWED_BITS) - 1;
const MAX_TICK: u64 = (1 << (u64::BITS - BALANCE_BITS - OWED_BITS)) - 1;

const _: () = assert!(MOST_OWED <= MAX_OWED, "what is owed has room");

impl Account {
    /// A packed account, aged to this tick: what is over the reserve fades, what is missing from it is lent again.
    fn at(packed: u64, now: u64) -> Self {
        let mut account = Self {
            balance: packed & MAX_BALANCE,
            owed: (packed >> BALANCE_BITS) & MAX_OWED,
            tick: packed >> (BALANCE_BITS + OWED_BITS),
        };
        let ticks = now.saturating_sub(account.tick);
        account.tick = account.tick.max(now);
        if let Some(excess) = account.balance.checked_sub(RESERVE) {
            account.balance = RESERVE + fade(excess, ticks);
        } else {
            // Not between the requests of a busy route, nor while its last ones pause before their retries.
            let quiet = ticks.saturating_sub(QUIET);
            let lent = (RESERVE - account.balance).min(quiet.saturating_mul(REGAINED));
            account.balance += lent;
            // A quiet route does not run up a debt that would be held against it once it is busy.
            account.owed = account.owed.max(RESERVE.min(account.owed + lent));
        }
        account
    }

    fn paid(mut self, share: u64) -> Self {
        let repaid = share.min(self.owed);
        self.owed -= repaid;
        self.balance += share - repaid;
        self
    }

    fn taken(mut self) -> Option<Self> {
        self.balance = self.balance.checked_sub(ATTEMPT)?;
        Some(self)
    }

    fn charged(mut self) -> Self {
        let held = self.balance.min(ATTEMPT);
        self.balance -= held;
        self.owed = (self.owed + ATTEMPT - held).min(MOST_OWED);
        self
    }

    fn pack(self) -> u64 {
        self.balance.min(MAX_BALANCE)
            | (self.owed << BALANCE_BITS)
            | (self.tick << (BALANCE_BITS + OWED_BITS))
    }
}

/// What is left after so many ticks: a good stand-in for an exponential decay that needs no floating point.
fn fade(excess: u64, ticks: u64) -> u64 {
    let lasting = LASTING.as_millis() / TICK.as_millis();
    let left = u128::from(excess) * lasting / (lasting + u128::from(ticks));
    u64::try_from(left).unwrap_or(excess)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::prelude::*;

    use super::*;
    use crate::clock;

    /// The attempts granted when each of so many requests a second wants so many more, for a minute.
    fn outage(share: u32, rate: u32, wanted: u32) -> u32 {
        let start = clock::now();
        let budget = RetryBudget::new(share, start);
        let mut granted = 0;
        for request in 0..60 * rate {
            let now = start + Duration::from_secs(1) * request / rate;
            budget.request(now);
            granted += (0..wanted)
                .map(|_| u32::from(budget.take(now)))
                .sum::<u32>();
        }
        granted
    }

    #[test]
    fn a_total_outage_is_made_worse_by_the_share_only() {
        let requests = 60_000;
        let granted = outage(20, 1000, 2);
        assert!(granted <= requests / 5, "{granted}");
        assert!(granted >= requests / 5 - 1, "{granted}");
        assert_eq!(outage(0, 1000, 2), 0);
    }

    proptest! {
        /// However requests come and whenever they fail, a route that is not quiet makes its share of further attempts,
        /// or the ten that were lent to it, and never both together.
        #[test]
        fn the_reserve_is_a_floor_and_not_added_to_the_share(
            share in 1_u32..101,
            course in proptest::collection::vec((0_u64..9_000, 1_u32..50, 0_u32..60), 1..80),
        ) {
            let mut now = clock::now();
            let budget = RetryBudget::new(share, now);
            let (mut requests, mut granted) = (0, 0);
            for (pause, came, wanted) in course {
                now += Duration::from_millis(pause);
                for _ in 0..came {
                    budget.request(now);
                }
                requests += came;
                granted += (0..wanted).map(|_| u32::from(budget.take(now))).sum::<u32>();
                prop_assert!(granted <= (requests * share / 100).max(10), "{granted} of {requests}");
            }
        }
    }

    #[test]
    fn a_quiet_route_can_retry() {
        let start = clock::now();
        let budget = RetryBudget::new(1, start);
        assert!((0..10).all(|_| budget.take(start)));
        assert!(!budget.take(start));
        assert_eq!(budget.left(start + Duration::from_secs(10)), 0);
        let later = start + Duration::from_secs(13);
        assert_eq!(budget.left(later), 3);
        assert_eq!(budget.left(later + Duration::from_hours(1)), 10);
    }

    #[test]
    fn what_is_made_all_the_same_is_repaid_first() {
        let start = clock::now();
        let budget = RetryBudget::new(10, start);
        for _ in 0..15 {
            budget.charge(start);
        }
        assert_eq!(budget.left(start), 0);
        // Ten from the reserve, which is lent, and five more.
        for _ in 0..150 {
            budget.request(start);
            assert!(!budget.take(start));
        }
        for _ in 0..10 {
            budget.request(start);
        }
        assert!(budget.take(start));
        assert!(!budget.take(start));
    }

    #[test]
    fn a_calm_hour_does_not_pay_for_a_storm() {
        let start = clock::now();
        let budget = RetryBudget::new(20, start);
        let mut now = start;
        for _ in 0..360_000 {
            now += Duration::from_millis(10);
            budget.request(now);
        }
        // Ten seconds of a hundred requests each are worth 200 attempts.
        let left = budget.left(now);
        assert!((150..=230).contains(&left), "{left}");
    }

    #[test]
    fn threads_together_take_no_more_than_there_is() {
        let start = clock::now();
        let budget = RetryBudget::new(50, start);
        let granted: u32 = thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        (0..5_000)
                            .map(|_| {
                                budget.request(start);
                                u32::from(budget.take(start)) + u32::from(budget.take(start))
                            })
                            .sum::<u32>()
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap())
                .sum()
        });
        assert_eq!(granted, 10_000);
    }
}
