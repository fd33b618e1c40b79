use serde_json::{Value, json};

use super::*;
use crate::{failure::FailureKind, receipt::Fate};

fn translated(request: &Value) -> (Value, Receipt) {
    let native = translate(request.to_string().as_bytes(), None, |_| None).unwrap();
    (
        serde_json::from_slice(&native.body).unwrap(),
        native.receipt,
    )
}

/// A request with `fields` beside model and messages, as far as it differs from the bare one.
fn with(fields: &Value) -> (Value, Receipt) {
    let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in fields.as_object().unwrap().clone() {
        request[name] = value;
    }
    let (mut sent, receipt) = translated(&request);
    let sent_fields = sent.as_object_mut().unwrap();
    assert_eq!(sent_fields.remove("model"), Some(json!("m")));
    assert_eq!(
        sent_fields.remove("messages"),
        Some(request["messages"].clone())
    );
    assert_eq!(sent_fields.remove("truncate"), Some(json!(false)));
    let stream = request["stream"] == true;
    assert_eq!(sent_fields.remove("stream"), Some(json!(stream)));
    (sent, receipt)
}

fn check(fields: &Value, sent: &Value, receipt: &[(&str, Option<&str>)]) {
    let (found, told) = with(fields);
    assert_eq!(&found, sent, "{fields}");
    let told: Vec<(&str, Option<&str>)> = told
        .notes()
        .iter()
        .map(|note| {
            let to = match &note.fate {
                Fate::Mapped(to) => Some(to.as_str()),
                Fate::Dropped | Fate::Refused | Fate::Added => None,
            };
            (note.field.as_str(), to)
        })
        .collect();
    assert_eq!(told, receipt, "{fields}");
}

#[test]
fn fields_go_where_ollama_has_them() {
    check(&json!({}), &json!({}), &[]);
    check(
        &json!({"stream": true, "stream_options": {"include_usage": true}}),
        &json!({}),
        &[],
    );
    check(
        &json!({"temperature": 0.1, "top_p": 0.9, "seed": 7, "stop": "END", "frequency_penalty": 1, "presence_penalty": 0.5, "top_k": 40}),
        &json!({"options": {"temperature": 0.1, "top_p": 0.9, "seed": 7, "stop": ["END"], "frequency_penalty": 1, "presence_penalty": 0.5, "top_k": 40}}),
        &[],
    );
    check(
        &json!({"stop": ["a", "b"]}),
        &json!({"options": {"stop": ["a", "b"]}}),
        &[],
    );
    check(
        &json!({"max_tokens": 5}),
        &json!({"options": {"num_predict": 5}}),
        &[("max_tokens", Some("num_predict"))],
    );
    for both in [
        json!({"max_tokens": 5, "max_completion_tokens": 7}),
        json!({"max_completion_tokens": 7, "max_tokens": 5}),
    ] {
        let (sent, _) = with(&both);
        assert_eq!(sent, json!({"options": {"num_predict": 7}}));
    }
    check(
        &json!({"keep_alive": "5m", "logprobs": true, "top_logprobs": 3, "think": true}),
        &json!({"keep_alive": "5m", "logprobs": true, "top_logprobs": 3, "think": true}),
        &[],
    );
    check(
        &json!({"temperature": 1, "options": {"temperature": 0, "mirostat": 2}}),
        &json!({"options": {"temperature": 0, "mirostat": 2}}),
        &[],
    );
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": {}}}]);
    check(
        &json!({"tools": tools, "tool_choice": "auto"}),
        &json!({"tools": tools}),
        &[],
    );
    check(
        &json!({"tools": tools, "tool_choice": "none"}),
        &json!({}),
        &[("tool_choice", Some("tools"))],
    );
}

#[test]
fn formats_are_words_or_schemas() {
    let schema = json!({"type": "object", "properties": {"b": {}, "a": {}}});
    let told = [("response_format", Some("format"))];
    check(
        &json!({"response_format": {"type": "json_object"}}),
        &json!({"format": "json"}),
        &told,
    );
    check(
        &json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": schema}}}),
        &json!({"format": schema}),
        &told,
    );
    check(
        &json!({"response_format": {"type": "text"}}),
        &json!({}),
        &[],
    );
}

#[test]
fn efforts_become_thinking() {
    for (effort, think) in [
        ("none", json!(false)),
        ("minimal", json!("low")),
        ("low", json!("low")),
        ("medium", json!("medium")),
        ("high", json!("high")),
        ("xhigh", json!("max")),
    ] {
        let sent = json!({"think": think});
        check(
            &json!({"reasoning_effort": effort}),
            &sent,
            &[("reasoning_effort", Some("think"))],
        );
        check(
            &json!({"reasoning": {"effort": effort}}),
            &sent,
            &[("reasoning.effort", Some("think"))],
        );
    }
}

#[test]
fn what_has_no_counterpart_is_told() {
    check(
        &json!({"n": 2, "user": "u", "logit_bias": {}, "tool_choice": "required", "parallel_tool_calls": false, "metadata": null}),
        &json!({}),
        &[
            ("n", None),
            ("user", None),
            ("logit_bias", None),
            ("tool_choice", None),
            ("parallel_tool_calls", None),
        ],
    );
    check(
        &json!({"n": 1, "parallel_tool_calls": true}),
        &json!({}),
        &[],
    );
}

