//! What is known of one model, from all who say something: its limits, prices and abilities, each with its source.

use std::time::SystemTime;

use modelport_provider::{
    capability::{Capabilities, Source},
    catalogue::{self, Override, Overrides},
    price::Prices,
};
use smallvec::SmallVec;

use super::{Model, Shelf};
use crate::{app::App, config::ProviderConfig};

/// What is known of one model.
#[derive(Debug, Clone)]
pub struct Known {
    /// Tokens that prompt and answer may have together; of the catalogue, those of the prompt.
    pub context_length: Option<Limit>,
    /// Tokens that an answer may have.
    pub max_output: Option<Limit>,
    /// Prices, each of the strongest source that has one.
    pub prices: Prices,
    /// Abilities.
    pub capabilities: Capabilities,
}

/// A number of tokens, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The number.
    pub value: u64,
    /// Who says so.
    pub source: Source,
}

impl Known {
    /// What is known of a model on the shelf of the provider at this place in the configuration.
    pub fn of(app: &App, provider: usize, model: &Model, now: SystemTime) -> Self {
        let config = app.config.providers.get(provider);
        let section = config.and_then(|config| config.profile.catalogue);
        let found = section.and_then(catalogue::section).and_then(|section| {
            section.get(config.map_or(&*model.id, |config| config.known_as(&model.id)))
        });
        let fact = found.map(|found| found.fact);
        let listed = model.listed.as_ref();
        let said = config.map(|config| said(&app.config.catalogue, config, &model.id));
        let said = together(&said.unwrap_or_default());
        let probed = config.and_then(|config| config.probed.as_ref()?.model(&model.id));
        let probed = probed.copied().unwrap_or_default();
        let limit = |said: [Option<u64>; 2], listed: Option<u64>, known: Option<u64>| {
            let [said, probed] = said;
            let sources = [
                (said, Source::Configured),
                (probed, Source::Probed),
                (listed, Source::Listing),
                (known, Source::Catalogue),
            ];
            sources
                .into_iter()
                .find_map(|(value, source)| value.map(|value| Limit { value, source }))
        };
        let prices = found.map_or(Prices::UNKNOWN, |found| found.prices);
        let prices = listed.map_or(prices, |listed| listed.prices.or(&prices));
        let mut capabilities = said.capabilities.merge(&probed.capabilities);
        capabilities = capabilities.merge(&app.lessons.observed(provider, &model.id, now));
        if let Some(listed) = listed {
            capabilities = capabilities.merge(&listed.capabilities);
        }
        if let Some(fact) = fact {
            capabilities = capabilities.merge(&fact.capabilities);
        }
        Self {
            context_length: limit(
                [said.max_input, probed.context_length],
                listed.and_then(|listed| listed.context_length),
                fact.and_then(|fact| fact.max_input),
            ),
            max_output: limit(
                [said.max_output, None],
                listed.and_then(|listed| listed.max_output),
                fact.and_then(|fact| fact.max_output),
            ),
            prices: said.prices.or(&prices),
            capabilities,
        }
    }
}

/// What the operator says of a model: of this provider's, and behind that of its section's.
pub fn said<'a>(
    catalogue: &'a Overrides,
    config: &ProviderConfig,
    model: &str,
) -> SmallVec<[&'a Override; 2]> {
    let names = std::iter::once(config.id.as_str())
        .chain(config.aliases.iter().map(String::as_str))
        .chain(config.profile.catalogue);
    names
        .filter_map(|name| catalogue.get(name, model))
        .collect()
}

/// What is said by one of these or, where that is silent, by the next.
pub fn together(said: &[&Override]) -> Override {
    let said = said.iter();
    said.fold(Override::default(), |stronger, said| stronger.or(said))
}

/// Since when a finding holds: when it was seen, when the list was fetched, when the catalogue was gathered.
/// What the operator says is as old as the process.
pub fn since(source: Source, seen: Option<SystemTime>, shelf: &Shelf) -> Option<SystemTime> {
    match source {
        Source::Catalogue => Some(catalogue::gathered()),
        Source::Listing => shelf.fetched,
        Source::Observed | Source::Probed => seen,
        Source::Configured => None,
    }
}
