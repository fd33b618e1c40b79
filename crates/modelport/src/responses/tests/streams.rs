use modelport_provider::sse::events;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Echo, Events, from_chat, to_chat};
use super::{grammar, recorded};

fn streamed(request: &Value, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut events = Events::new(
        Echo::of(request.to_string().as_bytes()),
        "asked",
        "resp_x",
        7,
    );
    for chunk in chunks {
        events.push(chunk, &mut out);
    }
    events.finish(&mut out);
    out
}

fn whole(completion: &Value) -> Value {
    let answer = from_chat(
        completion.to_string().as_bytes(),
        &Echo::default(),
        "asked",
        7,
    );
    serde_json::from_slice(&answer.unwrap()).unwrap()
}

fn deltas(deltas: &[Value]) -> Vec<Vec<u8>> {
    let chunk = |delta: &Value| json!({ "choices": [{ "index": 0, "delta": delta }] });
    deltas
        .iter()
        .map(|delta| chunk(delta).to_string().into_bytes())
        .collect()
}

#[test]
fn every_recorded_stream_keeps_the_order_and_says_what_a_whole_answer_says() {
    let streams = recorded::streams();
    assert!(streams.len() > 20, "{}", streams.len());
    for (name, chunks) in streams {
        let (_, response) = grammar::check(&streamed(&json!({}), &chunks));
        let whole = whole(&recorded::completion(&chunks));
        assert_eq!(response["output"], whole["output"], "{name}");
        assert_eq!(response["status"], whole["status"], "{name}");
        assert!(!whole["output"].as_array().unwrap().is_empty(), "{name}");
        if !name.contains("llamacpp") {
            assert_eq!(response["usage"], whole["usage"], "{name}");
        }
    }
}

#[test]
fn one_kind_of_content_ends_where_another_begins() {
    let chunks = deltas(&[
        json!({ "role": "assistant", "reasoning": "hm" }),
        json!({ "content": "a" }),
        json!({ "refusal": "no" }),
        json!({ "tool_calls": [{ "index": 1, "id": "c1", "function": { "name": "", "arguments": "{\"a\"" } }] }),
        json!({ "tool_calls": [{ "index": 1, "function": { "name": "f", "arguments": ":1}" } }] }),
        json!({ "tool_calls": [{ "index": 2, "id": "c2", "type": "custom", "custom": { "name": "c", "input": "x" } }] }),
        json!({ "tool_calls": [{ "index": 2, "custom": { "input": "y" } }, { "index": 3, "function": { "name": "g" } }] }),
        json!({ "content": "b" }),
    ]);
    let (names, response) = grammar::check(&streamed(&json!({}), &chunks));
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    assert!(at("response.reasoning_text.done") < at("response.output_text.delta"));
    assert!(at("response.output_text.done") < at("response.refusal.delta"));
    assert!(at("response.refusal.done") < at("response.function_call_arguments.delta"));
    let text = json!({ "type": "output_text", "text": "a", "annotations": [], "logprobs": [] });
    let said = [text, json!({ "type": "refusal", "refusal": "no" })];
    let output = json!([
        { "id": "rs_x_0", "type": "reasoning", "summary": [], "content": [{ "type": "reasoning_text", "text": "hm" }], "status": "completed" },
        { "id": "msg_x_1", "type": "message", "role": "assistant", "status": "completed", "content": said },
        { "id": "fc_x_2", "type": "function_call", "status": "completed", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}" },
        { "id": "ctc_x_3", "type": "custom_tool_call", "status": "completed", "call_id": "c2", "name": "c", "input": "xy" },
        { "id": "fc_x_4", "type": "function_call", "status": "completed", "call_id": "fc_x_4", "name": "g", "arguments": "{}" },
        { "id": "msg_x_5", "type": "message", "role": "assistant", "status": "completed",
          "content": [{ "type": "output_text", "text": "b", "annotations": [], "logprobs": [] }] },
    ]);
    assert_eq!(response["output"], output);
}

