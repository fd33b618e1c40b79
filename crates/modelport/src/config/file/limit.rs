//! `[[limits]]`: how much all requests together, those to one provider or those for some models may use.

use std::str::FromStr;

use super::keys::LIMIT;
use super::reader::{Fields, Reader, whole};
use super::route::pattern;
use super::tree::Node;
use crate::config::limits::{Budget, LimitConfig, Limited, Limits};
use crate::config::providers::ProviderConfig;
use crate::config::value::{Wrong, shown};

/// The limits, in the order of the file.
pub(super) fn read(
    reader: &mut Reader,
    list: Option<&Node>,
    providers: &[ProviderConfig],
) -> Vec<LimitConfig> {
    let mut limits = Vec::new();
    for node in list.map_or(&[][..], Node::items) {
        if let Some(fields) = reader.block(node, &LIMIT) {
            limits.extend(limit(reader, &fields, providers));
        }
    }
    limits
}

fn limit(
    reader: &mut Reader,
    fields: &Fields<'_>,
    providers: &[ProviderConfig],
) -> Option<LimitConfig> {
    let provider = reader.value(fields, "provider", |id| known(id, providers));
    let model = reader.value(fields, "model", pattern);
    let of = match (fields.get("provider"), fields.get("model")) {
        (Some(_), Some(node)) => {
            let problem = "it is a limit of a provider already";
            reader.fault(&node.origin, problem, "Write two limits, one of each.");
            return None;
        }
        (Some(_), None) => Limited::Provider(provider?),
        (None, Some(_)) => Limited::Model(model?),
        (None, None) => Limited::Gateway,
    };
    let mut number = |key| reader.value(fields, key, whole).map(u64::from);
    let mut limits = Limits {
        requests_per_minute: number("requests_per_minute"),
        requests_per_day: number("requests_per_day"),
        tokens_per_minute: number("tokens_per_minute"),
        tokens_per_day: number("tokens_per_day"),
        input_tokens_per_minute: number("input_tokens_per_minute"),
        output_tokens_per_minute: number("output_tokens_per_minute"),
        concurrency: None,
        budgets: Vec::new(),
    };
    limits.concurrency = reader.value(fields, "concurrency", whole);
    limits.budgets = reader.value(fields, "budgets", budgets).unwrap_or_default();
    if limits.is_none()
        && fields
            .names()
            .all(|name| ["provider", "model"].contains(&name))
    {
        let remedy = "Add one, such as requests_per_minute = 100.";
        reader.fault(fields.origin, "it limits nothing", remedy);
        return None;
    }
    Some(LimitConfig { of, limits })
}

fn known(id: &str, providers: &[ProviderConfig]) -> Result<String, Wrong> {
    let is_called = |config: &&ProviderConfig| {
        config.id == id || config.aliases.iter().any(|alias| alias == id)
    };
    let found = providers.iter().find(is_called);
    found.map(|config| config.id.clone()).ok_or_else(|| {
        let ids: Vec<&str> = providers.iter().map(|config| config.id.as_str()).collect();
        Wrong {
            problem: format!("{} is not a provider's id", shown(id)),
            remedy: format!("Use one of {}.", ids.join(", ")),
        }
    })
}

/// Budgets, separated by commas; what is said of one stands behind blanks.
fn budgets(text: &str) -> Result<Vec<Budget>, Wrong> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let words: Vec<&str> = part.split_whitespace().collect();
            Budget::from_str(&words.join(",")).map_err(|said| {
                let (problem, remedy) = said.split_once(". ").unwrap_or((&said, ""));
                Wrong {
                    problem: problem.to_owned(),
                    remedy: remedy.to_owned(),
                }
            })
        })
        .collect()
}
