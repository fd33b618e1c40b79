//! Ollamas: the one of the variables, and those that only the configuration file can name.

use modelport_provider::profiles::OLLAMA;
use modelport_provider::provider_type::ProviderType;
use modelport_provider::settings::{ChatApi, OllamaSettings};

use super::draft::Draft;
use super::group::Group;
use super::{OLLAMA_ID, OllamaChat};
use crate::config::environment::Environment;
use crate::config::file::Entry;
use crate::config::setting::{OLLAMA_HOST, OLLAMA_PREFIX, SHORT_OLLAMA_PREFIX, field};
use crate::config::value;

/// The one of the variables.
pub(super) fn usual(environment: &mut Environment) -> Draft {
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
    draft(environment, OLLAMA_ID, &prefixes, group)
}

/// One that only the configuration file can name.
pub(super) fn own(environment: &mut Environment, entry: &Entry) -> Draft {
    let prefixes = [entry.prefix.as_str()];
    let group = Group::read(environment, &prefixes, |text, _| value::ollama_url(text));
    draft(environment, &entry.id, &prefixes, group)
}

fn draft(environment: &mut Environment, id: &str, prefixes: &[&str], mut group: Group) -> Draft {
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
