//! So much in a period, refilled all the time, in one atomic word: the generic cell rate algorithm. It reads no clock, and
//! takes no lock.
//!
//! The word counts what has been taken, as a position on a line along which time moves too. What time has not reached yet
//! is in use; a request passes if that is no more than the whole amount afterwards. Counting in what is taken instead of
//! in time makes the cost of one a whole number of units, so that nothing is ever rounded twice and no error adds up.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// A limit of so much in a period. All of it may be taken at once, and then what comes back as time goes on.
///
/// Over any stretch of time no more is taken than the amount and what the stretch refills, less what is given back.
/// Where a unit cannot be made to divide both a millisecond and one of the amount, as for large amounts without a common
/// factor with the period, one may pass early by less than a unit, which for periods up to a year is less than eight
/// nanoseconds. Time itself is taken as whole milliseconds.
#[derive(Debug)]
pub struct Rate {
    amount: u64,
    /// Units in one of the amount.
    unit: u64,
    /// Units in which time moves, in so many milliseconds.
    speed: u64,
    per: u64,
    /// Where what has been taken ends, in units; time, in the same units, may be past it.
    taken: AtomicU64,
}

/// The units in which a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    /// Units in one of the amount.
    pub(super) unit: u64,
    /// Units in the whole amount.
    pub(super) whole: u64,
    /// Units in which time moves,
    pub(super) speed: u64,
    /// in so many milliseconds.
    pub(super) per: u64,
}

/// Leave to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// What may still be taken at once.
    pub remaining: u64,
}

/// Why nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is not enough for now.
    Spent {
        /// What may be taken at once.
        remaining: u64,
        /// When there is enough if nobody else takes any.
        retry_after: Duration,
    },
    /// More was asked for than there ever is.
    TooLarge,
}

/// The most units in which time moves in a millisecond, so that a word lasts until the year 3000.
const MOST_SPEED: u64 = 1 << 18;

/// The most units of a whole amount, and the largest amount.
const MOST_UNITS: u64 = 1 << 55;

/// The longest period, and the last point in time, in milliseconds.
const MOST_TIME: u64 = 1 << 45;

/// What can be owed at most, in amounts; so long at most, in periods, does a limit stay shut for a number that is wrong.
const MOST_DEBT: u64 = 100;

impl Rate {
    /// A limit that is untouched. A period is taken as whole milliseconds, at least one. An amount above 2¹⁸ per
    /// millisecond, which is fifteen billion per minute, is held to be that.
    pub fn new(amount: u64, per: Duration) -> Self {
        let per = u64::try_from(per.as_millis()).map_or(MOST_TIME, |per| per.clamp(1, MOST_TIME));
        let amount = amount.min(per.saturating_mul(MOST_SPEED)).min(MOST_UNITS);
        let divisor = greatest_common_divisor(amount, per);
        let (speed, unit) = (amount / divisor, per / divisor);
        let is_exact = speed <= MOST_SPEED && amount.saturating_mul(unit) <= MOST_UNITS;
        let (unit, speed, per) = if is_exact {
            (unit, speed, 1)
        } else {
            // An amount this large is not zero.
            let fastest = per.saturating_mul(MOST_SPEED) / amount.max(1);
            let unit = fastest.min(MOST_UNITS / amount.max(1)).max(1);
            (unit, amount * unit, per)
        };
        Self {
            amount,
            unit,
            speed,
            per,
            taken: AtomicU64::new(0),
        }
    }

    /// The whole amount.
    pub fn limit(&self) -> u64 {
        self.amount
    }

    /// Takes so much, or nothing. `now` is in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLarge`] for a weight above the whole amount, else [`Refusal::Spent`]. Who asks for nothing is refused
    /// while something is owed.
    pub fn try_take(&self, weight: u64, now: u64) -> Result<Taken, Refusal> {
        if weight > self.amount {
            return Err(Refusal::TooLarge);
        }
        let (time, cost) = (self.position(now), weight * self.unit);
        let end = time + self.whole();
        let step = |taken: u64| Some(taken.max(time) + cost).filter(|&taken| taken <= end);
        match self.step(step) {
            Ok(taken) => Ok(Taken {
                remaining: (end - taken.max(time) - cost) / self.unit,
            }),
            Err(taken) => Err(Refusal::Spent {
                remaining: end.saturating_sub(taken.max(time)) / self.unit,
                retry_after: self.until(taken + cost, now),
            }),
        }
    }

