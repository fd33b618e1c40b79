use serde_json::{Value, json};

use super::super::to_chat;

/// The chat request that `fields` make, beside an input, and its receipt.
fn translated(fields: &Value) -> (Value, String) {
    let mut body = json!({ "model": "asked", "input": "hi" });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    let chat =
        to_chat(body.to_string().as_bytes(), "sent").unwrap_or_else(|fault| panic!("{fault:?}"));
    (
        serde_json::from_slice(&chat.body).unwrap(),
        chat.receipt.to_string(),
    )
}

#[test]
fn fields() {
    let schema = json!({ "type": "object" });
    for (fields, expected, receipt) in [
        (json!({}), json!({}), ""),
        (
            json!({ "instructions": null, "tools": null, "previous_response_id": null, "background": false }),
            json!({}),
            "",
        ),
        (
            json!({ "max_output_tokens": 9 }),
            json!({ "max_completion_tokens": 9 }),
            "",
        ),
        (
            json!({ "reasoning": { "effort": "low" } }),
            json!({ "reasoning_effort": "low" }),
            "",
        ),
        (
            json!({ "reasoning": { "effort": null, "summary": "auto" } }),
            json!({}),
            "reasoning.summary=dropped",
        ),
        (
            json!({ "text": { "verbosity": "low", "format": { "type": "text" } } }),
            json!({ "verbosity": "low" }),
            "",
        ),
        (
            json!({ "text": { "format": { "type": "json_object" } } }),
            json!({ "response_format": { "type": "json_object" } }),
            "",
        ),
        (
            json!({ "text": { "format": { "type": "json_schema", "name": "n", "schema": schema, "strict": true } } }),
            json!({ "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": schema, "strict": true } } }),
            "",
        ),
        (
            json!({ "temperature": 0.5, "top_p": 1, "metadata": {"a":"b"}, "user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex" }),
            json!({ "temperature": 0.5, "top_p": 1, "metadata": {"a":"b"}, "user": "u", "safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex" }),
            "",
        ),
        (
            json!({ "top_logprobs": 2 }),
            json!({ "logprobs": true, "top_logprobs": 2 }),
            "",
        ),
        (json!({ "top_logprobs": 0 }), json!({}), ""),
        (
            json!({ "include": ["message.output_text.logprobs"] }),
            json!({ "logprobs": true }),
            "",
        ),
        (
            json!({ "include": ["reasoning.encrypted_content"] }),
            json!({}),
            "include=dropped",
        ),
        (
            json!({ "include": [], "store": false, "truncation": "disabled", "stream": false }),
            json!({}),
            "",
        ),
        (
            json!({ "store": true, "truncation": "auto", "seed": 1 }),
            json!({}),
            "store=dropped, truncation=dropped, seed=dropped",
        ),
        (
            json!({ "stream": true, "stream_options": { "include_obfuscation": false } }),
            json!({ "stream": true, "stream_options": { "include_usage": true } }),
            "",
        ),
        // Without tools, what is about them means nothing.
        (
            json!({ "tools": [], "tool_choice": "auto", "parallel_tool_calls": true }),
            json!({}),
            "",
        ),
    ] {
        let (mut chat, noted) = translated(&fields);
        let rest = chat.as_object_mut().unwrap();
        assert_eq!(rest.remove("model"), Some("sent".into()));
        assert_eq!(
            rest.remove("messages"),
            Some(json!([{ "role": "user", "content": "hi" }]))
        );
        assert_eq!((chat, noted.as_str()), (expected, receipt), "{fields}");
    }
}

