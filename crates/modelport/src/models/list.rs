//! The models of all providers as one list, in OpenAI's shape with more in it.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use modelport_provider::{
    capability::{Capabilities, Source},
    listing::{Local, Memory},
    price::{Prices, plain},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Model, Shelf,
    known::{self, Known, Limit},
    names,
};
use crate::{app::App, clock, config::ProviderConfig};

/// The entries of `GET /v1/models`: each id once, with all providers that serve it. What the configuration calls so
/// comes first, and hides a listed model of the same name, as it does in requests.
pub fn entries(app: &App) -> Vec<Value> {
    let named = names::entries(app);
    let hidden: Vec<Value> = named
        .iter()
        .filter_map(|entry| entry.get("id").cloned())
        .collect();
    let mut entries = named;
    let mut places: HashMap<String, usize> = HashMap::new();
    for (provider, config, shelf) in shelves(app) {
        let models = shelf.models.iter();
        for model in models.filter(|model| !hidden.iter().any(|id| *id == model.id)) {
            let place = *places.entry(model.id.clone()).or_insert_with(|| {
                entries.push(entry(app, provider, model, &shelf));
                entries.len() - 1
            });
            if let Some(entry) = entries.get_mut(place) {
                serve(entry, &config.id, &model.id);
            }
        }
    }
    entries.into_iter().map(Value::Object).collect()
}

/// The entry of one model: by a name of the configuration, by `provider:id` where that provider serves it, else by its id.
pub fn find(app: &App, id: &str) -> Option<Value> {
    if let Some(named) = names::find(app, id) {
        return Some(Value::Object(named));
    }
    let qualified = id
        .split_once(':')
        .filter(|(provider, model)| is_served(app, provider, model));
    let id = qualified.map_or(id, |(_, model)| model);
    let id = shelves(app).find_map(|(.., shelf)| Some(shelf.get(id)?.id.clone()))?;
    let mut found = None;
    for (provider, config, shelf) in shelves(app) {
        let Some(model) = shelf.get(&id) else {
            continue;
        };
        let entry = found.get_or_insert_with(|| entry(app, provider, model, &shelf));
        serve(entry, &config.id, &model.id);
    }
    found.map(Value::Object)
}

/// What each enabled provider serves, with its place in the configuration.
fn shelves(app: &App) -> impl Iterator<Item = (usize, &ProviderConfig, Arc<Shelf>)> {
    let providers = app.config.providers.iter().enumerate();
    providers
        .filter(|(_, config)| config.enabled)
        .filter_map(|(provider, config)| Some((provider, config, app.models.shelf(provider)?)))
}

/// Whether an enabled provider of this name lists the model.
fn is_served(app: &App, provider: &str, model: &str) -> bool {
    shelves(app).any(|(_, config, shelf)| {
        let is_named = config.id == provider || config.aliases.iter().any(|name| name == provider);
        is_named && shelf.get(model).is_some()
    })
}

fn entry(app: &App, provider: usize, model: &Model, shelf: &Shelf) -> Map<String, Value> {
    let now = clock::calendar();
    let known = Known::of(app, provider, model, now);
    let age = |source, seen| age(known::since(source, seen, shelf), now);
    let listed = model.listed.as_ref();
    let mut entry: Map<String, Value> = listed
        .and_then(|listed| serde_json::from_str(listed.raw.get()).ok())
        .unwrap_or_default();
    let owner = listed.and_then(|listed| listed.owned_by.clone());
    let owner = owner.unwrap_or_else(|| {
        model
            .id
            .split_once('/')
            .map_or("unknown", |(vendor, _)| vendor)
            .to_owned()
    });
    put(&mut entry, "id", json!(model.id));
    put(&mut entry, "object", json!("model"));
    put(
        &mut entry,
        "created",
        json!(listed.and_then(|listed| listed.created).unwrap_or(0)),
    );
    put(&mut entry, "owned_by", json!(owner));
    let limits = [
        ("context_length", known.context_length),
        ("max_output_tokens", known.max_output),
    ];
    for (name, limit) in limits {
        put(&mut entry, name, json!(limit.map(|limit| limit.value)));
    }
    if let Some(local) = model.local() {
        memory(&mut entry, model, local);
    }
    put(&mut entry, "limits", limit_map(&limits, age));
    put(&mut entry, "pricing", pricing(&known.prices));
    let capabilities = capability_map(&known.capabilities, age);
    put(&mut entry, "capabilities", capabilities);
    let refused = app.lessons.refused(provider, &model.id, now);
    if !refused.is_empty() {
        put(&mut entry, "refused_parameters", json!(refused));
    }
    put(&mut entry, "source", json!(shelf.source.as_str()));
    put(&mut entry, "age_seconds", self::age(shelf.fetched, now));
    put(&mut entry, "providers", json!([]));
    put(&mut entry, "qualified_ids", json!([]));
    entry
}

