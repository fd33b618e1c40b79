//! What a key opens.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::routes::Pattern;

/// What a key may be used for; a list that is empty stands for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scopes {
    /// Names that may be asked for: of models, aliases and routes; `*` stands for anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, max_items = 256)]
    pub models: Vec<Pattern>,
    /// Ids of providers that may be asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub providers: Vec<String>,
    /// Endpoints that may be called, by their paths below `/v1`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 256)]
    pub endpoints: Vec<String>,
    /// Addresses that it may be shown from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, max_items = 256)]
    pub addresses: Vec<IpNet>,
}

impl Scopes {
    /// Whether a model, alias or route may be asked for by this name.
    pub fn allow_model(&self, name: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|model| model.matches(name))
    }

    /// Whether a provider may be asked.
    pub fn allow_provider(&self, id: &str) -> bool {
        self.providers.is_empty() || self.providers.iter().any(|provider| provider == id)
    }

    /// Whether an endpoint may be called.
    pub fn allow_endpoint(&self, path: &str) -> bool {
        self.endpoints.is_empty() || self.endpoints.iter().any(|endpoint| endpoint == path)
    }

    /// Whether the key may be shown from there. An address that is not known is not among those that are listed.
    pub fn allow_address(&self, address: Option<IpAddr>) -> bool {
        self.addresses.is_empty()
            || address.is_some_and(|address| {
                let address = address.to_canonical();
                self.addresses.iter().any(|net| net.contains(&address))
            })
    }
}

/// A network, or a single address.
///
/// # Errors
///
/// When it is neither, in words.
pub fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse::<IpNet>().ok().or_else(single).ok_or_else(|| {
        format!(
            "{text:?} is no address. Give one such as 192.0.2.7, or a network such as 10.0.0.0/8."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_allows_everything_and_another_what_is_in_it() {
        let open = Scopes::default();
        assert!(open.allow_model("x") && open.allow_provider("x") && open.allow_address(None));
        let scopes = Scopes {
            models: ["openai/*", "best"]
                .map(|model| Pattern(model.to_owned()))
                .to_vec(),
            providers: vec!["one".to_owned()],
            endpoints: vec!["/embeddings".to_owned()],
            addresses: vec![network("10.0.0.0/8").unwrap(), network("::1").unwrap()],
        };
        assert!(scopes.allow_model("openai/gpt-4o") && scopes.allow_model("best"));
        assert!(!scopes.allow_model("better"));
        assert!(scopes.allow_provider("one") && !scopes.allow_provider("two"));
        assert!(scopes.allow_endpoint("/embeddings"));
        assert!(!scopes.allow_endpoint("/chat/completions"));
        let from = |text: &str| scopes.allow_address(Some(text.parse().unwrap()));
        assert!(from("10.1.2.3") && from("::1") && from("::ffff:10.1.2.3"));
        assert!(!from("192.0.2.1") && !scopes.allow_address(None));
    }
}