#[test]
fn an_end_that_is_none_shows() {
    let finished = |reason: &str| {
        let mut chunks = deltas(&[json!({ "content": "a" })]);
        chunks.push(
            json!({ "choices": [{ "delta": {}, "finish_reason": reason }] })
                .to_string()
                .into_bytes(),
        );
        grammar::check(&streamed(&json!({}), &chunks)).1
    };
    for (reason, status, detail, item) in [
        ("stop", "completed", Value::Null, "completed"),
        (
            "length",
            "incomplete",
            json!({ "reason": "max_output_tokens" }),
            "incomplete",
        ),
        (
            "content_filter",
            "incomplete",
            json!({ "reason": "content_filter" }),
            "incomplete",
        ),
        ("abort", "failed", Value::Null, "incomplete"),
    ] {
        let response = finished(reason);
        assert_eq!(
            (
                &response["status"],
                &response["incomplete_details"],
                &response["output"][0]["status"]
            ),
            (&json!(status), &detail, &json!(item)),
            "{reason}"
        );
        assert_eq!(response["error"].is_null(), status != "failed");
    }
    let mut error = deltas(&[json!({ "content": "a" })]);
    error.push(br#"{"error":{"message":"sk-secret"}}"#.to_vec());
    let (_, response) = grammar::check(&streamed(&json!({}), &error));
    assert_eq!(response["status"], "failed");
    assert!(!response.to_string().contains("secret"));
}

#[test]
fn a_signature_comes_back_with_its_call() {
    let streams = recorded::streams();
    let (_, chunks) = streams
        .iter()
        .find(|(name, _)| name.contains("tool_signature"))
        .unwrap();
    let (_, response) = grammar::check(&streamed(&json!({}), chunks));
    let signed = json!({ "google": { "thought_signature": "c2FtcGxl" } });
    assert_eq!(response["output"][0]["extra_content"], signed);
    let next = json!({ "model": "m", "input": response["output"] }).to_string();
    let chat: Value = serde_json::from_slice(&to_chat(next.as_bytes(), "m").unwrap().body).unwrap();
    assert_eq!(
        chat["messages"][0]["tool_calls"][0]["extra_content"],
        signed
    );
}

#[test]
fn nothing_follows_an_error() {
    let mut out = Vec::new();
    let mut events = Events::new(Echo::default(), "m", "resp_x", 7);
    let chunk = &deltas(&[json!({ "content": "a" })])[0];
    events.push(chunk, &mut out);
    events.fail("upstream_cut", "It broke off.", &mut out);
    let length = out.len();
    events.push(chunk, &mut out);
    events.finish(&mut out);
    events.fail("other", "again", &mut out);
    assert_eq!(out.len(), length);
    let last = self::events(&out).last().unwrap();
    assert_eq!(last.name, b"error");
    let data: Value = serde_json::from_slice(&last.data).unwrap();
    let error = json!({ "message": "It broke off.", "type": "upstream_error", "param": null, "code": "upstream_cut" });
    let expected = json!({ "type": "error", "sequence_number": 5, "code": "upstream_cut", "message": "It broke off.", "param": null, "error": error });
    assert_eq!(data, expected);
}

#[test]
fn logprobs_come_if_they_are_asked_for() {
    let token = json!({ "token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [] });
    let chunk =
        json!({ "choices": [{ "delta": { "content": "a" }, "logprobs": { "content": [token] } }] });
    let chunks = [chunk.to_string().into_bytes()];
    for (request, expected) in [
        (json!({}), json!([])),
        (json!({ "top_logprobs": 1 }), json!([token])),
        (
            json!({ "include": ["message.output_text.logprobs"] }),
            json!([token]),
        ),
    ] {
        let (_, response) = grammar::check(&streamed(&request, &chunks));
        assert_eq!(
            response["output"][0]["content"][0]["logprobs"], expected,
            "{request}"
        );
    }
}

proptest! {
    #[test]
    fn it_does_not_matter_where_text_and_arguments_are_cut(
        text in "[a-zé🙂\"\\\\\n ]{1,40}", arguments in "[a-z{}\"🙂]{1,30}", cuts in proptest::collection::vec(any::<bool>(), 80)
    ) {
        let pieces = |whole: &str| {
            let mut pieces = vec![String::new()];
            for (character, cut) in whole.chars().zip(&cuts) {
                if *cut {
                    pieces.push(String::new());
                }
                pieces.last_mut().unwrap().push(character);
            }
            pieces
        };
        let mut all: Vec<Value> = pieces(&text).iter().map(|piece| json!({ "content": piece })).collect();
        all.push(json!({ "tool_calls": [{ "index": 0, "id": "c", "function": { "name": "f", "arguments": "" } }] }));
        let called = |piece: &String| json!({ "tool_calls": [{ "index": 0, "function": { "arguments": piece } }] });
        all.extend(pieces(&arguments).iter().map(called));
        let chunks = deltas(&all);
        let (_, response) = grammar::check(&streamed(&json!({}), &chunks));
        let call = json!([{ "id": "c", "type": "function", "function": { "name": "f", "arguments": arguments } }]);
        let message = json!({ "role": "assistant", "content": text, "tool_calls": call });
        let whole = whole(&json!({ "id": "x", "choices": [{ "message": message, "finish_reason": "stop" }] }));
        prop_assert_eq!(&response["output"], &whole["output"]);
    }
}
