//! Which field limits the answer. It is looked at first, for it also bounds what the other checks cost.

use serde_json::{Value, json};

use super::{Group, Outcome, Report, Target, exchange::Exchange};

/// The tokens asked for.
pub(super) const FEW: u64 = 5;

/// An answer that ignores the limit is about so long.
pub(super) const MANY: u64 = 250;

/// Reasoning and separators may count a token or two beside the limit.
const SLACK: u64 = 2;

const OLDER: &str = "max_tokens";
const NEWER: &str = "max_completion_tokens";

/// The field by which this endpoint limits an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit(Option<&'static str>);

impl Limit {
    /// Where nothing is known.
    pub(super) const OLDER: Self = Self(Some(OLDER));

    /// Asks for at most so many tokens.
    pub(super) fn put(self, body: &mut Value, tokens: u64) {
        if let Some(field) = self.0 {
            body[field] = Value::from(tokens);
        }
    }
}

/// An answer that is long unless it is limited.
pub(super) fn ask() -> Value {
    json!({ "messages": [{"role": "user", "content": "Count from 1 to 60, separated by blanks, and say nothing else."}] })
}

/// Looks at both fields; `None` when neither request was answered.
pub(super) async fn measure(target: &Target<'_>, report: &mut Report) -> Option<Limit> {
    let mut best: Option<(bool, &'static str)> = None;
    for field in [OLDER, NEWER] {
        let mut body = ask();
        body[field] = Value::from(FEW);
        let exchange = report.chat(target, body).await;
        let outcome = read(&exchange, field, report);
        if exchange.is_ok() {
            let holds = outcome == Outcome::Yes;
            if best.is_none_or(|(held, _)| holds && !held) {
                best = Some((holds, field));
            }
        }
    }
    best.map(|(holds, field)| Limit(holds.then_some(field)))
}

fn read(exchange: &Exchange, field: &'static str, report: &mut Report) -> Outcome {
    let (outcome, evidence) = if exchange.is_ok() {
        evaluate(exchange)
    } else {
        (exchange.refusal(), exchange.said())
    };
    report.note(Group::Limits, field, outcome, evidence);
    outcome
}

fn evaluate(exchange: &Exchange) -> (Outcome, String) {
    let answer = exchange.json();
    let finish = answer["choices"][0]["finish_reason"].as_str();
    let finish = finish.unwrap_or("none").to_owned();
    let asked = format!("asked for {FEW} tokens");
    match exchange.usage().map(|usage| usage.output_tokens) {
        Some(tokens) if tokens <= FEW + SLACK => (
            Outcome::Yes,
            format!("{asked}, got {tokens}; finish_reason {finish}"),
        ),
        Some(tokens) => (
            Outcome::Ignored,
            format!("{asked}, got {tokens}; finish_reason {finish}"),
        ),
        None if finish == "length" => (Outcome::Yes, format!("{asked}; finish_reason {finish}")),
        None => (
            Outcome::Unknown,
            format!("{asked}; no usage, finish_reason {finish}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::exchange::tests::answer;

    #[test]
    fn a_limit_shows_by_usage_or_by_the_finish() {
        for (body, outcome) in [
            (
                r#"{"choices":[{"finish_reason":"length"}],"usage":{"completion_tokens":5,"prompt_tokens":1}}"#,
                Outcome::Yes,
            ),
            (
                r#"{"choices":[{"finish_reason":"stop"}],"usage":{"completion_tokens":120,"prompt_tokens":1}}"#,
                Outcome::Ignored,
            ),
            (r#"{"choices":[{"finish_reason":"length"}]}"#, Outcome::Yes),
            (
                r#"{"choices":[{"finish_reason":"stop"}]}"#,
                Outcome::Unknown,
            ),
        ] {
            assert_eq!(evaluate(&answer(200, body)).0, outcome, "{body}");
        }
    }
}
