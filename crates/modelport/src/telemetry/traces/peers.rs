//! What spans say of providers, by the providers' ids.

use std::collections::HashMap;

use crate::config::ProviderConfig;

/// The providers of a configuration.
#[derive(Default)]
pub(super) struct Peers(HashMap<Box<str>, Peer>);

/// One provider.
pub(super) struct Peer {
    /// Its host, without brackets.
    pub(super) address: Box<str>,
    pub(super) port: u16,
    /// What OpenTelemetry calls it; its id where that has no word for it.
    name: Box<str>,
}

impl Peers {
    pub(super) fn of(providers: &[ProviderConfig]) -> Self {
        let peers = providers.iter().map(|provider| {
            let uri = provider.base_url.endpoint("");
            let port = if provider.base_url.is_https() {
                443
            } else {
                80
            };
            let host = uri.host().unwrap_or_default();
            let peer = Peer {
                address: host.trim_matches(['[', ']']).into(),
                port: uri.port_u16().unwrap_or(port),
                name: word(provider.profile.slug).unwrap_or(&provider.id).into(),
            };
            (provider.id.as_str().into(), peer)
        });
        Self(peers.collect())
    }

    pub(super) fn get(&self, id: &str) -> Option<&Peer> {
        self.0.get(id)
    }

    /// What a provider is called.
    pub(super) fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.get(id).map_or(id, |peer| &peer.name)
    }
}

/// The well-known values of `gen_ai.provider.name` (semantic conventions 1.41.1).
fn word(profile: &str) -> Option<&'static str> {
    Some(match profile {
        "anthropic" => "anthropic",
        "azure" => "azure.ai.openai",
        "deepseek" => "deepseek",
        "gemini" => "gcp.gemini",
        "groq" => "groq",
        "mistral" => "mistral_ai",
        "openai" => "openai",
        "perplexity" => "perplexity",
        "xai" => "x_ai",
        _ => return None,
    })
}
