//! What a configuration says of routes: which deployments answer for a model's name, in which order, and how failures
//! are met. Only a configuration file can hold them.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use modelport_provider::capability::Capability;
use serde::{Deserialize, Serialize};

use super::fault::Origin;

/// A name, or a pattern of names, and who answers for it.
#[derive(Debug, Clone)]
pub struct RouteConfig {
    /// The requests it is for.
    pub model: Pattern,
    /// Targets, in the order in which groups are tried.
    pub groups: Vec<GroupConfig>,
    /// The most attempts beyond the first of each request, as a share of the requests, in percent.
    pub retry_share: u32,
    /// How long a request may take, from its arrival to its first output.
    pub timeout: Option<Duration>,
    /// Whether a second attempt is begun beside a first one that is slow.
    pub hedge: Option<HedgeConfig>,
    /// Whether a plain-text stream whose target dies goes on from another.
    pub continues: bool,
    /// Where it is configured.
    pub origin: Origin,
}

/// The share of retries of a route that does not say.
pub const RETRY_SHARE: u32 = 20;

/// Texts, such as the model names that a route is for: `*` stands for any text, also for none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// Whether it is a single text.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether this text is one of them.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        if self.is_exact() {
            return rest.is_empty();
        }
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            let Some(at) = rest.find(part) else {
                return false;
            };
            rest = rest.get(at + part.len()..).unwrap_or_default();
        }
        rest.ends_with(last)
    }
}

/// Targets among which a policy chooses.
#[derive(Debug, Clone)]
pub struct GroupConfig {
    /// The rule that orders them.
    pub policy: Policy,
    /// The requests that they take, each of them for its own condition besides.
    pub when: Condition,
    /// The targets, as configured.
    pub targets: Vec<TargetConfig>,
}

/// The rule that orders the targets of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// As configured.
    Priority,
    /// By chance, in proportion to their weights.
    Weighted,
    /// Each in its turn, in proportion to their weights.
    RoundRobin,
    /// The one with the fewest requests under way for its weight.
    LeastBusy,
    /// The faster of two that are drawn, by the peak-sensitive average of the time to first output.
    Latency,
    /// The one that this request costs least at.
    Cost,
    /// Always the same for the same affinity, as long as it is not much busier than the others.
    Sticky(Affinity),
}

impl Policy {
    /// Its name in settings.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Weighted => "weighted",
            Self::RoundRobin => "round-robin",
            Self::LeastBusy => "least-busy",
            Self::Latency => "latency",
            Self::Cost => "cost",
            Self::Sticky(_) => "sticky",
        }
    }
}

/// What makes requests belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Affinity {
    /// The value of a header.
    Header(HeaderName),
    /// The request's `user`.
    User,
    /// The beginning of the conversation: its system prompt and first message.
    Conversation,
}

/// One model at one provider.
#[derive(Debug, Clone)]
pub struct TargetConfig {
    /// The provider, by its place in the configuration.
    pub provider: usize,
    /// The model there; `None` for the one that was asked for.
    pub model: Option<String>,
    /// Its share, where the policy knows shares; at least 1.
    pub weight: u32,
    /// The requests that it takes.
    pub when: Condition,
}

/// The requests that a target or a group takes: those that meet all of this.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// Abilities that the request must need.
    pub needs: Vec<Capability>,
    /// Headers that the request must have.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Tags that the caller's key must have, and their values or patterns of these.
    pub key_tags: Vec<(Arc<str>, Pattern)>,
    /// The fewest input tokens, by estimate.
    pub min_input_tokens: Option<u32>,
    /// The most input tokens, by estimate.
    pub max_input_tokens: Option<u32>,
}

/// When a second attempt is begun beside a first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HedgeConfig {
    /// After this time; `None` for the 95th percentile of the target's own times to first output.
    pub after: Option<Duration>,
    /// The most second attempts, as a share of the requests, in percent.
    pub max_share: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let check = |pattern: &str, name: &str| Pattern(pattern.to_owned()).matches(name);
        assert!(check("gpt-4o", "gpt-4o"));
        assert!(!check("gpt-4o", "gpt-4o-mini"));
        assert!(check("gpt-*", "gpt-4o"));
        assert!(check("gpt-*", "gpt-"));
        assert!(check("*", "anything"));
        assert!(check("*:free", "deepseek/deepseek-r1:free"));
        assert!(check("a*b*c", "axxbyyc"));
        assert!(!check("a*b*c", "axxcyyb"));
        assert!(!check("ab*ba", "aba"));
        assert!(!check("gpt-*", "my-gpt-4"));
    }
}