#[test]
fn messages_are_put_into_ollamas_shape() {
    let (sent, receipt) = translated(&json!({"model": "m", "messages": [
        {"role": "developer", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "user", "name": "Ann", "content": [
            {"type": "text", "text": "what is it?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
            {"type": "image_url", "image_url": "DATA:image/jpeg;charset=x;BASE64,QkJC"}]},
        {"role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"b\":1,\"a\":[2]}"}},
            {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "call_2", "content": "done"},
        {"role": "function", "name": "f", "content": "old", "cache_control": {}},
    ]}));
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "system", "content": "one\ntwo"},
            {"role": "user", "content": "what is it?", "images": ["AAAA", "QkJC"]},
            {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [
                {"id": "call_1", "function": {"index": 0, "name": "f", "arguments": {"b": 1, "a": [2]}}},
                {"id": "call_2", "function": {"index": 1, "name": "g", "arguments": {}}}]},
            {"role": "tool", "content": "done", "tool_name": "g", "tool_call_id": "call_2"},
            {"role": "tool", "content": "old", "tool_name": "f"},
        ])
    );
    let told: Vec<&str> = receipt
        .notes()
        .iter()
        .map(|note| note.field.as_str())
        .collect();
    assert_eq!(told, ["messages[].name", "messages[].cache_control"]);
}

#[test]
fn what_cannot_be_said_is_refused_by_its_place() {
    let part = |part: Value| json!({"messages": [{"role": "user", "content": [part]}]});
    let call = |arguments: Value| {
        let call = json!({"function": {"name": "f", "arguments": arguments}});
        json!({"messages": [{"role": "assistant", "tool_calls": [call]}]})
    };
    let url = |url: &str| part(json!({"type": "image_url", "image_url": {"url": url}}));
    let image = "messages[0].content[0].image_url.url";
    for (request, param, says) in [
        (
            url("https://example.com/cat.png"),
            image,
            "fetches no images",
        ),
        (url("data:image/svg+xml,%3Csvg"), image, "without base64"),
        (url("cat.png"), image, "is no image"),
        (
            part(json!({"type": "input_audio"})),
            "messages[0].content[0]",
            "input_audio",
        ),
        (
            json!({"messages": [{"content": "x"}]}),
            "messages[0].role",
            "must be",
        ),
        (
            json!({"messages": [{"role": "user", "content": 1}]}),
            "messages[0].content",
            "a string",
        ),
        (json!({"messages": ["x"]}), "messages[0]", "an object"),
        (json!({"messages": "x"}), "messages", "an array"),
        (
            call(json!("{")),
            "messages[0].tool_calls[0].function.arguments",
            "JSON object",
        ),
        (
            call(json!("[]")),
            "messages[0].tool_calls[0].function.arguments",
            "JSON object",
        ),
        (json!({"options": 1}), "options", "an object"),
        (
            json!({"reasoning_effort": "much"}),
            "reasoning_effort",
            "minimal",
        ),
        (
            json!({"response_format": {"type": "xml"}}),
            "response_format.type",
            "json_object",
        ),
        (
            json!({"response_format": {"type": "json_schema"}}),
            "response_format.json_schema.schema",
            "schema",
        ),
    ] {
        let error = translate(request.to_string().as_bytes(), None, |_| None).unwrap_err();
        let fault = error.request_fault().unwrap();
        assert_eq!(fault.param.as_deref(), Some(param), "{request}");
        assert!(fault.message.contains(says), "{}", fault.message);
        assert_eq!(error.failure(), FailureKind::BadRequest);
    }
}

/// A request whose prompt has about this many tokens.
fn long(tokens: usize, more: &Value) -> Vec<u8> {
    let mut request =
        json!({"model": "m", "messages": [{"role": "user", "content": "word".repeat(tokens)}]});
    for (name, value) in more.as_object().unwrap().clone() {
        request[name] = value;
    }
    request.to_string().into_bytes()
}

fn small() -> window::Window {
    window::Window {
        trained: Some(40_960),
        ..window::Window::default()
    }
}

#[test]
fn the_context_fits_the_prompt_unless_the_caller_sets_it() {
    let num_ctx = |body: Vec<u8>| {
        let native = translate(&body, None, |_| Some(small())).unwrap();
        let sent: Value = serde_json::from_slice(&native.body).unwrap();
        assert_eq!(native.num_ctx, sent["options"]["num_ctx"].as_u64());
        native.num_ctx
    };
    assert_eq!(num_ctx(long(100, &json!({}))), None);
    assert_eq!(num_ctx(long(20_000, &json!({}))), Some(32_768));
    assert_eq!(num_ctx(long(100, &json!({"max_tokens": 6000}))), Some(8192));
    assert_eq!(
        num_ctx(long(90_000, &json!({"options": {"num_ctx": 512}}))),
        Some(512)
    );
    let error = translate(&long(90_000, &json!({})), None, |_| Some(small())).unwrap_err();
    assert_eq!(error.failure(), FailureKind::ContextOverflow);
    let fault = error.request_fault().unwrap();
    assert_eq!(fault.code, "context_length_exceeded");
    assert!(fault.message.contains("40960 tokens"), "{}", fault.message);
}

#[test]
fn the_setting_keeps_alive_what_the_caller_does_not() {
    let keep = KeepAlive::parse("-1").unwrap();
    let sent = |more: Value| {
        let native = translate(&long(1, &more), Some(&keep), |_| None).unwrap();
        serde_json::from_slice::<Value>(&native.body).unwrap()["keep_alive"].clone()
    };
    assert_eq!(sent(json!({})), json!(-1));
    assert_eq!(sent(json!({"keep_alive": "1m"})), json!("1m"));
}
