//! Reading the values that say how a provider is reached, what it is, and what it serves.

use std::path::Path;
use std::sync::Arc;

use http::HeaderMap;
use modelport_provider::base_url::{BaseUrl, BaseUrlFault};
use modelport_provider::credential::custom_headers_from_json;
use modelport_provider::parameters::Policy;
use modelport_provider::probe::{Probed, read_profile};
use modelport_provider::profile::Profile;
use modelport_provider::profiles;
use modelport_provider::settings::{ChatApi, Http2, KeepAlive};

use super::{MAX_TEXT, Wrong, parts, shown, text, wrong};
use crate::config::{catalogue, providers::ConfiguredModel};

/// The most models that one provider is given.
const MAX_MODELS: usize = 1024;

/// What other settings say about a base URL.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct UrlHints {
    /// The provider it leads to, where the host does not tell.
    pub(in crate::config) profile: Option<&'static Profile>,
    /// What a probe found of its models.
    pub(in crate::config) probed: Option<Arc<Probed>>,
    /// Azure's `api-version`, which the URL's own wins over.
    pub(in crate::config) api_version: Option<String>,
}

pub(in crate::config) fn base_url(text: &str, hints: &UrlHints) -> Result<BaseUrl, Wrong> {
    let with_version = hints.api_version.as_ref().map(|version| {
        let separator = if text.contains('?') { '&' } else { '?' };
        format!("{text}{separator}{API_VERSION}={version}")
    });
    let text = match &with_version {
        Some(longer) if !text.contains(API_VERSION) => longer,
        Some(_) | None => text,
    };
    let read = match hints.profile {
        Some(profile) => BaseUrl::parse_as(text, profile),
        None => BaseUrl::parse(text),
    };
    read.map_err(|fault| url_fault(&fault, "https://openrouter.ai/api/v1"))
}

const API_VERSION: &str = "api-version";

pub(in crate::config) fn api_version(text: &str) -> Result<String, Wrong> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain && text.len() <= MAX_TEXT {
        return Ok(text.to_owned());
    }
    Err(wrong(
        format!("{} is not an api-version", shown(text)),
        "Use a date such as 2024-10-21 or 2025-01-01-preview, or v1, preview or latest.",
    ))
}

/// What a provider is: by the name of one that is known, or by a file that a probe wrote.
#[derive(Debug, Clone)]
pub(in crate::config) struct ProfileChoice {
    pub(in crate::config) profile: &'static Profile,
    /// What the probe found.
    pub(in crate::config) probed: Option<Arc<Probed>>,
}

/// Whether a profile is named by the path of a file.
pub(in crate::config) fn is_profile_path(text: &str) -> bool {
    let extension = Path::new(text).extension();
    text.contains('/') || extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

pub(in crate::config) fn profile(text: &str) -> Result<ProfileChoice, Wrong> {
    if is_profile_path(text) {
        return probed(text);
    }
    let profile = known_profile(text)?;
    let probed = None;
    Ok(ProfileChoice { profile, probed })
}

fn probed(path: &str) -> Result<ProfileChoice, Wrong> {
    let text = catalogue::read_file(Path::new(path))?;
    let probed = read_profile(&text);
    let probed =
        probed.map_err(|fault| wrong(format!("{path}:{}", fault.clause()), fault.remedy))?;
    Ok(ProfileChoice {
        profile: probed.profile,
        probed: Some(Arc::new(probed)),
    })
}

fn known_profile(text: &str) -> Result<&'static Profile, Wrong> {
    profiles::by_slug(text).ok_or_else(|| {
        let known: Vec<&str> = profiles::slugs().collect();
        wrong(
            format!("{} is not a provider that is known here", shown(text)),
            format!(
                "Use one of {}, or the path of a file that `modelport probe --write` wrote.",
                known.join(", ")
            ),
        )
    })
}

