//! Plain chats: what arrives at `/api/chat`, and what the caller gets.

use serde_json::{Value, json};

use super::{MODELS, last, pair, saying};
use crate::support::{Gateway, NOBODY, views::refusal};

/// A picture of one dot.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn weather() -> Value {
    let city =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    json!([{"type": "function", "function": {"name": "get_weather", "parameters": city}}])
}

#[test]
fn a_chat_goes_to_the_native_api() {
    let (upstream, gateway) = pair(&[]);
    let more = json!({"temperature": 0.2, "max_completion_tokens": 50, "user": "u-1", "seed": 7});
    let answer = gateway.chat(&saying(MODELS[1], "Hello", &more));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.header("x-modelport-upstream-path"),
        Some("/api/chat")
    );
    let completion = answer.json();
    assert_eq!(completion["object"], "chat.completion");
    assert_eq!(completion["model"], MODELS[1]);
    let choice = &completion["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    let content = choice["message"]["content"].as_str().unwrap();
    assert!(content.starts_with("You said: Hello"), "{content}");
    let usage = &completion["usage"];
    assert!(usage["completion_tokens"].as_u64().unwrap() > 0);
    assert_eq!(
        last(&upstream),
        (
            "/api/chat".to_owned(),
            json!({
                "model": MODELS[1],
                "messages": [{"role": "user", "content": "Hello"}],
                "truncate": false,
                "stream": false,
                "options": {"temperature": 0.2, "num_predict": 50, "seed": 7},
            })
        )
    );
    gateway.wait_for_ending("answered");
}

#[test]
fn the_openai_layer_can_be_chosen() {
    let (upstream, gateway) = pair(&[("OLLAMA_SETTINGS_CHAT_API", "openai")]);
    let sent = saying(MODELS[0], "Hello", &json!({"user": "u-1"}));
    let answer = gateway.chat(&sent);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-modelport-upstream-path"), None);
    assert_eq!(answer.header("x-modelport-params"), Some("user=dropped"));
    let request = saying(MODELS[0], "Hello", &json!({}));
    assert_eq!(
        last(&upstream),
        ("/v1/chat/completions".to_owned(), request)
    );
    assert_eq!(
        gateway.provider("ollama")["chat_path"],
        "/v1/chat/completions"
    );
}

#[test]
fn tools_go_there_and_back() {
    let (upstream, gateway) = pair(&[]);
    let request = saying(MODELS[0], "Weather?", &json!({"tools": weather()}));
    let answer = gateway.chat(&request).json();
    assert_eq!(last(&upstream).1["tools"], weather());
    let choice = &answer["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls", "{answer}");
    let call = choice["message"]["tool_calls"][0].clone();
    assert_eq!(call["type"], "function");
    let arguments = call["function"]["arguments"].as_str().unwrap();
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    assert!(arguments["city"].is_string(), "{arguments}");

    let mut request = request;
    let messages = request["messages"].as_array_mut().unwrap();
    messages.push(choice["message"].clone());
    messages.push(json!({"role": "tool", "tool_call_id": call["id"], "content": "4 °C"}));
    let answer = gateway.chat(&request).json();
    assert_eq!(answer["choices"][0]["finish_reason"], "stop", "{answer}");
    let sent = last(&upstream).1;
    let function = json!({"index": 0, "name": "get_weather", "arguments": arguments});
    assert_eq!(
        sent["messages"][1]["tool_calls"],
        json!([{"function": function, "id": call["id"]}])
    );
    let result = json!({"role": "tool", "content": "4 °C", "tool_name": "get_weather", "tool_call_id": call["id"]});
    assert_eq!(sent["messages"][2], result);
}

#[test]
fn a_schema_is_the_format() {
    let (upstream, gateway) = pair(&[]);
    let schema = json!({"type": "object", "properties": {"year": {"type": "integer"}}, "required": ["year"]});
    let format = json!({"type": "json_schema", "json_schema": {"name": "y", "strict": true, "schema": schema}});
    let answer = gateway.chat(&saying(
        MODELS[0],
        "When?",
        &json!({"response_format": format}),
    ));
    assert_eq!(last(&upstream).1["format"], schema);
    let content = answer.json()["choices"][0]["message"]["content"].clone();
    let content: Value = serde_json::from_str(content.as_str().unwrap()).unwrap();
    assert!(content["year"].is_i64(), "{content}");
}

