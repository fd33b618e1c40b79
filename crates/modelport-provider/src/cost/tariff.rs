//! The prices of one source, and which of them hold for an answer: by the length of its prompt, its class of service and the
//! time of day.

use std::time::{SystemTime, UNIX_EPOCH};

use rust_decimal::Decimal;

use super::Terms;
use crate::catalogue::{Fact, Found, ServicePrices, is_ollama_cloud};
use crate::price::{PriceRule, Prices};
use crate::profile::Unlisted;
use crate::usage::{Service, Usage};

/// Who states a price, most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PriceSource {
    /// The operator.
    Configured,
    /// The provider's own list, as it was when it was last fetched.
    Listing,
    /// The embedded catalogue, of version [`VERSION`](crate::catalogue::VERSION).
    Catalogue,
    /// Nobody: it is a model of one's own server.
    Local,
}

impl PriceSource {
    /// The word for it in answers and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Listing => "listing",
            Self::Catalogue => "catalogue",
            Self::Local => "local",
        }
    }
}

/// A price, and who states it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quote {
    pub(super) price: Decimal,
    pub(super) source: PriceSource,
}

/// What one source charges for a model, and under what conditions otherwise. It borrows all of it, so it is made anew for every
/// answer. Hand them over in order of falling trust: configured, listed, catalogue, unlisted.
#[derive(Debug, Clone, Copy)]
pub struct Tariff<'p> {
    source: PriceSource,
    prices: &'p Prices,
    rules: &'p [PriceRule],
    /// The fact whose classes of service hold.
    classes: Option<&'p Fact>,
}

impl<'p> Tariff<'p> {
    /// What the operator states. It holds always.
    pub fn configured(prices: &'p Prices) -> Self {
        Self::plain(PriceSource::Configured, prices)
    }

    /// What the provider lists. Of the rules that hold a later one wins price by price, and what it leaves out is inherited
    /// (`OpenRouter`'s `pricing.overrides`; OpenRouterTeam/docs, 2026-08-22).
    pub fn listed(prices: &'p Prices, rules: &'p [PriceRule]) -> Self {
        Self {
            rules,
            ..Self::plain(PriceSource::Listing, prices)
        }
    }

    /// What the catalogue says. Of its tiers for long prompts the highest that the prompt exceeds holds, for the whole request,
    /// and what it leaves out is as without tiers. Rules and classes of service are those of the fact, so they do not hold for
    /// a variant that the fact's own prices are not for.
    pub fn catalogue(found: &'p Found<'p>) -> Self {
        let plain = Self::plain(PriceSource::Catalogue, &found.prices);
        if found.prices != found.fact.prices {
            return plain;
        }
        Self {
            rules: &found.fact.price_rules,
            classes: Some(found.fact),
            ..plain
        }
    }

    /// What a provider charges for a model that nobody states a price for, as its profile says.
    pub fn unlisted(unlisted: Unlisted, model: &str) -> Self {
        let is_free = match unlisted {
            Unlisted::Unknown => false,
            Unlisted::Free => true,
            Unlisted::FreeUnlessCloud => !is_ollama_cloud(model),
        };
        let prices = if is_free {
            &Prices::FREE
        } else {
            &Prices::UNKNOWN
        };
        Self::plain(PriceSource::Local, prices)
    }

    /// Who states these prices.
    pub fn source(&self) -> PriceSource {
        self.source
    }

    fn plain(source: PriceSource, prices: &'p Prices) -> Self {
        Self {
            source,
            prices,
            rules: &[],
            classes: None,
        }
    }

    /// The prices as they stand.
    pub(super) fn prices(&self) -> &'p Prices {
        self.prices
    }

    /// The prices that hold for an answer, where they are others than those that stand. What a class of service leaves out is as listed, long prompts' prices included: a
    /// class that lists none of its own pays the usual ones (litellm 1.109.1, `llm_cost_calc/utils.py`, whose reading of the
    /// price file the catalogue follows).
    pub(super) fn changed(&self, usage: &Usage, terms: &Terms) -> Option<Prices> {
        let class = self.class(terms.service.or(usage.service));
        if class.is_none() && self.rules.is_empty() {
            return None;
        }
        let mut prices = *self.prices;
        if let Some(class) = class {
            prices = class.prices.or(&prices);
            // Gemini's classes state a price for output and none for reasoning. The usual one would make its thinking cheaper
            // than its words in a dearer class.
            if class.prices.completion.is_some() {
                prices.reasoning = class.prices.reasoning;
            }
        }
        self.apply(self.rules, &mut prices, usage, terms);
        if let Some(class) = class {
            self.apply(&class.price_rules, &mut prices, usage, terms);
        }
        Some(prices)
    }

    fn class(&self, service: Option<Service>) -> Option<&'p ServicePrices> {
        let fact = self.classes?;
        match service? {
            Service::Standard => None,
            Service::Flex => fact.flex.as_deref(),
            Service::Priority => fact.priority.as_deref(),
            Service::Batch => fact.batch.as_deref(),
        }
    }

    /// Lays the rules that hold over the prices.
    fn apply(&self, rules: &[PriceRule], prices: &mut Prices, usage: &Usage, terms: &Terms) {
        let holds = |rule: &&PriceRule| {
            let above = rule.above_prompt_tokens;
            above.is_none_or(|above| usage.input_tokens > above) && is_open(rule, terms.at)
        };
        let highest = match self.source {
            PriceSource::Catalogue => {
                let tiers = rules.iter().filter(holds);
                tiers.filter_map(|rule| rule.above_prompt_tokens).max()
            }
            PriceSource::Configured | PriceSource::Listing | PriceSource::Local => None,
        };
        let is_passed = |rule: &&PriceRule| {
            let below = |above| highest.is_some_and(|highest| above < highest);
            rule.above_prompt_tokens.is_some_and(below)
        };
        let rules = rules.iter().filter(holds);
        for rule in rules.filter(|rule| !is_passed(rule)) {
            *prices = rule.prices.or(prices);
        }
    }
}

/// Whether a window of the rule is open at that time, if it has any.
fn is_open(rule: &PriceRule, at: SystemTime) -> bool {
    if rule.windows.is_empty() {
        return true;
    }
    let Some((weekday, minute)) = clock(at) else {
        return false;
    };
    rule.windows
        .iter()
        .any(|window| window.is_open(weekday, minute))
}

/// The day of the week in UTC, 1 for Monday, and the minute of the day. `None` before 1970, when nothing was asked.
fn clock(at: SystemTime) -> Option<(u8, u16)> {
    /// 1970 began on a Thursday.
    const FIRST_DAY: u64 = 3;
    let minutes = at.duration_since(UNIX_EPOCH).ok()?.as_secs() / 60;
    let weekday = (minutes / 1440 + FIRST_DAY) % 7 + 1;
    let weekday = u8::try_from(weekday).ok()?;
    let minute = u16::try_from(minutes % 1440).ok()?;
    Some((weekday, minute))
}
