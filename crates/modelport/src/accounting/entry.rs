//! One row of the ledger: what a finished request comes to, as it is written to the journal and to the database. Holds
//! no prompt and no answer.

use std::time::SystemTime;

use serde::Serialize;
use uuid::Uuid;

use super::record::Record;

/// A row of the ledger. The names are those of the ledger's columns.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    /// Names the row; a caller may use one request id for many requests.
    #[serde(with = "uuid::serde::simple")]
    id: Uuid,
    /// When the request arrived, in milliseconds since 1970.
    at_ms: u64,
    request_id: &'a str,
    /// Empty for a gateway without keys.
    key: String,
    provider: &'a str,
    /// The model that was asked for of the provider.
    model: &'a str,
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
    reasoning_tokens: u64,
    audio_input_tokens: u64,
    audio_output_tokens: u64,
}

impl<'a> Entry<'a> {
    /// The row of a request that has just ended.
    pub fn of(record: &'a Record) -> Self {
        let usage = record.usage.clone().unwrap_or_default();
        Self {
            id: Uuid::now_v7(),
            at_ms: millis_since_1970(record.at),
            request_id: record.id.as_str(),
            key: key(record.caller),
            provider: record.provider.as_deref().unwrap_or_default(),
            model: record.upstream_model.as_deref().unwrap_or_default(),
            surface: record.endpoint,
            stream: record.stream,
            status: record.status.as_u16(),
            ending: record.ending.as_str(),
            attempts: record.attempts,
            duration_ms: millis(record.duration),
            first_output_ms: record.first_output.map(millis),
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            audio_input_tokens: usage.audio_input_tokens,
            audio_output_tokens: usage.audio_output_tokens,
        }
    }
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
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
