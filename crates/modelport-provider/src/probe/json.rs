//! Answers in JSON: whether the mode has an effect, and whether a schema is really enforced. The schema asks for words that no
//! model would come upon by itself.

use serde_json::{Value, json};

use super::{
    Check, Group, Outcome, Report,
    exchange::{Exchange, shown},
};
use crate::capability::Capability;

/// `json_object`.
pub(super) const MODE: Check = Check {
    ask: || {
        json!({
            "messages": [{"role": "user", "content": "What is the capital of France? Use JSON."}],
            "response_format": {"type": "json_object"},
        })
    },
    output: 200,
    read: read_mode,
};

/// `json_schema`.
pub(super) const SCHEMA: Check = Check {
    ask: || {
        json!({
            "messages": [{"role": "user", "content": "What is the capital of France?"}],
            "response_format": {"type": "json_schema", "json_schema": {
                "name": "capital",
                "strict": true,
                "schema": {
                    "type": "object",
                    "properties": {"vorpal": {"type": "string", "enum": WORDS}},
                    "required": ["vorpal"],
                    "additionalProperties": false,
                },
            }},
        })
    },
    output: 200,
    read: read_schema,
};

const WORDS: [&str; 3] = ["zibbet", "quorlum", "frandel"];

fn read_mode(exchange: &Exchange, report: &mut Report) {
    let what = (Group::Json, "JSON mode");
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        report.note_ability(what, Capability::JsonMode, outcome, exchange.said());
        return;
    }
    let content = exchange.content();
    let is_object = serde_json::from_str::<Value>(&content).is_ok_and(|value| value.is_object());
    let (outcome, evidence) = if is_object {
        (Outcome::Yes, "the answer is one object".to_owned())
    } else {
        (
            Outcome::Ignored,
            format!("the answer is {:?}", shown(&content)),
        )
    };
    report.note_ability(what, Capability::JsonMode, outcome, evidence);
}

fn read_schema(exchange: &Exchange, report: &mut Report) {
    let what = (Group::Json, "schema enforced");
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        report.note_ability(what, Capability::JsonSchema, outcome, exchange.said());
        return;
    }
    let content = exchange.content();
    let (outcome, evidence) = if holds(&content) {
        (Outcome::Yes, format!("the answer is {content}"))
    } else {
        (
            Outcome::Ignored,
            format!("the answer is {:?}", shown(&content)),
        )
    };
    report.note_ability(what, Capability::JsonSchema, outcome, evidence);
}

/// Whether an answer is what the schema says.
fn holds(content: &str) -> bool {
    let Ok(Value::Object(answer)) = serde_json::from_str(content) else {
        return false;
    };
    let word = answer.get("vorpal").and_then(Value::as_str);
    answer.len() == 1 && word.is_some_and(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_schemas_own_words_will_do() {
        assert!(holds(r#"{"vorpal": "zibbet"}"#));
        for content in [
            r#"{"vorpal":"Paris"}"#,
            r#"{"capital":"Paris"}"#,
            r#"{"vorpal":"zibbet","capital":"Paris"}"#,
            "Paris",
            "",
        ] {
            assert!(!holds(content), "{content}");
        }
    }
}
