//! One row of the ledger: what a finished request comes to, as it is written to the journal and to the database. Holds
//! no prompt and no answer, and nothing that a database would not take: one row must not hold up the others.

use std::{
    borrow::{Borrow, Cow},
    collections::HashSet,
    ops::Deref,
    sync::Arc,
    time::SystemTime,
};

mod line;

pub use line::write as write_line;

use modelport_provider::usage::Usage;
use serde::{Deserialize, Deserializer};
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
const MAX_COUNT: i64 = 1_000_000_000_000;

/// The longest time, and the latest moment, of a row: the end of the year 9999.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// Texts that are remembered to be shared.
const MAX_TEXTS: usize = 10_000;

/// A text of a row, which other rows may share.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// The text, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(text.into()))
    }
}

/// A row of the ledger. The names are those of the ledger's columns, and of its JSON in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// Names the row; a caller may use one request id for many requests.
    #[serde(with = "uuid::serde::simple")]
    pub id: Uuid,
    /// When the request arrived, in milliseconds since 1970.
    pub at_ms: i64,
    /// The request's id.
    pub request_id: Text,
    /// Empty for a gateway without keys.
    #[serde(default)]
    pub key: Text,
    /// Empty for a key that is nobody's in particular.
    #[serde(default)]
    pub team: Text,
    /// The id of the provider that was asked last.
    #[serde(default)]
    pub provider: Text,
    /// The model as the caller named it.
    #[serde(default)]
    pub requested: Text,
    /// The model that was asked for of the provider.
    #[serde(default)]
    pub model: Text,
    /// The endpoint below `/v1`.
    pub surface: Text,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// The status that the caller got.
    pub status: i16,
    /// How it ended: the word of [`Ending`](super::record::Ending).
    pub ending: Text,
    /// How many attempts were made.
    pub attempts: i32,
    /// From the request's arrival to the end of the answer.
    pub duration_ms: i64,
    /// From the request's arrival to the first output.
    #[serde(default)]
    pub first_output_ms: Option<i64>,
    /// Tokens of the prompt. All tokens are counted as the fields of [`Usage`] are.
    #[serde(default)]
    pub input_tokens: i64,
    /// Tokens of the answer.
    #[serde(default)]
    pub output_tokens: i64,
    /// Input tokens that a cache held.
    #[serde(default)]
    pub cached_input_tokens: i64,
    /// Input tokens that were written to a cache.
    #[serde(default)]
    pub cache_write_tokens: i64,
    /// Those of them that are kept for an hour.
    #[serde(default)]
    pub cache_write_1h_tokens: i64,
    /// Output tokens that were thought.
    #[serde(default)]
    pub reasoning_tokens: i64,
    /// Input tokens that were sound.
    #[serde(default)]
    pub audio_input_tokens: i64,
    /// Output tokens that were sound.
    #[serde(default)]
    pub audio_output_tokens: i64,
    /// Input tokens that were pictures.
    #[serde(default)]
    pub image_input_tokens: i64,
    /// Output tokens that were pictures.
    #[serde(default)]
    pub image_output_tokens: i64,
    /// What it costs in pico-dollars; `None` where nobody knows.
    #[serde(default)]
    pub cost_pico: Option<i64>,
    /// Where that comes from: the word of [`Source`](charge::Source).
    pub cost_source: Text,
    /// What the provider reported, in pico-dollars.
    #[serde(default)]
    pub reported_pico: Option<i64>,
    /// What the prices come to, in pico-dollars.
    #[serde(default)]
    pub computed_pico: Option<i64>,
    /// Which set of prices was used, and its version.
    #[serde(default)]
    pub prices: Option<Text>,
    /// A JSON object.
    #[serde(default)]
    pub tags: Option<Text>,
}

/// Texts that many rows have, kept once.
#[derive(Default)]
pub struct Texts {
    known: HashSet<Text>,
    /// Those of the row before: the next one has most of them too, in the same columns.
    last: [Text; Column::Prices as usize + 1],
}

/// The columns whose texts are shared.
#[derive(Clone, Copy)]
enum Column {
    Key,
    Team,
    Provider,
    Requested,
    Model,
    Surface,
    Ending,
    CostSource,
    Prices,
}

impl Texts {
    fn shared(&mut self, column: Column, text: &str) -> Text {
        let Some(last) = self.last.get_mut(column as usize) else {
            return Text::from(text);
        };
        if **last != *text {
            let known = self.known.get(text).cloned();
            *last = known.unwrap_or_else(|| {
                let new = Text::from(text);
                if self.known.len() < MAX_TEXTS {
                    self.known.insert(new.clone());
                }
                new
            });
        }
        last.clone()
    }

    /// A name as a row holds it; empty for none.
    fn name(&mut self, column: Column, text: Option<&str>) -> Text {
        self.shared(column, &name(text))
    }
}

impl Entry {
    /// The row of a request that has just ended.
    pub fn of(record: &Record, texts: &mut Texts) -> Self {
        let none = Usage::default();
        let usage = record.usage.as_ref().unwrap_or(&none);
        let Charge {
            amount,
            source,
            reported,
            computed,
            prices,
        } = &record.charge;
        let pico = |dollars: &Option<_>| dollars.map(charge::pico);
        let tags = record.tags.as_ref();
        let tags = tags.filter(|tags| tags.len() <= MAX_TAGS);
        Self {
            id: new_uuid(),
            at_ms: millis_since_1970(record.at),
            request_id: Text::from(&*name(Some(record.id.as_str()))),
            key: match &record.key {
                Some(key) => texts.name(Column::Key, Some(key)),
                None => texts.shared(Column::Key, &key(record.caller)),
            },
            team: texts.name(Column::Team, record.team.as_deref()),
            provider: texts.name(Column::Provider, record.provider.as_deref()),
            requested: texts.name(Column::Requested, record.requested.as_deref()),
            model: texts.name(Column::Model, record.upstream_model.as_deref()),
            surface: texts.shared(Column::Surface, record.endpoint),
            stream: record.stream,
            status: i16::try_from(record.status.as_u16()).unwrap_or(i16::MAX),
            ending: texts.shared(Column::Ending, record.ending.as_str()),
            attempts: i32::try_from(record.attempts).unwrap_or(i32::MAX),
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
            cost_source: texts.shared(Column::CostSource, source.as_str()),
            reported_pico: pico(reported),
            computed_pico: pico(computed),
            prices: prices
                .as_deref()
                .map(|prices| texts.name(Column::Prices, Some(prices))),
            tags: tags.map(|tags| Text::from(&*without_nul(tags))),
        }
    }
}

/// As much of a name as a row holds.
pub fn short(name: &str) -> &str {
    let end = name.floor_char_boundary(MAX_NAME);
    name.get(..end).unwrap_or(name)
}

/// A name as a row holds it; empty for none.
pub fn name(name: Option<&str>) -> Cow<'_, str> {
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

fn count(tokens: u64) -> i64 {
    i64::try_from(tokens).map_or(MAX_COUNT, |tokens| tokens.min(MAX_COUNT))
}

/// What the key of a caller is called; nothing where none is needed.
fn key(caller: u64) -> String {
    match caller {
        0 => String::new(),
        caller => format!("env-{:08x}", caller >> 32),
    }
}

fn millis_since_1970(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, millis)
}

fn millis(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_millis()).map_or(MAX_MILLIS, |millis| millis.min(MAX_MILLIS))
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
