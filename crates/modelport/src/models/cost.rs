//! What a use of a model costs, by everybody who states a price for it, the most trusted first.

use std::time::SystemTime;

use modelport_provider::{
    catalogue,
    cost::{Brief, Counts, Tariff, Terms},
    profile::Unlisted,
    usage::Usage,
};
use smallvec::SmallVec;

use super::known;
use crate::app::App;

/// Hosts at which Ollama is a service and not a server of one's own.
const OLLAMA_SERVICE: &str = "ollama.com";

/// What an answer of a model cost, at the provider at this place in the configuration.
pub fn of(
    app: &App,
    provider: usize,
    model: &str,
    usage: &Usage,
    counts: Counts,
    at: SystemTime,
) -> Brief {
    let terms = terms(app, provider, counts, at);
    with_tariffs(app, provider, model, |tariffs| {
        Brief::of(usage, tariffs, &terms)
    })
}

fn terms(app: &App, provider: usize, counts: Counts, at: SystemTime) -> Terms {
    let config = app.config.providers.get(provider);
    Terms {
        counts,
        discount: config.and_then(|config| config.discount),
        ..Terms::at(at)
    }
}

/// Does something with the prices of a model, the most trusted source first.
fn with_tariffs<T>(
    app: &App,
    provider: usize,
    model: &str,
    work: impl FnOnce(&[Tariff<'_>]) -> T,
) -> T {
    let Some(config) = app.config.providers.get(provider) else {
        return work(&[]);
    };
    let said = known::said(&app.config.catalogue, config, model);
    let shelf = app.models.shelf(provider);
    let listed = shelf
        .as_ref()
        .and_then(|shelf| shelf.get(model)?.listed.as_ref());
    let profile = app
        .upstream(provider)
        .map_or(config.profile, |upstream| upstream.as_provider().profile());
    let section = config.profile.catalogue.and_then(catalogue::section);
    let found = section.and_then(|section| section.get(config.known_as(model)));
    // There even what would be free on one's own server is not.
    let is_service = profile.unlisted == Unlisted::FreeUnlessCloud
        && config.base_url.host().ends_with(OLLAMA_SERVICE);
    let (found, unlisted) = if is_service {
        (None, Unlisted::Unknown)
    } else {
        (found, profile.unlisted)
    };
    let merged;
    let mut tariffs: SmallVec<[Tariff<'_>; 4]> = SmallVec::new();
    match said.as_slice() {
        [] => {}
        // Most models are spoken of once, and then nothing is copied.
        [said] => tariffs.push(Tariff::configured(&said.prices)),
        said => {
            merged = known::together(said);
            tariffs.push(Tariff::configured(&merged.prices));
        }
    }
    if let Some(listed) = listed {
        tariffs.push(Tariff::listed(&listed.prices, &listed.price_rules));
    }
    if let Some(found) = &found {
        tariffs.push(Tariff::catalogue(found));
    }
    // Who states no price need not be asked for one.
    if unlisted != Unlisted::Unknown {
        tariffs.push(Tariff::unlisted(unlisted, model));
    }
    work(&tariffs)
}