#[test]
fn thoughts_are_asked_for_and_given() {
    let (upstream, gateway) = pair(&[]);
    let think = json!({"reasoning_effort": "high"});
    let answer = gateway.chat(&saying(MODELS[1], "Think", &think)).json();
    assert_eq!(last(&upstream).1["think"], "high");
    let message = &answer["choices"][0]["message"];
    assert_eq!(message["reasoning_content"], "Let me see.");
    let answer = gateway.chat(&saying(MODELS[0], "Think", &think));
    assert_eq!(answer.status, 400);
    let error = &answer.json()["error"];
    assert_eq!(
        error["message"],
        "\"llama3.1:8b\" does not support thinking"
    );
    assert_eq!(error["type"], "invalid_request_error");
}

#[test]
fn an_image_travels_in_the_message() {
    let (upstream, gateway) = pair(&[]);
    let image = |url: String| json!([{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": url}}]);
    let seen = image(format!("data:image/png;base64,{DOT}"));
    // The tag may be left out.
    let answer = gateway.chat(&saying("llava-vision", seen, &json!({})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let message = json!({"role": "user", "content": "What?", "images": [DOT]});
    assert_eq!(last(&upstream).1["messages"], json!([message]));
    let before = upstream.completions().len();
    let elsewhere = image("https://example.com/dot.png".to_owned());
    let answer = gateway.chat(&saying("llava-vision", elsewhere, &json!({})));
    let message = refusal(&answer, 400, "invalid_value");
    assert!(message.contains("fetches no images"), "{message}");
    assert_eq!(
        answer.json()["error"]["param"],
        "messages[0].content[1].image_url.url"
    );
    assert_eq!(upstream.completions().len(), before);
    assert_eq!(gateway.health_of("ollama").0, "healthy");
}

#[test]
fn a_request_that_was_not_sent_says_nothing_about_health() {
    let gateway = Gateway::start(&[
        ("OPENAI_COMPATIBLE_ENABLED", "false"),
        ("OLLAMA_BASE_URL", NOBODY),
    ]);
    gateway.wait_for_list("ollama");
    let image = json!([{"type": "image_url", "image_url": {"url": "https://example.com/dot.png"}}]);
    let answer = gateway.chat(&saying(MODELS[0], image, &json!({})));
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(gateway.health_of("ollama").0, "unhealthy");
}

#[test]
fn a_model_stays_loaded_as_long_as_is_set() {
    let (upstream, gateway) = pair(&[("OLLAMA_SETTINGS_KEEP_ALIVE", "-1")]);
    assert_eq!(gateway.provider("ollama")["keep_alive"], "-1");
    gateway.chat(&saying(MODELS[0], "Hello", &json!({})));
    assert_eq!(last(&upstream).1["keep_alive"], -1);
    gateway.chat(&saying(MODELS[0], "Hello", &json!({"keep_alive": "1m"})));
    assert_eq!(last(&upstream).1["keep_alive"], "1m");
}

#[test]
fn oddities_of_an_answer_do_not_show() {
    let (upstream, gateway) = pair(&[]);
    for fault in [
        "bom",
        "leading-blank",
        "wrong-type",
        "http10",
        "slow-head-50",
    ] {
        upstream.set_fault(Some(fault));
        for stream in [false, true] {
            let answer = gateway.chat(&saying(MODELS[0], "Hello", &json!({"stream": stream})));
            assert_eq!(answer.status, 200, "{fault}: {}", answer.text());
            let kind = answer.header("content-type").unwrap();
            let (expected, object) = if stream {
                ("text/event-stream", "chat.completion.chunk")
            } else {
                ("application/json", "chat.completion")
            };
            assert_eq!(kind, expected, "{fault}");
            assert!(
                answer.text().contains(&format!("\"object\":\"{object}\"")),
                "{fault}"
            );
            assert!(!answer.text().contains("eval_count"), "{fault}");
        }
    }
}

#[test]
fn a_refusal_has_openais_envelope() {
    let (upstream, gateway) = pair(&[]);
    upstream.set_fault(Some("status-404"));
    let answer = gateway.chat(&saying(MODELS[0], "Hello", &json!({})));
    assert_eq!(answer.status, 404, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["type"], "not_found_error");
    assert!(error["message"].is_string(), "{error}");
    assert_eq!(
        answer.header("x-modelport-upstream-path"),
        Some("/api/chat")
    );
}