pub(in crate::config) fn policy(text: &str) -> Result<Policy, Wrong> {
    Policy::named(text).ok_or_else(|| {
        wrong(
            format!("{} is not a policy", shown(text)),
            "Use strict, warn or pass.",
        )
    })
}

/// Models by id, each perhaps with the name that the catalogue knows it by.
pub(in crate::config) fn models(list: &str) -> Result<Vec<ConfiguredModel>, Wrong> {
    let models: Vec<ConfiguredModel> = parts(list)
        .map(|part| match part.split_once('=') {
            Some((id, base)) => (id.trim(), Some(base.trim())),
            None => (part, None),
        })
        .map(|(id, base)| model(id, base))
        .collect::<Result<_, _>>()?;
    let mut ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(wrong(
            format!("it names {} twice", shown(twice.first().unwrap_or(&""))),
            "Name each model once.",
        ));
    }
    if models.is_empty() || models.len() > MAX_MODELS {
        return Err(wrong(
            format!("it names no model, or more than {MAX_MODELS}"),
            "Use ids separated by commas, such as my-chat=gpt-4o,my-embeddings.",
        ));
    }
    Ok(models)
}

fn model(id: &str, base: Option<&str>) -> Result<ConfiguredModel, Wrong> {
    let is_name =
        |name: &str| !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control());
    if !is_name(id) || !base.is_none_or(is_name) {
        return Err(wrong(
            format!("{} is not the id of a model", shown(id)),
            "Use ids without blanks, separated by commas; an Azure deployment as deployment=base-model.",
        ));
    }
    Ok(ConfiguredModel {
        id: text(id)?,
        base: base.map(text).transpose()?,
    })
}

pub(in crate::config) fn ollama_url(text: &str) -> Result<BaseUrl, Wrong> {
    BaseUrl::parse_ollama(text).map_err(|fault| url_fault(&fault, "http://localhost:11434"))
}

fn url_fault(fault: &BaseUrlFault, example: &str) -> Wrong {
    let remedy = match fault {
        BaseUrlFault::UserInfo => {
            "Leave only the host in the URL and set the API key variable.".to_owned()
        }
        BaseUrlFault::Empty
        | BaseUrlFault::TooLong
        | BaseUrlFault::NotAUrl(_)
        | BaseUrlFault::Scheme => {
            format!("Use an address such as {example}.")
        }
    };
    wrong(fault.to_string(), remedy)
}

pub(in crate::config) fn headers(text: &str) -> Result<HeaderMap, Wrong> {
    custom_headers_from_json(text).map_err(|fault| {
        wrong(
            fault.to_string(),
            r#"Use a JSON object of strings such as {"X-Title": "modelport"}."#,
        )
    })
}

pub(in crate::config) fn http2(text: &str) -> Result<Http2, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "off" => Ok(Http2::Off),
        "auto" => Ok(Http2::Auto),
        "prior-knowledge" => Ok(Http2::PriorKnowledge),
        _ => Err(wrong(
            format!("{} is not a way to use HTTP/2", shown(text)),
            "Use off, auto (for https:// URLs) or prior-knowledge (for http:// URLs).",
        )),
    }
}

/// One of Ollama's two APIs.
pub(in crate::config) fn chat_api(text: &str) -> Result<ChatApi, Wrong> {
    ChatApi::named(text).ok_or_else(|| {
        wrong(
            format!("{} is neither native nor openai", shown(text)),
            "Use native for /api/chat, or openai for /v1/chat/completions.",
        )
    })
}

/// How long a model stays loaded.
pub(in crate::config) fn keep_alive(text: &str) -> Result<KeepAlive, Wrong> {
    KeepAlive::parse(text).ok_or_else(|| {
        wrong(
            format!("{} is neither a duration nor seconds", shown(text)),
            "Use a duration such as 10m or 1h30m, seconds such as 600, -1 for ever, or 0 to unload at once.",
        )
    })
}
