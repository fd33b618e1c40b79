use serde_json::{Value, json};

use super::super::{Echo, from_chat};
use super::recorded::recorded;

fn response(request: &Value, completion: &Value) -> Value {
    let echo = Echo::of(request.to_string().as_bytes());
    let answer = from_chat(completion.to_string().as_bytes(), &echo, "asked", 7).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn the_response_repeats_the_request() {
    let completion = json!({ "id": "chatcmpl-1", "choices": [{ "message": { "content": "hi" }, "finish_reason": "stop" }] });
    let plain = response(&json!({}), &completion);
    let message = json!({ "id": "msg_1_0", "type": "message", "role": "assistant", "status": "completed",
        "content": [{ "type": "output_text", "text": "hi", "annotations": [], "logprobs": [] }] });
    assert_eq!(
        plain,
        json!({
            "id": "resp_1", "object": "response", "created_at": 7, "status": "completed", "background": false, "error": null,
            "incomplete_details": null, "model": "asked", "output": [message], "previous_response_id": null,
            "reasoning": { "effort": null, "summary": null }, "store": false, "text": { "format": { "type": "text" } },
            "truncation": "disabled", "usage": null, "metadata": {}, "instructions": null, "max_output_tokens": null,
            "parallel_tool_calls": true, "prompt_cache_key": null, "safety_identifier": null, "service_tier": null,
            "temperature": null, "tool_choice": "auto", "tools": [], "top_logprobs": null, "top_p": null, "user": null,
        })
    );
    let repeated = json!({
        "instructions": "be brief", "max_output_tokens": 5, "parallel_tool_calls": false, "temperature": 0.5, "top_p": 0.1,
        "tool_choice": "none", "tools": [{ "type": "function", "name": "f" }], "metadata": { "a": "b" }, "user": "u",
        "text": { "format": { "type": "json_object" }, "verbosity": "low" },
    });
    let full = response(&repeated, &completion);
    for (name, value) in repeated.as_object().unwrap() {
        assert_eq!(&full[name], value, "{name}");
    }
    let effort = response(
        &json!({ "reasoning": { "effort": "low", "summary": "auto" } }),
        &completion,
    );
    assert_eq!(
        effort["reasoning"],
        json!({ "effort": "low", "summary": null })
    );
}

#[test]
fn answers() {
    let completion = |message: Value, reason: &str| {
        json!({ "choices": [{ "message": message, "finish_reason": reason }],
            "usage": { "prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": { "cached_tokens": 2 }, "completion_tokens_details": { "reasoning_tokens": 3 } } })
    };
    let answer = response(
        &json!({}),
        &completion(
            json!({ "content": null, "refusal": "no", "reasoning": "hm" }),
            "stop",
        ),
    );
    assert_eq!(answer["id"], "resp_7");
    assert_eq!(
        answer["output"][0]["content"],
        json!([{ "type": "reasoning_text", "text": "hm" }])
    );
    assert_eq!(
        answer["output"][1]["content"],
        json!([{ "type": "refusal", "refusal": "no" }])
    );
    assert_eq!(
        answer["usage"],
        json!({ "input_tokens": 5, "input_tokens_details": { "cached_tokens": 2, "cache_write_tokens": 0 },
            "output_tokens": 7, "output_tokens_details": { "reasoning_tokens": 3 }, "total_tokens": 12 })
    );
    let calls = json!([
        { "id": "c1", "type": "function", "function": { "name": "f", "arguments": { "a": 1 } } },
        { "id": "c2", "type": "custom", "custom": { "name": "c", "input": "x" } },
    ]);
    let answer = response(
        &json!({}),
        &completion(json!({ "content": "", "tool_calls": calls }), "tool_calls"),
    );
    let (function, custom) = (&answer["output"][0], &answer["output"][1]);
    assert_eq!(
        (&function["type"], &function["call_id"]),
        (&json!("function_call"), &json!("c1"))
    );
    let arguments: Value = serde_json::from_str(function["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&function["name"], arguments),
        (&json!("f"), json!({ "a": 1 }))
    );
    assert_eq!(
        (&custom["type"], &custom["input"]),
        (&json!("custom_tool_call"), &json!("x"))
    );
    let cut = response(&json!({}), &completion(json!({ "content": "a" }), "length"));
    assert_eq!(
        (&cut["status"], &cut["output"][0]["status"]),
        (&json!("incomplete"), &json!("incomplete"))
    );
    assert_eq!(
        cut["incomplete_details"],
        json!({ "reason": "max_output_tokens" })
    );
}

#[test]
fn what_is_no_completion_makes_no_response() {
    for body in ["", "[]", "{}", r#"{"choices":[]}"#, "<html>"] {
        assert!(
            from_chat(body.as_bytes(), &Echo::default(), "m", 7).is_none(),
            "{body}"
        );
    }
}

#[test]
fn every_recorded_completion_is_read() {
    let mut read = 0;
    for (name, bytes) in recorded("chat", ".json") {
        let chat: Value = serde_json::from_slice(&bytes).unwrap();
        if chat["choices"].as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        let answer =
            from_chat(&bytes, &Echo::default(), "asked", 7).unwrap_or_else(|| panic!("{name}"));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let message = &chat["choices"][0]["message"];
        let output = answer["output"].as_array().unwrap();
        let text = output.iter().find_map(|item| {
            item["content"][0]
                .get("text")
                .filter(|_| item["type"] == "message")
        });
        let expected = message["content"].as_str().filter(|text| !text.is_empty());
        assert_eq!(text.and_then(Value::as_str), expected, "{name}");
        let calls = output
            .iter()
            .filter(|item| item["type"] == "function_call")
            .count();
        assert_eq!(
            calls,
            message["tool_calls"].as_array().map_or(0, Vec::len),
            "{name}"
        );
        let total = &chat["usage"]["total_tokens"];
        assert!(
            total.is_null() || answer["usage"]["total_tokens"] == *total,
            "{name}"
        );
        read += 1;
    }
    assert!(read > 4, "{read}");
}
