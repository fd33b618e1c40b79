//! What is different between two configurations, in words for people. It shows no secret.

use std::collections::HashMap;

use modelport_provider::credential::Secret;

use super::report::of_route;
use super::routes::RouteConfig;
use super::{Config, FurtherKey, ProviderConfig, ServerConfig};

/// What is said of a change that a running gateway does not take up.
const RESTART: &str = " (needs a restart)";

/// The differences, one a line.
pub fn diff(old: &Config, new: &Config) -> Vec<String> {
    let mut lines = server(&old.server, &new.server);
    if old.log_level != new.log_level {
        lines.push(format!("log_level changed{RESTART}"));
    }
    if old.log_format != new.log_format {
        lines.push(format!("log_format changed{RESTART}"));
    }
    if old.traces != new.traces {
        lines.push(format!("traces changed{RESTART}"));
    }
    if old.storage.data_dir != new.storage.data_dir {
        lines.push(format!("storage.data_dir changed{RESTART}"));
    }
    if old.storage.database != new.storage.database {
        lines.push(format!("storage.database_url changed{RESTART}"));
    }
    if old.storage.redis != new.storage.redis {
        lines.push(format!(
            "storage.redis_url or storage.redis_away changed{RESTART}"
        ));
    }
    if old.storage.keep.days != new.storage.keep.days {
        lines.push(format!("storage.keep_days changed{RESTART}"));
    }
    if old.storage.keep.bytes != new.storage.keep.bytes {
        lines.push(format!("storage.max_size changed{RESTART}"));
    }
    let settings = [
        ("fallback", old.provider_fallback != new.provider_fallback),
        ("limits", old.limits != new.limits),
        ("cache", old.cache != new.cache),
        ("catalogue", !same(&old.catalogue, &new.catalogue)),
        ("preferred provider", preferred(old) != preferred(new)),
        ("order of providers", !in_order(&ids(old), &ids(new))),
        ("order of routes", !in_order(&names(old), &names(new))),
    ];
    lines.extend(
        settings
            .iter()
            .filter(|(_, changed)| *changed)
            .map(|(name, _)| format!("{name} changed")),
    );
    providers(&mut lines, old, new);
    routes(&mut lines, old, new);
    aliases(&mut lines, &old.aliases, &new.aliases);
    lines
}

fn same<T: std::fmt::Debug>(old: &T, new: &T) -> bool {
    format!("{old:?}") == format!("{new:?}")
}

fn ids(config: &Config) -> Vec<&str> {
    let providers = config.providers.iter();
    providers.map(|provider| provider.id.as_str()).collect()
}

fn names(config: &Config) -> Vec<&str> {
    let routes = config.routes.iter();
    routes.map(|route| route.model.0.as_str()).collect()
}

/// Whether those that are in both stand in the same order.
fn in_order(old: &[&str], new: &[&str]) -> bool {
    let kept = old.iter().filter(|name| new.contains(name));
    kept.eq(new.iter().filter(|name| old.contains(name)))
}

fn preferred(config: &Config) -> Option<&str> {
    let provider = config.providers.get(config.preferred);
    provider.map(|provider| provider.id.as_str())
}

fn server(old: &ServerConfig, new: &ServerConfig) -> Vec<String> {
    let fixed = [
        ("host", old.host != new.host),
        ("port", old.port != new.port),
        ("workers", old.workers != new.workers),
        ("cors_origins", old.cors_origins != new.cors_origins),
    ];
    let free = [
        ("body_limit", old.body_limit != new.body_limit),
        ("upload_limit", old.upload_limit != new.upload_limit),
        (
            "trusted_proxies",
            old.trusted_proxies != new.trusted_proxies,
        ),
        ("api_keys", !same_secrets(&old.api_keys, &new.api_keys)),
        ("require_key", old.require_key != new.require_key),
        (
            "admin_keys",
            !same_secrets(&old.admin_keys, &new.admin_keys),
        ),
        ("stream_cost", old.stream_cost != new.stream_cost),
        ("budget_webhook", old.budget_webhook != new.budget_webhook),
        ("metrics", old.metrics != new.metrics),
        (
            "shutdown_timeout",
            old.shutdown_timeout != new.shutdown_timeout,
        ),
    ];
    let fixed = fixed.iter().map(|change| (change, RESTART));
    let free = free.iter().map(|change| (change, ""));
    fixed
        .chain(free)
        .filter(|((_, changed), _)| *changed)
        .map(|((name, _), note)| format!("server.{name} changed{note}"))
        .collect()
}

fn same_secrets(old: &[Secret], new: &[Secret]) -> bool {
    old.iter()
        .map(Secret::expose)
        .eq(new.iter().map(Secret::expose))
}

fn providers(lines: &mut Vec<String>, old: &Config, new: &Config) {
    let find = |config: &'_ Config, id: &str| {
        let mut providers = config.providers.iter();
        providers.find(|provider| provider.id == id).cloned()
    };
    for provider in &old.providers {
        match find(new, &provider.id) {
            None => lines.push(format!("provider {} removed", provider.id)),
            Some(new) => {
                let changed = changed_fields(provider, &new);
                if !changed.is_empty() {
                    let changed = changed.join(", ");
                    lines.push(format!("provider {}: {changed} changed", provider.id));
                }
            }
        }
    }
    let added = new.providers.iter();
    let added = added.filter(|provider| find(old, &provider.id).is_none());
    lines.extend(added.map(|provider| format!("provider {} added", provider.id)));
}

