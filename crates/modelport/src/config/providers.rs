//! The configured providers: from the groups of variables to one checked [`ProviderConfig`] each, and the one that
//! is preferred. What the groups mean together is settled here and in `providers/older.rs`.

mod draft;
mod generic;
mod group;
mod older;
mod ollama;
mod preference;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use modelport_provider::base_url::BaseUrl;
use modelport_provider::cost::Discount;
use modelport_provider::credential::Secret;
use modelport_provider::parameters::Policy;
use modelport_provider::probe::Probed;
use modelport_provider::profile::Profile;
use modelport_provider::profiles::GENERIC;
use modelport_provider::provider_type::ProviderType;
use modelport_provider::settings::{ChatApi, Http2, KeepAlive};

use self::draft::older_name;
use self::group::Group;
use self::older::Relation;
use super::environment::Environment;
use super::fault::{Fault, Origin};
use super::file::Entry;
use super::setting::{self, GENERIC_PREFIX, OLDER_PREFIX, OLLAMA_PREFIX, field};
use super::value;

/// The id of the generic provider.
pub const GENERIC_ID: &str = "openai_compatible";
/// The id of the older group's provider, where it is one of its own; else an alias of [`GENERIC_ID`].
pub const OLDER_ID: &str = "openrouter";
/// The id of Ollama.
pub const OLLAMA_ID: &str = "ollama";

/// One provider, ready to be called.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Unique; lower-case letters, digits and underscores.
    pub id: String,
    /// Other names of the id.
    pub aliases: Vec<String>,
    /// The protocol it speaks; never the older `OpenRouter`.
    pub provider_type: ProviderType,
    /// The display name.
    pub name: String,
    /// What is known of its host.
    pub profile: &'static Profile,
    /// Where its API is; for Ollama the root.
    pub base_url: BaseUrl,
    /// The key, if it has one.
    pub key: Option<Secret>,
    /// That key's share of the requests, beside the further ones; at least 1.
    pub key_weight: u32,
    /// Credentials beside that one.
    pub further_keys: Vec<FurtherKey>,
    /// How many requests it gets at once.
    pub room: Option<RoomConfig>,
    /// The variable, or the key in the configuration file, that holds the credential, or would: what a person must set
    /// or mend.
    pub key_variable: String,
    /// The variable that sets the timeout, or would.
    pub timeout_variable: String,
    /// The variable that sets the base URL, or would.
    pub base_url_variable: String,
    /// The headers of every call: credential and custom headers.
    pub headers: HeaderMap,
    /// The custom ones among them.
    pub custom_headers: HeaderMap,
    /// Used when a request names no model.
    pub default_model: Option<String>,
    /// How long it may stay silent: until the head of its answer, and between two reads of the body.
    pub timeout: Duration,
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// What is done with request fields that it does not take; when unset, that depends on what it is known to be.
    pub parameters: Option<Policy>,
    /// The variable that sets that, or would.
    pub parameters_variable: String,
    /// What a probe found of its models.
    pub probed: Option<Arc<Probed>>,
    /// The models it serves, in place of its listing; empty: the listing.
    pub models: Vec<ConfiguredModel>,
    /// Whether it is spoken to with HTTP/2.
    pub http2: Http2,
    /// What it takes off its list prices.
    pub discount: Option<Discount>,
    /// Whether it is used.
    pub enabled: bool,
    /// Whether any variable says something about it.
    pub configured: bool,
    /// How an Ollama is chatted with; `None` of others.
    pub ollama: Option<OllamaChat>,
}

/// A further credential of a provider.
#[derive(Debug, Clone)]
pub struct FurtherKey {
    /// The key.
    pub key: Secret,
    /// The setting that holds it: what a person must mend.
    pub variable: String,
    /// Its share of the requests; at least 1.
    pub weight: u32,
}

/// How many requests a provider gets at once, and how the others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomConfig {
    /// The most requests under way.
    pub concurrency: u32,
    /// The most that wait.
    pub queue: u32,
    /// The longest wait.
    pub patience: Duration,
}

/// How an Ollama is chatted with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OllamaChat {
    /// Which of its two APIs chats use.
    pub api: ChatApi,
    /// How long a model stays loaded after a request that does not say so itself.
    pub keep_alive: Option<KeepAlive>,
}

/// A model that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredModel {
    /// The id to ask for it by: at Azure, the deployment.
    pub id: String,
    /// The name that the catalogue knows it by, where that is another.
    pub base: Option<String>,
}

impl ProviderConfig {
    /// What is done with request fields that it does not take, being what `profile` says: of an unknown provider that was
    /// not probed either, nothing is known to be left out.
    pub fn policy(&self, profile: &Profile) -> Policy {
        self.parameters.unwrap_or_else(|| {
            if profile.slug == GENERIC.slug && self.probed.is_none() {
                Policy::Pass
            } else {
                Policy::Warn
            }
        })
    }

