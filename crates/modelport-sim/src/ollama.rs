//! Ollama's own API: its listings and its chat, in the forms of its documentation (repository ollama/ollama, `docs/api.md`,
//! read 2026-11-22).

use serde_json::{Value, json};

use crate::answer::{Answer, Dialect, Events};
use crate::chat::{Completion, Content, Reporting};
use crate::options::Options;

/// Nanoseconds each token takes in the timings, which are made up.
const TOKEN_NANOS: usize = 20_000_000;
/// When everything happened: a fixed time, so that answers compare equal.
const AT: &str = "2026-11-22T15:00:00.407414671Z";
/// The context every simulated model was trained with, and the one it is served with.
const TRAINED_CONTEXT: u64 = 131_072;
pub(crate) const SERVED_CONTEXT: usize = 4_096;
/// What a model thinks.
const THOUGHTS: [&str; 2] = ["Let me", " see."];

/// `GET /`.
pub(crate) fn root() -> Answer {
    Answer::whole(
        200,
        "text/plain; charset=utf-8",
        b"Ollama is running".to_vec(),
    )
}

/// `GET /api/version`.
pub(crate) fn version() -> Answer {
    Answer::json(200, &json!({ "version": "0.20.1" }))
}

/// `GET /api/tags`.
pub(crate) fn tags(options: &Options) -> Answer {
    let entry = if options.bare_tags { bare_tag } else { tag };
    let entries = options.models.iter().map(|model| entry(model));
    Answer::json(200, &json!({ "models": entries.collect::<Vec<_>>() }))
}

/// `GET /api/ps`: the first model is loaded.
pub(crate) fn running(models: &[String]) -> Answer {
    let loaded = models.iter().take(1).map(|model| {
        json!({
            "name": model, "model": model, "size": 6_654_289_920_u64, "size_vram": 6_654_289_920_u64, "digest": digest(model),
            "details": details(), "expires_at": AT, "context_length": SERVED_CONTEXT,
        })
    });
    Answer::json(200, &json!({ "models": loaded.collect::<Vec<_>>() }))
}

/// `POST /api/show`.
pub(crate) fn show(model: &str) -> Answer {
    let body = json!({
        "modelfile": format!("FROM {model}"), "parameters": "num_ctx                        8192", "template": "{{ .Prompt }}",
        "details": details(),
        "model_info": {
            "general.architecture": "llama", "general.parameter_count": 8_030_261_248_u64,
            "llama.context_length": TRAINED_CONTEXT, "llama.embedding_length": 4096,
        },
        "capabilities": capabilities(model), "modified_at": AT,
    });
    Answer::json(200, &body)
}

/// One entry of a listing.
pub(crate) fn tag(model: &str) -> Value {
    let mut tag = bare_tag(model);
    tag["capabilities"] = json!(capabilities(model));
    tag["details"]["context_length"] = json!(TRAINED_CONTEXT);
    tag
}

/// One entry of an older server's listing.
fn bare_tag(model: &str) -> Value {
    json!({
        "name": model, "model": model, "modified_at": AT, "size": 4_920_753_328_u64, "digest": digest(model),
        "details": details(),
    })
}

/// Models of different names are different: FNV-1a of the name.
fn digest(model: &str) -> String {
    let hash = model.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:064x}")
}

/// Models whose names say so think.
pub(crate) fn can_think(model: &str) -> bool {
    model.contains("think")
}

fn details() -> Value {
    json!({
        "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
        "parameter_size": "8.0B", "quantization_level": "Q4_K_M",
    })
}

fn capabilities(model: &str) -> Vec<&'static str> {
    if model.contains("embed") {
        return vec!["embedding"];
    }
    let mut all = vec!["completion", "tools"];
    all.extend(model.contains("vision").then_some("vision"));
    all.extend(can_think(model).then_some("thinking"));
    all
}

/// The chat's answer in one piece.
pub(crate) fn whole(completion: &Completion, reporting: Reporting) -> Vec<u8> {
    let mut message = message(&completion.content);
    if completion.thinks {
        message["thinking"] = json!(THOUGHTS.concat());
    }
    last(completion, &message, reporting)
        .to_string()
        .into_bytes()
}

