//! How much somebody may use: numbers per minute and day, and money per window. Read from the same words wherever they
//! stand: in the configuration file, in a key, in a team.

use std::{fmt, str::FromStr, time::Duration};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use super::{object, routes::Pattern};

/// The longest name and the longest value of a key's tag, in characters.
pub const MAX_TAG: usize = 200;

/// How a key's requests stand to those of others where they wait. A higher one goes first.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// After the others.
    Low,
    /// That of whoever says nothing.
    #[default]
    Normal,
    /// Before the others.
    High,
}

impl Priority {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// A limit that is configured, and of what it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitConfig {
    /// Of what.
    pub of: Limited,
    /// What may be used.
    pub limits: Limits,
}

/// What a configured limit is one of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limited {
    /// All requests together.
    Gateway,
    /// Those to the provider of this id.
    Provider(String),
    /// Those for models that are asked for by these names.
    Model(Pattern),
}

/// What may be used at most; what is `None` has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64)]
    pub requests_per_minute: Option<u64>,
    /// Requests in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64)]
    pub requests_per_day: Option<u64>,
    /// Tokens, in and out, in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64)]
    pub tokens_per_minute: Option<u64>,
    /// Tokens, in and out, in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64)]
    pub tokens_per_day: Option<u64>,
    /// Input tokens in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64)]
    pub input_tokens_per_minute: Option<u64>,
    /// Output tokens in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_u64)]
    pub output_tokens_per_minute: Option<u64>,
    /// Requests under way at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 4_294_967_295_u64)]
    pub concurrency: Option<u32>,
    /// Money.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "object::each"
    )]
    pub budgets: Vec<Budget>,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with them, if anything.
    pub fn fault(&self) -> Option<String> {
        let numbers = [
            ("requests_per_minute", self.requests_per_minute),
            ("requests_per_day", self.requests_per_day),
            ("tokens_per_minute", self.tokens_per_minute),
            ("tokens_per_day", self.tokens_per_day),
            ("input_tokens_per_minute", self.input_tokens_per_minute),
            ("output_tokens_per_minute", self.output_tokens_per_minute),
            ("concurrency", self.concurrency.map(u64::from)),
        ];
        let zero = numbers.iter().find(|(_, number)| *number == Some(0));
        if let Some((name, _)) = zero {
            return Some(format!(
                "{name} is 0, which lets nothing through. Give at least 1, leave it out for no limit, or revoke the key."
            ));
        }
        let large = numbers
            .iter()
            .find(|(_, number)| number.is_some_and(|number| number > MAX_NUMBER));
        large.map(|(name, _)| {
            format!("{name} is more than {MAX_NUMBER}. Give less, or leave it out for no limit.")
        })
    }
}

/// The highest limit that can be kept count of.
const MAX_NUMBER: u64 = 1_000_000_000_000;

/// The most money that a budget may hold, in US dollars.
const MAX_AMOUNT: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// Money for a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// What may be spent, in US dollars.
    #[serde(with = "plain")]
    #[schema(value_type = plain::Written)]
    pub amount: Decimal,
    /// In which window: `day`, `week`, `month`, `total`, or the last days as `30d`.
    #[schema(value_type = String, pattern = "^(day|week|month|total|[0-9]{1,3}d)$")]
    pub per: Window,
    /// What is spent when a warning is due, in US dollars; no more than the amount.
    #[serde(
        default,
        with = "plain_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<plain::Written>)]
    pub warn: Option<Decimal>,
    /// Whether requests are refused once the amount is spent; otherwise it is only warned of.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub refuse: bool,
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the shape that serde asks for"
)]
fn is_yes(refuse: &bool) -> bool {
    *refuse
}

/// The time in which a budget is spent. All are in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first of a month to that of the next.
    Month,
    /// For ever.
    Total,
    /// The last so many days, at any moment.
    Rolling(Duration),
}

const DAY: u64 = 86_400;

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day => f.write_str("day"),
            Self::Week => f.write_str("week"),
            Self::Month => f.write_str("month"),
            Self::Total => f.write_str("total"),
            Self::Rolling(time) => write!(f, "{}d", time.as_secs() / DAY),
        }
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "total" => Self::Total,
            _ => {
                let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
                let days = days.filter(|days: &u64| (1..=366).contains(days));
                let days = days.ok_or_else(|| {
                    format!("{text:?} is no window. Use day, week, month, total, or the last days as 30d.")
                })?;
                Self::Rolling(Duration::from_secs(days * DAY))
            }
        })
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.amount.normalize(), self.per)?;
        if let Some(warn) = self.warn {
            write!(f, ",warn={}", warn.normalize())?;
        }
        if !self.refuse {
            f.write_str(",soft")?;
        }
        Ok(())
    }
}

