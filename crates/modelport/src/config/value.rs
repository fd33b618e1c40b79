//! Reading one value: from the text of a variable to a type that cannot be wrong, or to what is wrong with it and
//! what would be right. A text that may hold a secret is never repeated.

use std::net::IpAddr;
use std::time::Duration;

use http::HeaderValue;
use modelport_provider::credential::Secret;
use modelport_provider::settings::{MAX_MAX_RETRIES, MAX_TIMEOUT};

mod provider;

pub(super) use provider::*;

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