#[test]
fn tools_are_nested() {
    let function = json!({ "type": "function", "name": "f", "parameters": {}, "strict": true, "description": null });
    let custom = json!({ "type": "custom", "name": "c", "format": { "type": "grammar", "syntax": "lark", "definition": "d" } });
    let nested = json!([
        { "type": "function", "function": { "name": "f", "parameters": {}, "strict": true } },
        { "type": "custom", "custom": { "name": "c", "format": { "type": "grammar", "grammar": { "syntax": "lark", "definition": "d" } } } },
    ]);
    for (choice, expected) in [
        (json!("required"), json!("required")),
        (
            json!({ "type": "function", "name": "f" }),
            json!({ "type": "function", "function": { "name": "f" } }),
        ),
        (
            json!({ "type": "custom", "name": "c" }),
            json!({ "type": "custom", "custom": { "name": "c" } }),
        ),
        (
            json!({ "type": "allowed_tools", "mode": "auto", "tools": [{ "type": "function", "name": "f" }] }),
            json!({ "type": "allowed_tools", "allowed_tools": { "mode": "auto", "tools": [{ "type": "function", "function": { "name": "f" } }] } }),
        ),
    ] {
        let (chat, receipt) = translated(
            &json!({ "tools": [function, custom], "tool_choice": choice, "parallel_tool_calls": false }),
        );
        assert_eq!((&chat["tools"], &chat["tool_choice"]), (&nested, &expected));
        assert_eq!(
            (&chat["parallel_tool_calls"], receipt.as_str()),
            (&json!(false), "")
        );
    }
}

#[test]
fn items_become_messages() {
    let call = |id: &str| json!({ "type": "function_call", "call_id": id, "name": "f", "arguments": "{}", "id": "fc_1", "status": "completed" });
    let called = |id: &str| json!({ "id": id, "type": "function", "function": { "name": "f", "arguments": "{}" } });
    let answered =
        |id: &str| json!({ "type": "function_call_output", "call_id": id, "output": "4" });
    let thought = json!({ "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "hm" }] });
    for (input, expected, receipt) in [
        (
            json!([{ "role": "developer", "content": "d" }, { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "u" }] }]),
            json!([{ "role": "developer", "content": "d" }, { "role": "user", "content": "u" }]),
            "",
        ),
        (
            json!([{ "role": "user", "content": [
                { "type": "input_text", "text": "a" },
                { "type": "input_image", "image_url": "data:x", "detail": "low", "file_id": null },
                { "type": "input_image", "image_url": "https://x" },
                { "type": "input_file", "file_data": "data:y", "filename": "y.pdf" },
                { "type": "input_audio", "input_audio": { "data": "z", "format": "wav" } },
            ] }]),
            json!([{ "role": "user", "content": [
                { "type": "text", "text": "a" },
                { "type": "image_url", "image_url": { "url": "data:x", "detail": "low" } },
                { "type": "image_url", "image_url": { "url": "https://x" } },
                { "type": "file", "file": { "file_data": "data:y", "filename": "y.pdf" } },
                { "type": "input_audio", "input_audio": { "data": "z", "format": "wav" } },
            ] }]),
            "",
        ),
        (
            json!([{ "role": "assistant", "content": [
                { "type": "output_text", "text": "a", "annotations": [] },
                { "type": "output_text", "text": "b" },
                { "type": "refusal", "refusal": "no" },
            ] }]),
            json!([{ "role": "assistant", "content": "ab", "refusal": "no" }]),
            "",
        ),
        (
            json!([{ "role": "assistant", "content": "let me see" }, call("1"), call("2"), answered("1"), answered("2"), call("3")]),
            json!([
                { "role": "assistant", "content": "let me see", "tool_calls": [called("1"), called("2")] },
                { "role": "tool", "tool_call_id": "1", "content": "4" },
                { "role": "tool", "tool_call_id": "2", "content": "4" },
                { "role": "assistant", "content": null, "tool_calls": [called("3")] },
            ]),
            "",
        ),
        (
            // A text between calls and their outputs stays with the calls.
            json!([call("1"), { "role": "assistant", "content": "wait" }, answered("1")]),
            json!([
                { "role": "assistant", "content": "wait", "tool_calls": [called("1")] },
                { "role": "tool", "tool_call_id": "1", "content": "4" },
            ]),
            "",
        ),
        (
            json!([thought, call("1"), thought, call("2"), { "type": "reasoning", "encrypted_content": "x", "summary": [] }]),
            json!([{ "role": "assistant", "content": null, "reasoning_content": "hm\nhm", "tool_calls": [called("1"), called("2")] }]),
            "input[].reasoning=dropped",
        ),
        (
            json!([{ "type": "reasoning", "content": [{ "type": "reasoning_text", "text": "so" }], "summary": [] }, { "role": "assistant", "content": "a" }]),
            json!([{ "role": "assistant", "content": "a", "reasoning_content": "so" }]),
            "",
        ),
        (
            json!([{ "role": "user", "content": "u" }, thought]),
            json!([{ "role": "user", "content": "u" }]),
            "input[].reasoning=dropped",
        ),
        (
            json!([
                { "type": "custom_tool_call", "call_id": "1", "name": "c", "input": "x" },
                { "type": "custom_tool_call_output", "call_id": "1", "output": [{ "type": "input_text", "text": "y" }, { "type": "input_text", "text": "z" }] },
            ]),
            json!([
                { "role": "assistant", "content": null, "tool_calls": [{ "id": "1", "type": "custom", "custom": { "name": "c", "input": "x" } }] },
                { "role": "tool", "tool_call_id": "1", "content": "yz" },
            ]),
            "",
        ),
    ] {
        let (chat, noted) = translated(&json!({ "input": input }));
        assert_eq!(
            (&chat["messages"], noted.as_str()),
            (&expected, receipt),
            "{input}"
        );
    }
    let (chat, _) = translated(&json!({ "instructions": "be brief" }));
    assert_eq!(
        chat["messages"][0],
        json!({ "role": "system", "content": "be brief" })
    );
}

