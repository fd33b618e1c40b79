//! Limits and tags as options of commands.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::config::limits::{Budget, Limits};

/// Limits, each left out for none.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitOptions {
    /// Requests in a minute
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<u64>,
    /// Requests in a day
    #[arg(long, value_name = "N")]
    requests_per_day: Option<u64>,
    /// Tokens, in and out, in a minute
    #[arg(long, value_name = "N")]
    tokens_per_minute: Option<u64>,
    /// Tokens, in and out, in a day
    #[arg(long, value_name = "N")]
    tokens_per_day: Option<u64>,
    /// Input tokens in a minute
    #[arg(long, value_name = "N")]
    input_tokens_per_minute: Option<u64>,
    /// Output tokens in a minute
    #[arg(long, value_name = "N")]
    output_tokens_per_minute: Option<u64>,
    /// Requests under way at once
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,
    /// Money for a window, in US dollars: AMOUNT/WINDOW, with a window of day, week, month, total or the last days as 30d;
    /// then ,warn=AMOUNT for a warning and ,soft to refuse nothing. Several may be given
    #[arg(long = "budget", value_name = "BUDGET")]
    budgets: Vec<Budget>,
    /// What is kept with each request. Several may be given
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = pair)]
    tags: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("{text:?} has no value. Use NAME=VALUE, such as cost-center=42"))?;
    Ok((name.to_owned(), value.to_owned()))
}

impl LimitOptions {
    /// Adds what was given to a patch.
    pub(super) fn add_to(&self, patch: &mut Map<String, Value>) {
        let given = Limits {
            requests_per_minute: self.requests_per_minute,
            requests_per_day: self.requests_per_day,
            tokens_per_minute: self.tokens_per_minute,
            tokens_per_day: self.tokens_per_day,
            input_tokens_per_minute: self.input_tokens_per_minute,
            output_tokens_per_minute: self.output_tokens_per_minute,
            concurrency: self.concurrency,
            budgets: self.budgets.clone(),
        };
        if !given.is_none() {
            patch.insert("limits".to_owned(), json!(given));
        }
        if !self.tags.is_empty() {
            let tags = self.tags.iter().cloned();
            let tags: Map<String, Value> = tags.map(|(name, value)| (name, json!(value))).collect();
            patch.insert("tags".to_owned(), Value::Object(tags));
        }
    }
}

/// Sets a member of a patch to null, so that it goes: `limits.concurrency`.
pub(super) fn clear(patch: &mut Map<String, Value>, member: &str) {
    match member.split_once('.') {
        None => drop(patch.insert(member.to_owned(), Value::Null)),
        Some((first, rest)) => {
            let inner = patch
                .entry(first.to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                clear(inner, rest);
            }
        }
    }
}

/// Limits in a line, for people.
pub(super) fn shown(limits: &Limits) -> String {
    let numbers = [
        (limits.requests_per_minute, "requests/min"),
        (limits.requests_per_day, "requests/day"),
        (limits.tokens_per_minute, "tokens/min"),
        (limits.tokens_per_day, "tokens/day"),
        (limits.input_tokens_per_minute, "input tokens/min"),
        (limits.output_tokens_per_minute, "output tokens/min"),
        (limits.concurrency.map(u64::from), "at once"),
    ];
    let numbers = numbers
        .iter()
        .filter_map(|(number, unit)| Some(format!("{} {unit}", (*number)?)));
    let budgets = limits.budgets.iter().map(|budget| format!("${budget}"));
    let all: Vec<String> = numbers.chain(budgets).collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_becomes_a_patch() {
        let options = LimitOptions {
            requests_per_minute: Some(5),
            budgets: vec!["10/month".parse().unwrap()],
            tags: vec![pair("a=b").unwrap()],
            ..LimitOptions::default()
        };
        let mut patch = Map::new();
        options.add_to(&mut patch);
        clear(&mut patch, "limits.concurrency");
        clear(&mut patch, "user");
        let expected = json!({
            "limits": {
                "requests_per_minute": 5,
                "budgets": [{"amount": "10", "per": "month"}],
                "concurrency": null,
            },
            "tags": {"a": "b"},
            "user": null,
        });
        assert_eq!(Value::Object(patch), expected);
        assert!(pair("a").is_err());
    }
}
