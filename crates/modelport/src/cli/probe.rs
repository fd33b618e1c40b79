//! `modelport probe`: measures an endpoint by real calls, after saying what they may cost.

use std::{
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use modelport_provider::{
    OpenAiCompatibleProvider, Provider,
    capability::Capability,
    catalogue::{self, Override, Overrides},
    credential::has_credential,
    listing::ListedModel,
    price::Prices,
    probe::{self, Plan, Report, Target, write_profile},
    provider::Discovered,
};
use rust_decimal::Decimal;
use serde_json::json;

use super::{FAILED, Refusal, block_on, complain, key_from, say, show};
use crate::{
    app::App,
    clock,
    config::{self, Config, ProviderConfig},
    models::known,
};

/// A key that no provider has issued.
const WRONG_KEY: &str = "modelport-probe-wrong-key";

/// How many models are named where one must be chosen.
const MAX_NAMED: usize = 10;

/// What to probe, and how.
#[derive(Debug, Args)]
pub struct Options {
    /// The base URL of an OpenAI-compatible API, or a configured provider's id; the preferred one unless given
    target: Option<String>,
    /// The model to ask; the provider's default unless given
    #[arg(long)]
    model: Option<String>,
    /// A model that makes embeddings; one of the listing unless given
    #[arg(long, value_name = "MODEL")]
    embedding_model: Option<String>,
    /// The variable that holds the key for a URL, of the environment or of .env
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// Seconds that the endpoint may stay silent, for a URL
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
    /// Spend without asking
    #[arg(long)]
    yes: bool,
    /// Say what it would cost, and stop
    #[arg(long)]
    dry_run: bool,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
    /// Write a profile to this file, for the setting whose name ends in PROFILE
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// Probes and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let endpoint = match Endpoint::of(file, options) {
        Ok(endpoint) => endpoint,
        Err(refusal) => return refusal.tell(),
    };
    block_on(async {
        match measure(options, &endpoint).await {
            Ok(()) => 0,
            Err(words) => {
                complain(format!("modelport probe: {words}"));
                FAILED
            }
        }
    })
}

/// Whom to ask.
struct Endpoint {
    provider: Box<dyn Provider>,
    stranger: Option<Box<dyn Provider>>,
    /// The model that is asked where none is named.
    default_model: Option<String>,
    stated: Stated,
}

/// What the operator says of models.
#[derive(Default)]
struct Stated {
    catalogue: Overrides,
    /// The configured provider that is asked, if it is one.
    configured: Option<ProviderConfig>,
}

impl Endpoint {
    fn of(file: Option<PathBuf>, options: &Options) -> Result<Self, Refusal> {
        match &options.target {
            Some(url) if url.contains("://") => Self::at_url(file, url, options),
            target => Self::configured(file, target.as_deref()),
        }
    }

    fn at_url(file: Option<PathBuf>, url: &str, options: &Options) -> Result<Self, Refusal> {
        let silence = Duration::from_secs(options.timeout.max(1));
        let builder = || OpenAiCompatibleProvider::builder(url).timeout(silence);
        let refusal = |error: modelport_provider::Error| {
            Refusal::configuration(&format!("modelport probe: {error}"))
        };
        let (provider, stranger) = match &options.key_env {
            None => (builder().build(), None),
            Some(name) => {
                let key = key_from(name).map_err(|words| {
                    Refusal::configuration(&format!("modelport probe: {words}"))
                })?;
                let stranger = builder().api_key(WRONG_KEY).build().map_err(refusal)?;
                let provider = builder().api_key(&key).key_name(name).build();
                (provider, Some(stranger))
            }
        };
        let provider = provider.map_err(refusal)?;
        let config =
            config::load_if_meant(file).map_err(|faults| Refusal::configuration(&faults))?;
        Ok(Self {
            stated: config.map_or_else(Stated::default, |config| Stated::at(&provider, config)),
            provider: Box::new(provider),
            stranger: stranger.map(|stranger| -> Box<dyn Provider> { Box::new(stranger) }),
            default_model: None,
        })
    }

