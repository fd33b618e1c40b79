//! The report's part about routes and aliases.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::config::Config;
use crate::config::routes::{
    Affinity, Condition, GroupConfig, HedgeConfig, Policy, RouteConfig, TargetConfig,
};

/// Each route with its groups, and each alias.
pub(super) fn block(block: &mut String, config: &Config) {
    // Writing to a string cannot fail.
    if !config.routes.is_empty() {
        block.push_str("\nRoutes\n");
        for route in &config.routes {
            let _ = writeln!(block, "  {}: {}", route.model.0, of_route(route, config));
        }
    }
    if !config.aliases.is_empty() {
        block.push_str("\nAliases\n");
        let aliases: BTreeMap<_, _> = config.aliases.iter().collect();
        for (alias, target) in aliases {
            let _ = writeln!(block, "  {alias}: {target}");
        }
    }
}

/// What a route does, on one line.
pub(in crate::config) fn of_route(route: &RouteConfig, config: &Config) -> String {
    let groups = route.groups.iter().map(|group| of_group(group, config));
    let mut text = groups.collect::<Vec<_>>().join("; then ");
    if let Some(timeout) = route.timeout {
        let _ = write!(text, "; within {} s", timeout.as_secs_f64());
    }
    if let Some(hedge) = route.hedge {
        let _ = write!(text, "; {}", of_hedge(hedge));
    }
    if route.continues {
        text.push_str("; streams go on elsewhere");
    }
    let _ = write!(text, "; retries up to {} %", route.retry_share);
    text
}

fn of_group(group: &GroupConfig, config: &Config) -> String {
    let targets = group.targets.iter().map(|target| of_target(target, config));
    let when = of_condition(&group.when).map_or_else(String::new, |when| format!(" ({when})"));
    format!(
        "{}{when}: {}",
        of_policy(&group.policy),
        targets.collect::<Vec<_>>().join(", ")
    )
}

fn of_policy(policy: &Policy) -> String {
    match policy {
        Policy::Priority => "priority".to_owned(),
        Policy::Weighted => "weighted".to_owned(),
        Policy::RoundRobin => "round-robin".to_owned(),
        Policy::LeastBusy => "least-busy".to_owned(),
        Policy::Latency => "latency".to_owned(),
        Policy::Cost => "cost".to_owned(),
        Policy::Sticky(Affinity::Conversation) => "sticky by conversation".to_owned(),
        Policy::Sticky(Affinity::User) => "sticky by user".to_owned(),
        Policy::Sticky(Affinity::Header(name)) => format!("sticky by header {name}"),
    }
}

fn of_target(target: &TargetConfig, config: &Config) -> String {
    let provider = config.providers.get(target.provider);
    let id = provider.map_or("?", |provider| provider.id.as_str());
    let mut text = format!("{id}:{}", target.model.as_deref().unwrap_or("*"));
    let mut notes = Vec::new();
    if target.weight != 1 {
        notes.push(format!("weight {}", target.weight));
    }
    notes.extend(of_condition(&target.when));
    if !notes.is_empty() {
        let _ = write!(text, " ({})", notes.join(", "));
    }
    text
}

/// A condition in words; the values of headers may be secret.
fn of_condition(when: &Condition) -> Option<String> {
    let needs = when.needs.iter().map(|need| format!("it needs {need}"));
    let headers = when.headers.iter();
    let headers = headers.map(|(name, _)| format!("its header {name} fits"));
    let tags = when.key_tags.iter();
    let tags = tags.map(|(name, value)| format!("its key's tag {name} is {}", value.0));
    let least = when.min_input_tokens;
    let least = least.map(|tokens| format!("it has {tokens} input tokens or more"));
    let most = when.max_input_tokens;
    let most = most.map(|tokens| format!("it has {tokens} input tokens or fewer"));
    let said = needs.chain(headers).chain(tags);
    let all: Vec<String> = said.chain(least).chain(most).collect();
    (!all.is_empty()).then(|| format!("when {}", all.join(" and ")))
}

fn of_hedge(hedge: HedgeConfig) -> String {
    let after = match hedge.after {
        Some(after) => format!("after {} s", after.as_secs_f64()),
        None => "when slower than usual".to_owned(),
    };
    format!("hedged {after}, in up to {} % of requests", hedge.max_share)
}
