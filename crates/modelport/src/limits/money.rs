//! Amounts of money as whole numbers, so that they fit an atomic word and add without error.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use rust_decimal::Decimal;

/// US dollars in whole picodollars (10⁻¹² dollars), never negative.
///
/// The largest amount is 18,446,744 dollars; what would be above is held to be that. A price is at least some thousand
/// picodollars a token, so rounding each cost up to a whole one is less than a thousandth of any token's price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u64);

/// Digits of a picodollar behind the point.
const SCALE: u32 = 12;

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The largest amount.
    pub const MAX: Self = Self(u64::MAX);

    /// An amount in dollars, rounded up; nothing for a negative one.
    pub fn from_dollars(dollars: Decimal) -> Self {
        let Ok(mantissa) = u128::try_from(dollars.mantissa()) else {
            return Self::ZERO;
        };
        let pico = match dollars.scale() {
            scale @ ..=SCALE => mantissa.saturating_mul(10_u128.pow(SCALE - scale)),
            // A decimal's scale is at most 28.
            scale => mantissa.div_ceil(10_u128.pow(scale - SCALE)),
        };
        u64::try_from(pico).map_or(Self::MAX, Self)
    }

    /// An amount in picodollars.
    pub const fn from_pico(pico: u64) -> Self {
        Self(pico)
    }

    /// In picodollars.
    pub const fn pico(self) -> u64 {
        self.0
    }

    /// In dollars, exactly.
    pub fn dollars(self) -> Decimal {
        Decimal::from_i128_with_scale(self.0.into(), SCALE).normalize()
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left without the other; nothing if that is more.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.dollars())
    }
}

/// An amount that many change at once. It never goes below nothing.
#[derive(Debug, Default)]
pub(super) struct Sum(AtomicU64);

impl Sum {
    /// The amount now.
    pub(super) fn get(&self) -> Money {
        Money(self.0.load(Ordering::Acquire))
    }

    /// Adds it, and says what there was before.
    pub(super) fn add(&self, amount: Money) -> Money {
        self.change(|sum| sum.plus(amount))
    }

    /// Adds it unless that is more than the limit; `Err` with what there is.
    pub(super) fn add_within(&self, amount: Money, limit: Money) -> Result<(), Money> {
        let step = |sum| {
            let sum = Money(sum).plus(amount);
            (sum <= limit).then_some(sum.0)
        };
        self.0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, step)
            .map(drop)
            .map_err(Money)
    }

    /// Takes so much out of it, or what there is, and says how much that was.
    pub(super) fn take(&self, amount: Money) -> Money {
        self.change(|sum| sum.less(amount)).min(amount)
    }

    /// Takes one amount out and puts another in, in one step, so that nobody sees what is between.
    pub(super) fn exchange(&self, out: Money, into: Money) {
        self.change(|sum| sum.less(out).plus(into));
    }

    /// Takes all of it.
    pub(super) fn take_all(&self) -> Money {
        Money(self.0.swap(0, Ordering::AcqRel))
    }

    fn change(&self, change: impl Fn(Money) -> Money) -> Money {
        let step = |sum| Some(change(Money(sum)).0);
        let changed = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, step);
        // A step that is always taken cannot fail.
        Money(changed.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_rounded_up_to_a_picodollar() {
        let check = |dollars: &str, pico: u64| {
            let money = Money::from_dollars(dollars.parse().unwrap());
            assert_eq!(money, Money::from_pico(pico), "{dollars}");
        };
        check("0", 0);
        check("-1", 0);
        check("1", 1_000_000_000_000);
        check("0.00000015", 150_000);
        check("0.000000000001", 1);
        check("0.0000000000001", 1);
        check("0.0000000000010000000000000001", 2);
        check("1.0000000000000000000000000001", 1_000_000_000_001);
        check("18446744.073709551615", u64::MAX);
        check("18446744.0737095516151", u64::MAX);
        check("79228162514264337593543950335", u64::MAX);
    }

    #[test]
    fn an_amount_is_written_in_dollars() {
        assert_eq!(
            Money::from_pico(1_250_000_000_000).to_string(),
            "$1.25".to_owned()
        );
        assert_eq!(Money::from_pico(1).to_string(), "$0.000000000001");
        assert_eq!(Money::MAX.to_string(), "$18446744.073709551615");
    }

    #[test]
    fn a_sum_stays_within_its_bounds() {
        let sum = Sum::default();
        let pico = Money::from_pico;
        assert_eq!(sum.take(pico(5)), Money::ZERO);
        assert_eq!(sum.add(pico(3)), Money::ZERO);
        assert_eq!(sum.take(pico(5)), pico(3));
        assert_eq!(sum.add_within(pico(5), pico(4)), Err(Money::ZERO));
        assert_eq!(sum.add_within(pico(4), pico(4)), Ok(()));
        sum.exchange(pico(3), pico(1));
        assert_eq!(sum.take_all(), pico(2));
        sum.add(Money::MAX);
        sum.add(Money::MAX);
        assert_eq!(sum.get(), Money::MAX);
    }
}
