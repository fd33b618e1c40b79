//! Prices as exact decimals: reading them from JSON text without ever passing through a float, holding them, writing them
//! plainly. It computes no cost.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::object::read_text;

/// What one model charges: USD per token, or per what the name says. `None` is unknown, zero is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Prices {
    /// Per input token.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Decimal>,
    /// Per output token.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub completion: Option<Decimal>,
    /// Per input token read from the provider's cache.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub cached_prompt: Option<Decimal>,
    /// Per input token written to the provider's cache for its default time (five minutes at Anthropic).
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Decimal>,
    /// Per input token written to the provider's cache for an hour.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<Decimal>,
    /// Per reasoning token, where it differs from an output token.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Decimal>,
    /// Per audio token in.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<Decimal>,
    /// Per audio token out.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<Decimal>,
    /// Per image token in.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub image_token: Option<Decimal>,
    /// Per image token out.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub image_output_token: Option<Decimal>,
    /// Per image in.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub image: Option<Decimal>,
    /// Per request.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub request: Option<Decimal>,
    /// Per web search, of the medium size where sizes differ.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub search: Option<Decimal>,
    /// Per web search of the low size, where it differs.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub search_low: Option<Decimal>,
    /// Per web search of the high size, where it differs.
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub search_high: Option<Decimal>,
    /// Per token of what a search found and the model read (Perplexity).
    #[serde(serialize_with = "plainly", skip_serializing_if = "Option::is_none")]
    pub citation: Option<Decimal>,
}

impl Prices {
    /// Nothing known.
    pub const UNKNOWN: Self = Self {
        prompt: None,
        completion: None,
        cached_prompt: None,
        cache_write: None,
        cache_write_1h: None,
        reasoning: None,
        audio_input: None,
        audio_output: None,
        image_token: None,
        image_output_token: None,
        image: None,
        request: None,
        search: None,
        search_low: None,
        search_high: None,
        citation: None,
    };

    /// Tokens and searches that cost nothing.
    pub const FREE: Self = Self {
        prompt: Some(Decimal::ZERO),
        completion: Some(Decimal::ZERO),
        search: Some(Decimal::ZERO),
        ..Self::UNKNOWN
    };

    /// Whether not a single price is known.
    pub fn is_unknown(&self) -> bool {
        *self == Self::UNKNOWN
    }

    /// These prices, and `base` where they are silent: how a rule's prices stand on the model's own.
    #[must_use]
    pub fn or(self, base: &Self) -> Self {
        Self {
            prompt: self.prompt.or(base.prompt),
            completion: self.completion.or(base.completion),
            cached_prompt: self.cached_prompt.or(base.cached_prompt),
            cache_write: self.cache_write.or(base.cache_write),
            cache_write_1h: self.cache_write_1h.or(base.cache_write_1h),
            reasoning: self.reasoning.or(base.reasoning),
            audio_input: self.audio_input.or(base.audio_input),
            audio_output: self.audio_output.or(base.audio_output),
            image_token: self.image_token.or(base.image_token),
            image_output_token: self.image_output_token.or(base.image_output_token),
            image: self.image.or(base.image),
            request: self.request.or(base.request),
            search: self.search.or(base.search),
            search_low: self.search_low.or(base.search_low),
            search_high: self.search_high.or(base.search_high),
            citation: self.citation.or(base.citation),
        }
    }
}

/// Other prices under a condition. Of a listing's rules that hold, a later one wins price by price and what it leaves out is
/// inherited; of the catalogue's tiers only the highest that holds counts (see [`Tariff`](crate::cost::Tariff)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRule {
    /// Holds only for prompts of more tokens than this, cached ones included; then for the whole request.
    pub above_prompt_tokens: Option<u64>,
    /// Holds only while one of these is open; empty: always.
    pub windows: Vec<UtcWindow>,
    /// The prices while it holds.
    pub prices: Prices,
}

/// A daily time in UTC, on some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UtcWindow {
    /// Minute of the day that opens it, below 1440.
    pub start: u16,
    /// Minute of the day that closes it, itself outside; at or before `start` it lies on the next day.
    pub end: u16,
    /// The days on which it opens, bit 0 for Monday to bit 6 for Sunday.
    pub weekdays: u8,
}

impl UtcWindow {
    /// Every day of the week.
    pub const EVERY_DAY: u8 = 0b111_1111;

    /// Whether it is open at `minute` of the day (UTC) on `weekday` (1 Monday to 7 Sunday).
    pub fn is_open(self, weekday: u8, minute: u16) -> bool {
        let today = self.opens_on(weekday);
        if self.start < self.end {
            return today && (self.start..self.end).contains(&minute);
        }
        let yesterday = if weekday <= 1 { 7 } else { weekday - 1 };
        (today && minute >= self.start) || (self.opens_on(yesterday) && minute < self.end)
    }

    fn opens_on(self, weekday: u8) -> bool {
        (1..=7).contains(&weekday) && self.weekdays & (1 << (weekday - 1)) != 0
    }
}

/// The highest amount that is taken for a price, in whatever unit it is listed; more is nonsense, and could overflow a sum.
pub const MAX_AMOUNT: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// The longest text that is read as a number.
const MAX_DIGITS: usize = 64;

/// Reads an amount from a JSON number or a JSON string that holds one. Negative means "varies" (`OpenRouter`'s routers, fact
/// sheet 2026-11-22) and is unknown, like anything else that is no price.
pub fn read_amount(json: &str) -> Option<Decimal> {
    let amount = if json.starts_with('"') {
        exact(read_text(json)?.trim())?
    } else {
        exact(json)?
    };
    (amount >= Decimal::ZERO && amount <= MAX_AMOUNT).then_some(amount)
}

/// `amount` divided by ten to the power of `places`; nothing if that cannot be held exactly.
pub fn shifted(amount: Decimal, places: u32) -> Option<Decimal> {
    let amount = amount.normalize();
    let scale = amount.scale().checked_add(places)?;
    let shifted = Decimal::try_from_i128_with_scale(amount.mantissa(), scale);
    shifted.ok().map(|decimal| decimal.normalize())
}

/// An amount in plain digits, without exponent or needless zeros: `0.000003`.
pub fn plain(amount: Decimal) -> String {
    amount.normalize().to_string()
}

/// Reads a decimal number, exponent allowed; nothing if it cannot be held exactly.
pub(crate) fn exact(text: &str) -> Option<Decimal> {
    let allowed = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if text.len() > MAX_DIGITS || !text.bytes().all(allowed) {
        return None;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let mantissa = Decimal::from_str_exact(without_final_zeros(mantissa)).ok()?;
    let mantissa = mantissa.normalize();
    if mantissa.is_zero() {
        return Some(Decimal::ZERO);
    }
    let scale = i64::from(mantissa.scale()) - i64::from(exponent);
    let places = u32::try_from(scale.unsigned_abs()).ok()?;
    let parsed = if scale >= 0 {
        Decimal::try_from_i128_with_scale(mantissa.mantissa(), places)
    } else {
        let power = 10_i128.checked_pow(places)?;
        Decimal::try_from_i128_with_scale(mantissa.mantissa().checked_mul(power)?, 0)
    };
    parsed.ok()
}

/// The zeros after the last digit of a fraction say nothing but can be more than a decimal holds.
fn without_final_zeros(mantissa: &str) -> &str {
    if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    }
}

#[expect(
    clippy::ref_option,
    reason = "serde passes the field by reference to its option"
)]
fn plainly<S: Serializer>(amount: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => serializer.collect_str(&amount.normalize()),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests;
