//! A route's targets: one model at one provider, and the requests that it takes.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use modelport_provider::capability::Capability;

use crate::config::fault::Origin;
use crate::config::file::keys::{CONDITION, TARGET};
use crate::config::file::reader::{Fields, Reader, whole};
use crate::config::file::tree::{Node, Value};
use crate::config::limits;
use crate::config::names;
use crate::config::providers::ProviderConfig;
use crate::config::routes::{Condition, Pattern, TargetConfig};
use crate::config::value::shown;

/// One target; `None` if something is wrong with it.
pub(super) fn read(
    reader: &mut Reader,
    node: &Node,
    providers: &[ProviderConfig],
) -> Option<TargetConfig> {
    match &node.value {
        Value::Text(text) => {
            let (provider, model) = provider_and_model(reader, &node.origin, text, providers)?;
            Some(TargetConfig {
                provider,
                model,
                weight: 1,
                when: Condition::default(),
            })
        }
        Value::Table(_) => {
            let fields = reader.block(node, &TARGET)?;
            let weight = reader.value(&fields, "weight", whole);
            let when = when(reader, &fields);
            let target = fields.get("target")?;
            let text = target.text()?;
            let (provider, model) = provider_and_model(reader, &target.origin, text, providers)?;
            Some(TargetConfig {
                provider,
                model,
                weight: weight.unwrap_or(1),
                when,
            })
        }
        Value::Number(_) | Value::Switch(_) | Value::Date | Value::List(_) => {
            let problem = format!("it is {}", node.what());
            let remedy = "Use \"provider:model\", or { target = \"provider:model\", weight = 3 }.";
            reader.fault(&node.origin, problem, remedy);
            None
        }
    }
}

/// The place of the provider with this id or alias.
pub(in crate::config::file) fn place(providers: &[ProviderConfig], name: &str) -> Option<usize> {
    providers.iter().position(|provider| {
        provider.id == name || provider.aliases.iter().any(|alias| alias == name)
    })
}

fn provider_and_model(
    reader: &mut Reader,
    origin: &Origin,
    text: &str,
    providers: &[ProviderConfig],
) -> Option<(usize, Option<String>)> {
    let (name, model) = match text.split_once(':') {
        None | Some((_, "*")) => (text.trim_end_matches(":*"), None),
        Some((name, model)) => (name, Some(model)),
    };
    if model.is_some_and(str::is_empty) {
        let problem = format!("{} names no model", shown(text));
        let remedy =
            format!("Write {name}:MODEL, or {name} alone for the model that was asked for.");
        reader.fault(origin, problem, remedy);
        return None;
    }
    let Some(provider) = place(providers, name) else {
        reader.fault(
            origin,
            format!("there is no provider {} ({})", shown(name), shown(text)),
            remedy(name, providers),
        );
        return None;
    };
    if providers.get(provider).is_some_and(|found| !found.enabled) {
        let problem = format!("the provider {name} is disabled");
        reader.fault(origin, problem, "Enable it, or remove this target.");
        return None;
    }
    Some((provider, model.map(str::to_owned)))
}

fn remedy(name: &str, providers: &[ProviderConfig]) -> String {
    let enabled = providers.iter().filter(|provider| provider.enabled);
    let ids: Vec<&str> = enabled.map(|provider| provider.id.as_str()).collect();
    let nearest = names::nearest_of(name, ids.iter().map(|id| (*id).to_owned()));
    let hint = nearest.map_or_else(String::new, |nearest| format!("Did you mean {nearest}? "));
    format!(
        "{hint}Write provider:model, where the provider is one of {}.",
        ids.join(", ")
    )
}

/// The requests that a target or a group takes.
pub(super) fn when(reader: &mut Reader, fields: &Fields<'_>) -> Condition {
    let node = fields.get("when");
    let when = node.and_then(|node| condition(reader, node));
    when.unwrap_or_default()
}

fn condition(reader: &mut Reader, node: &Node) -> Option<Condition> {
    let fields = reader.block(node, &CONDITION)?;
    let mut needs = Vec::new();
    for node in fields.get("needs").map_or(&[][..], Node::items) {
        needs.extend(capability(reader, node));
    }
    let mut headers = Vec::new();
    for entry in fields.get("headers").map_or(&[][..], Node::entries) {
        headers.extend(header(reader, &entry.origin, &entry.key, &entry.node));
    }
    let mut key_tags = Vec::new();
    for entry in fields.get("key_tags").map_or(&[][..], Node::entries) {
        key_tags.extend(key_tag(reader, &entry.origin, &entry.key, &entry.node));
    }
    let least = reader.value(&fields, "min_input_tokens", whole);
    let most = reader.value(&fields, "max_input_tokens", whole);
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        let problem = format!("no request has at least {least} and at most {most} input tokens");
        reader.fault(fields.origin, problem, "Exchange the two.");
    }
    Some(Condition {
        needs,
        headers,
        key_tags,
        min_input_tokens: least,
        max_input_tokens: most,
    })
}

fn capability(reader: &mut Reader, node: &Node) -> Option<Capability> {
    let text = node.text()?;
    let found = Capability::named(text);
    if found.is_none() {
        let known = Capability::ALL.map(Capability::as_str);
        let nearest = names::nearest_of(text, known.iter().map(|name| (*name).to_owned()));
        let remedy = match nearest {
            Some(nearest) => format!("Did you mean {nearest}?"),
            None => format!("Use one of {}.", known.join(", ")),
        };
        let problem = format!("{} is not an ability of models", shown(text));
        reader.fault(&node.origin, problem, remedy);
    }
    found
}

fn header(
    reader: &mut Reader,
    origin: &Origin,
    name: &str,
    value: &Node,
) -> Option<(HeaderName, HeaderValue)> {
    let text = reader.plain(value)?;
    let read = HeaderName::try_from(name).ok();
    let mut read = read.zip(HeaderValue::from_str(&text).ok());
    if let Some((_, value)) = &mut read {
        value.set_sensitive(true);
    } else {
        let problem = "no request has such a header";
        let remedy = "Use names of letters, digits and -, and values on one line.";
        reader.fault(origin, problem, remedy);
    }
    read
}

fn key_tag(
    reader: &mut Reader,
    origin: &Origin,
    name: &str,
    value: &Node,
) -> Option<(Arc<str>, Pattern)> {
    let text = reader.plain(value)?;
    let is_tag =
        |text: &str| text.chars().count() <= limits::MAX_TAG && !text.chars().any(char::is_control);
    if !name.is_empty() && is_tag(name) && is_tag(&text) {
        return Some((Arc::from(name), Pattern(text)));
    }
    let problem = "no key has such a tag";
    let remedy = format!(
        "Use a name and a value of up to {} characters, none of them a control character.",
        limits::MAX_TAG
    );
    reader.fault(origin, problem, remedy);
    None
}
