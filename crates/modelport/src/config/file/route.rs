//! `[[routes]]`: who answers for a model's name, and in which order the routes are looked at.

mod target;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use http::HeaderName;

use super::keys::{GROUP, HEDGE, ROUTE};
use super::provider::Entry;
use super::reader::{Fields, Reader, whole};
use super::tree::{Node, Value};
use super::warning;
use crate::config::fault::Warning;
use crate::config::providers::ProviderConfig;
use crate::config::routes::{Affinity, GroupConfig, HedgeConfig, Pattern, Policy, RouteConfig};
use crate::config::value::{self, Wrong, shown};

pub(super) use self::target::place;

/// The share of second attempts of a route that does not say.
const HEDGE_SHARE: u32 = 10;
/// The longest name or pattern, in bytes.
const MAX_MODEL: usize = modelport_provider::resolution::MAX_MODEL;

/// The routes, exact names before patterns and longer patterns before shorter ones.
pub(super) fn read(
    reader: &mut Reader,
    list: Option<&Node>,
    providers: &[ProviderConfig],
    retry_share: u32,
) -> Vec<RouteConfig> {
    let mut routes = Vec::new();
    for node in list.map_or(&[][..], Node::items) {
        if let Some(fields) = reader.block(node, &ROUTE) {
            routes.extend(route(reader, &fields, providers, retry_share));
        }
    }
    routes.sort_by_key(|route: &RouteConfig| {
        let length = route.model.0.len();
        (!route.model.is_exact()).then_some(usize::MAX - length)
    });
    warn_of_shadows(reader, &routes);
    routes
}

fn route(
    reader: &mut Reader,
    fields: &Fields<'_>,
    providers: &[ProviderConfig],
    retry_share: u32,
) -> Option<RouteConfig> {
    let model = reader.value(fields, "model", pattern);
    let groups = groups(reader, fields, providers);
    let share = reader.value(fields, "retry_share", whole);
    let timeout = reader.value(fields, "timeout", value::seconds);
    let hedge = hedge(reader, fields);
    let continues = reader.value(fields, "continue_streams", value::switch);
    Some(RouteConfig {
        model: model?,
        groups: groups?,
        retry_share: share.unwrap_or(retry_share),
        timeout,
        hedge,
        continues: continues.unwrap_or(false),
        origin: fields.origin.clone(),
    })
}

pub(super) fn pattern(text: &str) -> Result<Pattern, Wrong> {
    let is_clean = !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if !text.is_empty() && text.len() <= MAX_MODEL && is_clean {
        return Ok(Pattern(text.to_owned()));
    }
    Err(Wrong {
        problem: format!("{} is not a model's name", shown(text)),
        remedy: format!(
            "Use a name without blanks of at most {MAX_MODEL} bytes, or a pattern such as gpt-*."
        ),
    })
}

fn groups(
    reader: &mut Reader,
    fields: &Fields<'_>,
    providers: &[ProviderConfig],
) -> Option<Vec<GroupConfig>> {
    let Some(list) = fields.get("groups") else {
        if fields.get("targets").is_none() {
            let remedy = "Add targets = [\"provider:model\"].";
            reader.fault(fields.origin, "it has no targets", remedy);
            return None;
        }
        return Some(vec![group(reader, fields, providers)?]);
    };
    let direct = ["policy", "sticky", "targets"];
    if let Some(node) = direct.iter().find_map(|key| fields.get(key)) {
        let problem = "the route has groups as well";
        reader.fault(
            &node.origin,
            problem,
            "Write it into one of the [[routes.groups]].",
        );
    }
    let mut groups = Vec::new();
    for node in list.items() {
        let fields = reader.block(node, &GROUP)?;
        groups.push(group(reader, &fields, providers)?);
    }
    if groups.is_empty() {
        let remedy = "Add one below [[routes.groups]].";
        reader.fault(&list.origin, "it holds no group", remedy);
    }
    Some(groups)
}

fn group(
    reader: &mut Reader,
    fields: &Fields<'_>,
    providers: &[ProviderConfig],
) -> Option<GroupConfig> {
    let policy = policy(reader, fields);
    let when = target::when(reader, fields);
    let list = fields.get("targets")?;
    let mut targets = Vec::new();
    for node in list.items() {
        targets.extend(target::read(reader, node, providers));
    }
    if list.items().is_empty() {
        let remedy = "Add targets such as \"provider:model\".";
        reader.fault(&list.origin, "it holds no target", remedy);
    }
    Some(GroupConfig {
        policy,
        when,
        targets,
    })
}