fn check_refusal(fields: &Value, param: &str, code: &str) {
    let mut body = json!({ "model": "asked", "input": "hi" });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    let fault = to_chat(body.to_string().as_bytes(), "sent").unwrap_err();
    assert_eq!(
        (fault.param.as_deref(), fault.code),
        (Some(param), code),
        "{fields}"
    );
    assert!(fault.message.contains(param), "{}", fault.message);
}

#[test]
fn what_cannot_be_said_is_refused_by_its_name() {
    let unsupported = "unsupported_parameter";
    check_refusal(
        &json!({ "previous_response_id": "resp_1" }),
        "previous_response_id",
        unsupported,
    );
    check_refusal(
        &json!({ "conversation": "conv_1" }),
        "conversation",
        unsupported,
    );
    check_refusal(&json!({ "prompt": { "id": "p" } }), "prompt", unsupported);
    check_refusal(&json!({ "background": true }), "background", unsupported);
    let value = "unsupported_value";
    check_refusal(
        &json!({ "tools": [{ "type": "web_search" }] }),
        "tools[0].type",
        value,
    );
    check_refusal(&json!({ "tools": [{}] }), "tools[0].type", value);
    check_refusal(
        &json!({ "text": { "format": { "type": "xml" } } }),
        "text.format.type",
        value,
    );
    let function = json!([{ "type": "function", "name": "f" }]);
    check_refusal(
        &json!({ "tools": function, "tool_choice": { "type": "file_search" } }),
        "tool_choice.type",
        value,
    );
    check_refusal(
        &json!({ "input": [{ "type": "item_reference", "id": "x" }] }),
        "input[0].type",
        value,
    );
    check_refusal(&json!({ "input": [{}] }), "input[0].type", value);
    check_refusal(
        &json!({ "input": [{ "role": "tool", "content": "" }] }),
        "input[0].role",
        value,
    );
    let part = |part: Value| json!({ "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "" }, part] }] });
    check_refusal(
        &part(json!({ "type": "video" })),
        "input[0].content[1].type",
        value,
    );
    check_refusal(
        &part(json!({ "type": "input_image", "file_id": "f" })),
        "input[0].content[1].file_id",
        unsupported,
    );
    check_refusal(
        &part(json!({ "type": "input_file", "file_id": "f" })),
        "input[0].content[1].file_id",
        unsupported,
    );
    check_refusal(
        &part(json!({ "type": "input_file", "file_url": "f" })),
        "input[0].content[1].file_url",
        unsupported,
    );
    let output = json!({ "type": "function_call_output", "call_id": "1", "output": [{ "type": "input_image" }] });
    check_refusal(
        &json!({ "input": [output] }),
        "input[0].output[0].type",
        value,
    );
    let missing = "missing_required_parameter";
    check_refusal(&json!({ "input": null }), "input", missing);
    check_refusal(
        &json!({ "tools": [{ "type": "function" }] }),
        "tools[0].name",
        missing,
    );
    check_refusal(
        &json!({ "input": [{ "type": "function_call", "name": "f" }] }),
        "input[0].call_id",
        missing,
    );
    check_refusal(
        &part(json!({ "type": "input_image" })),
        "input[0].content[1].image_url",
        missing,
    );
    let kind = "invalid_type";
    check_refusal(&json!({ "input": 7 }), "input", kind);
    check_refusal(&json!({ "input": ["x"] }), "input[0]", kind);
    check_refusal(&json!({ "tools": "x" }), "tools", kind);
    check_refusal(&json!({ "text": "x" }), "text", kind);
    for body in ["", "[]", "{"] {
        assert_eq!(
            to_chat(body.as_bytes(), "m").unwrap_err().code,
            "invalid_json"
        );
    }
}

#[test]
fn a_field_holds_only_what_it_can() {
    let (missing, kind) = ("missing_required_parameter", "invalid_type");
    check_refusal(
        &json!({ "input": [], "instructions": "be brief" }),
        "input",
        missing,
    );
    let thought = json!({ "type": "reasoning", "summary": [] });
    check_refusal(&json!({ "input": [thought] }), "input", missing);
    for (field, values) in [
        ("include", json!(["x", {}, [7], [null]])),
        ("max_output_tokens", json!(["x", 0, -1, 1.5, []])),
        ("top_logprobs", json!(["x", -1, 2.5])),
        ("temperature", json!(["x", true, []])),
        ("top_p", json!(["x", {}])),
        ("metadata", json!(["x", []])),
        ("parallel_tool_calls", json!(["x", 1])),
        ("store", json!(["x", 0])),
        ("background", json!(["yes", 1])),
        ("truncation", json!([true, {}])),
        ("user", json!([7, {}])),
        ("prompt_cache_key", json!([7])),
        ("service_tier", json!([7])),
        ("reasoning", json!(["high", []])),
        ("reasoning.effort", json!([3, {}])),
        ("text.verbosity", json!([3])),
    ] {
        for value in values.as_array().unwrap() {
            let fields = match field.split_once('.') {
                None => json!({ field: value }),
                Some((object, member)) => json!({ object: { member: value } }),
            };
            check_refusal(&fields, field, kind);
        }
    }
    check_refusal(
        &json!({ "tools": [], "tool_choice": 7 }),
        "tool_choice",
        kind,
    );
    let format = |format: Value| json!({ "text": { "format": format } });
    check_refusal(
        &format(json!({ "type": "json_schema", "schema": {} })),
        "text.format.name",
        missing,
    );
    check_refusal(
        &format(json!({ "type": "json_schema", "name": "n" })),
        "text.format.schema",
        missing,
    );
}

#[test]
fn a_thought_belongs_to_no_later_turn() {
    let body = json!({"model": "m", "input": [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "lost"}]},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "hello"},
    ]});
    let chat = to_chat(body.to_string().as_bytes(), "m").unwrap();
    let sent: Value = serde_json::from_slice(&chat.body).unwrap();
    assert_eq!(
        sent["messages"],
        json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}])
    );
    assert_eq!(chat.receipt.to_string(), "input[].reasoning=dropped");
}
