//! One limit of somebody: what it counts, and how far it is used up.

use std::time::Duration;

use super::{budget::Budget, concurrency::Concurrency, mirror::Mirror, money::Money, rate::Rate};

/// One limit of a key, a model or somebody else. It is shared by all requests that count there.
#[derive(Debug)]
pub struct Cell {
    /// Whose limit it is.
    pub owner: Owner,
    /// What the owner is called.
    pub name: Box<str>,
    /// The limit itself.
    pub limit: Limit,
    /// What is known of it where it is shared with other gateways.
    pub(super) mirror: Mirror,
}

/// Whose limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// All requests together.
    Gateway,
    /// A key.
    Key,
    /// A team.
    Team,
    /// A model.
    Model,
    /// A provider.
    Provider,
}

/// What is counted, and the count.
#[derive(Debug)]
pub enum Limit {
    /// So many in a period, refilled all the time.
    Rate(Dimension, Per, Rate),
    /// Requests under way at the same time.
    Concurrency(Concurrency),
    /// Money in a window.
    Budget(Budget),
}

/// What is counted over a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Requests.
    Requests,
    /// Tokens of the questions.
    InputTokens,
    /// Tokens of the answers.
    OutputTokens,
    /// Tokens of both.
    Tokens,
}

/// The period of a limit that refills all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Per {
    /// Sixty seconds.
    Minute,
    /// Sixty minutes.
    Hour,
    /// Twenty-four hours.
    Day,
}

/// What a request is expected to use, or has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Use {
    /// Tokens of the question.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// What both cost.
    pub cost: Money,
}

impl Use {
    /// What two calls use together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cost: self.cost.plus(other.cost),
        }
    }
}

impl Cell {
    /// A limit of the one of this name.
    pub fn new(owner: Owner, name: &str, limit: Limit) -> Self {
        Self {
            owner,
            name: name.into(),
            limit,
            mirror: Mirror::default(),
        }
    }
}

impl Owner {
    /// What it is called in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Key => "key",
            Self::Team => "team",
            Self::Model => "model",
            Self::Provider => "provider",
        }
    }
}

impl Limit {
    /// So many in a period.
    pub fn rate(amount: u64, dimension: Dimension, per: Per) -> Self {
        Self::Rate(dimension, per, Rate::new(amount, per.length()))
    }

    /// What the limit is called in messages and fields.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Rate(Dimension::Requests, Per::Minute, _) => "requests_per_minute",
            Self::Rate(Dimension::Requests, Per::Hour, _) => "requests_per_hour",
            Self::Rate(Dimension::Requests, Per::Day, _) => "requests_per_day",
            Self::Rate(Dimension::InputTokens, Per::Minute, _) => "input_tokens_per_minute",
            Self::Rate(Dimension::InputTokens, Per::Hour, _) => "input_tokens_per_hour",
            Self::Rate(Dimension::InputTokens, Per::Day, _) => "input_tokens_per_day",
            Self::Rate(Dimension::OutputTokens, Per::Minute, _) => "output_tokens_per_minute",
            Self::Rate(Dimension::OutputTokens, Per::Hour, _) => "output_tokens_per_hour",
            Self::Rate(Dimension::OutputTokens, Per::Day, _) => "output_tokens_per_day",
            Self::Rate(Dimension::Tokens, Per::Minute, _) => "tokens_per_minute",
            Self::Rate(Dimension::Tokens, Per::Hour, _) => "tokens_per_hour",
            Self::Rate(Dimension::Tokens, Per::Day, _) => "tokens_per_day",
            Self::Concurrency(_) => "concurrency",
            Self::Budget(_) => "budget",
        }
    }
}

impl Dimension {
    /// How much of it one request with this use is.
    pub fn of(self, used: Use) -> u64 {
        match self {
            Self::Requests => 1,
            Self::InputTokens => used.input_tokens,
            Self::OutputTokens => used.output_tokens,
            Self::Tokens => used.input_tokens.saturating_add(used.output_tokens),
        }
    }
}

impl Per {
    /// How long it is.
    pub fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }
}

impl Use {
    /// What is used before there is an answer.
    #[must_use]
    pub fn without_answer(self) -> Self {
        Self {
            output_tokens: 0,
            ..self
        }
    }

    /// The larger of both, number by number.
    #[must_use]
    pub fn at_least(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.max(other.input_tokens),
            output_tokens: self.output_tokens.max(other.output_tokens),
            cost: self.cost.max(other.cost),
        }
    }
}