    fn configured(file: Option<PathBuf>, name: Option<&str>) -> Result<Self, Refusal> {
        let config =
            config::load_from_process(file).map_err(|faults| Refusal::configuration(&faults))?;
        let place = match name {
            None => config.preferred,
            Some(name) => place(&config, name)?,
        };
        let app = App::new(config).map_err(|fault| Refusal {
            words: format!("modelport probe: {fault}"),
            status: FAILED,
        })?;
        let (Some(upstream), Some(provider)) =
            (app.upstream(place), app.config.providers.get(place))
        else {
            return Err(Refusal::configuration(&"modelport probe: no such provider"));
        };
        let wrong = has_credential(&provider.headers).then(|| {
            let wrong = OpenAiCompatibleProvider::builder_at(provider.base_url.clone());
            wrong.api_key(WRONG_KEY).timeout(provider.timeout).build()
        });
        let stranger = wrong.and_then(Result::ok);
        Ok(Self {
            provider: upstream.to_provider(),
            default_model: provider.default_model.clone(),
            stated: Stated {
                catalogue: app.config.catalogue.clone(),
                configured: Some(provider.clone()),
            },
            stranger: stranger.map(|stranger| -> Box<dyn Provider> { Box::new(stranger) }),
        })
    }
}

impl Stated {
    /// For an endpoint that is named by its URL, which may be that of a configured provider.
    fn at(provider: &OpenAiCompatibleProvider, config: Config) -> Self {
        let mut all = config.providers.into_iter();
        Self {
            configured: all.find(|configured| configured.base_url == *provider.base_url()),
            catalogue: config.catalogue,
        }
    }

    /// What is said of a model; of an endpoint that is not configured, what is said of its section.
    fn of(&self, model: &str, section: Option<&str>) -> Override {
        if let Some(config) = &self.configured {
            return known::together(&known::said(&self.catalogue, config, model));
        }
        let said = section.and_then(|section| self.catalogue.get(section, model));
        said.copied().unwrap_or_default()
    }

    /// The name that the embedded catalogue knows a model by.
    fn known_as<'a>(&'a self, model: &'a str) -> &'a str {
        let configured = self.configured.as_ref();
        configured.map_or(model, |config| config.known_as(model))
    }
}

fn place(config: &Config, name: &str) -> Result<usize, Refusal> {
    let mut providers = config.providers.iter();
    let found = providers.position(|provider| {
        provider.id == name || provider.aliases.iter().any(|alias| alias == name)
    });
    found.ok_or_else(|| {
        let known: Vec<&str> = config.providers.iter().map(|known| &*known.id).collect();
        let known = known.join(", ");
        Refusal::configuration(&format!(
            "modelport probe: {name:?} is neither a URL with http:// nor a configured provider. Configured are {known}."
        ))
    })
}

async fn measure(options: &Options, endpoint: &Endpoint) -> Result<(), String> {
    let provider = &*endpoint.provider;
    // A listing costs nothing, and tells prices and models.
    let listing = provider.list_models().await;
    let model = options.model.as_ref().or(endpoint.default_model.as_ref());
    let model = model.ok_or_else(|| no_model(listing.as_ref().ok()))?;
    let embedding = options.embedding_model.clone();
    let target = Target {
        provider,
        stranger: endpoint.stranger.as_deref(),
        embedding_model: embedding.or_else(|| listed_embedding(listing.as_ref().ok()?)),
        model: model.clone(),
    };
    let mut report = Report::default();
    let listed = probe::read_listing(&mut report, &listing, &target);
    let plan = Plan::of(&target);
    let cost = cost(&plan, &target, listed.as_ref(), &endpoint.stated);
    let stated = format!(
        "Probe of {} ({}), model {}: {cost}.",
        provider.base_url(),
        provider.name(),
        target.model,
    );
    if options.json {
        complain(stated);
    } else {
        say(stated);
    }
    if options.dry_run {
        return Ok(());
    }
    if !options.yes && !agrees()? {
        return Err("nothing was asked and nothing spent".to_owned());
    }
    probe::run(&target, &mut report).await;
    if options.json {
        say(json!({
            "base_url": provider.base_url().to_string(),
            "model": target.model,
            "profile": provider.profile().slug,
            "report": report.as_json(),
        })
        .to_string());
    } else {
        say(format!("\n{report}"));
    }
    write(options, &target, &report, listed.as_ref())
}

