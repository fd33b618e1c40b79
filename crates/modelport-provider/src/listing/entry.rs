//! One entry of a listing: its id, age, owner and limits. What it can do and costs is read next door.

use serde_json::value::RawValue;

use super::{ListedModel, MAX_ID, features, rates};
use crate::capability::Capabilities;
use crate::object::{Object, read_text};
use crate::price::Prices;

/// What became of an entry.
pub(super) enum Entry {
    Model(Box<ListedModel>),
    /// The provider lists it but does not serve it.
    OutOfService,
    /// It names no usable model.
    Unusable,
}

/// Members that name a model, best first: Mistral and OpenRouter have a display `name` beside the `id`, LM Studio's v1 list
/// has only `key`.
const NAMES: [&str; 4] = ["id", "name", "model", "key"];

/// How many other ids of one model are kept.
const MAX_ALIASES: usize = 32;

pub(super) fn read_entry(raw: &RawValue, slug: &str) -> Entry {
    let Some(object) = Object::read(raw.get()) else {
        return read_text(raw.get())
            .and_then(|id| usable_id(&id))
            .map_or(Entry::Unusable, |id| Entry::Model(Box::new(bare(id, raw))));
    };
    if is_out_of_service(&object) {
        return Entry::OutOfService;
    }
    let owned_by = object
        .text("owned_by")
        .or_else(|| object.text("organization"));
    let gemini = slug == "gemini" || owned_by.as_deref() == Some("google");
    let named = NAMES.iter().find_map(|name| object.text(name));
    let Some(id) = named.and_then(|name| usable_id(without_prefix(&name, gemini))) else {
        return Entry::Unusable;
    };
    let (prices, price_rules) = rates::read_prices(&object, rates::PriceUnit::of(slug));
    Entry::Model(Box::new(ListedModel {
        aliases: read_aliases(&object, &id),
        raw: raw.to_owned(),
        created: read_created(&object),
        owned_by: owned_by.map(std::borrow::Cow::into_owned),
        context_length: read_context(&object),
        max_output: read_max_output(&object),
        prices,
        price_rules,
        capabilities: features::read_capabilities(&object, &id, slug),
        local: None,
        id,
    }))
}

/// A list of plain strings says nothing but the ids.
fn bare(id: String, raw: &RawValue) -> ListedModel {
    ListedModel {
        id,
        aliases: Vec::new(),
        raw: raw.to_owned(),
        created: None,
        owned_by: None,
        context_length: None,
        max_output: None,
        prices: Prices::UNKNOWN,
        price_rules: Vec::new(),
        capabilities: Capabilities::UNKNOWN,
        local: None,
    }
}

/// Groq's `active`, Mistral's `archived` (`openapi.yaml`, 2026-08-21), Anthropic's `lifecycle` (its Python SDK,
/// `types/model_info.py`: requests for a retired model fail).
fn is_out_of_service(object: &Object<'_>) -> bool {
    object.flag("active") == Some(false)
        || object.flag("archived") == Some(true)
        || object.text("lifecycle").as_deref() == Some("retired")
}

/// Gemini's list says `models/NAME` where its chat endpoint takes either form (fact sheet, 2026-11-22).
fn without_prefix(id: &str, gemini: bool) -> &str {
    if gemini {
        id.strip_prefix("models/").unwrap_or(id)
    } else {
        id
    }
}

/// An id that can be listed: not empty, bounded, without control characters. Inner spaces are kept: llama.cpp's ids are file
/// paths.
fn usable_id(id: &str) -> Option<String> {
    let id = id.trim();
    let usable = !id.is_empty() && id.len() <= MAX_ID && !id.chars().any(char::is_control);
    usable.then(|| id.to_owned())
}

/// Mistral and xAI list them as `aliases`.
fn read_aliases(object: &Object<'_>, id: &str) -> Vec<String> {
    let words = object.words("aliases").unwrap_or_default();
    words
        .iter()
        .filter_map(|alias| usable_id(alias))
        .filter(|alias| alias != id)
        .take(MAX_ALIASES)
        .collect()
}

/// Seconds, or an RFC 3339 time as Anthropic and Ollama write it. Zero is what TGI and Together write for "unknown".
fn read_created(object: &Object<'_>) -> Option<i64> {
    ["created", "created_at", "modified_at"]
        .iter()
        .find_map(|name| {
            let written = || object.text(name)?.parse::<jiff::Timestamp>().ok();
            object
                .signed(name)
                .or_else(|| written().map(jiff::Timestamp::as_second))
        })
        .filter(|seconds| *seconds > 0)
}

/// The context's size; each name's owners are in the fact sheet's table (2026-11-22). A loaded size comes before a possible
/// one, since it is what is served.
fn read_context(object: &Object<'_>) -> Option<u64> {
    let own = |name: &str| object.unsigned(name).filter(|tokens| *tokens > 0);
    let inner = |outer: &str, name: &str| {
        object
            .object(outer)?
            .unsigned(name)
            .filter(|tokens| *tokens > 0)
    };
    own("max_model_len")
        .or_else(|| own("loaded_context_length"))
        .or_else(|| read_loaded_instance(object))
        .or_else(|| own("context_length"))
        .or_else(|| own("context_window"))
        .or_else(|| own("max_context_length"))
        .or_else(|| own("max_input_tokens"))
        .or_else(|| inner("top_provider", "context_length"))
        // llama.cpp: what a slot has, which newer servers tell, and what the model was trained with (seen with the server of
        // xllamacpp 2026.10.11549).
        .or_else(|| inner("meta", "n_ctx"))
        .or_else(|| inner("meta", "n_ctx_train"))
        .or_else(|| inner("details", "context_length"))
}

/// LM Studio's v1 list: the first loaded instance.
fn read_loaded_instance(object: &Object<'_>) -> Option<u64> {
    let instances = object.array("loaded_instances", 1)?;
    let instance = Object::read(instances.items.first()?.get())?;
    instance
        .object("config")?
        .unsigned("context_length")
        .filter(|tokens| *tokens > 0)
}

/// `max_completion_tokens` is Groq's and (within `top_provider`) OpenRouter's, `max_tokens` Anthropic's.
fn read_max_output(object: &Object<'_>) -> Option<u64> {
    ["max_completion_tokens", "max_output_tokens", "max_tokens"]
        .iter()
        .find_map(|name| object.unsigned(name))
        .or_else(|| {
            object
                .object("top_provider")?
                .unsigned("max_completion_tokens")
        })
        .filter(|tokens| *tokens > 0)
}
