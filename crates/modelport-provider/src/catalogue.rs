//! The embedded catalogue: limits, prices and capabilities of known models, for when nothing live says more. A section is read
//! on its first use and kept; nothing is read before. The data is `data/models.json`, made by `data/build_models.py`.

mod find;
mod overrides;
mod read;
mod rows;

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::capability::Capabilities;
use crate::price::{PriceRule, Prices};

pub use find::{Found, MatchedBy};
pub use overrides::{Override, Overrides, read_overrides};
pub(crate) use read::is_ollama_cloud;

/// The version of the price file that the catalogue is made from, recorded with every price taken from it.
pub const VERSION: &str = "1.109.1";

/// The day on which the catalogue was gathered.
pub const DATE: Date = Date::constant(2026, 11, 22);

/// The start of [`DATE`], in UTC.
pub fn gathered() -> SystemTime {
    let start = DATE.to_zoned(TimeZone::UTC);
    start.map_or(UNIX_EPOCH, |start| SystemTime::from(start.timestamp()))
}

static DATA: &str = include_str!("../data/models.json");

/// The providers that have a section, as the catalogue spells them.
pub const PROVIDERS: [&str; 13] = [
    "anthropic",
    "azure",
    "deepseek",
    "fireworks_ai",
    "gemini",
    "groq",
    "mistral",
    "ollama",
    "openai",
    "openrouter",
    "perplexity",
    "together_ai",
    "xai",
];

static SECTIONS: [OnceLock<Section>; PROVIDERS.len()] =
    [const { OnceLock::new() }; PROVIDERS.len()];

/// One provider's models.
#[derive(Debug)]
pub struct Section {
    provider: &'static str,
    /// Sorted by id.
    models: Vec<(&'static str, Fact)>,
}

/// What the catalogue knows of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is made for.
    pub mode: Mode,
    /// Tokens that a prompt may have. Of newer models less than the whole context.
    pub max_input: Option<u64>,
    /// Tokens that an answer may have.
    pub max_output: Option<u64>,
    /// List prices.
    pub prices: Prices,
    /// List prices of long prompts and of off-peak hours.
    pub price_rules: Vec<PriceRule>,
    /// Prices when the answer's `service_tier` is `flex`; what they leave out is as listed.
    pub flex: Option<Box<ServicePrices>>,
    /// Prices when the answer's `service_tier` is `priority`; what they leave out is as listed.
    pub priority: Option<Box<ServicePrices>>,
    /// Prices of the batch API; what they leave out is as listed.
    pub batch: Option<Box<ServicePrices>>,
    /// What it can do. The catalogue records only what is there: all else is unknown, save what [`Mode`] rules out.
    pub capabilities: Capabilities,
    /// The announced day of its end.
    pub deprecated_on: Option<Date>,
}

/// Prices of a class of service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePrices {
    /// The prices.
    pub prices: Prices,
    /// Those of long prompts.
    pub price_rules: Vec<PriceRule>,
}

/// What a model is made for: the endpoint that it answers at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Chat completions.
    Chat,
    /// Only the responses API.
    Responses,
    /// Text completions. Some of them chat too.
    Completion,
    /// Embeddings.
    Embedding,
    /// Anything else: images, speech, moderation and the like.
    Other,
}

/// The section of that name, which a provider's profile gives.
pub fn section(provider: &str) -> Option<&'static Section> {
    let place = PROVIDERS.iter().position(|name| *name == provider)?;
    let name = PROVIDERS.get(place)?;
    Some(
        SECTIONS
            .get(place)?
            .get_or_init(|| read::read_section(DATA, name)),
    )
}

/// The list to show for a provider whose own cannot be had: its chat models that are not past their end at the
/// catalogue's [`DATE`], by id. Empty for a provider without a section.
pub fn fallback_models(provider: &str) -> Vec<&'static str> {
    let Some(section) = section(provider) else {
        return Vec::new();
    };
    section
        .models()
        .filter(|(id, fact)| fact.mode == Mode::Chat && section.can_be_asked_for(id))
        .filter(|(_, fact)| fact.deprecated_on.is_none_or(|end| end >= DATE))
        .map(|(id, _)| id)
        .collect()
}

impl Section {
    /// Every model with its id, sorted by id.
    pub fn models(&self) -> impl Iterator<Item = (&'static str, &Fact)> {
        self.models.iter().map(|(id, fact)| (*id, fact))
    }

    /// How many models it has.
    pub fn len(&self) -> usize {
        self.models.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    fn exact(&self, id: &str) -> Option<&Fact> {
        let place = self
            .models
            .binary_search_by(|(known, _)| (*known).cmp(id))
            .ok()?;
        self.models.get(place).map(|(_, fact)| fact)
    }

    /// Some entries are price classes, bases of fine-tunes, regional prices or batch-only: nobody can chat with them by that id.
    fn can_be_asked_for(&self, id: &str) -> bool {
        match self.provider {
            "azure" | "openai" => !id.contains('/') && !id.starts_with("ft:") && id != "container",
            "fireworks_ai" => id.starts_with("accounts/"),
            "openrouter" => !id.ends_with(":batch"),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests;
