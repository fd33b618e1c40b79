use super::*;

fn read(completion: &str) -> Value {
    let message = from_chat(completion.as_bytes(), "asked/for").unwrap();
    serde_json::from_slice(&message).unwrap()
}

fn of_choice(choice: &Value) -> Value {
    read(&json!({"id": "chatcmpl-1", "model": "m", "choices": [choice]}).to_string())
}

fn of_message(message: &Value) -> Value {
    of_choice(&json!({"message": message, "finish_reason": "stop"}))
}

#[test]
fn an_answer_is_a_message() {
    let message = read(
        r#"{"id":"chatcmpl-1","object":"chat.completion","model":"m-2","choices":[{"index":0,"message":{"role":"assistant","content":"Four."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}}"#,
    );
    assert_eq!(
        message,
        json!({
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m-2",
            "content": [{"type": "text", "text": "Four."}],
            "stop_reason": "end_turn",
            "stop_sequence": null,
            "usage": {
                "input_tokens": 6,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 4,
                "output_tokens": 2,
            },
        })
    );
}

#[test]
fn the_requested_model_stands_in() {
    let message = read(r#"{"choices":[{"message":{"content":"x"}}]}"#);
    assert_eq!(message["model"], "asked/for");
    assert_eq!(message["usage"]["output_tokens"], 0);
    assert!(message["id"].as_str().unwrap().starts_with("msg_"));
}

#[test]
fn thoughts_come_before_text_and_calls() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":[1]}"}});
    for message in [
        json!({"content": "Four.", "reasoning_content": "2+2", "tool_calls": [call]}),
        json!({"content": "Four.", "reasoning": "2+2", "tool_calls": [call]}),
        json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "2+2"}]}, {"type": "text", "text": "Four."}], "tool_calls": [call]}),
    ] {
        let answer = of_message(&message);
        assert_eq!(
            answer["content"],
            json!([
                {"type": "thinking", "thinking": "2+2", "signature": ""},
                {"type": "text", "text": "Four."},
                {"type": "tool_use", "id": "c", "name": "f", "input": {"a": [1]}},
            ])
        );
        assert_eq!(answer["stop_reason"], "tool_use");
    }
}

#[test]
fn arguments_that_are_no_object_are_kept() {
    for (arguments, input) in [
        (json!("{\"a\":1}"), json!({"a": 1})),
        (json!({"a": 1}), json!({"a": 1})),
        (json!(""), json!({})),
        (json!("null"), json!({})),
        (json!("{\"a\":"), json!({"INVALID_JSON": "{\"a\":"})),
        (json!("[1]"), json!({"INVALID_JSON": "[1]"})),
    ] {
        let call = json!({"function": {"name": "f", "arguments": arguments}});
        let answer = of_message(&json!({"content": null, "tool_calls": [call, call]}));
        assert_eq!(answer["content"][0]["input"], input, "{arguments}");
        assert_eq!(answer["content"][0]["id"], call_id("", "msg_1", 0));
        assert_eq!(answer["content"][1]["id"], call_id("", "msg_1", 1));
    }
}

#[test]
fn a_refusal_is_text_and_a_reason() {
    let answer = of_message(&json!({"content": null, "refusal": "I cannot."}));
    assert_eq!(
        answer["content"],
        json!([{"type": "text", "text": "I cannot."}])
    );
    assert_eq!(answer["stop_reason"], "refusal");
}

#[test]
fn a_stop_sequence_is_told_where_the_provider_tells_it() {
    let answer = of_choice(
        &json!({"message": {"content": "x"}, "finish_reason": "stop", "stop_reason": "END"}),
    );
    assert_eq!(answer["stop_reason"], "stop_sequence");
    assert_eq!(answer["stop_sequence"], "END");
}

#[test]
fn an_answer_without_content_has_none() {
    let answer = of_choice(&json!({"message": {"content": ""}, "finish_reason": "length"}));
    assert_eq!(answer["content"], json!([]));
    assert_eq!(answer["stop_reason"], "max_tokens");
}

#[test]
fn what_is_no_answer_is_none() {
    for completion in [
        "",
        "[]",
        "{}",
        r#"{"choices":[]}"#,
        r#"{"error":{"message":"no"}}"#,
        r#"{"choices":[{"message":{"content":"x"},"error":{"message":"no"}}]}"#,
        r#"{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}"#,
    ] {
        assert_eq!(from_chat(completion.as_bytes(), "m"), None, "{completion}");
    }
}

/// Those that failed behind a 200.
const FAILED: [&str; 3] = [
    "chat_200_choice_error.json",
    "chat_200_top_level_error.json",
    "chat_insufficient_resource.json",
];

#[test]
fn every_recorded_answer_is_a_message() {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../modelport-provider/tests/recorded"
    );
    let mut seen = 0;
    for provider in std::fs::read_dir(root).unwrap() {
        let Ok(files) = std::fs::read_dir(provider.unwrap().path()) else {
            continue;
        };
        for path in files.map(|file| file.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("chat") {
                continue;
            }
            seen += 1;
            let answer = from_chat(&std::fs::read(&path).unwrap(), "m");
            assert_eq!(
                answer.is_none(),
                FAILED.contains(&name.as_str()),
                "{}",
                path.display()
            );
            if let Some(answer) = answer {
                check_message(&serde_json::from_slice(&answer).unwrap(), &name);
            }
        }
    }
    assert!(seen >= 11, "{seen}");
}

/// What Anthropic's SDKs rely on.
fn check_message(message: &Value, name: &str) {
    assert_eq!(message["type"], "message", "{name}");
    assert_eq!(message["role"], "assistant", "{name}");
    assert!(
        message["id"].as_str().unwrap().starts_with("msg_"),
        "{name}"
    );
    assert!(!message["model"].as_str().unwrap().is_empty(), "{name}");
    assert!(
        message["usage"]["output_tokens"].as_u64() > Some(0),
        "{name}"
    );
    let content = message["content"].as_array().unwrap();
    let cut = message["stop_reason"] == "max_tokens";
    assert!(cut || !content.is_empty(), "{name}");
    let calls = content.iter().any(|block| block["type"] == "tool_use");
    assert_eq!(calls, message["stop_reason"] == "tool_use", "{name}");
}