/// What is said of a model that is loaded when it is asked for.
fn memory(entry: &mut Map<String, Value>, model: &Model, local: &Local) {
    let loaded = match local.memory {
        Memory::Loaded(loaded) => Some(loaded),
        Memory::Unknown | Memory::Unloaded => None,
    };
    let context = local.memory.context_length();
    put(entry, "loaded", json!(model.is_loaded()));
    put(entry, "loaded_context_length", json!(context));
    put(
        entry,
        "trained_context_length",
        json!(local.trained_context),
    );
    put(
        entry,
        "default_context_length",
        json!(local.default_context),
    );
    put(
        entry,
        "expires_at",
        json!(loaded.and_then(|loaded| loaded.expires_at)),
    );
    put(
        entry,
        "size_vram",
        json!(loaded.and_then(|loaded| loaded.size_vram)),
    );
}

/// Sets a field of ours. What the provider had under that name is kept under `upstream_NAME`.
fn put(entry: &mut Map<String, Value>, name: &str, value: Value) {
    let theirs = entry.remove(name).filter(|theirs| *theirs != value);
    entry.insert(name.to_owned(), value);
    if let Some(theirs) = theirs {
        entry.insert(format!("upstream_{name}"), theirs);
    }
}

fn serve(entry: &mut Map<String, Value>, provider: &str, model: &str) {
    let mut add = |field: &str, value: String| {
        if let Some(Value::Array(list)) = entry.get_mut(field) {
            list.push(Value::String(value));
        }
    };
    add("providers", provider.to_owned());
    add("qualified_ids", format!("{provider}:{model}"));
}

/// Prices in US dollars per token, as exact decimal text; `null` where nothing is known.
fn pricing(prices: &Prices) -> Value {
    if prices.is_unknown() {
        return Value::Null;
    }
    let text = |price: Option<Decimal>| price.map(plain);
    json!({
        "currency": "USD",
        "unit": "token",
        "prompt": text(prices.prompt),
        "completion": text(prices.completion),
        "cached_prompt": text(prices.cached_prompt),
        "cache_write": text(prices.cache_write),
        "request": text(prices.request),
        "image": text(prices.image),
    })
}

/// What is known of a model's limits, each with who says so and for how long.
fn limit_map(
    limits: &[(&str, Option<Limit>)],
    age: impl Fn(Source, Option<SystemTime>) -> Value,
) -> Value {
    let known = limits.iter().filter_map(|(name, limit)| {
        let Limit { value, source } = (*limit)?;
        let age = age(source, None);
        let limit = json!({"value": value, "source": source.as_str(), "age_seconds": age});
        Some(((*name).to_owned(), limit))
    });
    Value::Object(known.collect())
}

/// What is known of a model's abilities, each with who says so and for how long.
fn capability_map(
    capabilities: &Capabilities,
    age: impl Fn(Source, Option<SystemTime>) -> Value,
) -> Value {
    let known = capabilities.known().map(|(capability, support, source)| {
        let finding = json!({
            "supported": support.as_flag(),
            "source": source.as_str(),
            "age_seconds": age(source, capabilities.seen(capability)),
        });
        (capability.as_str().to_owned(), finding)
    });
    Value::Object(known.collect())
}

/// Whole seconds since then; `null` where there is no then. A clock that was set back makes it now.
fn age(since: Option<SystemTime>, now: SystemTime) -> Value {
    json!(since.map(|since| now.duration_since(since).unwrap_or_default().as_secs()))
}
