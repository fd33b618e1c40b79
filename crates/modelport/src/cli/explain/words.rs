//! The gateway's explanation as lines for people.

use jiff::Timestamp;
use serde_json::Value;

use super::text;
use crate::cli::table::{Side, aligned};

/// The candidates' columns. The longest comes last, so that a narrow terminal breaks only there.
const COLUMNS: [(&str, Side); 8] = [
    ("#", Side::Right),
    ("TARGET", Side::Left),
    ("GROUP", Side::Right),
    ("POLICY", Side::Left),
    ("IN FLIGHT", Side::Right),
    ("LATENCY", Side::Right),
    ("COST $", Side::Right),
    ("STANDING", Side::Left),
];

/// An explanation in words.
pub(super) fn of(explained: &Value) -> String {
    let mut parts = vec![heading(explained)];
    let candidates = members(explained, "candidates");
    if candidates.is_empty() {
        parts.push("No target takes this request.".to_owned());
    } else {
        let mut rows = vec![COLUMNS.map(|(head, _)| head.to_owned())];
        rows.extend(candidates.iter().zip(1..).map(candidate));
        parts.push(aligned(&rows, &COLUMNS.map(|(_, side)| side)));
    }
    let left = members(explained, "left_out");
    if !left.is_empty() {
        let rows: Vec<_> = left.iter().map(left_out).collect();
        let rows = aligned(&rows, &[Side::Left; 3]);
        parts.push(format!("Left out:\n{rows}"));
    }
    if explained.get("attempts").is_some() {
        parts.push(attempts(members(explained, "attempts")));
    }
    parts.join("\n\n")
}

fn members<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// What was asked for, what it needs, and what decides.
fn heading(explained: &Value) -> String {
    let model = match explained["requested_model"].as_str() {
        Some(model) => format!("{model:?}"),
        None => "no model".to_owned(),
    };
    let decided = match explained["route"].as_str() {
        Some(route) => format!("the route {route:?} decides"),
        None => "no route is for it, the name decides".to_owned(),
    };
    let asked = match explained["request_id"].as_str() {
        Some(id) => {
            let at = explained["decided_at"].as_i64();
            let at = at.and_then(|at| Timestamp::from_second(at).ok());
            let at = at.map_or_else(String::new, |at| format!(" at {at}"));
            format!("Request {id} for {model}{at}")
        }
        None => format!("A request for {model}"),
    };
    format!("{asked}: {decided}{}.", needs(&explained["needs"]))
}

fn needs(needs: &Value) -> String {
    let Some(tokens) = needs["input_tokens_estimate"].as_u64() else {
        return String::new();
    };
    let abilities = members(needs, "capabilities").iter();
    let abilities: Vec<&str> = abilities.filter_map(Value::as_str).collect();
    if abilities.is_empty() {
        format!("; about {tokens} input tokens")
    } else {
        format!(
            "; about {tokens} input tokens, needs {}",
            abilities.join(", ")
        )
    }
}

fn candidate((candidate, place): (&Value, usize)) -> [String; COLUMNS.len()] {
    let signals = &candidate["signals"];
    // Where no route is, there are only the provider and what is known of it.
    let either = |name: &str| match &candidate[name] {
        Value::Null => signals[name].clone(),
        found => found.clone(),
    };
    let target = match candidate["target"].as_str() {
        Some(target) => target.to_owned(),
        None => format!(
            "{}:{}",
            text(candidate, "provider"),
            text(candidate, "model")
        ),
    };
    let standing = either("standing");
    let standing = standing.as_str().unwrap_or("-");
    let standing = match signals["reason"].as_str() {
        Some(reason) => format!("{standing}: {reason}"),
        None => standing.to_owned(),
    };
    [
        place.to_string(),
        target,
        number(&candidate["group"]),
        text(candidate, "policy").to_owned(),
        number(&either("in_flight")),
        time(&either("latency_ms")),
        text(candidate, "expected_cost_usd").to_owned(),
        standing,
    ]
}

