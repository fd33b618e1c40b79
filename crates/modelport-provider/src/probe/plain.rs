//! A plain chat completion: that there is one, whether it tells what it used, and how reasoning is told.

use serde_json::{Value, json};

use super::{
    Check, Group, Outcome, Report,
    exchange::{Exchange, shown},
};
use crate::capability::Capability;

/// The check.
pub(super) const CHAT: Check = Check {
    ask: || json!({ "messages": [{"role": "user", "content": "Say pong and nothing else."}] }),
    output: 200,
    read,
};

fn read(exchange: &Exchange, report: &mut Report) {
    let chat = (Group::Chat, "plain answer");
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        report.note_ability(chat, Capability::Chat, outcome, exchange.said());
        return;
    }
    let answer = exchange.json();
    let message = &answer["choices"][0]["message"];
    let is_answer = message.is_object();
    let evidence = match message["content"].as_str() {
        Some("") => "an empty content".to_owned(),
        Some(content) => format!("{:?}", shown(content)),
        None => "no text content".to_owned(),
    };
    let outcome = if is_answer { Outcome::Yes } else { Outcome::No };
    report.note_ability(chat, Capability::Chat, outcome, evidence);
    let finish = answer["choices"][0]["finish_reason"].as_str();
    let outcome = if finish.is_some() {
        Outcome::Yes
    } else {
        Outcome::No
    };
    report.note(
        Group::Chat,
        "finish reason",
        outcome,
        finish.unwrap_or_default(),
    );
    let (outcome, evidence) = usage(exchange);
    report.note(Group::Chat, "usage", outcome, evidence);
    let (outcome, evidence) = reasoning(message, exchange);
    let what = (Group::Chat, "reasoning");
    report.note_ability(what, Capability::Reasoning, outcome, evidence);
}

fn usage(exchange: &Exchange) -> (Outcome, String) {
    match exchange.usage() {
        Some(usage) => {
            let (input, output) = (usage.input_tokens, usage.output_tokens);
            (Outcome::Yes, format!("{input} tokens in, {output} out"))
        }
        None => (Outcome::No, String::new()),
    }
}

/// A model that shows none may still reason when asked for more, so that its want proves nothing.
fn reasoning(message: &Value, exchange: &Exchange) -> (Outcome, String) {
    let has_text = |name: &str| message[name].as_str().is_some_and(|text| !text.is_empty());
    for field in ["reasoning_content", "reasoning"] {
        if has_text(field) {
            return (Outcome::Yes, format!("in {field}"));
        }
    }
    let content = message["content"].as_str().unwrap_or_default();
    if content.trim_start().starts_with("<think>") {
        return (Outcome::Yes, "in the content, as <think>".to_owned());
    }
    let parts = message["content"].as_array();
    if parts.is_some_and(|parts| parts.iter().any(|part| part["type"] == "thinking")) {
        return (
            Outcome::Yes,
            "in parts of the content, of type thinking".to_owned(),
        );
    }
    match exchange.usage() {
        Some(usage) if usage.reasoning_tokens > 0 => {
            let tokens = usage.reasoning_tokens;
            (
                Outcome::Yes,
                format!("hidden; usage counts {tokens} tokens"),
            )
        }
        Some(_) | None => (Outcome::Unknown, "none was shown".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::exchange::tests::answer;

    #[test]
    fn reasoning_is_found_wherever_it_stands() {
        for (message, evidence) in [
            (
                r#"{"content":"","reasoning_content":"hm"}"#,
                "in reasoning_content",
            ),
            (r#"{"content":"4","reasoning":"hm"}"#, "in reasoning"),
            (
                r#"{"content":"<think>hm</think>4"}"#,
                "in the content, as <think>",
            ),
            (
                r#"{"content":[{"type":"thinking","thinking":[]}]}"#,
                "in parts of the content, of type thinking",
            ),
            (r#"{"content":"4","reasoning":""}"#, "none was shown"),
        ] {
            let value = serde_json::from_str(message).unwrap();
            assert_eq!(
                reasoning(&value, &answer(200, "{}")).1,
                evidence,
                "{message}"
            );
        }
        let hidden = r#"{"usage":{"prompt_tokens":1,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":7}}}"#;
        let (outcome, evidence) = reasoning(&json!({"content": "4"}), &answer(200, hidden));
        assert_eq!(outcome, Outcome::Yes);
        assert_eq!(evidence, "hidden; usage counts 7 tokens");
    }
}
