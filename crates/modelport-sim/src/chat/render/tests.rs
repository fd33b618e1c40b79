use serde_json::Value;

use super::*;
use crate::chat::{Ask, complete};

const STAMP: Stamp = Stamp {
    id: 7,
    created: 1_790_000_000,
};
const CHAT: &str =
    r#"{"model":"m/\"x\":free","messages":[{"role":"user","content":"say \"hé\""}]}"#;
const TOOLS: &str = r#"{"model":"m","messages":[],"n":2,"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"properties":{"city":{"type":"string"},"when":{"type":"string","format":"date"}}}}},{"type":"function","function":{"name":"b"}}]}"#;

fn chunks(body: &str, operation: Operation, reporting: Reporting) -> Vec<Value> {
    let events = events(
        operation,
        &complete(&Ask::read(body.as_bytes()).unwrap(), None),
        reporting,
        STAMP,
    );
    assert_eq!(events.get(events.len() - 1), DONE);
    (0..events.len() - 1)
        .map(|index| serde_json::from_slice(events.get(index)).unwrap())
        .collect()
}

fn body(body: &str, operation: Operation, reporting: Reporting) -> Value {
    serde_json::from_slice(&whole(
        operation,
        &complete(&Ask::read(body.as_bytes()).unwrap(), None),
        reporting,
        STAMP,
    ))
    .unwrap()
}

fn joined(chunks: &[Value], pointer: &str) -> String {
    chunks
        .iter()
        .filter_map(|chunk| chunk.pointer(pointer)?.as_str())
        .collect()
}

#[test]
fn a_stream_and_a_plain_answer_say_the_same() {
    let plain = body(CHAT, Operation::Chat, Reporting::AtEnd);
    let stream = chunks(CHAT, Operation::Chat, Reporting::AtEnd);
    assert_eq!(
        plain["choices"][0]["message"]["content"],
        joined(&stream, "/choices/0/delta/content")
    );
    let (last, before) = stream.split_last().unwrap();
    assert_eq!(
        (&last["usage"], &last["choices"]),
        (&plain["usage"], &serde_json::json!([]))
    );
    assert!(before.iter().all(|chunk| chunk["usage"].is_null()
        && chunk["model"] == "m/\"x\":free"
        && chunk["id"] == "chatcmpl-sim-000007"));
    assert_eq!(
        before.last().unwrap()["choices"][0]["finish_reason"],
        plain["choices"][0]["finish_reason"]
    );
    assert_eq!(stream[0]["choices"][0]["delta"]["role"], "assistant");
    let tokens = plain["usage"]["completion_tokens"].as_u64().unwrap();
    assert_eq!(usize::try_from(tokens).unwrap(), stream.len() - 3);
}

#[test]
fn legacy_completions_have_their_own_form() {
    let ask = r#"{"model":"m","prompt":"hello"}"#;
    let plain = body(ask, Operation::Text, Reporting::AtEnd);
    let stream = chunks(ask, Operation::Text, Reporting::Never);
    assert_eq!(
        plain["choices"][0]["text"],
        joined(&stream, "/choices/0/text")
    );
    assert_eq!(
        (&plain["object"], &stream[0]["object"]),
        (&"text_completion".into(), &"text_completion".into())
    );
}

#[test]
fn usage_is_where_it_is_wanted() {
    let each = chunks(CHAT, Operation::Chat, Reporting::Each);
    assert!(
        each.iter()
            .all(|chunk| chunk["usage"]["total_tokens"].is_u64())
    );
    let counts: Vec<u64> = each
        .iter()
        .filter_map(|chunk| chunk["usage"]["completion_tokens"].as_u64())
        .collect();
    assert!(counts.is_sorted() && counts[0] == 0);
    assert!(
        chunks(CHAT, Operation::Chat, Reporting::Never)
            .iter()
            .all(|chunk| chunk.get("usage").is_none())
    );
    assert!(
        body(CHAT, Operation::Chat, Reporting::Never)
            .get("usage")
            .is_none()
    );
}

#[test]
fn tool_calls_are_the_same_in_fragments() {
    let plain = body(TOOLS, Operation::Chat, Reporting::AtEnd);
    let stream = chunks(TOOLS, Operation::Chat, Reporting::Never);
    assert_eq!(plain["choices"].as_array().unwrap().len(), 2);
    for place in 0..2 {
        let mine: Vec<Value> = stream
            .iter()
            .filter(|chunk| {
                chunk["choices"][0]["index"] == 1
                    && chunk["choices"][0]["delta"]["tool_calls"][0]["index"] == place
            })
            .cloned()
            .collect();
        let whole = &plain["choices"][1]["message"]["tool_calls"][place]["function"];
        assert_eq!(
            whole["arguments"],
            joined(&mine, "/choices/0/delta/tool_calls/0/function/arguments")
        );
        assert_eq!(
            whole["name"],
            joined(&mine, "/choices/0/delta/tool_calls/0/function/name")
        );
    }
    assert_eq!(plain["choices"][0]["finish_reason"], "tool_calls");
}
