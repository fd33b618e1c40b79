//! What the requests of a period come to.

use rust_decimal::Decimal;
use serde_json::{Value, json};

/// An hour, in milliseconds.
const HOUR: u64 = 3_600_000;

/// A time from one moment up to another, in milliseconds since 1970; the second is outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// Its first moment.
    pub since: u64,
    /// The moment behind its last one.
    pub until: u64,
}

impl Period {
    /// The whole hours in it, from one up to another, counted since 1970; then the moments before those and the moments
    /// behind them, each from one up to another.
    pub fn parts(self) -> [u64; 6] {
        let (first, end) = (self.since.div_ceil(HOUR), self.until / HOUR);
        if first >= end {
            return [0, 0, self.since, self.until, 0, 0];
        }
        [first, end, self.since, first * HOUR, end * HOUR, self.until]
    }
}

/// What some requests come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many there were.
    pub requests: u64,
    /// How many of them ended without a whole answer.
    pub failed: u64,
    /// Everything that went in.
    pub input_tokens: u64,
    /// Everything that came out.
    pub output_tokens: u64,
    /// The part of the input that was read from a prompt cache.
    pub cached_input_tokens: u64,
    /// The part of the input that was written to a prompt cache.
    pub cache_write_tokens: u64,
    /// The part of that which is kept for an hour.
    pub cache_write_1h_tokens: u64,
    /// The part of the output that was reasoning.
    pub reasoning_tokens: u64,
    /// The part of the input that was audio.
    pub audio_input_tokens: u64,
    /// The part of the output that was audio.
    pub audio_output_tokens: u64,
    /// The part of the input that was images.
    pub image_input_tokens: u64,
    /// The part of the output that was images.
    pub image_output_tokens: u64,
    /// US dollars that providers said they charged.
    pub reported: Decimal,
    /// US dollars by the tokens that providers counted and known prices.
    pub computed: Decimal,
    /// US dollars by estimated tokens.
    pub estimated: Decimal,
    /// How many requests cost something that nobody knows.
    pub unpriced: u64,
}

impl Totals {
    /// US dollars that all of them cost, but for those that are unpriced.
    pub fn cost(&self) -> Decimal {
        [self.reported, self.computed, self.estimated]
            .into_iter()
            .fold(Decimal::ZERO, Decimal::saturating_add)
    }
}

/// A figure of a line, by the name that it has in every form.
pub type Shown = (&'static str, fn(&Totals) -> Figure);

/// All figures of a line, in their order.
pub const FIGURES: [Shown; 17] = [
    ("requests", |totals| Figure::Count(totals.requests)),
    ("failed", |totals| Figure::Count(totals.failed)),
    ("input_tokens", |totals| Figure::Count(totals.input_tokens)),
    ("output_tokens", |totals| {
        Figure::Count(totals.output_tokens)
    }),
    ("cost_usd", |totals| match totals.unpriced {
        0 => Figure::Dollars(totals.cost()),
        _ => Figure::AtLeast(totals.cost()),
    }),
    ("unpriced", |totals| Figure::Count(totals.unpriced)),
    ("reported_usd", |totals| Figure::Dollars(totals.reported)),
    ("computed_usd", |totals| Figure::Dollars(totals.computed)),
    ("estimated_usd", |totals| Figure::Dollars(totals.estimated)),
    ("cached_input_tokens", |totals| {
        Figure::Count(totals.cached_input_tokens)
    }),
    ("cache_write_tokens", |totals| {
        Figure::Count(totals.cache_write_tokens)
    }),
    ("cache_write_1h_tokens", |totals| {
        Figure::Count(totals.cache_write_1h_tokens)
    }),
    ("reasoning_tokens", |totals| {
        Figure::Count(totals.reasoning_tokens)
    }),
    ("audio_input_tokens", |totals| {
        Figure::Count(totals.audio_input_tokens)
    }),
    ("audio_output_tokens", |totals| {
        Figure::Count(totals.audio_output_tokens)
    }),
    ("image_input_tokens", |totals| {
        Figure::Count(totals.image_input_tokens)
    }),
    ("image_output_tokens", |totals| {
        Figure::Count(totals.image_output_tokens)
    }),
];

/// What stands in one place of the report. Money is shown to its last digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// So many.
    Count(u64),
    /// So many US dollars.
    Dollars(Decimal),
    /// Dollars that are known, where some are not.
    AtLeast(Decimal),
}

impl Figure {
    /// Whether it says nothing.
    pub fn is_zero(self) -> bool {
        match self {
            Self::Count(count) => count == 0,
            Self::Dollars(amount) | Self::AtLeast(amount) => amount.is_zero(),
        }
    }

    /// It in plain digits.
    pub fn plain(self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Dollars(amount) | Self::AtLeast(amount) => amount.to_string(),
        }
    }

    /// An amount is a text, because a JSON number is read as a float by most.
    pub fn value(self) -> Value {
        match self {
            Self::Count(count) => json!(count),
            Self::Dollars(_) | Self::AtLeast(_) => json!(self.plain()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_falls_into_hours_and_what_is_left_of_it() {
        let parts = |since, until| Period { since, until }.parts();
        assert_eq!(parts(0, HOUR), [0, 1, 0, 0, HOUR, HOUR]);
        assert_eq!(parts(1, HOUR - 1), [0, 0, 1, HOUR - 1, 0, 0]);
        assert_eq!(
            parts(1, 2 * HOUR + 5),
            [1, 2, 1, HOUR, 2 * HOUR, 2 * HOUR + 5]
        );
        assert_eq!(parts(5, 5), [0, 0, 5, 5, 0, 0]);
    }
}
