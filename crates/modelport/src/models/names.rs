//! The names that the configuration gives, routes and aliases, as entries of the list of models: who asks for the list
//! must find there what it may ask for.

use serde_json::{Map, Value, json};

use super::list;
use crate::{
    app::App,
    config::{
        Config,
        routes::{RouteConfig, TargetConfig},
    },
};

/// The entries of all of them. A pattern is no name.
pub fn entries(app: &App) -> Vec<Map<String, Value>> {
    let config = &app.config;
    let routes = config.routes.iter().filter(|route| route.model.is_exact());
    let mut entries: Vec<_> = routes.map(|route| of_route(config, route)).collect();
    let mut aliases: Vec<_> = config.aliases.iter().collect();
    aliases.sort();
    entries.extend(
        aliases
            .into_iter()
            .map(|(name, target)| of_alias(app, name, target)),
    );
    entries
}

/// The entry of one of them.
pub fn find(app: &App, id: &str) -> Option<Map<String, Value>> {
    let config = &app.config;
    if let Some(target) = config.aliases.get(id) {
        return Some(of_alias(app, id, target));
    }
    let mut routes = config.routes.iter();
    let route = routes.find(|route| route.model.is_exact() && route.model.0 == id)?;
    Some(of_route(config, route))
}

fn of_route(config: &Config, route: &RouteConfig) -> Map<String, Value> {
    let targets = || route.groups.iter().flat_map(|group| &group.targets);
    let provider = |target: &TargetConfig| {
        let provider = config.providers.get(target.provider);
        provider.map_or("", |provider| provider.id.as_str())
    };
    let mut providers: Vec<&str> = Vec::new();
    for id in targets().map(provider) {
        if !providers.contains(&id) {
            providers.push(id);
        }
    }
    let ids = targets().map(|target| {
        let model = target.model.as_deref().unwrap_or(&route.model.0);
        format!("{}:{model}", provider(target))
    });
    let ids: Vec<String> = ids.collect();
    named(
        &route.model.0,
        &[
            ("providers", json!(providers)),
            ("qualified_ids", json!(ids)),
        ],
    )
}

/// What is said of the model that an alias stands for, under the alias's own name.
fn of_alias(app: &App, name: &str, target: &str) -> Map<String, Value> {
    let stands_for = ("alias_of", json!(target));
    if let Some(Value::Object(mut entry)) = list::find(app, target) {
        entry.insert("id".to_owned(), json!(name));
        entry.insert(stands_for.0.to_owned(), stands_for.1);
        return entry;
    }
    let none = || json!([]);
    named(
        name,
        &[stands_for, ("providers", none()), ("qualified_ids", none())],
    )
}

fn named(name: &str, more: &[(&str, Value)]) -> Map<String, Value> {
    let usual = [
        ("id", json!(name)),
        ("object", json!("model")),
        ("created", json!(0)),
        ("owned_by", json!("modelport")),
        ("context_length", Value::Null),
        ("max_output_tokens", Value::Null),
        ("limits", json!({})),
        ("pricing", Value::Null),
        ("capabilities", json!({})),
        ("source", json!("configured")),
        ("age_seconds", Value::Null),
    ];
    let all = usual.iter().chain(more);
    all.map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}
