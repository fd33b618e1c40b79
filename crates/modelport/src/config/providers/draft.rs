//! From a group of variables to a provider: filling in what holds where the variables are silent.

use modelport_provider::base_url::BaseUrl;
use modelport_provider::credential::auth_headers;
use modelport_provider::profiles::{GENERIC, OLLAMA, OPENROUTER};
use modelport_provider::provider_type::ProviderType;
use modelport_provider::settings::{Http2, OpenAiSettings};

use super::group::Group;
use super::{OllamaChat, ProviderConfig};
use crate::config::environment::{Defaults, Environment, Found};
use crate::config::fault::{Fault, Warning};
use crate::config::file::Entry;
use crate::config::setting::field;
use crate::config::value;
use crate::config::{FurtherKey, RoomConfig};

/// A group of variables with what holds where they are silent.
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) provider_type: ProviderType,
    pub(super) group: Group,
    pub(super) base_url: String,
    pub(super) default_model: Option<String>,
    /// Which API chats use, where there are two.
    pub(super) ollama: Option<OllamaChat>,
    /// How the display name is found.
    pub(super) naming: fn(&BaseUrl) -> &'static str,
    pub(super) key_weight: u32,
    pub(super) further_keys: Vec<FurtherKey>,
    pub(super) room: Option<RoomConfig>,
}

impl Draft {
    /// The generic provider, or another of its kind, with its defaults.
    pub(super) fn generic(id: &str, group: Group) -> Self {
        let defaults = OpenAiSettings::default();
        Self {
            id: id.to_owned(),
            provider_type: ProviderType::OpenAiCompatible,
            group,
            base_url: defaults.base_url,
            default_model: defaults.default_model,
            ollama: None,
            naming: |base_url| base_url.profile().name,
            key_weight: 1,
            further_keys: Vec::new(),
            room: None,
        }
    }

    /// The same with what only the configuration file says.
    pub(super) fn with(self, entry: &Entry) -> Self {
        let key = self.group.api_key.as_ref();
        // A key of the environment stands for all of the file's.
        let is_of_file = key.is_some_and(|key| key.origin.is_of_file());
        let (key_weight, further_keys) = if is_of_file {
            (entry.key_weight, entry.further_keys.clone())
        } else {
            (1, Vec::new())
        };
        Self {
            key_weight,
            further_keys,
            room: entry.room,
            ..self
        }
    }

    /// The provider, and a warning if its key travels in the open.
    pub(super) fn finish(self, environment: &mut Environment) -> Option<ProviderConfig> {
        let Self {
            id,
            provider_type,
            group,
            base_url,
            default_model,
            ollama,
            naming,
            key_weight,
            further_keys,
            room,
        } = self;
        let defaults = OpenAiSettings::default();
        let group = with_defaults(group, &environment.defaults);
        // Nothing was said of it, but of others: it is not meant to be used.
        let is_left_out = !group.is_set && environment.names_providers();
        let key_variable = group.key_variable();
        let timeout_variable = variable(group.timeout.as_ref(), &group, field::TIMEOUT);
        let base_url_variable = variable(group.base_url.as_ref(), &group, field::BASE_URL);
        let parameters_variable = variable(group.parameters.as_ref(), &group, field::PARAMETERS);
        warn_of_plain_http(environment, &group, &key_variable);
        let base_url = match group.base_url {
            Some(found) => found.value,
            None => match provider_type {
                ProviderType::Ollama => BaseUrl::parse_ollama(&base_url).ok()?,
                ProviderType::OpenAiCompatible | ProviderType::OpenRouter => {
                    value::base_url(&base_url, &group.hints).ok()?
                }
            },
        };
        let profile = match provider_type {
            ProviderType::Ollama => &OLLAMA,
            ProviderType::OpenAiCompatible | ProviderType::OpenRouter => base_url.profile(),
        };
        let key = group.api_key.map(|key| key.value);
        let http2 = usable_http2(environment, group.http2.as_ref(), &base_url);
        let custom = group
            .custom_headers
            .map(|headers| headers.value)
            .unwrap_or_default();
        Some(ProviderConfig {
            id,
            aliases: Vec::new(),
            provider_type,
            name: group
                .provider_name
                .map_or_else(|| naming(&base_url).to_owned(), |name| name.value),
            profile,
            headers: auth_headers(profile, key.as_ref(), &custom),
            custom_headers: custom,
            base_url,
            key,
            key_weight,
            further_keys,
            room,
            key_variable,
            timeout_variable,
            base_url_variable,
            default_model: group
                .default_model
                .map(|model| model.value)
                .or(default_model),
            timeout: group
                .timeout
                .map_or(defaults.timeout, |timeout| timeout.value),
            max_retries: group
                .max_retries
                .map_or(defaults.max_retries, |retries| retries.value),
            parameters: group.parameters.map(|policy| policy.value),
            parameters_variable,
            probed: group.hints.probed,
            models: group.models.map_or_else(Vec::new, |models| models.value),
            http2,
            discount: group.discount.map(|discount| discount.value),
            enabled: group.enabled.map_or(!is_left_out, |enabled| enabled.value),
            configured: group.is_set,
            ollama,
        })
    }
}

/// The name of an older group's provider that no known host gives one.
pub(super) fn older_name(base_url: &BaseUrl) -> &'static str {
    let profile = base_url.profile();
    if std::ptr::eq(profile, &raw const GENERIC) {
        OPENROUTER.name
    } else {
        profile.name
    }
}

/// What the group does not say, as the configuration file says for all.
fn with_defaults(group: Group, defaults: &Defaults) -> Group {
    Group {
        timeout: group.timeout.or_else(|| defaults.timeout.clone()),
        max_retries: group.max_retries.or_else(|| defaults.max_retries.clone()),
        parameters: group.parameters.or_else(|| defaults.parameters.clone()),
        ..group
    }
}

fn variable<T>(found: Option<&Found<T>>, group: &Group, field: &str) -> String {
    found.map_or_else(|| group.variable(field), Found::variable)
}

/// How HTTP/2 is used, and a fault where the address does not allow that.
fn usable_http2(
    environment: &mut Environment,
    found: Option<&Found<Http2>>,
    base_url: &BaseUrl,
) -> Http2 {
    let Some(found) = found else {
        return Http2::Off;
    };
    if found.value == Http2::PriorKnowledge && base_url.is_https() {
        environment.faults.push(Fault {
            origin: found.origin.clone(),
            problem: "prior-knowledge is for http:// URLs, and the base URL is https://".to_owned(),
            remedy:
                "Use auto: the provider says on an https:// connection whether it speaks HTTP/2."
                    .to_owned(),
        });
    }
    found.value
}

fn warn_of_plain_http(environment: &mut Environment, group: &Group, key_variable: &str) {
    let Some(place) = group.base_url.as_ref().filter(|_| group.has_credential()) else {
        return;
    };
    if !place.value.is_https() && !place.value.is_private() {
        environment.warnings.push(Warning {
            origin: place.origin.clone(),
            text: format!(
                "{key_variable} goes there without encryption; use https:// if the host offers it."
            ),
        });
    }
}
