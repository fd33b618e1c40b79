//! Fields beside the usual ones: whether they have an effect, are ignored or refused.

use serde_json::{Value, json};

use super::{Check, Group, Outcome, Report, exchange::Exchange};

/// A field that nobody knows.
pub(super) const UNKNOWN: Check = Check {
    ask: || with("x_modelport_probe", json!(true)),
    output: 100,
    read: |exchange, report| {
        let ignored = |_: &Exchange| (Outcome::Ignored, String::new());
        read(exchange, report, "unknown field", ignored);
    },
};

/// Two choices.
pub(super) const CHOICES: Check = Check {
    ask: || with("n", json!(2)),
    output: 200,
    read: |exchange, report| read(exchange, report, "n", choices),
};

/// A seed.
pub(super) const SEED: Check = Check {
    ask: || with("seed", json!(7)),
    output: 100,
    read: |exchange, report| {
        let taken = |_: &Exchange| (Outcome::Taken, "its effect was not measured".to_owned());
        read(exchange, report, "seed", taken);
    },
};

/// How likely each token was.
pub(super) const LOGPROBS: Check = Check {
    ask: || with("logprobs", json!(true)),
    output: 100,
    read: |exchange, report| read(exchange, report, "logprobs", logprobs),
};

fn with(field: &str, value: Value) -> Value {
    let mut body =
        json!({ "messages": [{"role": "user", "content": "Say pong and nothing else."}] });
    body[field] = value;
    body
}

fn read(
    exchange: &Exchange,
    report: &mut Report,
    what: &'static str,
    taken: impl Fn(&Exchange) -> (Outcome, String),
) {
    let (outcome, evidence) = if exchange.is_ok() {
        taken(exchange)
    } else {
        (exchange.refusal(), exchange.said())
    };
    report.note(Group::Fields, what, outcome, evidence);
}

fn choices(exchange: &Exchange) -> (Outcome, String) {
    let answer = exchange.json();
    match answer["choices"].as_array().map_or(0, Vec::len) {
        2 => (Outcome::Yes, "2 choices for n=2".to_owned()),
        count => (Outcome::Ignored, format!("{count} for n=2")),
    }
}

fn logprobs(exchange: &Exchange) -> (Outcome, String) {
    let answer = exchange.json();
    if answer["choices"][0]["logprobs"].is_object() {
        (Outcome::Yes, String::new())
    } else {
        (Outcome::Ignored, "the answer has none".to_owned())
    }
}
