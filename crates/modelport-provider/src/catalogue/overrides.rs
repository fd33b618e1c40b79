//! What an operator says of models, in the catalogue's layout: it stands over listing and catalogue, value by value.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rust_decimal::Decimal;

use super::read::{capabilities_of, read_mode};
use super::{Mode, PROVIDERS};
use crate::capability::{Capabilities, Capability, Source, Support};
use crate::price::{Prices, read_amount};
use crate::written::{Node, WrittenFault};

/// Above this a token's price is surely meant per million tokens.
const MAX_TOKEN_PRICE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The fields that an entry may have.
const FIELDS: &str = "mode, max_in, max_out, price, per_search, caps and lacks";

/// The prices that an entry may have.
const PRICES: &str = "in, out, cache_read, cache_write, cache_write_1h, reasoning, audio_in, audio_out, image_token_in, image_token_out, citation, per_image_in and per_request";

const TOKEN_REMEDY: &str =
    "Write US dollars per token, such as 0.000003 for 3 dollars per million.";

const SEARCH_REMEDY: &str = "Write US dollars per search, such as 0.01.";

/// What is said of models, by the section or provider and the model's id as the provider spells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides(HashMap<String, OfModels, RandomState>);

/// What is said of models, by id. Each request with a budget looks here for its price, in maps that only the operator fills.
type OfModels = HashMap<String, Override, RandomState>;

/// What is said of one model; the rest is as known otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Override {
    /// Tokens that a prompt may have.
    pub max_input: Option<u64>,
    /// Tokens that an answer may have.
    pub max_output: Option<u64>,
    /// Prices.
    pub prices: Prices,
    /// What it can do and what not, all from [`Source::Configured`].
    pub capabilities: Capabilities,
}

impl Override {
    /// This, and `weaker` where this is silent.
    #[must_use]
    pub fn or(self, weaker: &Self) -> Self {
        Self {
            max_input: self.max_input.or(weaker.max_input),
            max_output: self.max_output.or(weaker.max_output),
            prices: self.prices.or(&weaker.prices),
            capabilities: self.capabilities.merge(&weaker.capabilities),
        }
    }
}

impl Overrides {
    /// What is said under `name`, a provider's id or a section, of a model.
    pub fn get(&self, name: &str, model: &str) -> Option<&Override> {
        self.0.get(name)?.get(model)
    }