fn no_model(listing: Option<&Discovered>) -> String {
    let ids = listing.into_iter().flat_map(|listing| &listing.models);
    let ids: Vec<&str> = ids.map(|model| &*model.id).take(MAX_NAMED).collect();
    if ids.is_empty() {
        return "name a model with --model".to_owned();
    }
    format!("name a model with --model, such as {}", ids.join(", "))
}

fn listed_embedding(listing: &Discovered) -> Option<String> {
    let mut models = listing.models.iter();
    let found = models
        .find(|model| model.capabilities.has(Capability::Embeddings) || model.id.contains("embed"));
    found.map(|model| model.id.clone())
}

/// What is spent at most, in words.
fn cost(plan: &Plan, target: &Target<'_>, listed: Option<&ListedModel>, stated: &Stated) -> String {
    let (prices, source) = prices(target, listed, stated);
    let money = match plan.cost(&prices) {
        Some(cost) if cost.is_zero() => format!("free by the {source}"),
        Some(cost) => format!("about ${} by the {source}'s price", dollars(cost)),
        None => "at a price that is not known".to_owned(),
    };
    format!(
        "at most {} calls, about {} input and {} output tokens if it honours limits, {money}",
        plan.calls,
        grouped(plan.input_tokens.next_multiple_of(100)),
        grouped(plan.output_tokens.next_multiple_of(100))
    )
}

/// Each price of the strongest source that has it, and the strongest of these.
fn prices(
    target: &Target<'_>,
    listed: Option<&ListedModel>,
    stated: &Stated,
) -> (Prices, &'static str) {
    let name = target.provider.profile().catalogue;
    let section = name.and_then(catalogue::section);
    let found = section.and_then(|section| section.get(stated.known_as(&target.model)));
    let mut prices = Prices::UNKNOWN;
    let mut source = "catalogue";
    for (said, by) in [
        (found.map(|found| found.prices), source),
        (listed.map(|listed| listed.prices), "listing"),
        (
            Some(stated.of(&target.model, name).prices),
            "catalogue file",
        ),
    ] {
        if let Some(said) = said.filter(|said| !said.is_unknown()) {
            (prices, source) = (said.or(&prices), by);
        }
    }
    (prices, source)
}

/// Two digits of small amounts, cents of others.
fn dollars(cost: Decimal) -> String {
    let rounded = if cost < Decimal::ONE {
        cost.round_sf(2).unwrap_or(cost)
    } else {
        cost.round_dp(2)
    };
    rounded.normalize().to_string()
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Asks on the terminal; where nobody can answer, nothing is spent.
fn agrees() -> Result<bool, String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err("no terminal to ask on; --yes spends without asking".to_owned());
    }
    show("Go on? [y/N] ");
    let mut answer = String::new();
    let read = stdin.lock().read_line(&mut answer);
    read.map_err(|error| format!("the answer cannot be read: {error}"))?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

fn write(
    options: &Options,
    target: &Target<'_>,
    report: &Report,
    listed: Option<&ListedModel>,
) -> Result<(), String> {
    let Some(file) = &options.write else {
        return Ok(());
    };
    let context = listed.and_then(|listed| listed.context_length);
    let by = concat!("modelport ", env!("CARGO_PKG_VERSION"));
    let text = write_profile(target, report, context, clock::calendar(), by);
    let written = std::fs::write(file, text);
    written.map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    let words = format!("\nWritten to {}.", file.display());
    if options.json {
        complain(words);
    } else {
        say(words);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_readable() {
        let amount = |text: &str| dollars(text.parse().unwrap());
        assert_eq!(amount("0.000412345"), "0.00041");
        assert_eq!(amount("0.5"), "0.5");
        assert_eq!(amount("12.3456"), "12.35");
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1900), "1,900");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
