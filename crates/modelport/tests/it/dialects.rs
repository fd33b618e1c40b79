//! The Messages and the Responses API: a provider's own where it has one, else put into chat completions and back.

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{Gateway, NOBODY, Response, Scripted, Upstream};

fn messages(gateway: &Gateway, body: &Value) -> Response {
    let exchange = gateway.request("POST", "/v1/messages");
    exchange.body(body.to_string()).send()
}

fn responses(gateway: &Gateway, body: &Value) -> Response {
    let exchange = gateway.request("POST", "/v1/responses");
    exchange.body(body.to_string()).send()
}

fn hello(model: &str) -> Value {
    json!({"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]})
}

fn named_events(answer: &Response) -> Vec<String> {
    let text = answer.text();
    let names = text.lines().filter_map(|line| line.strip_prefix("event: "));
    names.map(str::to_owned).collect()
}

#[test]
fn messages_become_a_chat_completion_and_back() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let mut body = hello("openai_compatible:sim-fast");
    body["system"] = json!("be brief");
    body["top_p"] = json!(0.5);
    body["context_management"] = json!({});
    let answer = messages(&gateway, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let message = answer.json();
    assert_eq!(message["type"], "message");
    assert_eq!(message["content"][0]["type"], "text");
    assert_eq!(message["stop_reason"], "end_turn");
    assert!(message["usage"]["output_tokens"].as_u64().unwrap() > 0);
    assert_eq!(
        answer.header("x-modelport-params"),
        Some("system=mapped:messages, context_management=dropped")
    );
    let seen = upstream.completions().pop().unwrap();
    assert_eq!(seen.path, "/v1/chat/completions");
    let sent: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(sent["model"], "sim-fast");
    assert_eq!(
        sent["messages"][0],
        json!({"role": "system", "content": "be brief"})
    );
    assert!(gateway.wait_for_output(" /messages answered "));
    assert!(gateway.wait_for_output("output_tokens="));
}

#[test]
fn a_translated_stream_ends_as_its_api_ends() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let mut body = hello("sim-fast");
    body["stream"] = json!(true);
    let answer = messages(&gateway, &body);
    let events = named_events(&answer);
    assert_eq!(events.first().unwrap(), "message_start");
    assert_eq!(
        &events[events.len() - 3..],
        ["content_block_stop", "message_delta", "message_stop"]
    );
    assert!(!answer.text().contains("[DONE]"));
    assert!(gateway.wait_for_output("stream=true"));

    for (fault, last) in [("cut-3", "upstream_failed"), ("error-event-2", "")] {
        body["model"] = json!(format!("fault/{fault}"));
        let broken = messages(&gateway, &body);
        let events = named_events(&broken);
        assert_eq!(
            events.last().unwrap(),
            "error",
            "{fault}: {}",
            broken.text()
        );
        assert!(!events.contains(&"message_stop".to_owned()), "{fault}");
        let error: Value = serde_json::from_str(broken.events().last().unwrap()).unwrap();
        assert_eq!(error["type"], "error");
        assert!(error["error"]["message"].is_string(), "{last}");
    }
}

#[test]
fn errors_are_in_the_words_of_the_api_that_was_called() {
    let upstream = Upstream::start();
    let settings = [
        ("MODELPORT_API_KEY", "a-long-enough-key"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
    ];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let check = |answer: Response, status: u16, kind: &str| {
        assert_eq!(answer.status, status, "{}", answer.text());
        let body = answer.json();
        assert_eq!(body["type"], "error", "{body}");
        assert_eq!(body["error"]["type"], kind, "{body}");
        assert!(body["error"]["message"].is_string());
        assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"));
    };
    let send = |body: &Value| {
        let exchange = gateway.request("POST", "/v1/messages");
        exchange
            .header("x-api-key", "a-long-enough-key")
            .body(body.to_string())
            .send()
    };
    check(
        messages(&gateway, &hello("sim-fast")),
        401,
        "authentication_error",
    );
    check(
        send(&json!({"model": "sim-fast", "messages": []})),
        400,
        "invalid_request_error",
    );
    check(send(&hello("fault/status-429")), 429, "rate_limit_error");
    check(send(&hello("fault/status-404")), 404, "not_found_error");
    check(send(&hello("fault/status-500")), 500, "api_error");
    check(send(&hello("fault/status-401")), 502, "api_error");
    let garbage = gateway
        .request("POST", "/v1/messages")
        .header("x-api-key", "a-long-enough-key");
    check(garbage.body("{").send(), 400, "invalid_request_error");
}

#[test]
fn tokens_are_estimated_where_nobody_counts_them() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let count = |text: &str| {
        let body = json!({"model": "sim-fast", "messages": [{"role": "user", "content": text}]});
        let exchange = gateway.request("POST", "/v1/messages/count_tokens");
        exchange.body(body.to_string()).send().json()["input_tokens"]
            .as_u64()
            .unwrap()
    };
    let (short, long) = (count("hello"), count(&"hello world ".repeat(100)));
    assert!((1..=20).contains(&short), "{short}");
    assert!((200..=500).contains(&long), "{long}");
    assert!(upstream.completions().is_empty());
}

#[test]
fn a_native_messages_api_is_called_as_it_wants_to_be() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(
        &upstream.base_url(),
        &[("OPENAI_COMPATIBLE_PROFILE", "anthropic")],
    );
    let sent = hello("claude-sonnet-4-5");
    let exchange = gateway
        .request("POST", "/v1/messages?beta=true")
        .header("x-api-key", "the-callers");
    exchange
        .header("anthropic-beta", "b-1")
        .body(sent.to_string())
        .send();
    let arrived = |path: &str| {
        let mut all = upstream.requests().into_iter();
        all.rfind(|seen| seen.path == path).unwrap()
    };
    let seen = arrived("/v1/messages?beta=true");
    assert_eq!(seen.body, sent.to_string().as_bytes());
    assert_eq!(seen.header("x-api-key"), Some("sk-upstream-secret"));
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(seen.header("anthropic-beta"), Some("b-1"));
    let exchange = gateway
        .request("POST", "/v1/messages")
        .header("anthropic-version", "2099-01-01");
    exchange.body(sent.to_string()).send();
    assert_eq!(
        arrived("/v1/messages").header("anthropic-version"),
        Some("2099-01-01")
    );
    gateway
        .request("POST", "/v1/messages/count_tokens")
        .body(sent.to_string())
        .send();
    assert_eq!(
        arrived("/v1/messages/count_tokens").header("x-api-key"),
        Some("sk-upstream-secret")
    );
    gateway.chat(&json!({"model": "claude-sonnet-4-5", "messages": []}));
    let chat = arrived("/v1/chat/completions");
    assert_eq!(
        chat.header("authorization"),
        Some("Bearer sk-upstream-secret")
    );
    assert_eq!(chat.header("x-api-key"), None);
}