fn changed_fields(old: &ProviderConfig, new: &ProviderConfig) -> Vec<&'static str> {
    let key = |provider: &ProviderConfig| {
        let key = provider.key.as_ref();
        key.map(|key| key.expose().to_owned())
    };
    let further = |keys: &[FurtherKey]| -> Vec<(String, u32)> {
        let keys = keys.iter();
        keys.map(|key| (key.key.expose().to_owned(), key.weight))
            .collect()
    };
    let fields = [
        ("kind", old.provider_type != new.provider_type),
        ("aliases", old.aliases != new.aliases),
        ("name", old.name != new.name),
        ("profile", old.profile.slug != new.profile.slug),
        (
            "base_url",
            old.base_url.to_string() != new.base_url.to_string(),
        ),
        (
            "key",
            key(old) != key(new)
                || old.key_weight != new.key_weight
                || further(&old.further_keys) != further(&new.further_keys),
        ),
        ("headers", old.custom_headers != new.custom_headers),
        ("default_model", old.default_model != new.default_model),
        ("timeout", old.timeout != new.timeout),
        ("max_retries", old.max_retries != new.max_retries),
        ("parameters", old.parameters != new.parameters),
        ("probed", !same(&old.probed, &new.probed)),
        ("models", old.models != new.models),
        ("http2", old.http2 != new.http2),
        ("discount", old.discount != new.discount),
        ("room", old.room != new.room),
        ("enabled", old.enabled != new.enabled),
        ("chats", !same(&old.ollama, &new.ollama)),
    ];
    let changed = fields.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(name, _)| name).collect()
}

fn routes(lines: &mut Vec<String>, old: &Config, new: &Config) {
    let find = |routes: &[RouteConfig], name: &str| {
        let mut routes = routes.iter();
        routes.position(|route| route.model.0 == name)
    };
    for route in &old.routes {
        let name = &route.model.0;
        let after = find(&new.routes, name).and_then(|place| new.routes.get(place));
        match after {
            None => lines.push(format!("route {name} removed")),
            Some(after) => {
                let before = of_route(route, old);
                let after = (of_route(after, new), after);
                // The words leave out the values of headers.
                let conditions = |route: &RouteConfig| {
                    let targets = route.groups.iter().flat_map(|group| &group.targets);
                    targets
                        .map(|target| target.when.headers.clone())
                        .collect::<Vec<_>>()
                };
                if before != after.0 {
                    lines.push(format!("route {name} changed to {}", after.0));
                } else if conditions(route) != conditions(after.1) {
                    lines.push(format!("route {name}: when.headers changed"));
                }
            }
        }
    }
    let added = new.routes.iter();
    let added = added.filter(|route| find(&old.routes, &route.model.0).is_none());
    lines.extend(
        added.map(|route| format!("route {} added: {}", route.model.0, of_route(route, new))),
    );
}

fn aliases(lines: &mut Vec<String>, old: &HashMap<String, String>, new: &HashMap<String, String>) {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        match (old.get(name), new.get(name)) {
            (Some(_), None) => lines.push(format!("alias {name} removed")),
            (None, Some(target)) => lines.push(format!("alias {name} added: {target}")),
            (Some(before), Some(after)) if before != after => {
                lines.push(format!("alias {name} changed to {after}"));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{config, of_file};
    use super::diff;

    #[test]
    fn changes_are_told_by_name_and_without_secrets() {
        let old = "\
[server]
port = 1
api_keys = 'hush-hush-old-key'
[[providers]]
id = 'a'
base_url = 'http://127.0.0.1:1'
api_key = 'hush-a'
timeout = 5
[[providers]]
id = 'gone'
base_url = 'http://127.0.0.1:2'
[[routes]]
model = 'r'
targets = ['a:x', { target = 'a:y', when = { headers = { t = 'hush-1' } } }]
[[routes]]
model = 's'
targets = ['a']
[aliases]
one = 'r'
two = 'r'
";
        let new = old
            .replace(
                "port = 1",
                "port = 2\nshutdown_timeout = 5\nlog_level = 'DEBUG'",
            )
            .replace("old-key", "new-key")
            .replace("hush-a", "hush-b")
            .replace("timeout = 5\n[[p", "timeout = 6\n[[p")
            .replace("'gone'", "'come'")
            .replace("hush-1", "hush-2")
            .replace("targets = ['a']", "targets = ['a:z']")
            .replace("two = 'r'", "two = 's'\nthree = 'a:x'");
        let told = diff(&of_file(old).unwrap(), &of_file(&new).unwrap());
        assert_eq!(
            told,
            [
                "server.port changed (needs a restart)",
                "server.api_keys changed",
                "server.shutdown_timeout changed",
                "log_level changed (needs a restart)",
                "provider a: key, timeout changed",
                "provider gone removed",
                "provider come added",
                "route r: when.headers changed",
                "route s changed to priority: a:z; retries up to 20 %",
                "alias three added: a:x",
                "alias two changed to s",
            ]
        );
        assert!(diff(&config(&[]), &config(&[])).is_empty());
    }
}