    /// Takes so much even if there is not enough: what turns out to have been used already. What is missing is owed, and
    /// nothing passes until time has paid for it.
    pub fn take_more(&self, weight: u64, now: u64) {
        let time = self.position(now);
        let most = time + self.whole() * (MOST_DEBT + 1);
        let cost = weight.saturating_mul(self.unit);
        let step = |taken: u64| Some(taken.max(time).saturating_add(cost).min(most.max(taken)));
        // It refuses nothing.
        let _ = self.step(step);
    }

    /// Gives back what was taken and not used. There is never more than the whole amount to take, so what time has
    /// refilled meanwhile is not refilled again.
    pub fn give_back(&self, weight: u64) {
        let cost = weight.saturating_mul(self.unit);
        // It refuses nothing.
        let _ = self.step(|taken| Some(taken.saturating_sub(cost)));
    }

    /// What may be taken at once.
    pub fn remaining(&self, now: u64) -> u64 {
        let time = self.position(now);
        let taken = self.taken.load(Ordering::Relaxed).max(time);
        (time + self.whole()).saturating_sub(taken) / self.unit
    }

    /// When the whole amount is there again if nobody takes any, at the accuracy of a millisecond and never too early.
    pub fn reset(&self, now: u64) -> Duration {
        let taken = self.taken.load(Ordering::Relaxed);
        self.until(taken.saturating_add(self.whole()), now)
    }

    /// When so much may be taken if nobody else takes any, as [`Rate::reset`]; `None` if that is never.
    pub fn retry_after(&self, weight: u64, now: u64) -> Option<Duration> {
        let cost = (weight <= self.amount).then(|| weight * self.unit)?;
        let taken = self.taken.load(Ordering::Relaxed);
        Some(self.until(taken.saturating_add(cost), now))
    }

    /// In what units it counts, for a count that is kept elsewhere.
    pub(super) fn scale(&self) -> Scale {
        Scale {
            unit: self.unit,
            whole: self.whole(),
            speed: self.speed,
            per: self.per,
        }
    }

    /// Where what has been taken ends, in units.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Moves the end of what has been taken there, unless it is further.
    pub(super) fn raise(&self, taken: u64) {
        self.taken.fetch_max(taken, Ordering::Relaxed);
    }

    /// Where the end is of a count of which so many units are in use.
    pub(super) fn end_of(&self, used: u64, now: u64) -> u64 {
        self.position(now).saturating_add(used)
    }

    /// How many units are in use of a count that ends there.
    pub(super) fn used_of(&self, taken: u64, now: u64) -> u64 {
        taken.saturating_sub(self.position(now))
    }

    /// As [`Rate::remaining`], of a count of which so many units are in use.
    pub(super) fn remaining_of(&self, used: u64) -> u64 {
        self.whole().saturating_sub(used) / self.unit
    }

    /// When so many more may be taken of a count that ends there; with the whole amount, when all of it is there.
    pub(super) fn until_of(&self, taken: u64, weight: u64, now: u64) -> Duration {
        self.until(taken.saturating_add(weight.saturating_mul(self.unit)), now)
    }

    /// The whole amount in units.
    fn whole(&self) -> u64 {
        self.amount * self.unit
    }

    /// Where time is, in units.
    fn position(&self, now: u64) -> u64 {
        let now = now.min(MOST_TIME);
        if self.per == 1 {
            // The product of the two bounds is 2⁶³.
            return now.saturating_mul(self.speed);
        }
        let units = u128::from(now) * u128::from(self.speed);
        u64::try_from(units / u128::from(self.per)).unwrap_or(u64::MAX / 2)
    }

    /// The time until what is in use goes no further than `end` and the whole amount behind it.
    fn until(&self, end: u64, now: u64) -> Duration {
        let position = end.saturating_sub(self.whole());
        let speed = self.speed.max(1);
        let at = if self.per == 1 {
            position.div_ceil(speed)
        } else {
            let units = u128::from(position) * u128::from(self.per);
            u64::try_from(units.div_ceil(speed.into())).unwrap_or(MOST_TIME)
        };
        Duration::from_millis(at.saturating_sub(now))
    }

    /// Moves the end of what has been taken, and says where it was before; `Err` with where it is if it is not to move.
    fn step(&self, step: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        // Nothing else is read by what is read here, so the order of other memory does not matter.
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b
}

#[cfg(test)]
mod tests;