const NATIVE_STREAM: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":3,\"cache_read_input_tokens\":4,\"output_tokens\":1}}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

#[test]
fn a_native_stream_is_relayed_as_it_came_and_metered() {
    let mut body = hello("claude");
    body["stream"] = json!(true);
    let profile = [("OPENAI_COMPATIBLE_PROFILE", "anthropic")];
    let upstream = Scripted::answering("text/event-stream", NATIVE_STREAM.as_bytes());
    let gateway = Gateway::before(&upstream.base_url(), &profile);
    assert_eq!(messages(&gateway, &body).text(), NATIVE_STREAM);
    assert!(
        gateway.wait_for_output("input_tokens=7 output_tokens=5"),
        "{}",
        gateway.output()
    );

    let cut = NATIVE_STREAM.find("event: message_delta").unwrap();
    let upstream = Scripted::answering("text/event-stream", &NATIVE_STREAM.as_bytes()[..cut]);
    let gateway = Gateway::before(&upstream.base_url(), &profile);
    let broken = messages(&gateway, &body);
    assert!(broken.text().starts_with(&NATIVE_STREAM[..cut]));
    assert_eq!(named_events(&broken).last().unwrap(), "error");
}

#[test]
fn responses_are_native_where_the_provider_has_them() {
    let upstream = Upstream::with(Options {
        responses: true,
        ..Options::default()
    });
    let body = json!({"model": "sim-fast", "input": "hello", "store": false});
    let last = || {
        let mut all = upstream.requests().into_iter();
        all.rfind(|seen| seen.method == "POST").unwrap()
    };
    let native = Gateway::before(
        &upstream.base_url(),
        &[("OPENAI_COMPATIBLE_PROFILE", "openai")],
    );
    let answer = responses(&native, &body);
    assert_eq!(answer.json()["object"], "response", "{}", answer.text());
    assert_eq!(
        (last().path.as_str(), &last().body[..]),
        ("/v1/responses", body.to_string().as_bytes())
    );
    let mut streamed = body.clone();
    streamed["stream"] = json!(true);
    let events = named_events(&responses(&native, &streamed));
    assert_eq!(events.last().unwrap(), "response.completed");
    assert!(native.wait_for_output("stream=true attempts=1"));
    assert!(native.wait_for_output("output_tokens="));

    let translated = Gateway::before(&upstream.base_url(), &[]);
    let answer = responses(&translated, &body);
    assert_eq!(answer.json()["object"], "response", "{}", answer.text());
    assert_eq!(last().path, "/v1/chat/completions");
    let events = named_events(&responses(&translated, &streamed));
    assert_eq!(events.last().unwrap(), "response.completed");
    let mut kept = body.clone();
    kept["previous_response_id"] = json!("resp_1");
    let refused = responses(&translated, &kept);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["param"], "previous_response_id");
    let apis = |gateway: &Gateway| {
        gateway.get("/v1/providers/openai_compatible").json()["apis"]["responses"].clone()
    };
    assert_eq!(
        (apis(&native), apis(&translated)),
        (json!("native"), json!("translated"))
    );
}

