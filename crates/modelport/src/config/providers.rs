//! The configured providers: from the groups of variables to one checked [`ProviderConfig`] each, and the one that
//! is preferred. What the groups mean together is settled here and in `providers/older.rs`.

mod draft;
mod group;
mod older;
mod preference;

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use modelport_provider::base_url::BaseUrl;
use modelport_provider::credential::Secret;
use modelport_provider::parameters::Policy;
use modelport_provider::probe::Probed;
use modelport_provider::profile::Profile;
use modelport_provider::profiles::{self, GENERIC, OLLAMA};
use modelport_provider::provider_type::ProviderType;
use modelport_provider::settings::{ChatApi, Http2, KeepAlive, OllamaSettings};

use self::draft::{Draft, older_name};
use self::group::Group;
use self::older::Relation;
use super::environment::Environment;
use super::fault::{Fault, Origin};
use super::file::Entry;
use super::routes::{FurtherKey, RoomConfig};
use super::setting::{
    self, GENERIC_PREFIX, OLDER_PREFIX, OLLAMA_HOST, OLLAMA_PREFIX, SHORT_OLLAMA_PREFIX, field,
};
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
    /// Whether it is used.
    pub enabled: bool,
    /// Whether any variable says something about it.
    pub configured: bool,
    /// How an Ollama is chatted with; `None` of others.
    pub ollama: Option<OllamaChat>,
}

/// How an Ollama is chatted with.
#[derive(Debug, Clone)]
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
    let mut drafts = generic(environment, new, older);
    for suffix in environment.instances() {
        drafts.extend(instance(environment, &suffix));
    }
    for entry in entries.iter().filter(|entry| entry.is_own()) {
        drafts.push(own(environment, entry));
    }
    drafts.push(ollama(environment));
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

/// The generic provider, and the older group's if it is another.
fn generic(environment: &mut Environment, new: Group, older: Group) -> Vec<Draft> {
    let relation = match &older.home {
        // The configuration file names it as a provider of its own.
        Some(_) => Relation::Two,
        None => older::relation(&new, &older),
    };
    match relation {
        Relation::New => vec![Draft::generic(GENERIC_ID, new)],
        Relation::Older => vec![Draft {
            naming: older_name,
            ..Draft::generic(GENERIC_ID, older)
        }],
        Relation::One => {
            let (merged, ignored) = older::merge(new, older);
            environment.warnings.extend(older::warning(&ignored));
            vec![Draft::generic(GENERIC_ID, merged)]
        }
        Relation::Two | Relation::Misdirected | Relation::Downgraded => {
            if !new.is_broken && !older.is_broken {
                environment
                    .faults
                    .extend(older::fault(&new, &older, relation));
            }
            vec![
                Draft::generic(GENERIC_ID, new),
                Draft {
                    naming: older_name,
                    ..Draft::generic(OLDER_ID, older)
                },
            ]
        }
    }
}

/// A further instance. Its base URL must be set, unless the suffix names a provider that is known to all.
fn instance(environment: &mut Environment, suffix: &str) -> Option<Draft> {
    let group = Group::read(
        environment,
        &[&format!("{GENERIC_PREFIX}{suffix}_")],
        value::base_url,
    );
    let id = format!("{GENERIC_ID}_{}", suffix.to_ascii_lowercase());
    let known = profiles::by_slug(suffix).and_then(|profile| profile.base_url);
    if known.is_none() && group.base_url.is_none() {
        if !group.is_broken {
            environment.faults.push(no_base_url(&group));
        }
        // Without a word in the configuration file, nothing else speaks of it.
        group.home.as_ref()?;
    }
    Some(Draft {
        base_url: known.unwrap_or(ANY_ADDRESS).to_owned(),
        default_model: None,
        ..Draft::generic(&id, group)
    })
}

/// After a fault, any address will do to go on and find others.
const ANY_ADDRESS: &str = "http://localhost";

/// What is said of a provider that leads nowhere.
fn no_base_url(group: &Group) -> Fault {
    let origin = group.place(field::BASE_URL);
    let (problem, remedy) = match &group.home {
        Some(_) => (
            "it is not set, and neither id nor profile is a provider whose address is known"
                .to_owned(),
            "Add base_url = \"https://…/v1\".",
        ),
        None => (
            format!("it is not set, but other {}* variables are", group.prefix),
            "Set it to the address of that provider, or remove the others.",
        ),
    };
    Fault {
        origin,
        problem,
        remedy: remedy.to_owned(),
    }
}

/// A provider that only the configuration file can name.
fn own(environment: &mut Environment, entry: &Entry) -> Draft {
    if entry.kind == ProviderType::Ollama {
        let prefixes = [entry.prefix.as_str()];
        let group = Group::read(environment, &prefixes, |text, _| value::ollama_url(text));
        return ollama_draft(environment, &entry.id, &prefixes, group);
    }
    let group = Group::read(environment, &[&entry.prefix], value::base_url);
    let by_id = profiles::by_slug(&entry.id).and_then(|profile| profile.base_url);
    let known = by_id.or_else(|| group.hints.profile?.base_url);
    if known.is_none() && group.base_url.is_none() && !group.is_broken {
        environment.faults.push(no_base_url(&group));
    }
    Draft {
        base_url: known.unwrap_or(ANY_ADDRESS).to_owned(),
        default_model: None,
        ..Draft::generic(&entry.id, group)
    }
}

fn ollama(environment: &mut Environment) -> Draft {
    let prefixes = [OLLAMA_PREFIX, SHORT_OLLAMA_PREFIX];
    let mut group = Group::read(environment, &prefixes, |text, _| value::ollama_url(text));
    if environment.is_set(OLLAMA_HOST) {
        group.is_set = true;
        let has_url = prefixes
            .iter()
            .any(|prefix| environment.is_set(&format!("{prefix}{}", field::BASE_URL)));
        if !has_url {
            group.base_url = environment.take(&[OLLAMA_HOST.to_owned()], value::ollama_url);
        }
    }
    ollama_draft(environment, OLLAMA_ID, &prefixes, group)
}

fn ollama_draft(
    environment: &mut Environment,
    id: &str,
    prefixes: &[&str],
    mut group: Group,
) -> Draft {
    let defaults = OllamaSettings::default();
    let ollama = ollama_chat(environment, prefixes, &mut group, defaults.chat_api);
    Draft {
        provider_type: ProviderType::Ollama,
        base_url: defaults.base_url,
        default_model: defaults.default_model,
        ollama: Some(ollama),
        naming: |_| OLLAMA.name,
        ..Draft::generic(id, group)
    }
}

/// The settings that only Ollama has.
fn ollama_chat(
    environment: &mut Environment,
    prefixes: &[&str],
    group: &mut Group,
    preset: ChatApi,
) -> OllamaChat {
    let api: Vec<String> = prefixes
        .iter()
        .map(|prefix| format!("{prefix}{}", field::CHAT_API))
        .collect();
    // The short form of this one is the server's own.
    let keep_alive = [format!("{}{}", group.prefix, field::KEEP_ALIVE)];
    let mut names = api.iter().chain(&keep_alive);
    group.is_set |= names.any(|name| environment.is_set(name));
    let api = environment.take(&api, value::chat_api);
    let keep_alive = environment.take(&keep_alive, value::keep_alive);
    OllamaChat {
        api: api.map_or(preset, |api| api.value),
        keep_alive: keep_alive.map(|keep| keep.value),
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
