//! What can be known about a host before it is asked anything: its label, how it takes a credential, where its
//! listing is. It holds the shape of those facts; the facts themselves are in `profiles/`, one host a file.

use crate::resolution::Spelling;

/// One host's facts, as plain data.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// Short name for settings and metrics: lower-case letters and underscores, unique.
    pub slug: &'static str,
    /// The display name.
    pub name: &'static str,
    /// Domains it answers under; each stands for itself and its subdomains.
    pub hosts: &'static [&'static str],
    /// The API's path where a base URL names only the host; no trailing slash.
    pub default_path: &'static str,
    /// As `default_path`, when the base URL's query asks for a dated `api-version`; such a base wants the model as
    /// `/deployments/MODEL` in the path.
    pub dated_path: Option<&'static str>,
    /// The provider's own public base URL, where there is one for everybody.
    pub base_url: Option<&'static str>,
    /// The header that carries the key.
    pub credential: CredentialStyle,
    /// The section of the embedded catalogue with this provider's models.
    pub catalogue: Option<&'static str>,
    /// What proves that it is alive without costing anything.
    pub health: HealthProbe,
    /// The path of its model listing, appended to the base URL; `None` when it has none.
    pub listing: Option<&'static str>,
    /// How it takes ids that its own list spells otherwise.
    pub spelling: Spelling,
}

/// How a key is shown to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialStyle {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `api-key: KEY`, as Azure takes it.
    ApiKey,
}

/// A free call that tells whether a provider is up. Never a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthProbe {
    /// Its model listing, `GET /models`.
    Models,
    /// `GET` of this path, appended to the base URL.
    Path(&'static str),
    /// Ollama's `GET /api/version`, appended to the root.
    OllamaVersion,
    /// No free call is known: only real traffic tells.
    TrafficOnly,
}

impl Profile {
    /// Whether `host` is one of this profile's domains or lies under one, letter case and a final dot aside.
    pub fn covers(&self, host: &str) -> bool {
        self.hosts.iter().any(|domain| is_under(host, domain))
    }
}

/// Compares on label boundaries, so that `notopenrouter.ai` is not under `openrouter.ai`.
fn is_under(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let Some(split) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let (before, tail) = host.split_at(split);
    tail.eq_ignore_ascii_case(domain.as_bytes()) && before.last().is_none_or(|byte| *byte == b'.')
}
