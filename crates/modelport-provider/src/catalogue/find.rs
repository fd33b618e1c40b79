//! Finding a model's fact by an id that the catalogue may spell a little differently: a variant, a date, a tag, a vendor's
//! prefix. It says how it found it, since limits and capabilities carry over where prices may not.

use super::{Fact, Section, read};
use crate::price::Prices;

/// What was found for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'s> {
    /// The fact, of the same or the nearest model.
    pub fact: &'s Fact,
    /// The prices to use for the id asked about. Not always the fact's: a free variant is free, a fine-tune costs more than its
    /// base. Unless they are the fact's own, its rules and classes of service do not apply either.
    pub prices: Prices,
    /// How it was found.
    pub by: MatchedBy,
}

/// How an id was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchedBy {
    /// The id itself.
    Exact,
    /// The fine-tuned model's base: `ft:base:org:name:id`.
    FineTune,
    /// The id less what follows its last colon: OpenRouter's variants, Ollama's tags.
    Variant,
    /// The same id with or without a date, or with another.
    Date,
    /// The id less a path before it: `models/`, `eu/`, a vendor.
    Prefix,
}

impl Section {
    /// The fact for `id`, by the nearest spelling.
    pub fn get(&self, id: &str) -> Option<Found<'_>> {
        if let Some(fact) = self.exact(id) {
            return Some(found(fact, &fact.prices, MatchedBy::Exact));
        }
        if let Some(tuned) = id.strip_prefix("ft:") {
            return self.fine_tuned(id, tuned);
        }
        self.near(id).or_else(|| {
            let (_, name) = id.rsplit_once('/')?;
            let inner = match self.exact(name) {
                Some(fact) => found(fact, &fact.prices, MatchedBy::Prefix),
                None => self.near(name)?,
            };
            Some(Found {
                by: MatchedBy::Prefix,
                ..inner
            })
        })
    }

    /// By date, or by what stands before a colon.
    fn near(&self, id: &str) -> Option<Found<'_>> {
        if let Some(fact) = self.other_date(id) {
            return Some(found(fact, &fact.prices, MatchedBy::Date));
        }
        let (base, variant) = id.rsplit_once(':')?;
        let fact = self.exact(base).or_else(|| self.other_date(base))?;
        let prices = match variant {
            "free" if self.provider == "openrouter" => Prices::FREE,
            _ if self.provider == "ollama" && !read::is_cloud(self.provider, id) => fact.prices,
            _ => Prices::UNKNOWN,
        };
        Some(found(fact, &prices, MatchedBy::Variant))
    }

    /// A fine-tune's price is listed under `ft:base` or not at all.
    fn fine_tuned(&self, id: &str, tuned: &str) -> Option<Found<'_>> {
        let base = tuned.split(':').next()?;
        let listed = id.get(.."ft:".len() + base.len())?;
        if let Some(fact) = self.exact(listed) {
            return Some(found(fact, &fact.prices, MatchedBy::FineTune));
        }
        let fact = self.exact(base).or_else(|| self.other_date(base))?;
        Some(found(fact, &Prices::UNKNOWN, MatchedBy::FineTune))
    }

    /// The undated model for a dated id, or the newest dated one for an undated.
    fn other_date(&self, id: &str) -> Option<&Fact> {
        let undated = without_date(id);
        if undated != id
            && let Some(fact) = self.exact(undated)
        {
            return Some(fact);
        }
        let start = self.models.partition_point(|(known, _)| *known < undated);
        let dated = self.models.get(start..)?.iter();
        dated
            .take_while(|(known, _)| known.starts_with(undated))
            .filter(|(known, _)| *known != undated && without_date(known) == undated)
            .last()
            .map(|(_, fact)| fact)
    }
}

fn found<'s>(fact: &'s Fact, prices: &Prices, by: MatchedBy) -> Found<'s> {
    Found {
        fact,
        prices: *prices,
        by,
    }
}

/// `id` less a final `-20251001`, `-2024-07-18` or `@anything`.
fn without_date(id: &str) -> &str {
    if let Some((undated, _)) = id.rsplit_once('@') {
        return undated;
    }
    [b"-20dddddd".as_slice(), b"-20dd-dd-dd"]
        .into_iter()
        .find_map(|pattern| strip_pattern(id, pattern))
        .unwrap_or(id)
}

/// `id` less an end that looks like `pattern`, in which `d` is any digit.
fn strip_pattern<'i>(id: &'i str, pattern: &[u8]) -> Option<&'i str> {
    let split = id.len().checked_sub(pattern.len())?;
    let (undated, end) = id.split_at_checked(split)?;
    let fits = |(byte, expected): (u8, &u8)| match expected {
        b'd' => byte.is_ascii_digit(),
        _ => byte == *expected,
    };
    (!undated.is_empty() && end.bytes().zip(pattern).all(fits)).then_some(undated)
}
