//! Reading one value: from the text of a variable to a type that cannot be wrong, or to what is wrong with it and
//! what would be right. A text that may hold a secret is never repeated.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use modelport_provider::base_url::{BaseUrl, BaseUrlFault};
use modelport_provider::credential::{Secret, custom_headers_from_json};
use modelport_provider::parameters::Policy;
use modelport_provider::probe::{Probed, read_profile};
use modelport_provider::profile::Profile;
use modelport_provider::profiles;
use modelport_provider::settings::{ChatApi, Http2, KeepAlive, MAX_MAX_RETRIES, MAX_TIMEOUT};

use super::catalogue;
use super::providers::ConfiguredModel;
use super::server::{CorsOrigins, Level};

/// The longest name of a model or a provider, in bytes.
const MAX_TEXT: usize = 256;
/// The most characters of a wrong value that a fault repeats.
const MAX_SHOWN: usize = 60;
/// The shortest key that callers may be given; a shorter one can be guessed.
const MIN_KEY: usize = 8;
/// The most keys for callers.
const MAX_KEYS: usize = 1024;
/// The most origins of web pages.
const MAX_ORIGINS: usize = 256;
/// The bounds of a body limit, in bytes.
const BODY_LIMITS: std::ops::RangeInclusive<u64> = 1024..=1024 * 1024 * 1024;
/// The least that the ledger's file may be limited to.
const MIN_SIZE: u64 = 1 << 20;
/// The most days, about a century.
const MAX_DAYS: u32 = 36_500;
/// The most worker threads.
const MAX_WORKERS: usize = 1024;
/// The most models that one provider is given.
const MAX_MODELS: usize = 1024;

/// What is wrong with a value, as a clause, and what would be right, as sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub(super) problem: String,
    pub(super) remedy: String,
}

pub(super) fn wrong(problem: impl Into<String>, remedy: impl Into<String>) -> Wrong {
    Wrong {
        problem: problem.into(),
        remedy: remedy.into(),
    }
}

/// A wrong value in quotes, cut where it grows long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{:?}", format!("{}…", text.get(..at).unwrap_or_default())),
        None => format!("{text:?}"),
    }
}

pub(super) fn switch(text: &str) -> Result<bool, Wrong> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(wrong(
            format!("{} is neither true nor false", shown(text)),
            "Use true or false (or 1/0, yes/no, on/off).",
        )),
    }
}

pub(super) fn secret(text: &str) -> Result<Secret, Wrong> {
    Secret::new(text).map_err(|fault| {
        wrong(
            format!("this is no key, since {fault}"),
            "Copy the key again from where it was issued, without quotes or line breaks.",
        )
    })
}

/// What other settings say about a base URL.
#[derive(Debug, Clone, Default)]
pub(super) struct UrlHints {
    /// The provider it leads to, where the host does not tell.
    pub(super) profile: Option<&'static Profile>,
    /// What a probe found of its models.
    pub(super) probed: Option<Arc<Probed>>,
    /// Azure's `api-version`, which the URL's own wins over.
    pub(super) api_version: Option<String>,
}