/// The policy; a wrong one is a fault and counts as the usual one.
fn policy(reader: &mut Reader, fields: &Fields<'_>) -> Policy {
    let affinity = reader.value(fields, "sticky", affinity);
    let policy = reader.value(fields, "policy", |text| policy_named(text, affinity));
    let policy = policy.unwrap_or(Policy::Priority);
    if let (Some(node), false) = (fields.get("sticky"), matches!(policy, Policy::Sticky(_))) {
        let problem = "it is of use only to the policy sticky";
        reader.fault(
            &node.origin,
            problem,
            "Add policy = \"sticky\", or remove this.",
        );
    }
    policy
}

fn policy_named(text: &str, affinity: Option<Affinity>) -> Result<Policy, Wrong> {
    match text {
        "priority" => Ok(Policy::Priority),
        "weighted" => Ok(Policy::Weighted),
        "round-robin" => Ok(Policy::RoundRobin),
        "least-busy" => Ok(Policy::LeastBusy),
        "latency" => Ok(Policy::Latency),
        "cost" => Ok(Policy::Cost),
        "sticky" => Ok(Policy::Sticky(affinity.unwrap_or(Affinity::Conversation))),
        _ => Err(Wrong {
            problem: format!("{} is not a policy", shown(text)),
            remedy: "Use priority, weighted, round-robin, least-busy, latency, cost or sticky."
                .to_owned(),
        }),
    }
}

fn affinity(text: &str) -> Result<Affinity, Wrong> {
    let header = text.strip_prefix("header:").map(HeaderName::try_from);
    match (text, header) {
        ("user", _) => Ok(Affinity::User),
        ("conversation", _) => Ok(Affinity::Conversation),
        (_, Some(Ok(name))) => Ok(Affinity::Header(name)),
        (_, Some(Err(_)) | None) => Err(Wrong {
            problem: format!(
                "{} does not say what makes requests belong together",
                shown(text)
            ),
            remedy: "Use conversation, user or header:NAME, such as header:x-session.".to_owned(),
        }),
    }
}

fn hedge(reader: &mut Reader, fields: &Fields<'_>) -> Option<HedgeConfig> {
    let node = fields.get("hedge")?;
    let usual = HedgeConfig {
        after: None,
        max_share: HEDGE_SHARE,
    };
    if let Value::Switch(is_on) = node.value {
        return is_on.then_some(usual);
    }
    let fields = reader.block(node, &HEDGE)?;
    let max_share = reader.value(&fields, "max_share", whole);
    Some(HedgeConfig {
        after: reader.value::<Duration>(&fields, "after", value::seconds),
        max_share: max_share.unwrap_or(HEDGE_SHARE),
    })
}

/// An earlier pattern that matches a later one's text, stars and all, is for every name that the later one is for.
fn warn_of_shadows(reader: &mut Reader, routes: &[RouteConfig]) {
    for (place, route) in routes.iter().enumerate() {
        let mut earlier = routes.iter().take(place);
        if let Some(first) = earlier.find(|first| first.model.matches(&route.model.0)) {
            let text = format!(
                "It is never used, since {} is for the same names and comes first.",
                first.origin.in_words()
            );
            reader.warn(&route.origin, text);
        }
    }
}

/// A warning for each provider of the file that no route or alias leads to, where a route takes every other name.
pub(super) fn unreached(
    entries: &[Entry],
    providers: &[ProviderConfig],
    routes: &[RouteConfig],
    aliases: &HashMap<String, String>,
) -> Vec<Warning> {
    if routes.iter().all(|route| route.model.0 != "*") {
        return Vec::new();
    }
    let groups = routes.iter().flat_map(|route| &route.groups);
    let targets = groups.flat_map(|group| &group.targets);
    let targeted: HashSet<usize> = targets.map(|target| target.provider).collect();
    let leads_there = |id: &str| {
        let mut aliases = aliases.values();
        aliases.any(|alias| alias.split_once(':').is_some_and(|(first, _)| first == id))
    };
    let idle = entries.iter().filter(|entry| {
        let place = providers
            .iter()
            .position(|provider| provider.id == entry.id);
        let enabled = place.and_then(|place| providers.get(place));
        enabled.is_some_and(|provider| provider.enabled)
            && !place.is_some_and(|place| targeted.contains(&place))
            && !leads_there(&entry.id)
    });
    let text = |id: &str| {
        format!("No route or alias leads to it, so only requests for {id}:MODEL get there.")
    };
    idle.map(|entry| warning(&entry.origin, text(&entry.id)))
        .collect()
}
