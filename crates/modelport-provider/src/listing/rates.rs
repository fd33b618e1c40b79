//! The prices in a listing's entry. Only three providers list any, each in its own unit; a number of unknown unit is no price.

use rust_decimal::Decimal;

use crate::object::Object;
use crate::price::{PriceRule, Prices, UtcWindow, read_amount, shifted};

/// In what a provider's listing counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceUnit {
    /// OpenRouter: strings in USD per token, per image, per request (`guides/overview/models.mdx`, 2026-08-22).
    UsdPerToken,
    /// Together: numbers in USD per million tokens (`openapi.yaml`, 2026-04-28; unit from its price pages).
    UsdPerMillionTokens,
    /// xAI's `/language-models`: whole numbers of 1e-10 USD per token (its `OpenAPI` file: grok-3 at 30000 is 3 USD a million).
    Ticks,
    /// Anything else: numbers that might be prices are left alone.
    Unknown,
}

impl PriceUnit {
    /// The unit of the provider with that profile.
    pub fn of(slug: &str) -> Self {
        match slug {
            "openrouter" => Self::UsdPerToken,
            "together" | "together_ai" => Self::UsdPerMillionTokens,
            "xai" => Self::Ticks,
            _ => Self::Unknown,
        }
    }
}

/// How many conditional prices of one model are kept.
const MAX_RULES: usize = 32;

pub(super) fn read_prices(entry: &Object<'_>, unit: PriceUnit) -> (Prices, Vec<PriceRule>) {
    match unit {
        PriceUnit::UsdPerToken => read_openrouter(entry),
        PriceUnit::UsdPerMillionTokens => (read_together(entry), Vec::new()),
        PriceUnit::Ticks => (read_xai(entry), Vec::new()),
        PriceUnit::Unknown => (Prices::UNKNOWN, Vec::new()),
    }
}

fn read_openrouter(entry: &Object<'_>) -> (Prices, Vec<PriceRule>) {
    let Some(pricing) = entry.object("pricing") else {
        return (Prices::UNKNOWN, Vec::new());
    };
    let left = amount(&pricing, "discount").and_then(|discount| Decimal::ONE.checked_sub(discount));
    let left = left
        .filter(|left| !left.is_sign_negative())
        .unwrap_or(Decimal::ONE);
    let prices = read_openrouter_set(&pricing, left);
    let overrides = pricing.array("overrides", MAX_RULES).unwrap_or_default();
    let rules = overrides.items.iter().filter_map(|raw| {
        let rule = Object::read(raw.get())?;
        read_openrouter_rule(&rule, left)
    });
    (prices, rules.collect())
}

fn read_openrouter_set(pricing: &Object<'_>, left: Decimal) -> Prices {
    let price = |name| amount(pricing, name).and_then(|price| price.checked_mul(left));
    Prices {
        prompt: price("prompt"),
        completion: price("completion"),
        cached_prompt: price("input_cache_read"),
        cache_write: price("input_cache_write"),
        cache_write_1h: price("input_cache_write_1h"),
        // "0" here stands beside priced completions: reasoning is billed with them, not free.
        reasoning: price("internal_reasoning").filter(|price| !price.is_zero()),
        audio_input: price("audio"),
        audio_output: price("audio_output"),
        image_token: price("image_token"),
        image_output_token: price("image_output"),
        image: price("image"),
        request: price("request"),
        search: price("web_search"),
        ..Prices::UNKNOWN
    }
}

/// A rule without a condition that is understood here is dropped: it would hold always.
fn read_openrouter_rule(rule: &Object<'_>, left: Decimal) -> Option<PriceRule> {
    let above_prompt_tokens = rule.unsigned("min_prompt_tokens");
    let window = match (rule.has("utc_start"), rule.has("utc_end")) {
        (false, false) => None,
        (true, _) | (_, true) => Some(UtcWindow {
            start: minute_of(rule.unsigned("utc_start")?)?,
            end: minute_of(rule.unsigned("utc_end")?)?,
            weekdays: UtcWindow::EVERY_DAY,
        }),
    };
    if above_prompt_tokens.is_none() && window.is_none() {
        return None;
    }
    Some(PriceRule {
        above_prompt_tokens,
        windows: window.into_iter().collect(),
        prices: read_openrouter_set(rule, left),
    })
}

/// HHMM written as a number: 30 is half past midnight, 2400 the day's end.
fn minute_of(clock: u64) -> Option<u16> {
    let (hours, minutes) = (clock / 100, clock % 100);
    if minutes >= 60 || clock > 2400 {
        return None;
    }
    u16::try_from((hours * 60 + minutes) % 1440).ok()
}

/// A zero for anything but text means "priced elsewhere", not free (fact sheet, 2026-11-22).
fn read_together(entry: &Object<'_>) -> Prices {
    let Some(pricing) = entry.object("pricing") else {
        return Prices::UNKNOWN;
    };
    let price = |name| amount(&pricing, name).and_then(|price| shifted(price, 6));
    let (prompt, completion) = (price("input"), price("output"));
    let kind = entry.text("type").unwrap_or_default();
    let is_text = [
        "chat",
        "language",
        "code",
        "embedding",
        "moderation",
        "rerank",
    ]
    .contains(&kind.as_ref());
    let is_zero = |price: Option<Decimal>| price.is_none_or(|price| price.is_zero());
    if !is_text && is_zero(prompt) && is_zero(completion) {
        return Prices::UNKNOWN;
    }
    Prices {
        prompt,
        completion,
        ..Prices::UNKNOWN
    }
}

fn read_xai(entry: &Object<'_>) -> Prices {
    let price = |name| amount(entry, name).and_then(|price| shifted(price, 10));
    Prices {
        prompt: price("prompt_text_token_price"),
        completion: price("completion_text_token_price"),
        cached_prompt: price("cached_prompt_text_token_price"),
        // Models that take no images list 0.
        image_token: price("prompt_image_token_price").filter(|price| !price.is_zero()),
        search: price("search_price"),
        ..Prices::UNKNOWN
    }
}

fn amount(object: &Object<'_>, name: &str) -> Option<Decimal> {
    object.raw(name).and_then(|raw| read_amount(raw.get()))
}
