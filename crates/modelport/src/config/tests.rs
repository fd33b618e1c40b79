use std::ffi::OsString;
use std::path::PathBuf;

use super::{Config, Faults, FileText, ProviderConfig, Readers, load};

mod file;
mod openai_compatible_provider;
mod openrouter_backward_compatibility;
mod server_and_sources;

/// Variables of the process's environment.
pub(super) fn process(variables: &[(&str, &str)]) -> std::vec::IntoIter<(OsString, OsString)> {
    let pairs: Vec<_> = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)))
        .collect();
    pairs.into_iter()
}

pub(super) fn config(variables: &[(&str, &str)]) -> Config {
    load(process(variables), None, None).unwrap_or_else(|faults| panic!("{faults}"))
}

pub(super) fn of_dotenv(contents: &str) -> Result<Config, Faults> {
    load(
        std::iter::empty(),
        Some((PathBuf::from(".env"), contents.to_owned())),
        None,
    )
}

/// A configuration file's text.
pub(super) fn file(text: &str) -> FileText {
    FileText {
        path: PathBuf::from("m.toml"),
        text: text.to_owned(),
        readers: Readers::Few,
    }
}

pub(super) fn of_file(text: &str) -> Result<Config, Faults> {
    load(std::iter::empty(), None, Some(&file(text)))
}

/// What is said when the start fails.
pub(super) fn faults(variables: &[(&str, &str)]) -> String {
    load(process(variables), None, None)
        .expect_err("a fault")
        .to_string()
}

pub(super) fn provider<'a>(config: &'a Config, id: &str) -> &'a ProviderConfig {
    config
        .providers
        .iter()
        .find(|provider| provider.id == id)
        .unwrap_or_else(|| panic!("no {id}"))
}

pub(super) fn ids(config: &Config) -> Vec<&str> {
    config
        .providers
        .iter()
        .map(|provider| provider.id.as_str())
        .collect()
}

pub(super) fn key(provider: &ProviderConfig) -> Option<&str> {
    provider
        .key
        .as_ref()
        .map(modelport_provider::credential::Secret::expose)
}

pub(super) fn preferred(config: &Config) -> &ProviderConfig {
    &config.providers[config.preferred]
}

pub(super) fn warnings(config: &Config) -> String {
    config
        .warnings
        .iter()
        .map(|warning| format!("{warning}\n"))
        .collect::<Vec<_>>()
        .concat()
}
