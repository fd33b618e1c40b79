//! One row of the ledger: what a finished request comes to, as it is written to the journal and to the database. Holds
//! no prompt and no answer, and nothing that a database would not take: one row must not hold up the others.

use std::{borrow::Cow, time::SystemTime};

use serde::Serialize;
use uuid::Uuid;

use super::{
    charge::{self, Charge},
    record::Record,
};
use crate::ids::new_uuid;

/// The longest name that a row holds, in bytes.
const MAX_NAME: usize = 256;

/// The longest tags that a row holds, in bytes. Longer ones cannot be cut.
const MAX_TAGS: usize = 4096;

/// The most that one request can count of anything. A provider may say what it likes; sums of this fit the database.
const MAX_COUNT: u64 = 1_000_000_000_000;

/// The longest time, and the latest moment, of a row: the end of the year 9999.
const MAX_MILLIS: u64 = 253_402_300_799_999;

/// A row of the ledger. The names are those of the ledger's columns.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    /// Names the row; a caller may use one request id for many requests.
    #[serde(with = "uuid::serde::simple")]
    id: Uuid,
    /// When the request arrived, in milliseconds since 1970.
    at_ms: u64,
    request_id: Cow<'a, str>,
    /// Empty for a gateway without keys.
    key: Cow<'a, str>,
    /// Empty for a key that is nobody's in particular.
    team: Cow<'a, str>,
    provider: Cow<'a, str>,
    /// The model as the caller named it.
    requested: Cow<'a, str>,
    /// The model that was asked for of the provider.
    model: Cow<'a, str>,
    surface: &'static str,
    stream: bool,
    status: u16,
    ending: &'static str,
    attempts: u32,
    duration_ms: u64,
    first_output_ms: Option<u64>,
    input_tokens: u64,
    output_tokens: u64,
    cached_input_tokens: u64,
    cache_write_tokens: u64,
    cache_write_1h_tokens: u64,
    reasoning_tokens: u64,
    audio_input_tokens: u64,
    audio_output_tokens: u64,
    image_input_tokens: u64,
    image_output_tokens: u64,
    cost_pico: Option<i64>,
    cost_source: &'static str,
    reported_pico: Option<i64>,
    computed_pico: Option<i64>,
    prices: Option<Cow<'a, str>>,
    tags: Option<Cow<'a, str>>,
}

impl<'a> Entry<'a> {
    /// The row of a request that has just ended.
    pub fn of(record: &'a Record) -> Self {
        let usage = record.usage.clone().unwrap_or_default();
        let Charge {
            amount,
            source,
            reported,
            computed,
            prices,
        } = &record.charge;
        let pico = |dollars: &Option<_>| dollars.map(charge::pico);
        Self {
            id: new_uuid(),
            at_ms: millis_since_1970(record.at),
            request_id: name(Some(record.id.as_str())),
            key: match &record.key {
                Some(key) => name(Some(key)),
                None => Cow::Owned(key(record.caller)),
            },
            team: name(record.team.as_deref()),
            provider: name(record.provider.as_deref()),
            requested: name(record.requested.as_deref()),
            model: name(record.upstream_model.as_deref()),
            surface: record.endpoint,
            stream: record.stream,
            status: record.status.as_u16(),
            ending: record.ending.as_str(),
            attempts: record.attempts,
            duration_ms: millis(record.duration),
            first_output_ms: record.first_output.map(millis),
            input_tokens: count(usage.input_tokens),
            output_tokens: count(usage.output_tokens),
            cached_input_tokens: count(usage.cached_input_tokens),
            cache_write_tokens: count(usage.cache_write_tokens),
            cache_write_1h_tokens: count(usage.cache_write_1h_tokens),
            reasoning_tokens: count(usage.reasoning_tokens),
            audio_input_tokens: count(usage.audio_input_tokens),
            audio_output_tokens: count(usage.audio_output_tokens),
            image_input_tokens: count(usage.image_input_tokens),
            image_output_tokens: count(usage.image_output_tokens),
            cost_pico: pico(amount),
            cost_source: source.as_str(),
            reported_pico: pico(reported),
            computed_pico: pico(computed),
            prices: prices.as_deref().map(|prices| name(Some(prices))),
            tags: record
                .tags
                .as_deref()
                .filter(|tags| tags.len() <= MAX_TAGS)
                .map(without_nul),
        }
    }
}

/// As much of a name as a row holds.
pub fn short(name: &str) -> &str {
    let end = name.floor_char_boundary(MAX_NAME);
    name.get(..end).unwrap_or(name)
}

/// A name as a row holds it; empty for none.
fn name(name: Option<&str>) -> Cow<'_, str> {
    without_nul(short(name.unwrap_or_default()))
}

/// PostgreSQL takes no text with a NUL in it.
fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn count(tokens: u64) -> u64 {
    tokens.min(MAX_COUNT)
}

/// What the key of a caller is called; nothing where none is needed.
fn key(caller: u64) -> String {
    match caller {
        0 => String::new(),
        caller => format!("env-{:08x}", caller >> 32),
    }
}

fn millis_since_1970(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, millis)
}

fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).map_or(MAX_MILLIS, |millis| millis.min(MAX_MILLIS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_and_holds_no_nul() {
        assert_eq!(name(None), "");
        assert_eq!(name(Some("gpt-4o")), "gpt-4o");
        assert_eq!(name(Some("a\0b")), "a\u{fffd}b");
        let long = "é".repeat(MAX_NAME);
        assert_eq!(name(Some(&long)).len(), MAX_NAME);
        let odd = format!("x{long}");
        assert_eq!(name(Some(&odd)).len(), MAX_NAME - 1);
    }
}
