//! `[[providers]]`: each entry's settings go where its provider's variables are looked up; what only the file can say
//! is kept beside.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use modelport_provider::provider_type::ProviderType;
use modelport_provider::resolution::is_provider_id;

use super::keys::{API_KEY, PROVIDER};
use super::reader::{Fields, Reader, whole};
use super::tree::{Node, Value};
use crate::config::environment::{Environment, Filed};
use crate::config::fault::Origin;
use crate::config::names;
use crate::config::providers::{GENERIC_ID, OLDER_ID, OLLAMA_ID};
use crate::config::setting::{GENERIC_PREFIX, OLDER_PREFIX, OLLAMA_PREFIX, field};
use crate::config::value::{self, Wrong, shown};
use crate::config::{FurtherKey, RoomConfig};

/// The most requests that wait where a provider's `concurrency` is used up, unless it says so.
const QUEUE: u32 = 100;
/// How long they wait, unless it says so.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most keys of one provider.
const MAX_KEYS: usize = 64;

/// A provider that the file names.
pub(in crate::config) struct Entry {
    pub(in crate::config) id: String,
    pub(in crate::config) kind: ProviderType,
    /// What its settings' names begin with.
    pub(in crate::config) prefix: String,
    pub(in crate::config) origin: Origin,
    /// The share of its first key.
    pub(in crate::config) key_weight: u32,
    /// Its keys beside the first.
    pub(in crate::config) further_keys: Vec<FurtherKey>,
    pub(in crate::config) room: Option<RoomConfig>,
}

impl Entry {
    /// Whether the environment cannot name this provider.
    pub(in crate::config) fn is_own(&self) -> bool {
        self.prefix.starts_with(OWN)
    }
}

/// What the names of settings begin with that no variable has. No variable is called so, for the dots.
const OWN: &str = "providers.";

/// The providers of the file, in its order; their settings are put into the environment.
pub(super) fn read(
    reader: &mut Reader,
    environment: &mut Environment,
    list: Option<&Node>,
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen: HashMap<String, Origin> = HashMap::new();
    for node in list.map_or(&[][..], Node::items) {
        let Some(fields) = reader.block(node, &PROVIDER) else {
            continue;
        };
        let Some(id) = reader.value(&fields, "id", provider_id) else {
            continue;
        };
        if let Some(first) = seen.get(&id) {
            let problem = format!("{id} is named already, as {}", first.in_words());
            reader.fault(
                fields.origin,
                problem,
                "Give each provider an id of its own.",
            );
            continue;
        }
        seen.insert(id.clone(), fields.origin.clone());
        entries.push(entry(reader, environment, &fields, id));
    }
    entries
}

fn provider_id(text: &str) -> Result<String, Wrong> {
    if is_provider_id(text) {
        return Ok(text.to_owned());
    }
    Err(Wrong {
        problem: format!("{} cannot name a provider", shown(text)),
        remedy: "Use a lower-case letter, then up to 63 lower-case letters, digits, - and _; and not ft."
            .to_owned(),
    })
}

fn entry(
    reader: &mut Reader,
    environment: &mut Environment,
    fields: &Fields<'_>,
    id: String,
) -> Entry {
    let prefix = prefix(&id);
    let kind = kind(reader, fields, &id, &prefix);
    unfit_keys(reader, fields, kind);
    environment.settle(prefix.clone(), fields.origin.clone());
    reader.settings(environment, fields, &prefix);
    let keys = keys(reader, environment, fields, &prefix);
    let (key_weight, further_keys) = keys.unwrap_or((1, Vec::new()));
    Entry {
        room: room(reader, fields),
        origin: fields.origin.clone(),
        id,
        kind,
        prefix,
        key_weight,
        further_keys,
    }
}

/// What the names of its settings begin with: those of the variables, where the environment can name it too.
fn prefix(id: &str) -> String {
    match id {
        GENERIC_ID => GENERIC_PREFIX.to_owned(),
        OLDER_ID => OLDER_PREFIX.to_owned(),
        OLLAMA_ID => OLLAMA_PREFIX.to_owned(),
        _ => {
            let of_instance = format!("{}_", id.to_ascii_uppercase());
            if names::suffix(&of_instance).is_some() {
                of_instance
            } else {
                format!("{OWN}{id}.")
            }
        }
    }
}

