//! How far limits are used up.

use serde_json::Value;

use crate::cli::{
    readable::grouped,
    table::{Side, aligned},
};

/// The most limits that are shown, those that are used up most.
const MAX_LIMITS: usize = 10;

const COLUMNS: [(&str, Side); 5] = [
    ("LIMIT", Side::Left),
    ("OF", Side::Left),
    ("USED", Side::Right),
    ("AMOUNT", Side::Right),
    ("FREE AGAIN", Side::Left),
];

/// The limits that are used up most; nothing where there are none.
pub(super) fn table(limits: &[Value]) -> Option<String> {
    if limits.is_empty() {
        return None;
    }
    let mut sorted: Vec<&Value> = limits.iter().collect();
    sorted.sort_by(|left, right| used_up(right).total_cmp(&used_up(left)));
    let mut rows = vec![COLUMNS.map(|(head, _)| head.to_owned())];
    rows.extend(sorted.into_iter().take(MAX_LIMITS).map(row));
    let text = aligned(&rows, &COLUMNS.map(|(_, side)| side));
    Some(match limits.len().saturating_sub(MAX_LIMITS) {
        0 => text,
        more => format!("{text}\nand {more} more, which are used up less"),
    })
}

fn row(limit: &Value) -> [String; COLUMNS.len()] {
    let text = |name: &str| limit[name].as_str().unwrap_or("-");
    let sort = match limit["per"].as_str() {
        Some(window) => format!("{}, {window}", text("limit")),
        None => text("limit").to_owned(),
    };
    let owner = match limit["name"].as_str() {
        Some(name) if !name.is_empty() => format!("{} {name}", text("of")),
        _ => text("of").to_owned(),
    };
    [
        sort,
        owner,
        figure(limit, "used"),
        figure(limit, "amount"),
        text("resets_at").to_owned(),
    ]
}

/// A figure of a limit: money where it has an amount of that, else a number.
fn figure(limit: &Value, name: &str) -> String {
    match limit[format!("{name}_usd")].as_str() {
        Some(amount) => format!("${amount}"),
        None => grouped(limit[name].as_u64().unwrap_or(0)),
    }
}

/// Which part of a limit is used up, 1 being all of it.
fn used_up(limit: &Value) -> f64 {
    let figure = |name: &str| match limit[format!("{name}_usd")].as_str() {
        Some(amount) => amount.parse().unwrap_or(0.0),
        None => limit[name].as_f64().unwrap_or(0.0),
    };
    let amount: f64 = figure("amount");
    if amount > 0.0 {
        figure("used") / amount
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn those_that_are_used_up_most_come_first() {
        let mut limits = vec![
            json!({"of": "gateway", "name": "", "limit": "concurrency", "amount": 100, "used": 3, "resets_at": null}),
            json!({"of": "key", "name": "ada", "limit": "budget", "per": "month", "amount_usd": "10", "used_usd": "9.5",
                "resets_at": "2026-12-01T00:00:00Z"}),
        ];
        let expected = "\
LIMIT          OF       USED  AMOUNT  FREE AGAIN
budget, month  key ada  $9.5     $10  2026-12-01T00:00:00Z
concurrency    gateway     3     100  -";
        assert_eq!(table(&limits).as_deref(), Some(expected));
        let idle =
            json!({"of": "team", "name": "t", "limit": "requests", "amount": 5000, "used": 0});
        limits.extend((0..10).map(|_| idle.clone()));
        let text = table(&limits).unwrap();
        assert!(
            text.ends_with("\nand 2 more, which are used up less"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1 + MAX_LIMITS + 1);
        assert_eq!(table(&[]), None);
    }
}
