//! What one answer cost, exactly, and who says so: the provider, or its usage at the price of the most trusted source that has
//! one. Pure; it asks nobody, keeps nothing, and never passes through a float. An amount that is not known stays unknown: it is
//! never taken for zero. Amounts are US dollars. The rules are those of `cost.md` in the fact sheets (2026-11-22).

mod bill;
mod charge;
mod exact;
mod tariff;

use std::{fmt, time::SystemTime};

use rust_decimal::Decimal;

use crate::usage::{Service, Usage};

pub use bill::{Bill, Part, PartKind};
pub use tariff::{PriceSource, Tariff};

/// What one answer cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// What the provider says it charged.
    pub reported: Option<Decimal>,
    /// What the usage costs at known prices, whether or not the provider says anything: the two can be compared.
    pub bill: Option<Bill>,
    /// Who counted what the bill is about.
    pub counts: Counts,
}

/// What one answer cost, in short: a [`Cost`] without the parts of its bill, which is worked out without allocating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief {
    /// What the provider says it charged.
    pub reported: Option<Decimal>,
    /// What the usage costs at known prices: the total of the bill.
    pub computed: Option<Decimal>,
    /// Who states the price of the bill's first part; `None` where there is none.
    pub source: Option<PriceSource>,
    /// Who counted what was used.
    pub counts: Counts,
}

/// Who counted tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Counts {
    /// The provider told them.
    #[default]
    Told,
    /// They were estimated here, as for an answer that broke off before its usage came.
    Estimated,
}

/// How an amount is known, most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// The provider says it.
    Reported,
    /// Computed from the provider's counts and known prices.
    Computed,
    /// Computed from counts that are estimates.
    Estimated,
    /// It is not known.
    Unknown,
}

impl Provenance {
    /// The word for it in answers, records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Computed => "computed",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }
}

/// What else decides about a price, besides the usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// When the answer was given: some prices change with the hour.
    pub at: SystemTime,
    /// The class of service, where it is known otherwise than from the usage, which tells it unless this does:
    /// [`Service::Batch`] for what came through a batch API.
    pub service: Option<Service>,
    /// Images in the request that are charged apiece.
    pub images: u64,
    /// Who counted the usage.
    pub counts: Counts,
    /// What is taken off every computed amount.
    pub discount: Option<Discount>,
}

impl Terms {
    /// The usual terms, at that time.
    pub fn at(time: SystemTime) -> Self {
        Self {
            at: time,
            service: None,
            images: 0,
            counts: Counts::Told,
            discount: None,
        }
    }
}

/// A share of the list price that is not paid, agreed between the operator and the provider. What a provider reports is what
/// it charged, so nothing is taken off that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discount {
    left: Decimal,
}

impl Discount {
    /// A share from zero to one; `None` for any other number, and for one of too many digits to be exact.
    pub fn new(share: Decimal) -> Option<Self> {
        let is_share = share >= Decimal::ZERO && share <= Decimal::ONE;
        let left = exact::difference(Decimal::ONE, share).filter(|_| is_share)?;
        Some(Self {
            left: left.normalize(),
        })
    }

    /// What is paid of this price; `None` where that has too many digits to be exact.
    pub fn of(self, price: Decimal) -> Option<Decimal> {
        exact::product(price, self.left)
    }
}

/// In percent.
impl fmt::Display for Discount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = (Decimal::ONE - self.left) * Decimal::ONE_HUNDRED;
        write!(f, "{}%", percent.normalize())
    }
}

impl Cost {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        reported: None,
        bill: None,
        counts: Counts::Told,
    };

    /// The cost of an answer that used this, where these tariffs are known, the most trusted first. There is no bill where no
    /// tariff has the prices that the usage needs, and where an amount cannot be held exactly.
    pub fn of(usage: &Usage, tariffs: &[Tariff<'_>], terms: &Terms) -> Self {
        Self {
            reported: reported(usage),
            bill: charge::find(usage, tariffs, terms, |lines| Bill::of(lines, terms)).flatten(),
            counts: terms.counts,
        }
    }

    /// What it cost, in US dollars: what the provider reports, else the bill's total.
    pub fn amount(&self) -> Option<Decimal> {
        self.reported
            .or_else(|| self.bill.as_ref().map(|bill| bill.total))
    }

    /// How that is known.
    pub fn provenance(&self) -> Provenance {
        provenance(self.reported.is_some(), self.bill.is_some(), self.counts)
    }
}

impl Brief {
    /// What [`Cost::of`] would say, in short.
    pub fn of(usage: &Usage, tariffs: &[Tariff<'_>], terms: &Terms) -> Self {
        let total = charge::find(usage, tariffs, terms, |lines| bill::total(lines, terms));
        let (computed, source) = total.flatten().unzip();
        Self {
            reported: reported(usage),
            computed,
            source: source.flatten(),
            counts: terms.counts,
        }
    }

    /// What it cost, in US dollars: what the provider reports, else what the usage costs.
    pub fn amount(&self) -> Option<Decimal> {
        self.reported.or(self.computed)
    }

    /// How that is known.
    pub fn provenance(&self) -> Provenance {
        provenance(
            self.reported.is_some(),
            self.computed.is_some(),
            self.counts,
        )
    }
}

fn provenance(reported: bool, known: bool, counts: Counts) -> Provenance {
    match (reported, known, counts) {
        (true, _, _) => Provenance::Reported,
        (false, true, Counts::Told) => Provenance::Computed,
        (false, true, Counts::Estimated) => Provenance::Estimated,
        (false, false, _) => Provenance::Unknown,
    }
}

/// A reader rejects negative amounts; who fills in a usage by hand might not.
fn reported(usage: &Usage) -> Option<Decimal> {
    usage.reported_cost.filter(|cost| *cost >= Decimal::ZERO)
}

#[cfg(test)]
mod tests;