pub(super) fn base_url(text: &str, hints: &UrlHints) -> Result<BaseUrl, Wrong> {
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

pub(super) fn api_version(text: &str) -> Result<String, Wrong> {
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
pub(super) struct ProfileChoice {
    pub(super) profile: &'static Profile,
    /// What the probe found.
    pub(super) probed: Option<Arc<Probed>>,
}

/// Whether a profile is named by the path of a file.
pub(super) fn is_profile_path(text: &str) -> bool {
    let extension = Path::new(text).extension();
    text.contains('/') || extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

pub(super) fn profile(text: &str) -> Result<ProfileChoice, Wrong> {
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

pub(super) fn policy(text: &str) -> Result<Policy, Wrong> {
    Policy::named(text).ok_or_else(|| {
        wrong(
            format!("{} is not a policy", shown(text)),
            "Use strict, warn or pass.",
        )
    })
}

/// Models by id, each perhaps with the name that the catalogue knows it by.
pub(super) fn models(list: &str) -> Result<Vec<ConfiguredModel>, Wrong> {
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

pub(super) fn ollama_url(text: &str) -> Result<BaseUrl, Wrong> {
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

pub(super) fn text(text: &str) -> Result<String, Wrong> {
    if text.len() > MAX_TEXT || text.chars().any(char::is_control) {
        return Err(wrong(
            format!(
                "{} is over {MAX_TEXT} bytes or holds a control character",
                shown(text)
            ),
            "Use a plain name on one line.",
        ));
    }
    Ok(text.to_owned())
}

pub(super) fn headers(text: &str) -> Result<HeaderMap, Wrong> {
    custom_headers_from_json(text).map_err(|fault| {
        wrong(
            fault.to_string(),
            r#"Use a JSON object of strings such as {"X-Title": "modelport"}."#,
        )
    })
}

pub(super) fn seconds(text: &str) -> Result<Duration, Wrong> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = if plain { text.parse().ok() } else { None };
    let Some(number) = number else {
        return Err(wrong(
            format!("{} is not a number of seconds", shown(text)),
            "Use a number such as 30 or 2.5.",
        ));
    };
    match Duration::try_from_secs_f64(number) {
        Ok(time) if !time.is_zero() && time <= MAX_TIMEOUT => Ok(time),
        Ok(_) | Err(_) => Err(wrong(
            format!("{} seconds is out of range", shown(text)),
            format!(
                "Use a number above 0 and at most {}.",
                MAX_TIMEOUT.as_secs()
            ),
        )),
    }
}

pub(super) fn retries(text: &str) -> Result<u32, Wrong> {
    text.parse()
        .ok()
        .filter(|retries| *retries <= MAX_MAX_RETRIES)
        .ok_or_else(|| {
            wrong(
                format!("{} is not a number of retries", shown(text)),
                format!("Use a whole number from 0 to {MAX_MAX_RETRIES}."),
            )
        })
}

pub(super) fn address(text: &str) -> Result<String, Wrong> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let name = bare
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    if bare.parse::<IpAddr>().is_ok() || (name && !bare.is_empty()) {
        return Ok(bare.to_owned());
    }
    Err(wrong(
        format!("{} is neither an IP address nor a host name", shown(text)),
        "Use an address such as 127.0.0.1 or 0.0.0.0; the port goes into PORT.",
    ))
}

pub(super) fn port(text: &str) -> Result<u16, Wrong> {
    text.parse().map_err(|_| {
        wrong(
            format!("{} is not a port", shown(text)),
            "Use a whole number from 0 to 65535.",
        )
    })
}

pub(super) fn level(text: &str) -> Result<Level, Wrong> {
    match text.to_ascii_uppercase().as_str() {
        "TRACE" => Ok(Level::Trace),
        "DEBUG" => Ok(Level::Debug),
        "INFO" => Ok(Level::Info),
        "WARN" | "WARNING" => Ok(Level::Warn),
        "ERROR" | "CRITICAL" => Ok(Level::Error),
        _ => Err(wrong(
            format!("{} is not a log level", shown(text)),
            "Use TRACE, DEBUG, INFO, WARN (or WARNING), ERROR (or CRITICAL).",
        )),
    }
}

pub(super) fn http2(text: &str) -> Result<Http2, Wrong> {
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
pub(super) fn chat_api(text: &str) -> Result<ChatApi, Wrong> {
    ChatApi::named(text).ok_or_else(|| {
        wrong(
            format!("{} is neither native nor openai", shown(text)),
            "Use native for /api/chat, or openai for /v1/chat/completions.",
        )
    })
}

/// How long a model stays loaded.
pub(super) fn keep_alive(text: &str) -> Result<KeepAlive, Wrong> {
    KeepAlive::parse(text).ok_or_else(|| {
        wrong(
            format!("{} is neither a duration nor seconds", shown(text)),
            "Use a duration such as 10m or 1h30m, seconds such as 600, -1 for ever, or 0 to unload at once.",
        )
    })
}

/// Keys that callers show; the same key twice counts once.
pub(super) fn keys(text: &str) -> Result<Vec<Secret>, Wrong> {
    let mut keys: Vec<Secret> = Vec::new();
    for (index, part) in parts(text).enumerate() {
        let place = index + 1;
        let key = Secret::new(part).map_err(|fault| {
            wrong(
                format!("key {place} is no key, since {fault}"),
                "Separate keys by commas.",
            )
        })?;
        if key.expose().len() < MIN_KEY {
            return Err(wrong(
                format!("key {place} is shorter than {MIN_KEY} characters"),
                "Use a long random one, such as the output of `openssl rand -hex 24`.",
            ));
        }
        if keys.iter().all(|known| known.expose() != key.expose()) {
            keys.push(key);
        }
    }
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(wrong(
            format!("it holds no key, or more than {MAX_KEYS}"),
            "Use one key, or several separated by commas.",
        ));
    }
    Ok(keys)
}

pub(super) fn origins(text: &str) -> Result<CorsOrigins, Wrong> {
    let all: Vec<&str> = parts(text).collect();
    if all.contains(&"*") {
        return Ok(CorsOrigins::Any);
    }
    if all.is_empty() || all.len() > MAX_ORIGINS {
        return Err(wrong(
            format!("it holds no origin, or more than {MAX_ORIGINS}"),
            "Use origins such as https://chat.example.com, or *.",
        ));
    }
    all.into_iter()
        .map(origin)
        .collect::<Result<_, _>>()
        .map(CorsOrigins::Listed)
}

/// One origin as a browser sends it: scheme, host and port, without a path.
fn origin(text: &str) -> Result<HeaderValue, Wrong> {
    let fault = || {
        wrong(
            format!("{} is not the origin of a web page", shown(text)),
            "Use a scheme, a host and perhaps a port, such as https://chat.example.com or http://localhost:3000.",
        )
    };
    let lower = text.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, host) = lower.split_once("://").ok_or_else(fault)?;
    let scheme_fits = scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'));
    let host_fits = host.bytes().all(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']')
    });
    if scheme.is_empty() || host.is_empty() || !scheme_fits || !host_fits {
        return Err(fault());
    }
    HeaderValue::try_from(lower).map_err(|_| fault())
}

/// A number of bytes, perhaps with a unit.
fn amount(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "kib" | "k" => 1 << 10,
        "mb" => 1_000_000,
        "mib" | "m" => 1 << 20,
        "gb" => 1_000_000_000,
        "gib" | "g" => 1 << 30,
        "tb" => 1_000_000_000_000,
        "tib" | "t" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// The size that a file may have.
pub(super) fn size(text: &str) -> Result<u64, Wrong> {
    amount(text)
        .filter(|amount| *amount >= MIN_SIZE)
        .ok_or_else(|| {
            wrong(
                format!(
                    "{} is not an amount of bytes of at least 1 MiB",
                    shown(text)
                ),
                "Use a number of bytes, or one with a unit such as 10 GiB.",
            )
        })
}

/// The memory that something may take; none for 0.
pub(super) fn memory(text: &str) -> Result<Option<u64>, Wrong> {
    match amount(text) {
        Some(0) => Ok(None),
        Some(amount) if amount >= MIN_SIZE => Ok(Some(amount)),
        Some(_) | None => Err(wrong(
            format!(
                "{} is neither 0 nor an amount of bytes of at least 1 MiB",
                shown(text)
            ),
            "Use a number of bytes, one with a unit such as 256 MiB, or 0 for none.",
        )),
    }
}

/// A number of days; none for 0.
pub(super) fn days(text: &str) -> Result<Option<u32>, Wrong> {
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(days) if days <= MAX_DAYS => Ok(Some(days)),
        Ok(_) | Err(_) => Err(wrong(
            format!("{} is not a number of days", shown(text)),
            format!("Use a whole number up to {MAX_DAYS}, or 0 for no end."),
        )),
    }
}

pub(super) fn bytes(text: &str) -> Result<usize, Wrong> {
    amount(text)
        .filter(|amount| BODY_LIMITS.contains(amount))
        .and_then(|amount| usize::try_from(amount).ok())
        .ok_or_else(|| {
            wrong(
                format!(
                    "{} is not an amount of bytes from 1 KiB to 1 GiB",
                    shown(text)
                ),
                "Use a number of bytes, or one with a unit such as 64 MiB.",
            )
        })
}

pub(super) fn workers(text: &str) -> Result<usize, Wrong> {
    text.parse().ok().filter(|workers| (1..=MAX_WORKERS).contains(workers)).ok_or_else(|| {
        wrong(
            format!("{} is not a number of threads", shown(text)),
            format!("Use a whole number from 1 to {MAX_WORKERS}, or leave it unset for one per core."),
        )
    })
}

pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;
