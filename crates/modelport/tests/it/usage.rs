//! What was used is known of streams too: providers that tell it on request only are asked, and callers who did not ask
//! see nothing of that.

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, client::Response, wait_until};

fn gateway(upstream: &Upstream, profile: &str, more: &[(&str, &str)]) -> Gateway {
    let base_url = upstream.base_url();
    let profile = ("OPENAI_COMPATIBLE_PROFILE", profile);
    Gateway::before(&base_url, &[&[profile], more].concat())
}

fn ask(gateway: &Gateway, body: &Value) -> Response {
    gateway.chat(body)
}

/// The data of the events of a stream.
fn events(answer: &Response) -> Vec<String> {
    let text = answer.text();
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.map(str::to_owned).collect()
}

/// The output tokens in the log line of the only request.
fn logged(gateway: &Gateway) -> Option<u64> {
    let printed = || gateway.output().contains(" request_id=");
    assert!(wait_until(std::time::Duration::from_secs(10), printed));
    let output = gateway.output();
    let (_, rest) = output.split_once(" output_tokens=")?;
    rest.split(['\n', ' ']).next()?.parse().ok()
}

fn chat(more: &Value) -> Value {
    let mut body = json!({
        "model": "sim-fast", "max_tokens": 7, "stream": true,
        "messages": [{"role": "user", "content": "hello"}],
    });
    let fields = more.as_object().unwrap();
    body.as_object_mut().unwrap().extend(fields.clone());
    body
}

#[test]
fn a_stream_is_asked_for_its_usage_and_the_caller_sees_none() {
    let upstream = Upstream::with(Options::default());
    for stream_options in [
        json!({}),
        json!({"stream_options": null}),
        json!({"stream_options": {"include_usage": false}}),
        json!({"stream_options": {"include_obfuscation": false}}),
    ] {
        let gateway = gateway(&upstream, "vllm", &[]);
        let answer = ask(&gateway, &chat(&stream_options));
        assert_eq!(answer.status, 200);
        let events = events(&answer);
        assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
        let chunks = events.iter().filter(|event| *event != "[DONE]");
        for chunk in chunks.map(|event| serde_json::from_str::<Value>(event).unwrap()) {
            assert_eq!(chunk["choices"].as_array().unwrap().len(), 1, "{chunk}");
            assert!(chunk["usage"].is_null(), "{chunk}");
        }
        assert_eq!(
            answer.header("x-modelport-params"),
            Some("stream_options=added")
        );
        assert_eq!(logged(&gateway), Some(7));
    }
}

#[test]
fn a_caller_who_asks_gets_the_usage_as_it_came() {
    let upstream = Upstream::with(Options::default());
    let gateway = gateway(&upstream, "vllm", &[]);
    let answer = ask(
        &gateway,
        &chat(&json!({"stream_options": {"include_usage": true}})),
    );
    let events = events(&answer);
    let last: Value = serde_json::from_str(&events[events.len() - 2]).unwrap();
    assert_eq!(last["usage"]["completion_tokens"], 7);
    assert_eq!(answer.header("x-modelport-params"), None);
}

#[test]
fn nothing_is_added_for_who_wants_nothing_changed() {
    let upstream = Upstream::with(Options::default());
    let pass = [("OPENAI_COMPATIBLE_PARAMETERS", "pass")];
    for gateway in [
        gateway(&upstream, "vllm", &pass),
        Gateway::before(&upstream.base_url(), &[]),
    ] {
        let answer = ask(&gateway, &chat(&json!({})));
        assert_eq!(answer.header("x-modelport-params"), None);
    }
    // Empty options are a word of the caller's own.
    let gateway = gateway(&upstream, "vllm", &[]);
    let answer = ask(&gateway, &chat(&json!({"stream_options": {}})));
    assert_eq!(answer.header("x-modelport-params"), None);
}
