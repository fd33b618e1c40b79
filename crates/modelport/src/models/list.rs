//! The models of all providers as one list, in OpenAI's shape with more in it.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use modelport_provider::{
    capability::Capabilities,
    catalogue,
    listing::{Local, Memory},
    price::{Prices, plain},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{Model, Shelf};
use crate::{app::App, clock, config::ProviderConfig};

/// The entries of `GET /v1/models`: each id once, with all providers that serve it.
pub fn entries(app: &App) -> Vec<Value> {
    let now = clock::calendar();
    let mut entries: Vec<Map<String, Value>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (config, shelf) in shelves(app) {
        for model in &shelf.models {
            let place = *places.entry(model.id.clone()).or_insert_with(|| {
                entries.push(entry(model, &shelf, config, now));
                entries.len() - 1
            });
            if let Some(entry) = entries.get_mut(place) {
                serve(entry, &config.id, &model.id);
            }
        }
    }
    entries.into_iter().map(Value::Object).collect()
}

/// The entry of one model: by `provider:id` where that provider serves it, else by its id.
pub fn find(app: &App, id: &str) -> Option<Value> {
    let qualified = id
        .split_once(':')
        .filter(|(provider, model)| is_served(app, provider, model));
    let id = qualified.map_or(id, |(_, model)| model);
    let id = shelves(app).find_map(|(_, shelf)| Some(shelf.get(id)?.id.clone()))?;
    let now = clock::calendar();
    let mut found = None;
    for (config, shelf) in shelves(app) {
        let Some(model) = shelf.get(&id) else {
            continue;
        };
        let entry = found.get_or_insert_with(|| entry(model, &shelf, config, now));
        serve(entry, &config.id, &model.id);
    }
    found.map(Value::Object)
}

/// What each enabled provider serves.
fn shelves(app: &App) -> impl Iterator<Item = (&ProviderConfig, Arc<Shelf>)> {
    let providers = app.config.providers.iter().enumerate();
    providers
        .filter(|(_, config)| config.enabled)
        .filter_map(|(provider, config)| Some((config, app.models.shelf(provider)?)))
}

/// Whether an enabled provider of this name lists the model.
fn is_served(app: &App, provider: &str, model: &str) -> bool {
    shelves(app).any(|(config, shelf)| {
        let is_named = config.id == provider || config.aliases.iter().any(|name| name == provider);
        is_named && shelf.get(model).is_some()
    })
}

fn entry(
    model: &Model,
    shelf: &Shelf,
    config: &ProviderConfig,
    now: SystemTime,
) -> Map<String, Value> {
    let section = config.profile.catalogue.and_then(catalogue::section);
    let found = section.and_then(|section| section.get(config.known_as(&model.id)));
    let fact = found.map(|found| found.fact);
    let listed = model.listed.as_ref();
    let mut entry: Map<String, Value> = listed
        .and_then(|listed| serde_json::from_str(listed.raw.get()).ok())
        .unwrap_or_default();
    let context = listed
        .and_then(|listed| listed.context_length)
        .or_else(|| fact.and_then(|fact| fact.max_input));
    let output = listed
        .and_then(|listed| listed.max_output)
        .or_else(|| fact.and_then(|fact| fact.max_output));
    let known = found.map_or(Prices::UNKNOWN, |found| found.prices);
    let prices = listed.map_or(known, |listed| listed.prices.or(&known));
    let capabilities = listed.map_or(Capabilities::UNKNOWN, |listed| listed.capabilities);
    let capabilities = fact.map_or(capabilities, |fact| capabilities.merge(&fact.capabilities));
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
    put(&mut entry, "context_length", json!(context));
    put(&mut entry, "max_output_tokens", json!(output));
    if let Some(local) = model.local() {
        memory(&mut entry, model, local);
    }
    put(&mut entry, "pricing", pricing(&prices));
    put(&mut entry, "capabilities", capability_map(&capabilities));
    put(&mut entry, "source", json!(shelf.source.as_str()));
    let age = shelf.fetched.and_then(|at| now.duration_since(at).ok());
    put(
        &mut entry,
        "age_seconds",
        json!(age.map(|age| age.as_secs())),
    );
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

/// What is known of a model's abilities, each with who says so.
fn capability_map(capabilities: &Capabilities) -> Value {
    let known = capabilities.known().map(|(capability, support, source)| {
        let finding = json!({"supported": support.as_flag(), "source": source.as_str()});
        (capability.as_str().to_owned(), finding)
    });
    Value::Object(known.collect())
}
