//! Which provider is preferred: the one that is named, or the one that someone took the trouble to configure.

use modelport_provider::provider_type::ProviderType;

use super::{GENERIC_ID, ProviderConfig};
use crate::config::environment::{Environment, Found};
use crate::config::fault::Fault;
use crate::config::setting;
use crate::config::value;

/// The index of the preferred provider; `None` when it is not one, which is then among the faults.
pub(super) fn preferred(environment: &mut Environment, all: &[ProviderConfig]) -> Option<usize> {
    let named = environment.take(&[setting::PREFERRED_PROVIDER.name.to_owned()], value::text);
    let Some(Found {
        value,
        origin,
        written,
    }) = named.filter(|named| !named.value.eq_ignore_ascii_case("auto"))
    else {
        return Some(automatic(all));
    };
    let answers = |provider: &ProviderConfig| {
        std::iter::once(&provider.id)
            .chain(&provider.aliases)
            .any(|name| name.eq_ignore_ascii_case(&value))
    };
    let found = all.iter().position(answers);
    let (problem, remedy) = match found.and_then(|index| all.get(index)) {
        Some(provider) if provider.enabled => return found,
        Some(provider) => (
            format!("the provider {} is disabled", provider.id),
            "Enable it, or prefer another one or auto.".to_owned(),
        ),
        // A further instance whose own variables are at fault is told of there.
        None if is_instance(environment, &value) => return None,
        None => {
            let ids: Vec<&str> = all
                .iter()
                .flat_map(|provider| std::iter::once(&provider.id).chain(&provider.aliases))
                .map(String::as_str)
                .collect();
            (
                format!(
                    "there is no provider {}",
                    written.unwrap_or_else(|| format!("{value:?}"))
                ),
                format!("Use auto or one of {}.", ids.join(", ")),
            )
        }
    };
    environment.faults.push(Fault {
        origin,
        problem,
        remedy,
    });
    None
}

fn is_instance(environment: &Environment, id: &str) -> bool {
    environment
        .instances()
        .iter()
        .any(|suffix| id.eq_ignore_ascii_case(&format!("{GENERIC_ID}_{suffix}")))
}

/// A generic provider that someone configured; else Ollama; else whatever is enabled.
fn automatic(all: &[ProviderConfig]) -> usize {
    let is_ollama = |provider: &ProviderConfig| provider.provider_type == ProviderType::Ollama;
    let by = |wanted: &dyn Fn(&ProviderConfig) -> bool| {
        all.iter()
            .position(|provider| provider.enabled && wanted(provider))
    };
    by(&|provider| provider.configured && !is_ollama(provider))
        .or_else(|| by(&is_ollama))
        .or_else(|| by(&|_| true))
        .unwrap_or_default()
}
