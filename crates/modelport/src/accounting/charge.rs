//! What a request costs and where that figure comes from. Money is exact; the ledger keeps it in whole pico-dollars. What
//! something costs is worked out elsewhere.

use std::{borrow::Cow, sync::LazyLock};

use modelport_provider::{
    catalogue,
    cost::{Brief, PriceSource, Provenance},
};
use rust_decimal::{Decimal, RoundingStrategy};

/// Decimal places of the ledger's unit, the pico-dollar: a millionth of a millionth of a US dollar. A price of a cent for
/// a million tokens is 10,000 of them a token.
pub const PLACES: u32 = 12;

/// The cost of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// What counts, in US dollars; `None` where nobody knows.
    pub amount: Option<Decimal>,
    /// Where that comes from.
    pub source: Source,
    /// What the provider said.
    pub reported: Option<Decimal>,
    /// What the prices come to.
    pub computed: Option<Decimal>,
    /// Which set of prices was used, and its version.
    pub prices: Option<Cow<'static, str>>,
}

/// Where the amount of a charge comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Source {
    /// The provider said it.
    Reported,
    /// From the tokens that the provider counted, by known prices.
    Computed,
    /// From tokens that were estimated.
    Estimated,
    /// Something may be owed, and nobody knows how much.
    #[default]
    Unknown,
    /// No provider was asked, so nothing is owed.
    None,
}

impl Source {
    /// The word for it in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Computed => "computed",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }
}

impl Charge {
    /// Of a request whose cost was worked out.
    pub fn of(cost: &Brief) -> Self {
        Self {
            amount: cost.amount(),
            source: match cost.provenance() {
                Provenance::Reported => Source::Reported,
                Provenance::Computed => Source::Computed,
                Provenance::Estimated => Source::Estimated,
                Provenance::Unknown => Source::Unknown,
            },
            reported: cost.reported,
            computed: cost.computed,
            prices: cost.source.map(prices),
        }
    }

    /// Of two calls for one request. It is as sure as the less sure one, and where nobody knows what one of them costs, at
    /// least what the other does.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let source = match (self.source, other.source) {
            (Source::None, source) | (source, Source::None) => source,
            (Source::Unknown, Source::Unknown) => Source::Unknown,
            (Source::Unknown | Source::Estimated, _) | (_, Source::Unknown | Source::Estimated) => {
                Source::Estimated
            }
            (Source::Computed, _) | (_, Source::Computed) => Source::Computed,
            (Source::Reported, Source::Reported) => Source::Reported,
        };
        let sum = |one: Option<Decimal>, other: Option<Decimal>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            amount: sum(self.amount, other.amount),
            source,
            reported: sum(self.reported, other.reported),
            computed: sum(self.computed, other.computed),
            prices: other.prices.or(self.prices),
        }
    }

    /// Of a request for which no provider was asked.
    pub fn none() -> Self {
        Self {
            source: Source::None,
            ..Self::default()
        }
    }
}

/// What a set of prices is called in the ledger, with the version where there is one.
fn prices(source: PriceSource) -> Cow<'static, str> {
    static CATALOGUE: LazyLock<String> =
        LazyLock::new(|| format!("{} {}", PriceSource::Catalogue.as_str(), catalogue::VERSION));
    match source {
        PriceSource::Catalogue => Cow::Borrowed(&CATALOGUE),
        PriceSource::Configured | PriceSource::Listing | PriceSource::Local => {
            Cow::Borrowed(source.as_str())
        }
    }
}

/// Dollars in the ledger's unit. Half a pico-dollar goes to the even one, so that the rounding of many adds up to
/// nothing; more than fits, 9.2 million dollars, becomes the most that does.
pub fn pico(dollars: Decimal) -> i64 {
    let rounded = dollars.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven);
    let scale = PLACES.saturating_sub(rounded.scale());
    let whole = rounded.mantissa().checked_mul(10_i128.pow(scale));
    let most = if dollars.is_sign_negative() {
        i64::MIN
    } else {
        i64::MAX
    };
    whole
        .and_then(|whole| i64::try_from(whole).ok())
        .unwrap_or(most)
}

/// The dollars that pico-dollars are, without zeros at the end.
pub fn dollars(pico: i128) -> Decimal {
    // The unit's places always fit, and an amount that does not is more money than there is.
    Decimal::try_from_i128_with_scale(pico, PLACES)
        .unwrap_or(Decimal::MAX)
        .normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_calls_cost_what_both_do() {
        let charge = |source: Source, amount: Option<u32>| Charge {
            amount: amount.map(Decimal::from),
            source,
            ..Charge::default()
        };
        let check = |one: Charge, other: Charge, both: Charge| {
            assert_eq!(one.clone().and(other.clone()), both);
            assert_eq!(other.and(one), both);
        };
        let estimated = charge(Source::Estimated, Some(2));
        let computed = charge(Source::Computed, Some(3));
        check(
            estimated.clone(),
            computed.clone(),
            charge(Source::Estimated, Some(5)),
        );
        check(
            charge(Source::Unknown, None),
            computed.clone(),
            charge(Source::Estimated, Some(3)),
        );
        check(Charge::none(), computed.clone(), computed);
        check(
            charge(Source::Unknown, None),
            charge(Source::Unknown, None),
            charge(Source::Unknown, None),
        );
    }

    #[test]
    fn dollars_become_whole_pico_dollars_and_come_back() {
        let check = |text: &str, expected: i64| {
            assert_eq!(pico(text.parse().unwrap()), expected, "{text}");
        };
        check("0", 0);
        check("1", 1_000_000_000_000);
        check("0.000000000001", 1);
        check("0.0000000000005", 0);
        check("0.0000000000015", 2);
        check("0.0000000000025", 2);
        check("0.00000000000250001", 3);
        check("-0.0000000000015", -2);
        check("123456.789", 123_456_789_000_000_000);
        check("79228162514264337593543950335", i64::MAX);
        check("-79228162514264337593543950335", i64::MIN);
        assert_eq!(dollars(1_230_000_000_000).to_string(), "1.23");
        assert_eq!(dollars(1).to_string(), "0.000000000001");
        assert_eq!(dollars(0).to_string(), "0");
        assert_eq!(
            dollars(i128::from(i64::MAX) * 1000).to_string(),
            "9223372036.854775807"
        );
    }
}