/// The chat's answer as a stream: thoughts, pieces of text, or the tool calls in one line, then a line with the counts.
pub(crate) fn events(completion: &Completion, reporting: Reporting) -> Events {
    let mut events = Events::new(Dialect::Ollama);
    let mut line = |message: &Value| {
        let line = json!({ "model": completion.model, "created_at": AT, "message": message, "done": false });
        events.push(|out| out.extend_from_slice(line.to_string().as_bytes()));
    };
    for thought in THOUGHTS.iter().filter(|_| completion.thinks) {
        line(&json!({ "role": "assistant", "content": "", "thinking": thought }));
    }
    match &completion.content {
        Content::Text(pieces) => pieces
            .iter()
            .for_each(|piece| line(&json!({ "role": "assistant", "content": piece }))),
        Content::Calls(_) => line(&message(&completion.content)),
    }
    events.end_content();
    let last = last(
        completion,
        &json!({ "role": "assistant", "content": "" }),
        reporting,
    );
    events.push(|out| out.extend_from_slice(last.to_string().as_bytes()));
    events
}

fn message(content: &Content) -> Value {
    match content {
        Content::Text(pieces) => json!({ "role": "assistant", "content": pieces.text() }),
        Content::Calls(calls) => {
            let calls = calls.iter().enumerate().map(|(index, call)| {
                let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
                json!({ "function": { "index": index, "name": call.name, "arguments": arguments } })
            });
            json!({ "role": "assistant", "content": "", "tool_calls": calls.collect::<Vec<_>>() })
        }
    }
}

/// The object that ends an answer. Ollama says `stop` even after tool calls.
fn last(completion: &Completion, message: &Value, reporting: Reporting) -> Value {
    let reason = match completion.finish {
        crate::chat::Finish::Stop | crate::chat::Finish::ToolCalls => "stop",
        crate::chat::Finish::Length => "length",
    };
    let mut last = json!({
        "model": completion.model, "created_at": AT, "message": message, "done": true, "done_reason": reason,
        "total_duration": (completion.prompt_tokens + completion.output_tokens) * TOKEN_NANOS, "load_duration": TOKEN_NANOS,
    });
    if reporting != Reporting::Never {
        last["prompt_eval_count"] = json!(completion.prompt_tokens);
        last["prompt_eval_duration"] = json!(completion.prompt_tokens * TOKEN_NANOS);
        last["eval_count"] = json!(completion.output_tokens);
        last["eval_duration"] = json!(completion.output_tokens * TOKEN_NANOS);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Ask, complete};

    fn lines(ask: &str) -> (Value, Vec<Value>) {
        let completion = complete(&Ask::read(ask.as_bytes()).unwrap(), None);
        let events = events(&completion, Reporting::AtEnd);
        let lines = (0..events.len())
            .map(|index| serde_json::from_slice(events.get(index)).unwrap())
            .collect();
        (
            serde_json::from_slice(&whole(&completion, Reporting::AtEnd)).unwrap(),
            lines,
        )
    }

    #[test]
    fn a_stream_and_a_plain_answer_say_the_same() {
        let (plain, lines) =
            lines(r#"{"model":"m:8b","messages":[{"role":"user","content":"hello"}]}"#);
        let text: String = lines
            .iter()
            .filter_map(|line| line["message"]["content"].as_str())
            .collect();
        assert_eq!(plain["message"]["content"], text);
        let (last, before) = lines.split_last().unwrap();
        assert!(before.iter().all(|line| line["done"] == false));
        assert_eq!(
            (&last["done"], &last["eval_count"]),
            (&json!(true), &plain["eval_count"])
        );
    }

    #[test]
    fn thoughts_come_first_where_they_are_asked_for() {
        let (plain, lines) = lines(r#"{"model":"m","messages":[],"think":"low"}"#);
        let thoughts: String = lines
            .iter()
            .filter_map(|line| line["message"]["thinking"].as_str())
            .collect();
        assert_eq!(plain["message"]["thinking"], thoughts);
        assert_eq!(lines[0]["message"]["thinking"], THOUGHTS[0]);
        assert!(
            plain["message"]["content"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }

    #[test]
    fn older_servers_list_less() {
        let options = Options {
            bare_tags: true,
            ..Options::default()
        };
        assert!(tag("m").get("capabilities").is_some());
        let crate::answer::Body::Whole(body) = tags(&options).body else {
            panic!("a stream");
        };
        let listed: Value = serde_json::from_slice(&body).unwrap();
        let first = &listed["models"][0];
        assert!(
            first.get("capabilities").is_none() && first["details"].get("context_length").is_none()
        );
        assert_ne!(first["digest"], listed["models"][1]["digest"]);
    }

    #[test]
    fn tool_calls_have_objects_for_arguments() {
        let (plain, lines) = lines(
            r#"{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"a":{"type":"integer"}}}}}]}"#,
        );
        let call = json!({ "function": { "index": 0, "name": "f", "arguments": { "a": 7 } } });
        assert_eq!(
            (
                &plain["message"]["tool_calls"][0],
                &lines[0]["message"]["tool_calls"][0]
            ),
            (&call, &call)
        );
        assert_eq!(lines[1]["done_reason"], "stop");
    }
}
