//! How the gateway does as lines for people.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::standing::{Standing, in_flight};
use crate::cli::{
    readable::{grouped, harmless, time},
    table::{Side, aligned},
};

mod limits;

/// The providers' columns. The longest comes last, so that a narrow terminal breaks only there.
const PROVIDERS: [(&str, Side); 8] = [
    ("PROVIDER", Side::Left),
    ("HEALTH", Side::Left),
    ("IN FLIGHT", Side::Right),
    ("REQUESTS", Side::Right),
    ("FAILED", Side::Right),
    ("P50", Side::Right),
    ("P95", Side::Right),
    ("REASON", Side::Left),
];

/// The whole of it.
pub(super) fn shown(standing: &Standing, url: &str) -> String {
    let parts = [
        Some(heading(standing, url)),
        Some(traffic(standing)),
        Some(providers(standing)),
        limits::table(&standing.limits),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    harmless(&text)
}

/// Whether it is ready, and what is amiss with itself.
fn heading(standing: &Standing, url: &str) -> String {
    let health = &standing.health;
    let status = health["status"].as_str().unwrap_or("-");
    let configuration = &health["configuration"];
    let mut lines = vec![format!(
        "{url} is {status}, with configuration {} since {}",
        configuration["edition"],
        moment(&configuration["since"]),
    )];
    let refused = &configuration["refused"];
    if refused.is_object() {
        lines.push(format!(
            "Changed settings were refused at {}; faults: {}. The log tells them, and those from before hold.",
            moment(&refused["at"]),
            refused["faults"]
        ));
    }
    if let Some(state) = health["ledger"]["state"].as_str()
        && state != "ok"
    {
        lines.push(format!("The ledger is not kept: {state}."));
    }
    lines.join("\n")
}

fn traffic(standing: &Standing) -> String {
    let total = &standing.overview["total"];
    let count = |name: &str| total[name].as_u64().unwrap_or(0);
    let quantiles = |name: &str| {
        let one = |quantile: &str| millis(&total[name][quantile]);
        format!("p50 {}, p95 {}, p99 {}", one("p50"), one("p95"), one("p99"))
    };
    let (requests, failed) = (count("requests"), count("failed"));
    let range = standing.overview["range"].as_str().unwrap_or("-");
    let rows = [
        (
            format!("Last {range}"),
            format!(
                "{} requests, {} failed{}; {} in flight now",
                grouped(requests),
                grouped(failed),
                share(failed, requests),
                grouped(standing.in_flight())
            ),
        ),
        ("Latency".to_owned(), quantiles("latency_ms")),
        ("First output".to_owned(), quantiles("first_output_ms")),
        (
            "Tokens".to_owned(),
            format!(
                "{} in, {} out",
                grouped(count("input_tokens")),
                grouped(count("output_tokens"))
            ),
        ),
        (
            "Spend".to_owned(),
            format!(
                "{}{}",
                dollars(total["cost_usd"].as_f64().unwrap_or(0.0)),
                match count("unpriced") {
                    0 => String::new(),
                    some => format!(
                        ", and {} requests that nobody states a price for",
                        grouped(some)
                    ),
                }
            ),
        ),
    ];
    let rows = rows.map(|(name, figure)| [name, figure]);
    aligned(&rows, &[Side::Left; 2])
}

/// A part in hundredths; nothing where there is no part.
fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return String::new();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    format!(" ({}.{} %)", tenths / 10, tenths % 10)
}

/// An amount with cents, a small one with as many places as say something.
fn dollars(amount: f64) -> String {
    if amount >= 1.0 {
        return format!("${amount:.2}");
    }
    let text = format!("{amount:.6}");
    format!("${:0<4}", text.trim_end_matches('0'))
}