/// A budget as the command line takes it: `AMOUNT/WINDOW`, then `,warn=AMOUNT` and `,soft`.
impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',').map(str::trim);
        let (amount, per) = parts
            .next()
            .and_then(|first| first.split_once('/'))
            .ok_or_else(|| {
                format!("{text:?} is no budget. Use AMOUNT/WINDOW in US dollars, such as 100/month or 5.50/day,warn=4.")
            })?;
        let mut budget = Self {
            amount: money(amount)?,
            per: per.parse()?,
            warn: None,
            refuse: true,
        };
        for part in parts {
            match part.split_once('=') {
                Some(("warn", amount)) => budget.warn = Some(money(amount)?),
                None if part == "soft" => budget.refuse = false,
                _ => {
                    return Err(format!(
                        "{part:?} says nothing about a budget. Use warn=AMOUNT or soft."
                    ));
                }
            }
        }
        if budget.warn.is_some_and(|warn| warn > budget.amount) {
            return Err("warn is more than the amount. Give less.".to_owned());
        }
        Ok(budget)
    }
}

/// An amount in US dollars.
fn money(text: &str) -> Result<Decimal, String> {
    let amount = Decimal::from_str_exact(text.trim()).ok();
    amount
        .filter(|amount| *amount > Decimal::ZERO && *amount <= MAX_AMOUNT)
        .map(|amount| amount.normalize())
        .ok_or_else(|| {
            format!("{text:?} is no amount. Give US dollars above 0, up to {MAX_AMOUNT}, such as 100 or 5.50.")
        })
}

/// Money as text, so that no reader makes a float of it. A whole number may also come as a number.
mod plain {
    use super::{Decimal, Deserializer, Serializer, ToSchema, de, money};
    use serde::Deserialize;

    /// An amount in US dollars above 0.
    #[derive(Deserialize, ToSchema)]
    #[serde(untagged)]
    #[schema(as = Amount)]
    pub(super) enum Written {
        /// To the last digit.
        Text(String),
        /// A whole number.
        Whole(u64),
    }

    pub(super) fn serialize<S: Serializer>(
        amount: &Decimal,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&amount.normalize())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Decimal, D::Error> {
        let written = Written::deserialize(deserializer).map_err(|_| {
            de::Error::custom("an amount is neither a text such as \"5.50\" nor a whole number")
        })?;
        let text = match written {
            Written::Text(text) => text,
            Written::Whole(number) => number.to_string(),
        };
        money(&text).map_err(de::Error::custom)
    }
}

mod plain_or_none {
    use super::{Decimal, Deserializer, Serializer, plain};

    #[expect(clippy::ref_option, reason = "the shape that serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        amount: &Option<Decimal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => plain::serialize(amount, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Decimal>, D::Error> {
        plain::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_read_as_it_is_written() {
        for text in [
            "100/month",
            "5.5/day,warn=4",
            "1/30d,soft",
            "3/total",
            "2/week",
        ] {
            let budget: Budget = text.parse().unwrap();
            assert_eq!(budget.to_string(), text);
            let json = serde_json::to_string(&budget).unwrap();
            assert_eq!(serde_json::from_str::<Budget>(&json).unwrap(), budget);
        }
        for text in [
            "100",
            "0/day",
            "-1/day",
            "1/year",
            "1/day,warn=2",
            "1/day,x",
            "x/day",
        ] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }

    #[test]
    fn limits_are_read_strictly() {
        let limits: Limits = serde_json::from_str(
            r#"{"requests_per_minute":60,"budgets":[{"amount":10,"per":"month"}]}"#,
        )
        .unwrap();
        assert_eq!(limits.requests_per_minute, Some(60));
        assert_eq!(limits.budgets[0].to_string(), "10/month");
        assert_eq!(limits.fault(), None);
        assert!(serde_json::from_str::<Limits>(r#"{"rpm":60}"#).is_err());
        assert!(
            serde_json::from_str::<Limits>(r#"{"budgets":[{"amount":1.5,"per":"day"}]}"#).is_err()
        );
        let zero = Limits {
            concurrency: Some(0),
            ..Limits::default()
        };
        assert!(zero.fault().unwrap().starts_with("concurrency is 0"));
    }
}