fn left_out(left: &Value) -> [String; 3] {
    let cell = |name: &str| text(left, name).to_owned();
    [" ".to_owned(), cell("target"), cell("reason")]
}

fn attempts(attempts: &[Value]) -> String {
    if attempts.is_empty() {
        return "Nobody was asked.".to_owned();
    }
    let rows = attempts
        .iter()
        .zip(1..)
        .map(|(attempt, place): (_, usize)| {
            [
                format!("{place:>3}"),
                text(attempt, "target").to_owned(),
                format!("key {}", number(&attempt["credential"])),
                text(attempt, "outcome").to_owned(),
                time(&attempt["duration_ms"]),
            ]
        });
    let rows: Vec<_> = rows.collect();
    let left = Side::Left;
    let rows = aligned(&rows, &[left, left, left, left, Side::Right]);
    format!("Attempts:\n{rows}")
}

fn number(value: &Value) -> String {
    let number = value.as_u64();
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn time(value: &Value) -> String {
    let millis = value.as_u64();
    millis.map_or_else(|| "-".to_owned(), |millis| format!("{millis} ms"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_past_request_is_told_with_its_attempts() {
        let explained = json!({
            "object": "route.explanation", "requested_model": "smart", "route": "smart",
            "request_id": "req-1", "decided_at": 1_790_000_000,
            "needs": {"capabilities": ["vision", "tools"], "input_tokens_estimate": 512},
            "candidates": [
                {"target": "groq:llama-3.3-70b", "group": 1, "policy": "cost", "standing": "ready",
                    "in_flight": 12, "latency_ms": 140, "expected_cost_usd": "0.00031", "signals": null},
                {"target": "own:vl", "group": 2, "policy": "priority", "standing": "parked",
                    "in_flight": 0, "latency_ms": null, "expected_cost_usd": null,
                    "signals": {"reason": "it rests for 1.9 s"}},
            ],
            "left_out": [{"target": "b:x", "group": 1, "reason": "its model lacks vision"}],
            "attempts": [
                {"target": "groq:llama-3.3-70b", "credential": 2, "outcome": "server", "duration_ms": 7},
                {"target": "own:vl", "credential": 1, "outcome": "answered", "duration_ms": 211},
            ],
        });
        assert_eq!(
            of(&explained),
            "\
Request req-1 for \"smart\" at 2026-09-21T14:13:20Z: the route \"smart\" decides; about 512 input tokens, needs vision, tools.

#  TARGET              GROUP  POLICY    IN FLIGHT  LATENCY   COST $  STANDING
1  groq:llama-3.3-70b      1  cost             12   140 ms  0.00031  ready
2  own:vl                  2  priority          0        -        -  parked: it rests for 1.9 s

Left out:
   b:x  its model lacks vision

Attempts:
  1  groq:llama-3.3-70b  key 2  server      7 ms
  2  own:vl              key 1  answered  211 ms"
        );
    }

    #[test]
    fn a_request_that_nobody_takes_and_one_without_a_route() {
        let nobody = json!({
            "requested_model": "r", "route": "r", "candidates": [],
            "needs": {"capabilities": [], "input_tokens_estimate": 4},
            "left_out": [{"target": "a", "reason": "only for requests with vision"}],
        });
        let words = of(&nobody);
        assert!(
            words.contains("\n\nNo target takes this request.\n\nLeft out:\n   a  only for"),
            "{words}"
        );
        let named = json!({
            "requested_model": null, "route": null, "left_out": [],
            "candidates": [{"provider": "a", "model": "m", "signals": {"standing": "trial", "in_flight": 1}}],
        });
        let words = of(&named);
        assert!(
            words.starts_with("A request for no model: no route is for it, the name decides.\n"),
            "{words}"
        );
        assert!(
            words.ends_with("1  a:m         -  -               1        -       -  trial"),
            "{words}"
        );
    }
}
