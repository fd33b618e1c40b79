//! Tools: whether a forced call comes back and can be read, whether several come at once, and how a call is streamed.

use serde_json::{Value, json};

use super::{Check, Group, Outcome, Report, exchange::Exchange};
use crate::capability::Capability;

const NAME: &str = "get_weather";

/// One call, forced by name.
pub(super) const FORCED: Check = Check {
    ask: || ask("What is the weather in Oslo?", &forced()),
    output: 200,
    read: read_forced,
};

/// Two calls in one turn, if the model likes.
pub(super) const PARALLEL: Check = Check {
    ask: || {
        let mut body = ask(
            "What is the weather in Oslo, and what in Rome? Ask for both at once.",
            &json!("auto"),
        );
        body["parallel_tool_calls"] = json!(true);
        if let Some(tools) = body["tools"].as_array_mut() {
            tools.push(tool("get_local_time", "Tells the local time of a city"));
        }
        body
    },
    output: 300,
    read: read_parallel,
};

/// One call, streamed.
pub(super) const STREAMED: Check = Check {
    ask: || {
        let mut body = ask("What is the weather in Oslo?", &forced());
        body["stream"] = json!(true);
        body
    },
    output: 200,
    read: read_streamed,
};

fn forced() -> Value {
    json!({"type": "function", "function": {"name": NAME}})
}

fn ask(question: &str, choice: &Value) -> Value {
    json!({
        "messages": [{"role": "user", "content": question}],
        "tools": [tool(NAME, "Tells the weather of a city")],
        "tool_choice": choice,
    })
}

fn tool(name: &str, description: &str) -> Value {
    json!({"type": "function", "function": {
        "name": name,
        "description": description,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }})
}

fn read_forced(exchange: &Exchange, report: &mut Report) {
    let what = (Group::Tools, "forced call");
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        report.note_ability(what, Capability::Tools, outcome, exchange.said());
        return;
    }
    let answer = exchange.json();
    let choice = &answer["choices"][0];
    let call = &choice["message"]["tool_calls"][0]["function"];
    if call["name"] != NAME {
        let evidence = "an answer in words came instead";
        report.note_ability(what, Capability::Tools, Outcome::Ignored, evidence);
        return;
    }
    let finish = choice["finish_reason"].as_str().unwrap_or("none");
    let evidence = format!("{NAME}; finish_reason {finish}");
    report.note_ability(what, Capability::Tools, Outcome::Yes, evidence);
    let (outcome, evidence) = arguments(&call["arguments"]);
    report.note(Group::Tools, "arguments can be read", outcome, evidence);
}

fn arguments(arguments: &Value) -> (Outcome, String) {
    if arguments.is_object() {
        return (
            Outcome::No,
            "an object, where a text with JSON belongs".to_owned(),
        );
    }
    let text = arguments.as_str().unwrap_or_default();
    match serde_json::from_str::<Value>(text) {
        Ok(read) if read["city"].is_string() => (Outcome::Yes, text.to_owned()),
        Ok(_) => (
            Outcome::No,
            format!("{text}, without the city that is required"),
        ),
        Err(_) => (Outcome::No, format!("{text:?} is not JSON")),
    }
}

/// A model that makes one call may have had its reasons, so that it proves nothing.
fn read_parallel(exchange: &Exchange, report: &mut Report) {
    let what = (Group::Tools, "several calls at once");
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        report.note_ability(what, Capability::ParallelTools, outcome, exchange.said());
        return;
    }
    let answer = exchange.json();
    let calls = answer["choices"][0]["message"]["tool_calls"].as_array();
    let count = calls.map_or(0, Vec::len);
    let (outcome, evidence) = match count {
        0 => (Outcome::Unknown, "no call was made".to_owned()),
        1 => (Outcome::Unknown, "one call was made".to_owned()),
        count => (Outcome::Yes, format!("{count} calls")),
    };
    report.note_ability(what, Capability::ParallelTools, outcome, evidence);
}

fn read_streamed(exchange: &Exchange, report: &mut Report) {
    let what = "call in a stream";
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        report.note(Group::Tools, what, outcome, exchange.said());
        return;
    }
    let events = exchange.events();
    let pieces: Vec<&Value> = events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["tool_calls"].as_array())
        .flatten()
        .collect();
    let (outcome, evidence) = match pieces.as_slice() {
        [] => (Outcome::No, "no call in the stream".to_owned()),
        pieces => {
            let indexed = pieces.iter().all(|piece| piece["index"].is_u64());
            let index = if indexed {
                "with index"
            } else {
                "without index"
            };
            let is_start = |piece: &&&Value| {
                let name = piece["function"]["name"].as_str();
                name.is_some_and(|name| !name.is_empty())
            };
            let how = if pieces.iter().filter(is_start).count() == pieces.len() {
                "whole in one chunk".to_owned()
            } else {
                format!("in {} pieces", pieces.len())
            };
            (Outcome::Yes, format!("{how}, {index}"))
        }
    };
    report.note(Group::Tools, what, outcome, evidence);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::exchange::tests::answer;

    fn found(read: fn(&Exchange, &mut Report), body: &str) -> Vec<(Outcome, String)> {
        let mut report = Report::default();
        read(&answer(200, body), &mut report);
        let findings = report.findings.into_iter();
        findings
            .map(|finding| (finding.outcome, finding.evidence))
            .collect()
    }

    #[test]
    fn streamed_calls_show_how_they_come() {
        for (body, evidence) in [
            (
                include_str!("../../tests/recorded/ollama/v1_stream_tool_whole.sse"),
                "whole in one chunk, with index",
            ),
            (
                include_str!("../../tests/recorded/mistral/stream_tool_call_no_index.sse"),
                "whole in one chunk, without index",
            ),
        ] {
            let found = found(read_streamed, body);
            assert_eq!(found[0].0, Outcome::Yes);
            assert_eq!(found[0].1, evidence);
        }
    }

    #[test]
    fn arguments_are_looked_at() {
        for (written, outcome) in [
            (json!("{\"city\":\"Oslo\"}"), Outcome::Yes),
            (json!("{}"), Outcome::No),
            (json!("{\"city\":"), Outcome::No),
            (json!({"city": "Oslo"}), Outcome::No),
        ] {
            assert_eq!(arguments(&written).0, outcome, "{written}");
        }
    }

    #[test]
    fn words_instead_of_a_call_are_no_tools() {
        let words = r#"{"choices":[{"message":{"content":"cold"},"finish_reason":"stop"}]}"#;
        assert_eq!(found(read_forced, words)[0].0, Outcome::Ignored);
        assert_eq!(found(read_parallel, words)[0].0, Outcome::Unknown);
    }
}
