mod conversation;
mod refusals;

use super::*;
use modelport_provider::receipt::{Fate, Note};

/// A request with these fields beside the ones that every request has.
fn request(more: &Value) -> Vec<u8> {
    let mut body =
        json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string().into_bytes()
}

fn translate(more: &Value) -> (Value, Vec<Note>) {
    let chat = to_chat(&request(more), "up/stream").unwrap_or_else(|fault| panic!("{fault:?}"));
    (
        serde_json::from_slice(&chat.body).unwrap(),
        chat.receipt.notes().to_vec(),
    )
}

/// Checks what is sent beside the model, the limit and the conversation, and what is noted: `a>b` for mapped, `a` for
/// dropped.
fn check(more: &Value, sent: &Value, notes: &[&str]) {
    let (mut chat, found) = translate(more);
    let members = chat.as_object_mut().unwrap();
    for name in ["model", "max_tokens", "messages"] {
        assert!(members.shift_remove(name).is_some(), "{name}");
    }
    assert_eq!(chat, *sent, "{more}");
    assert_eq!(written(found), notes, "{more}");
}

fn written(notes: Vec<Note>) -> Vec<String> {
    let notes = notes.into_iter().map(|note| match note.fate {
        Fate::Mapped(to) => format!("{}>{to}", note.field),
        Fate::Dropped | Fate::Refused | Fate::Added => note.field,
    });
    notes.collect()
}

#[test]
fn the_plainest_request() {
    let chat = to_chat(&request(&json!({})), "up/stream").unwrap();
    assert_eq!(
        String::from_utf8(chat.body).unwrap(),
        r#"{"model":"up/stream","messages":[{"role":"user","content":"Hi"}],"max_tokens":9}"#
    );
    assert!(chat.receipt.is_empty());
}

#[test]
fn settings() {
    check(
        &json!({"stream": true, "temperature": 0.25, "top_p": 1, "top_k": 40}),
        &json!({"temperature": 0.25, "top_p": 1, "top_k": 40, "stream": true, "stream_options": {"include_usage": true}}),
        &[],
    );
    check(&json!({"stream": false, "thinking": null}), &json!({}), &[]);
    check(
        &json!({"stop_sequences": ["END"]}),
        &json!({"stop": ["END"]}),
        &["stop_sequences>stop"],
    );
    check(&json!({"stop_sequences": []}), &json!({}), &[]);
    check(
        &json!({"metadata": {"user_id": "u-1", "team": 4}}),
        &json!({"user": "u-1"}),
        &["metadata.user_id>user", "metadata.team"],
    );
    check(
        &json!({"service_tier": "standard_only"}),
        &json!({"service_tier": "default"}),
        &["service_tier>service_tier: default"],
    );
    check(
        &json!({"service_tier": "auto"}),
        &json!({"service_tier": "auto"}),
        &["service_tier>service_tier: auto"],
    );
    check(
        &json!({"container": "c", "inference_geo": null, "mcp_servers": [], "of_tomorrow": {}}),
        &json!({}),
        &["container", "of_tomorrow"],
    );
}

#[test]
fn thinking_is_an_effort() {
    let budget = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    for (more, effort) in [
        (budget(1024), "low"),
        (budget(4095), "low"),
        (budget(4096), "medium"),
        (budget(16_383), "medium"),
        (budget(16_384), "high"),
        (json!({"thinking": {"type": "adaptive"}}), "medium"),
        (json!({"thinking": {"type": "disabled"}}), "none"),
    ] {
        let note = format!("thinking>reasoning_effort: {effort}");
        check(&more, &json!({"reasoning_effort": effort}), &[&note]);
    }
    check(
        &json!({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}}),
        &json!({"reasoning_effort": "max"}),
        &[
            "thinking.display",
            "output_config.effort>reasoning_effort: max",
            "thinking>reasoning_effort: max",
        ],
    );
    check(
        &json!({"thinking": {"type": "disabled"}, "output_config": {"effort": "high", "of_tomorrow": 1}}),
        &json!({"reasoning_effort": "none"}),
        &[
            "output_config.effort>reasoning_effort: none",
            "thinking>reasoning_effort: none",
            "output_config.of_tomorrow",
        ],
    );
}

fn format_of(schema: &Value) -> Value {
    let more = json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}});
    let (chat, notes) = translate(&more);
    assert_eq!(written(notes), ["output_config.format>response_format"]);
    assert_eq!(chat["response_format"]["type"], "json_schema");
    chat["response_format"]["json_schema"].clone()
}

#[test]
fn a_schema_is_strict_where_it_may_be() {
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    assert_eq!(
        format_of(&closed),
        json!({"name": "answer", "strict": true, "schema": closed})
    );
    let mut optional = closed.clone();
    optional["required"] = json!([]);
    let mut open = closed.clone();
    open["additionalProperties"] = json!(true);
    let nested = json!({"type": "array", "items": open});
    for schema in [optional, open, nested] {
        assert_eq!(
            format_of(&schema),
            json!({"name": "answer", "schema": schema})
        );
    }
}

#[test]
fn tools_are_functions() {
    let schema = json!({"type": "object", "properties": {}});
    check(
        &json!({"tools": [
            {"name": "f", "description": "Does.", "input_schema": schema, "cache_control": {"type": "ephemeral"}},
            {"type": "custom", "name": "g", "input_schema": schema, "strict": true, "defer_loading": false},
        ]}),
        &json!({"tools": [
            {"type": "function", "function": {"name": "f", "description": "Does.", "parameters": schema}},
            {"type": "function", "function": {"name": "g", "parameters": schema, "strict": true}},
        ]}),
        &["cache_control", "tools[].defer_loading"],
    );
    check(&json!({"tools": []}), &json!({}), &[]);
}

#[test]
fn tools_that_anthropics_models_know_are_explained() {
    let (chat, notes) = translate(&json!({"tools": [
        {"type": "bash_20250124", "name": "bash"},
        {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 9},
    ]}));
    let parameters = |number: usize| &chat["tools"][number]["function"]["parameters"]["properties"];
    assert_eq!(chat["tools"][0]["function"]["name"], "bash");
    assert_eq!(parameters(0)["command"]["type"], "string");
    assert_eq!(parameters(1)["path"]["type"], "string");
    assert_eq!(
        written(notes),
        ["tools[].type>function", "tools[].max_characters"]
    );
}

#[test]
fn choices_of_tools() {
    let tools = json!([{"name": "f", "input_schema": {}}]);
    let functions = json!([{"type": "function", "function": {"name": "f", "parameters": {}}}]);
    for (choice, sent) in [
        (json!({"type": "auto"}), json!("auto")),
        (json!({"type": "any"}), json!("required")),
        (json!({"type": "none"}), json!("none")),
        (
            json!({"type": "tool", "name": "f", "disable_parallel_tool_use": false}),
            json!({"type": "function", "function": {"name": "f"}}),
        ),
    ] {
        check(
            &json!({"tools": tools, "tool_choice": choice}),
            &json!({"tools": functions, "tool_choice": sent}),
            &[],
        );
    }
    check(
        &json!({"tools": tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
        &json!({"tools": functions, "tool_choice": "auto", "parallel_tool_calls": false}),
        &["tool_choice.disable_parallel_tool_use>parallel_tool_calls: false"],
    );
    check(
        &json!({"tool_choice": {"type": "auto"}}),
        &json!({}),
        &["tool_choice"],
    );
}