fn providers(standing: &Standing) -> String {
    let lines = standing.overview["lines"].as_array();
    let lines = lines.map_or(&[][..], Vec::as_slice);
    let mut rows = vec![PROVIDERS.map(|(head, _)| head.to_owned())];
    rows.extend(standing.providers.iter().map(|provider| {
        let line = lines.iter().find(|line| line["name"] == provider["id"]);
        row(provider, line.unwrap_or(&Value::Null))
    }));
    aligned(&rows, &PROVIDERS.map(|(_, side)| side))
}

/// A provider, and what its requests came to.
fn row(provider: &Value, line: &Value) -> [String; PROVIDERS.len()] {
    let figure = |name: &str| grouped(line[name].as_u64().unwrap_or(0));
    let health = &provider["health"];
    let state = health["state"]
        .as_str()
        .filter(|_| provider["enabled"] == true);
    [
        provider["id"].as_str().unwrap_or("-").to_owned(),
        state.unwrap_or("disabled").to_owned(),
        grouped(in_flight(provider)),
        figure("requests"),
        figure("failed"),
        millis(&line["latency_ms"]["p50"]),
        millis(&line["latency_ms"]["p95"]),
        health["reason"].as_str().unwrap_or_default().to_owned(),
    ]
}

fn millis(value: &Value) -> String {
    let length = value
        .as_f64()
        .and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok());
    length.map_or_else(|| "-".to_owned(), time)
}

fn moment(seconds: &Value) -> String {
    let at = seconds
        .as_i64()
        .and_then(|at| Timestamp::from_second(at).ok());
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_gateway_is_told_with_what_is_amiss() {
        let standing = Standing {
            health: json!({"status": "ready", "ledger": {"state": "database failing"}, "configuration": {
                "edition": 3, "since": 1_790_000_000, "refused": {"at": 1_790_000_060, "faults": 2}}}),
            overview: json!({"range": "1h",
                "total": {"requests": 1234, "failed": 12, "input_tokens": 120_000, "output_tokens": 4000, "cost_usd": 0.0125, "unpriced": 1000,
                    "latency_ms": {"p50": 210.4, "p95": 900.0, "p99": 2100.0},
                    "first_output_ms": {"p50": null, "p95": null, "p99": null}},
                "lines": [{"name": "groq", "requests": 1200, "failed": 2, "latency_ms": {"p50": 200.0, "p95": 800.0}}]}),
            providers: vec![
                json!({"id": "groq", "enabled": true, "health": {"state": "healthy", "reason": "it answers"},
                    "targets": [{"signals": {"in_flight": 2}}, {"signals": {"in_flight": 1}}]}),
                json!({"id": "ollama", "enabled": false, "health": {"state": "unknown", "reason": "off\u{1b}[2J"}}),
            ],
            limits: Vec::new(),
        };
        assert_eq!(
            shown(&standing, "http://h/v1"),
            "\
http://h/v1 is ready, with configuration 3 since 2026-09-21T14:13:20Z
Changed settings were refused at 2026-09-21T14:14:20Z; faults: 2. The log tells them, and those from before hold.
The ledger is not kept: database failing.

Last 1h       1,234 requests, 12 failed (0.9 %); 3 in flight now
Latency       p50 210 ms, p95 900 ms, p99 2.1 s
First output  p50 -, p95 -, p99 -
Tokens        120,000 in, 4,000 out
Spend         $0.0125, and 1,000 requests that nobody states a price for

PROVIDER  HEALTH    IN FLIGHT  REQUESTS  FAILED     P50     P95  REASON
groq      healthy           3     1,200       2  200 ms  800 ms  it answers
ollama    disabled          0         0       0       -       -  off[2J"
        );
    }

    #[test]
    fn amounts_keep_what_says_something() {
        assert_eq!(dollars(0.0), "$0.00");
        assert_eq!(dollars(12.345), "$12.35");
        assert_eq!(dollars(20.0), "$20.00");
        assert_eq!(dollars(1200.5), "$1200.50");
        assert_eq!(dollars(0.5), "$0.50");
        assert_eq!(dollars(0.000_012), "$0.000012");
        assert_eq!(share(0, 10), "");
        assert_eq!(share(1, 3), " (33.3 %)");
    }
}
