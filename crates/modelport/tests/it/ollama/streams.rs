//! Streams of `/api/chat` as the caller sees them.

use std::time::Duration;

use modelport_sim::{Options, Outcome};
use serde_json::{Value, json};

use super::{MODELS, gateway, last, options, pair, saying};
use crate::support::Upstream;

/// The events of a stream: chunks, then whatever ended it.
fn events(answer: &crate::support::Response) -> Vec<Value> {
    let data = answer.events();
    data.iter()
        .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
        .collect()
}

fn deltas(events: &[Value], name: &str) -> String {
    let texts = events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"][name].as_str());
    texts.collect()
}

#[test]
fn chunks_come_in_openais_order() {
    let (upstream, gateway) = pair(&[]);
    let more = json!({"stream": true, "stream_options": {"include_usage": true}, "reasoning_effort": "low"});
    let answer = gateway.chat(&saying(MODELS[1], "Hello", &more));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(
        answer.header("x-modelport-upstream-path"),
        Some("/api/chat")
    );
    assert_eq!(last(&upstream).1["stream"], true);
    let events = events(&answer);
    let [role, thought, .., finish, usage, done] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(
        role["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    assert_eq!(
        thought["choices"][0]["delta"],
        json!({"reasoning_content": "Let me"})
    );
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(finish["choices"][0]["delta"], json!({}));
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert_eq!(done, "[DONE]");
    assert_eq!(deltas(&events, "reasoning_content"), "Let me see.");
    assert!(deltas(&events, "content").starts_with("You said: Hello"));
    let chunks = &events[..events.len() - 1];
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["id"] == role["id"] && chunk["object"] == "chat.completion.chunk")
    );
    gateway.wait_for_ending("answered");
}

#[test]
fn tool_calls_are_streamed() {
    let (_upstream, gateway) = pair(&[]);
    let function = json!({"name": "f", "parameters": {"properties": {"a": {"type": "integer"}}}});
    let tools = json!({"stream": true, "tools": [{"type": "function", "function": function}]});
    let events = events(&gateway.chat(&saying(MODELS[0], "Call", &tools)));
    let call = &events[1]["choices"][0]["delta"]["tool_calls"][0];
    assert_eq!(call["index"], 0);
    assert_eq!(
        call["function"],
        json!({"name": "f", "arguments": "{\"a\":7}"})
    );
    assert!(call["id"].as_str().unwrap().starts_with("call_"));
    let finish = &events[events.len() - 2];
    assert_eq!(finish["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(events.last().unwrap(), "[DONE]");
}

/// How a stream that meets this fault after some output ends.
fn broken(fault: &str) -> Vec<Value> {
    let (upstream, gateway) = pair(&[]);
    upstream.set_fault(Some(fault));
    let answer = gateway.chat(&saying(MODELS[0], "Hello", &json!({"stream": true})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let events = events(&answer);
    assert!(!deltas(&events, "content").is_empty(), "{events:?}");
    assert_ne!(events.last().unwrap(), "[DONE]");
    gateway.wait_for_ending("broken");
    events
}

#[test]
fn an_error_within_a_stream_is_an_error_event() {
    let events = broken("error-event-3");
    let error = &events.last().unwrap()["error"];
    assert!(error["message"].as_str().unwrap().len() > 5, "{error}");
    assert_eq!(error["type"], "api_error");
    let errors = events.iter().filter(|event| event.get("error").is_some());
    assert_eq!(errors.count(), 1, "{events:?}");
}

#[test]
fn a_stream_that_breaks_off_ends_in_an_error_event() {
    for fault in ["cut-3", "eof-3"] {
        let events = broken(fault);
        let error = &events.last().unwrap()["error"];
        assert!(error["message"].is_string(), "{fault}: {events:?}");
    }
}

#[test]
fn a_caller_who_leaves_takes_the_call_along() {
    let upstream = Upstream::with(Options {
        tokens_per_second: 20,
        tokens: Some(10_000),
        ..options()
    });
    let gateway = gateway(&upstream, &[]);
    let body = saying(MODELS[0], "Hello", &json!({"stream": true})).to_string();
    let mut stream = gateway
        .request("POST", "/v1/chat/completions")
        .body(body)
        .open();
    assert!(stream.read_until("said"));
    drop(stream);
    let gone = upstream.wait_for(Duration::from_secs(1), |seen| {
        seen.iter()
            .all(|seen| matches!(seen.outcome, Outcome::Cancelled { .. }))
    });
    assert!(gone, "{:?}", upstream.completions());
    assert_eq!(last(&upstream).0, "/api/chat");
    gateway.wait_for_ending("cancelled");
}
