//! `[aliases]`: other names of routes and models, one step only.

use std::collections::HashMap;

use super::reader::{Fields, Reader};
use super::route::place;
use super::tree::Node;
use crate::config::fault::Origin;
use crate::config::providers::ProviderConfig;
use crate::config::routes::RouteConfig;
use crate::config::value::shown;

/// The aliases, each with what it stands for.
pub(super) fn read(
    reader: &mut Reader,
    table: Option<&Node>,
    providers: &[ProviderConfig],
    routes: &[RouteConfig],
) -> HashMap<String, String> {
    let mut aliases = HashMap::new();
    let Some(table) = table else {
        return aliases;
    };
    let names: Vec<&str> = Fields::of(table).names().collect();
    for entry in table.entries() {
        let Some(target) = entry.node.text() else {
            continue;
        };
        if check_name(reader, &entry.origin, &entry.key, routes) {
            check_target(
                reader,
                &entry.node.origin,
                target,
                &names,
                providers,
                routes,
            );
        }
        aliases.insert(entry.key.clone(), target.to_owned());
    }
    aliases
}

/// Whether an alias may be called so.
fn check_name(reader: &mut Reader, origin: &Origin, name: &str, routes: &[RouteConfig]) -> bool {
    let (problem, remedy) = if name.is_empty() || name.chars().any(char::is_whitespace) {
        let problem = format!("{} cannot be asked for", shown(name));
        (problem, "Use a name without blanks.")
    } else if let Some(route) = routes.iter().find(|route| route.model.0 == name) {
        let problem = format!("{} has this name too", route.origin.in_words());
        (problem, "Rename one of the two.")
    } else {
        return true;
    };
    reader.fault(origin, problem, remedy);
    false
}

fn check_target(
    reader: &mut Reader,
    origin: &Origin,
    target: &str,
    aliases: &[&str],
    providers: &[ProviderConfig],
    routes: &[RouteConfig],
) {
    const REMEDY: &str = "Write provider:model, the name of a route or the name of a model.";
    if target.is_empty() || target.ends_with(':') {
        let problem = format!("{} names no model", shown(target));
        reader.fault(origin, problem, REMEDY);
        return;
    }
    if aliases.contains(&target) {
        let problem = format!("{} is an alias itself", shown(target));
        reader.fault(origin, problem, "Write what that one stands for.");
        return;
    }
    if routes.iter().any(|route| route.model.matches(target)) {
        return;
    }
    let prefix = target.split_once(':').map(|(prefix, _)| prefix);
    let named = prefix.and_then(|prefix| providers.get(place(providers, prefix)?));
    match named {
        Some(provider) if !provider.enabled => {
            let problem = format!(
                "the provider {} is disabled ({})",
                provider.id,
                shown(target)
            );
            reader.fault(origin, problem, "Enable it, or remove this alias.");
        }
        Some(_) => {}
        None if place(providers, target).is_some() => {
            let problem = format!("{} is a provider and names no model", shown(target));
            reader.fault(origin, problem, REMEDY);
        }
        None => {
            let text = format!(
                "No route and no provider has the name {}, so it counts as a model's, which some provider must list.",
                shown(prefix.unwrap_or(target))
            );
            reader.warn(origin, text);
        }
    }
}