    /// Whether calls to both are the same in all but what the gateway itself decides: place, credentials, connection.
    pub fn is_same_upstream(&self, other: &Self) -> bool {
        let keys = |provider: &Self| -> Vec<String> {
            let keys = provider.further_keys.iter();
            keys.map(|further| format!("{} {}", further.weight, further.key.expose()))
                .collect()
        };
        self.id == other.id
            && self.name == other.name
            && self.provider_type == other.provider_type
            && self.base_url.to_string() == other.base_url.to_string()
            && std::ptr::eq(self.profile, other.profile)
            && self.headers == other.headers
            && (self.key_weight, keys(self)) == (other.key_weight, keys(other))
            && self.timeout == other.timeout
            && self.http2 == other.http2
            && self.ollama == other.ollama
            && self.models == other.models
            && self.enabled == other.enabled
            && self.configured == other.configured
    }

    /// The setting that holds the credential of this number, or would.
    pub fn key_setting(&self, key: usize) -> &str {
        let further = key
            .checked_sub(1)
            .and_then(|further| self.further_keys.get(further));
        further.map_or(&self.key_variable, |further| &further.variable)
    }

    /// The name that the catalogue knows a model of this provider by.
    pub fn known_as<'a>(&'a self, model: &'a str) -> &'a str {
        let configured = self.models.iter().find(|known| known.id == model);
        configured
            .and_then(|known| known.base.as_deref())
            .unwrap_or(model)
    }
}

/// The providers, and which of them is preferred.
#[derive(Debug)]
pub(super) struct Providers {
    pub(super) all: Vec<ProviderConfig>,
    /// `None` when it is not one, which is then among the faults.
    pub(super) preferred: Option<usize>,
}

/// Reads all providers: the generic one, the older group's if it is another, further instances by suffix, those that
/// only the configuration file can name, Ollama last. `None` when something is wrong, which is then among the faults.
pub(super) fn read(environment: &mut Environment, entries: &[Entry]) -> Option<Providers> {
    let new = Group::read(environment, &[GENERIC_PREFIX], value::base_url);
    let older = Group::read(environment, &[OLDER_PREFIX], value::base_url);
    let mut drafts = generic::both(environment, new, older);
    for suffix in environment.instances() {
        drafts.extend(generic::instance(environment, &suffix));
    }
    for entry in entries.iter().filter(|entry| entry.is_own()) {
        drafts.push(match entry.kind {
            ProviderType::Ollama => ollama::own(environment, entry),
            ProviderType::OpenAiCompatible | ProviderType::OpenRouter => {
                generic::own(environment, entry)
            }
        });
    }
    drafts.push(ollama::usual(environment));
    let models_set: Vec<bool> = drafts
        .iter()
        .map(|draft| draft.group.default_model.is_some())
        .collect();
    let mut all = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let entry = entries.iter().find(|entry| entry.id == draft.id);
        let draft = match entry {
            Some(entry) => draft.with(entry),
            None => draft,
        };
        all.push(draft.finish(environment)?);
    }
    if all.iter().all(|provider| provider.id != OLDER_ID)
        && let Some(first) = all.first_mut()
    {
        first.aliases.push(OLDER_ID.to_owned());
    }
    if all.iter().all(|provider| !provider.enabled) {
        environment.faults.push(nothing_enabled());
    }
    let preferred = preference::preferred(environment, &all);
    let default_model = environment.take(&[setting::DEFAULT_MODEL.name.to_owned()], value::text);
    if let (Some(model), Some(false)) = (
        default_model,
        preferred.and_then(|place| models_set.get(place)),
    ) && let Some(provider) = preferred.and_then(|place| all.get_mut(place))
    {
        provider.default_model = Some(model.value);
    }
    Some(Providers { all, preferred })
}

/// What the older group's variables come to, for rewriting them.
pub(super) enum Older {
    /// They describe the generic provider.
    Merged {
        /// Those that the new group overrules.
        ignored: Vec<Origin>,
        /// The display name that only their being older gives it.
        name: Option<&'static str>,
    },
    /// They describe a provider of their own.
    Apart,
    /// Their key would go to a wrong host, or a value is wrong; the start fails.
    Faulty,
}

/// What the older group's variables come to.
pub(super) fn older(environment: &mut Environment) -> Older {
    let new = Group::read(environment, &[GENERIC_PREFIX], value::base_url);
    let older = Group::read(environment, &[OLDER_PREFIX], value::base_url);
    if new.is_broken || older.is_broken {
        return Older::Faulty;
    }
    match older::relation(&new, &older) {
        Relation::New | Relation::One => Older::Merged {
            ignored: older::merge(new, older).1,
            name: None,
        },
        Relation::Older => {
            let place = older
                .base_url
                .filter(|_| older.provider_name.is_none())
                .map(|place| place.value);
            let name = place.filter(|place| older_name(place) != place.profile().name);
            Older::Merged {
                ignored: Vec::new(),
                name: name.map(|place| older_name(&place)),
            }
        }
        Relation::Two => Older::Apart,
        Relation::Misdirected | Relation::Downgraded => Older::Faulty,
    }
}

fn nothing_enabled() -> Fault {
    Fault {
        origin: Origin::variable(format!("{GENERIC_PREFIX}{}", field::ENABLED)),
        problem: "every provider is disabled".to_owned(),
        remedy: format!(
            "Enable one, for example with {OLLAMA_PREFIX}{}=true.",
            field::ENABLED
        ),
    }
}