    /// How many models something is said of.
    pub fn len(&self) -> usize {
        self.0.values().map(OfModels::len).sum()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a file. `providers` are the ids and other names under which models may stand besides the catalogue's sections.
///
/// # Errors
///
/// The first value that cannot be used, with its place.
pub fn read_overrides(text: &str, providers: &[&str]) -> Result<Overrides, WrittenFault> {
    let mut overrides = Overrides::default();
    for (name, section) in sections(&Node::document(text)?)? {
        if !PROVIDERS.contains(&&*name) && !providers.contains(&&*name) {
            let known = [providers, &PROVIDERS].concat().join(", ");
            return Err(section.fault(
                "is no provider and no section of the catalogue",
                format!("Known are: {known}."),
            ));
        }
        let models = overrides.0.entry(name.clone()).or_default();
        for (id, entry) in section.members()? {
            models.insert(id, read_override(&entry, &name)?);
        }
    }
    Ok(overrides)
}

/// The catalogue's own file has its sections under `models`, beside a word about itself.
fn sections<'a>(document: &Node<'a>) -> Result<Vec<(String, Node<'a>)>, WrittenFault> {
    let members = document.members()?;
    let is_whole = members.iter().any(|(name, _)| name == "_meta");
    match members.iter().find(|(name, _)| name == "models") {
        Some((_, models)) if is_whole => models.members(),
        Some(_) | None => Ok(members),
    }
}

fn read_override(entry: &Node<'_>, section: &str) -> Result<Override, WrittenFault> {
    let mut read = Override::default();
    for (field, value) in entry.members()? {
        match field.as_str() {
            "max_in" => read.max_input = Some(value.count()?),
            "max_out" => read.max_output = Some(value.count()?),
            "price" => read.prices = read_prices(&value)?.or(&read.prices),
            "per_search" => read.prices = read_searches(&value)?.or(&read.prices),
            "mode" => note_mode(&mut read.capabilities, &value)?,
            "caps" => note_words(&mut read.capabilities, &value, Support::Yes)?,
            "lacks" => note_words(&mut read.capabilities, &value, Support::No)?,
            _ => {
                return Err(value.fault(
                    format!("cannot be set for a model of {section}"),
                    format!("The fields are {FIELDS}."),
                ));
            }
        }
    }
    Ok(read)
}

fn read_prices(value: &Node<'_>) -> Result<Prices, WrittenFault> {
    let mut prices = Prices::UNKNOWN;
    for (name, value) in value.members()? {
        let (place, is_token) = match name.as_str() {
            "in" | "prompt" => (&mut prices.prompt, true),
            "out" | "completion" => (&mut prices.completion, true),
            "cache_read" => (&mut prices.cached_prompt, true),
            "cache_write" => (&mut prices.cache_write, true),
            "cache_write_1h" => (&mut prices.cache_write_1h, true),
            "reasoning" => (&mut prices.reasoning, true),
            "audio_in" => (&mut prices.audio_input, true),
            "audio_out" => (&mut prices.audio_output, true),
            "image_token_in" => (&mut prices.image_token, true),
            "image_token_out" => (&mut prices.image_output_token, true),
            "citation" => (&mut prices.citation, true),
            "per_image_in" => (&mut prices.image, false),
            "per_request" => (&mut prices.request, false),
            _ => return Err(value.fault("is no price", format!("The prices are {PRICES}."))),
        };
        let amount = read_price(&value, TOKEN_REMEDY)?;
        if is_token && amount >= MAX_TOKEN_PRICE {
            let problem = format!("is {amount} dollars for one token");
            return Err(value.fault(problem, TOKEN_REMEDY));
        }
        *place = Some(amount);
    }
    Ok(prices)
}

fn read_searches(value: &Node<'_>) -> Result<Prices, WrittenFault> {
    let mut prices = Prices::UNKNOWN;
    for (size, value) in value.members()? {
        let place = match size.as_str() {
            "low" => &mut prices.search_low,
            "medium" => &mut prices.search,
            "high" => &mut prices.search_high,
            _ => {
                let remedy = "The sizes are low, medium and high; medium stands for the others.";
                return Err(value.fault("is no size of a search", remedy));
            }
        };
        *place = Some(read_price(&value, SEARCH_REMEDY)?);
    }
    Ok(prices)
}

fn read_price(value: &Node<'_>, remedy: &'static str) -> Result<Decimal, WrittenFault> {
    read_amount(value.written())
        .ok_or_else(|| value.fault(format!("is {}, no price", value.written()), remedy))
}

fn note_mode(capabilities: &mut Capabilities, value: &Node<'_>) -> Result<(), WrittenFault> {
    let word = value.text()?;
    let mode = read_mode(&word);
    if mode == Mode::Other && word != "other" {
        return Err(value.fault(
            format!("is {word:?}, which is no mode"),
            "The modes are chat, responses, completion, embedding and other.",
        ));
    }
    let known = capabilities_of(&[], Some(mode), Source::Configured);
    *capabilities = capabilities.merge(&known);
    Ok(())
}

fn note_words(
    capabilities: &mut Capabilities,
    value: &Node<'_>,
    support: Support,
) -> Result<(), WrittenFault> {
    for value in value.values()? {
        let word = value.text()?;
        let known = meant(&word, support);
        if known.is_empty() && !UNREAD_WORDS.contains(&&*word) {
            let names = Capability::ALL.map(Capability::as_str).join(", ");
            return Err(value.fault(
                format!("holds {word:?}, which is no capability"),
                format!("The capabilities are {names}."),
            ));
        }
        for capability in known {
            capabilities.note(capability, support, Source::Configured);
        }
    }
    Ok(())
}

/// What a word stands for. What can answer by a schema can answer in JSON, but not the other way round.
fn meant(word: &str, support: Support) -> Vec<Capability> {
    let named = Capability::named(word);
    let words = match (named, support) {
        (Some(_), Support::No) => Capabilities::UNKNOWN,
        (Some(_), Support::Yes | Support::Unknown) | (None, _) => {
            capabilities_of(&[word], None, Source::Configured)
        }
    };
    let meanings = words.known().map(|(capability, ..)| capability);
    named.into_iter().chain(meanings).collect()
}

/// Words of the catalogue that nothing here asks about.
const UNREAD_WORDS: [&str; 4] = ["tool_choice", "system", "prefill", "video_in"];

#[cfg(test)]
mod tests;
