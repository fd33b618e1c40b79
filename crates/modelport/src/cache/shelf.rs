//! Answers in the server that several gateways share: under which keys they are there, and what is written. A key is a
//! digest of the request and of what the configuration makes of it, so gateways meet only answers that mean the same.

use std::{sync::Arc, time::Duration};

use sha2::{Digest, Sha256};

use super::{
    answer::Answer,
    fingerprint::Fingerprint,
    server::{Fault, Server},
};
use crate::{
    clock,
    config::{Config, ProviderConfig},
};

mod written;

/// The longest answer that is kept in a server, from which it has to come while a request waits.
pub(super) const MAX_SHARED: usize = 1 << 20;

/// What the keys begin with.
const PREFIX: &str = "modelport:answer:";

/// Answers in a server.
pub(super) struct Shelf {
    server: Arc<Server>,
    meaning: [u8; 32],
}

/// The server is away.
pub(super) struct Away;

impl Shelf {
    /// The answers that mean the same under this configuration.
    pub(super) fn new(server: &Arc<Server>, config: &Config) -> Self {
        server.want();
        Self {
            server: Arc::clone(server),
            meaning: meaning(config),
        }
    }

    pub(super) fn is_away(&self) -> bool {
        self.server.is_away()
    }

    /// The answer to a request, if there is one that can be read and comes in time.
    pub(super) async fn take(&self, of: &Fingerprint) -> Result<Option<Answer>, Away> {
        // One more than there may be: what is longer is none of ours.
        let found = self.server.get(&self.key(of), written::MAX + 1).await;
        let found = match found {
            Ok(found) if found.is_empty() => return Ok(None),
            Ok(found) => found,
            Err(Fault::Failed) => return Ok(None),
            Err(Fault::Away) => return Err(Away),
        };
        let answer = written::read(&found, clock::now(), clock::unix_millis());
        if answer.is_none() {
            self.server.note_failure();
        }
        Ok(answer)
    }

    /// Has an answer kept for so long.
    pub(super) fn put(&self, of: &Fingerprint, answer: &Answer, lasts: Duration) {
        if self.is_away() {
            return;
        }
        if let Some(value) = written::write(answer, clock::now(), clock::unix_millis()) {
            self.server.put(self.key(of), value, lasts);
        }
    }

    fn key(&self, of: &Fingerprint) -> String {
        let mut digest = Sha256::new();
        digest.update(self.meaning);
        digest.update(of.bytes());
        let digest: [u8; 32] = digest.finalize().into();
        let (high, low) = digest.split_at(16);
        let number = |half: &[u8]| half.try_into().map_or(0, u128::from_be_bytes);
        format!("{PREFIX}{:032x}{:032x}", number(high), number(low))
    }
}

/// What the names in a request stand for: its providers and routes.
fn meaning(config: &Config) -> [u8; 32] {
    let mut digest = Sha256::new();
    let mut put = |text: &str| {
        digest.update(text.len().to_le_bytes());
        digest.update(text);
    };
    for provider in &config.providers {
        of_provider(provider, &mut put);
    }
    for route in &config.routes {
        put("route");
        let (model, groups, continues) = (&route.model, &route.groups, route.continues);
        put(&format!("{model:?} {groups:?} {continues}"));
    }
    digest.finalize().into()
}

fn of_provider(provider: &ProviderConfig, put: &mut impl FnMut(&str)) {
    put("provider");
    put(&provider.id);
    put(&provider.base_url.to_string());
    put(provider.profile.slug);
    let (kind, parameters) = (provider.provider_type, provider.parameters);
    let (models, ollama) = (&provider.models, &provider.ollama);
    put(&format!("{kind:?} {parameters:?} {models:?} {ollama:?}"));
    let headers = provider.custom_headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort_by_key(|(name, _)| *name);
    for (name, value) in headers {
        put(name);
        put(&value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn of(more: &str, rest: &str) -> [u8; 32] {
        let text = format!(
            "[[providers]]\nid = 'a'\nbase_url = 'http://127.0.0.1:1'\n{more}\n[[routes]]\nmodel = 'r'\ntargets = ['a:x']\n{rest}"
        );
        let file = config::FileText {
            path: "m.toml".into(),
            text,
            readers: config::Readers::Few,
        };
        meaning(&config::load(std::iter::empty(), None, Some(&file)).unwrap())
    }

    #[test]
    fn a_configuration_means_another_thing_if_an_answer_may_depend_on_it() {
        let same = of("", "");
        let elsewhere = of("api_key = 'other'\ntimeout = 5", "[aliases]\nb = 'r'");
        assert_eq!(elsewhere, same);
        assert_eq!(of("", "[server]\nport = 5"), same);
        let others = [
            of("profile = 'vllm'", ""),
            of("parameters = 'pass'", ""),
            of("headers = { x-a = 'b' }", ""),
            of("headers = { x-a = 'c' }", ""),
            of("", "[[routes]]\nmodel = 's'\ntargets = ['a:x']"),
            of("", "[[routes]]\nmodel = 's'\ntargets = ['a:y']"),
        ];
        for (place, one) in others.iter().enumerate() {
            assert!(*one != same && !others[..place].contains(one), "{place}");
        }
    }
}