#[test]
fn what_a_provider_signed_comes_back_through_messages() {
    let stream = include_bytes!(
        "../../../modelport-provider/tests/recorded/gemini/stream_tool_signature.sse"
    );
    let signing = Scripted::answering("text/event-stream", stream);
    let mut body = hello("m");
    body["stream"] = json!(true);
    let answer = messages(&Gateway::before(&signing.base_url(), &[]), &body);
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = data.map(|data| serde_json::from_str::<Value>(data).unwrap());
    let content: Vec<Value> = events
        .filter(|event| event["type"] == "content_block_start")
        .map(|event| event["content_block"].clone())
        .collect();
    let kinds: Vec<&str> = content
        .iter()
        .filter_map(|block| block["type"].as_str())
        .collect();
    assert_eq!(kinds, ["redacted_thinking", "tool_use"], "{text}");

    let id = content[1]["id"].clone();
    let result = json!([{"type": "tool_result", "tool_use_id": id, "content": "rain"}]);
    let next = json!({"model": "sim-fast", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": result},
    ]});
    let sent = |settings: &[(&str, &str)]| {
        let upstream = Upstream::start();
        let answer = messages(&Gateway::before(&upstream.base_url(), settings), &next);
        let asked = upstream.requests();
        let mut asked = asked.iter().filter(|seen| seen.method == "POST");
        let body: Value = serde_json::from_slice(&asked.next().unwrap().body).unwrap();
        (body, answer)
    };
    let (chat, _) = sent(&[]);
    assert_eq!(
        chat["messages"][1]["tool_calls"][0]["extra_content"],
        json!({"google": {"thought_signature": "c2FtcGxl"}})
    );
    // A provider that signs thoughts itself would refuse it.
    let (native, answer) = sent(&[("OPENAI_COMPATIBLE_PROFILE", "vllm")]);
    let kept = native["messages"][1]["content"].as_array().unwrap();
    assert_eq!((kept.len(), &kept[0]["type"]), (1, &json!("tool_use")));
    assert_eq!(
        answer.header("x-modelport-params"),
        Some("messages[].content[].thinking=dropped")
    );
    let (passed, _) = sent(&[
        ("OPENAI_COMPATIBLE_PROFILE", "vllm"),
        ("OPENAI_COMPATIBLE_PARAMETERS", "pass"),
    ]);
    assert_eq!(passed["messages"][1]["content"], json!(content));
}