fn kind(reader: &mut Reader, fields: &Fields<'_>, id: &str, prefix: &str) -> ProviderType {
    let preset = if id == OLLAMA_ID {
        ProviderType::Ollama
    } else {
        ProviderType::OpenAiCompatible
    };
    let Some(node) = fields.get("kind") else {
        return preset;
    };
    let kind = reader.value(fields, "kind", |text| match text {
        "openai_compatible" => Ok(ProviderType::OpenAiCompatible),
        "ollama" => Ok(ProviderType::Ollama),
        _ => Err(Wrong {
            problem: format!("{} is not a kind of provider", shown(text)),
            remedy: "Use openai_compatible or ollama.".to_owned(),
        }),
    });
    let kind = kind.unwrap_or(preset);
    if kind != preset && !prefix.starts_with(OWN) {
        let problem = format!("the provider {id} is always {}", preset.as_str());
        reader.fault(&node.origin, problem, "Give this one another id.");
        return preset;
    }
    kind
}

/// Keys that providers of this kind do not have.
fn unfit_keys(reader: &mut Reader, fields: &Fields<'_>, kind: ProviderType) {
    let unfit: &[&str] = match kind {
        ProviderType::Ollama => &["profile", "api_version", "http2"],
        ProviderType::OpenAiCompatible | ProviderType::OpenRouter => &["chat_api", "keep_alive"],
    };
    for node in unfit.iter().filter_map(|key| fields.get(key)) {
        let problem = format!("a provider of the kind {} has no such key", kind.as_str());
        reader.fault(&node.origin, problem, "Remove it, or set the right kind.");
    }
}

/// Its several keys: the first one becomes the provider's key, and with the others stands their share.
fn keys(
    reader: &mut Reader,
    environment: &mut Environment,
    fields: &Fields<'_>,
    prefix: &str,
) -> Option<(u32, Vec<FurtherKey>)> {
    let list = fields.get("api_keys")?;
    if fields.get("api_key").is_some() {
        let problem = "api_key is set as well";
        reader.fault(&list.origin, problem, "Keep one of the two.");
        return None;
    }
    let items = list.items();
    if items.is_empty() || items.len() > MAX_KEYS {
        let problem = format!("it holds no key, or more than {MAX_KEYS}");
        reader.fault(&list.origin, problem, "Use from one key up to that many.");
        return None;
    }
    let mut first_weight = 1;
    let mut further = Vec::new();
    let mut seen = HashSet::new();
    for (place, item) in items.iter().enumerate() {
        let Some((text, weight)) = key(reader, item) else {
            continue;
        };
        if !seen.insert(text.clone()) {
            reader.warn(&item.origin, "This key is in the list twice.".to_owned());
        }
        if place == 0 {
            let filed = Filed {
                text,
                written: None,
            };
            environment.file(
                format!("{prefix}{}", field::API_KEY),
                filed,
                item.origin.clone(),
            );
            first_weight = weight;
            continue;
        }
        match value::secret(&text) {
            Ok(key) => further.push(FurtherKey {
                key,
                variable: item.origin.variable.clone(),
                weight,
            }),
            Err(wrong) => reader.fault(&item.origin, wrong.problem, wrong.remedy),
        }
    }
    Some((first_weight, further))
}

fn key(reader: &mut Reader, item: &Node) -> Option<(String, u32)> {
    match &item.value {
        Value::Text(_) => Some((reader.secret(item)?, 1)),
        Value::Table(_) => {
            let fields = reader.block(item, &API_KEY)?;
            let weight = reader.value(&fields, "weight", whole);
            Some((reader.secret(fields.get("key")?)?, weight.unwrap_or(1)))
        }
        Value::Number(_) | Value::Switch(_) | Value::Date | Value::List(_) => {
            let problem = format!("it is {}", item.what());
            reader.fault(
                &item.origin,
                problem,
                "Use text, or { key = \"…\", weight = 2 }.",
            );
            None
        }
    }
}

fn room(reader: &mut Reader, fields: &Fields<'_>) -> Option<RoomConfig> {
    let queue = reader.value(fields, "queue", whole);
    let patience = reader.value(fields, "patience", value::seconds);
    let waits = ["queue", "patience"];
    if fields.get("concurrency").is_none()
        && let Some(node) = waits.iter().find_map(|key| fields.get(key))
    {
        let problem = "nothing waits, since concurrency is not set";
        reader.fault(&node.origin, problem, "Set concurrency, or remove this.");
    }
    Some(RoomConfig {
        concurrency: reader.value(fields, "concurrency", whole)?,
        queue: queue.unwrap_or(QUEUE),
        patience: patience.unwrap_or(PATIENCE),
    })
}
