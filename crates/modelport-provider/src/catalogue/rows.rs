//! The catalogue's entries as they are written. What they mean is next door.

use std::fmt;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::price::read_amount;

/// A section's entries in order.
pub(super) struct Rows<'a>(pub(super) Vec<(&'a str, Row<'a>)>);

impl<'de> Deserialize<'de> for Rows<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowsVisitor;
        impl<'de> Visitor<'de> for RowsVisitor {
            type Value = Rows<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a section")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows<'de>, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = map.next_entry()? {
                    rows.push(row);
                }
                Ok(Rows(rows))
            }
        }
        deserializer.deserialize_map(RowsVisitor)
    }
}

#[derive(Deserialize)]
pub(super) struct Row<'a> {
    pub(super) mode: &'a str,
    pub(super) max_in: Option<u64>,
    pub(super) max_out: Option<u64>,
    #[serde(default)]
    pub(super) price: PriceRow<'a>,
    #[serde(borrow, default)]
    pub(super) tiers: Vec<PriceRow<'a>>,
    #[serde(borrow)]
    pub(super) flex: Option<PriceRow<'a>>,
    #[serde(borrow)]
    pub(super) priority: Option<PriceRow<'a>>,
    #[serde(borrow)]
    pub(super) batch: Option<PriceRow<'a>>,
    #[serde(borrow)]
    pub(super) off_peak: Option<PriceRow<'a>>,
    pub(super) per_search: Option<SearchRow>,
    #[serde(borrow, default)]
    pub(super) caps: Vec<&'a str>,
    pub(super) deprecated_on: Option<&'a str>,
}

/// A set of prices; a tier has `above`, a class of service its own `tiers`, off-peak prices their `windows`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PriceRow<'a> {
    pub(super) above: Option<u64>,
    #[serde(borrow)]
    pub(super) tiers: Vec<PriceRow<'a>>,
    #[serde(borrow)]
    pub(super) windows: Vec<WindowRow<'a>>,
    #[serde(rename = "in")]
    pub(super) prompt: Amount,
    #[serde(rename = "out")]
    pub(super) completion: Amount,
    pub(super) cache_read: Amount,
    pub(super) cache_write: Amount,
    pub(super) cache_write_1h: Amount,
    pub(super) reasoning: Amount,
    pub(super) audio_in: Amount,
    pub(super) audio_out: Amount,
    pub(super) image_token_in: Amount,
    pub(super) image_token_out: Amount,
    pub(super) per_image_in: Amount,
    pub(super) per_request: Amount,
    pub(super) citation: Amount,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct SearchRow {
    pub(super) low: Amount,
    pub(super) medium: Amount,
    pub(super) high: Amount,
}

#[derive(Deserialize)]
pub(super) struct WindowRow<'a> {
    #[serde(borrow)]
    pub(super) hours_utc: Hours<'a>,
    #[serde(borrow)]
    pub(super) weekdays: Vec<Day<'a>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Hours<'a> {
    One(&'a str),
    #[serde(borrow)]
    Many(Vec<&'a str>),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Day<'a> {
    Number(u8),
    Name(&'a str),
}

/// A price read from the number's own digits.
#[derive(Default)]
pub(super) struct Amount(pub(super) Option<Decimal>);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(read_amount(raw.get())))
    }
}
