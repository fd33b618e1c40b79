//! The bill: what each part of an answer cost, and the sum.

use rust_decimal::Decimal;

use super::charge::{Line, Lines};
use super::{PriceSource, Terms, exact};

/// What an answer costs at known prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// The sum of all parts, exactly, in US dollars.
    pub total: Decimal,
    /// What was charged; what was not used is no part.
    pub parts: Vec<Part>,
}

/// One line of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What was charged.
    pub kind: PartKind,
    /// How many of it.
    pub count: u64,
    /// US dollars apiece, before any discount.
    pub price: Decimal,
    /// Who says so.
    pub source: PriceSource,
    /// US dollars for all of them, less any discount.
    pub amount: Decimal,
}

/// What is charged apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// Input tokens that are nothing else below, or have no price as such.
    Input,
    /// Input tokens read from a cache.
    CachedInput,
    /// Input tokens written to a cache for its default time.
    CacheWrite,
    /// Input tokens written to a cache for an hour.
    CacheWrite1h,
    /// Audio tokens in.
    AudioInput,
    /// Image tokens in.
    ImageInput,
    /// Output tokens that are nothing else below, or have no price as such.
    Output,
    /// Audio tokens out.
    AudioOutput,
    /// Image tokens out.
    ImageOutput,
    /// Reasoning tokens.
    Reasoning,
    /// The request as such.
    Request,
    /// Images in, charged apiece.
    Image,
    /// Web searches.
    Search,
    /// Tokens of what searches found.
    Citation,
}

impl PartKind {
    /// The word for it in answers and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::CachedInput => "cached_input",
            Self::CacheWrite => "cache_write",
            Self::CacheWrite1h => "cache_write_1h",
            Self::AudioInput => "audio_input",
            Self::ImageInput => "image_input",
            Self::Output => "output",
            Self::AudioOutput => "audio_output",
            Self::ImageOutput => "image_output",
            Self::Reasoning => "reasoning",
            Self::Request => "request",
            Self::Image => "image",
            Self::Search => "search",
            Self::Citation => "citation",
        }
    }
}

impl Bill {
    /// Adds up the lines; nothing if an amount cannot be held exactly.
    pub(super) fn of(lines: &Lines, terms: &Terms) -> Option<Self> {
        let mut bill = Self {
            total: Decimal::ZERO,
            parts: Vec::with_capacity(lines.charged().count()),
        };
        for line in lines.charged() {
            let part = part(line, terms)?;
            bill.total = exact::sum(bill.total, part.amount)?;
            bill.parts.push(part);
        }
        Some(bill)
    }
}

/// The total of the bill of these lines, and who states the price of its first part.
pub(super) fn total(lines: &Lines, terms: &Terms) -> Option<(Decimal, Option<PriceSource>)> {
    let nothing = (Decimal::ZERO, None);
    lines.charged().try_fold(nothing, |(total, source), line| {
        let part = part(line, terms)?;
        let total = exact::sum(total, part.amount)?;
        Some((total, source.or(Some(part.source))))
    })
}

fn part(line: &Line, terms: &Terms) -> Option<Part> {
    let quote = line.quote?;
    let amount = exact::product(line.count.into(), quote.price)?;
    let amount = match terms.discount {
        Some(discount) => discount.of(amount)?,
        None => amount,
    };
    Some(Part {
        kind: line.kind,
        count: line.count,
        price: quote.price,
        source: quote.source,
        amount,
    })
}