#[test]
fn what_an_answer_rests_on_is_told_through_translated_responses() {
    let completion = json!({
        "id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "So it is [1].",
            "annotations": []}}],
        "citations": ["https://a.test"],
        "search_results": [{"title": "A", "url": "https://a.test", "date": null}],
    });
    let expected = json!([{"type": "url_citation", "url": "https://a.test", "title": "A", "start_index": 9, "end_index": 12}]);
    let body = json!({"model": "m", "input": "Is it so?"});
    let plain = Scripted::answering("application/json", completion.to_string().as_bytes());
    let answer = responses(&Gateway::before(&plain.base_url(), &[]), &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = &answer.json()["output"][0]["content"][0];
    assert_eq!(text["annotations"], expected);

    let annotation = json!([{"type": "url_citation", "url_citation": {"url": "https://a.test", "title": "A", "start_index": 9, "end_index": 12}}]);
    let chunks = [
        json!({"id": "x", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "So it is"}}]}),
        json!({"id": "x", "choices": [{"index": 0, "delta": {"content": " [1].", "annotations": annotation}}]}),
        json!({"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ];
    let events: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    let stream = format!("{events}data: [DONE]\n\n");
    let streamed = Scripted::answering("text/event-stream", stream.as_bytes());
    let body = json!({"model": "m", "input": "Is it so?", "stream": true});
    let answer = responses(&Gateway::before(&streamed.base_url(), &[]), &body);
    let names = named_events(&answer);
    let added = "response.output_text.annotation.added";
    assert_eq!(
        names.iter().filter(|name| *name == added).count(),
        1,
        "{names:?}"
    );
    let text = answer.text();
    let mut told = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let told = told.find(|data| data.contains(added)).unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    assert_eq!(told["annotation"], expected[0]);
    assert_eq!(
        (
            &told["output_index"],
            &told["content_index"],
            &told["annotation_index"]
        ),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[test]
fn odd_fields_of_a_translated_response_are_refused_by_name() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    for (fields, param, code) in [
        (json!({"input": []}), "input", "missing_required_parameter"),
        (json!({"include": "x"}), "include", "invalid_type"),
        (json!({"store": "no"}), "store", "invalid_type"),
        (
            json!({"max_output_tokens": "9"}),
            "max_output_tokens",
            "invalid_type",
        ),
    ] {
        let mut body = json!({"model": "sim-fast", "input": "hi"});
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let answer = responses(&gateway, &body);
        assert_eq!(answer.status, 400, "{fields}: {}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(
            (&error["param"], &error["code"]),
            (&json!(param), &json!(code))
        );
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains(&format!("`{param}`"))
        );
    }
    assert!(upstream.completions().is_empty());
}

#[test]
fn a_native_provider_that_is_down_is_replaced_by_one_that_only_chats() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&[
        ("OPENAI_COMPATIBLE_BASE_URL", NOBODY),
        ("OPENAI_COMPATIBLE_PROFILE", "openai"),
        ("OPENAI_COMPATIBLE_MODELS", "sim-fast"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
        ("OPENAI_COMPATIBLE_2_BASE_URL", &upstream.base_url()),
        ("OPENAI_COMPATIBLE_2_MODELS", "sim-fast"),
        ("OLLAMA_ENABLED", "false"),
    ]);
    let answer = responses(&gateway, &json!({"model": "sim-fast", "input": "hello"}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("x-modelport-provider"),
        Some("openai_compatible_2")
    );
    assert_eq!(answer.json()["status"], "completed");
}
