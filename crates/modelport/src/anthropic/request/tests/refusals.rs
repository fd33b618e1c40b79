//! What is refused, and in which words.

use serde_json::{Value, json};

use super::request;
use crate::anthropic::to_chat;
use crate::translation::Untranslatable;

fn refused(more: &Value) -> Untranslatable {
    to_chat(&request(more), "up").expect_err(&more.to_string())
}

/// A request whose user's turn has a text and then this block.
fn with_block(block: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, block]}]})
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let source = |kind: &str, source: &str| json!({"type": kind, "source": {"type": source, "url": "u", "file_id": "f"}});
    let block = "messages[0].content[1]";
    for (more, param) in [
        (
            with_block(&source("image", "file")),
            format!("{block}.source.type"),
        ),
        (
            with_block(&source("document", "url")),
            format!("{block}.source.type"),
        ),
        (
            with_block(&source("document", "file")),
            format!("{block}.source.type"),
        ),
        (
            with_block(&json!({"type": "server_tool_use"})),
            format!("{block}.type"),
        ),
        (
            with_block(&json!({"type": "thinking", "thinking": "x"})),
            format!("{block}.type"),
        ),
        (
            with_block(&json!({"type": "of_tomorrow"})),
            format!("{block}.type"),
        ),
        (
            with_block(
                &json!({"type": "tool_result", "tool_use_id": "1", "content": [{"type": "tool_reference"}]}),
            ),
            format!("{block}.content[0].type"),
        ),
        (
            json!({"messages": [{"role": "assistant", "content": [{"type": "web_search_tool_result"}]}]}),
            "messages[0].content[0].type".to_owned(),
        ),
        (
            json!({"tools": [{"name": "f", "input_schema": {}}, {"type": "web_search_20260318", "name": "web_search"}]}),
            "tools[1].type".to_owned(),
        ),
        (
            json!({"tools": [{"type": "memory_20250818", "name": "memory"}]}),
            "tools[0].type".to_owned(),
        ),
        (
            json!({"output_config": {"format": {"type": "grammar"}}}),
            "output_config.format.type".to_owned(),
        ),
        (json!({"service_tier": "gold"}), "service_tier".to_owned()),
    ] {
        let fault = refused(&more);
        assert_eq!(fault.code, "unsupported", "{more}");
        assert_eq!(fault.param.as_deref(), Some(param.as_str()), "{more}");
        assert!(
            fault.message.starts_with(&format!("`{param}` is ")),
            "{}",
            fault.message
        );
    }
}

/// Checks that a fault names its field in `param` and in the message.
fn check(rows: &[(Value, &str, &str)]) {
    for (more, param, code) in rows {
        let fault = refused(more);
        let found = (fault.param.as_deref(), fault.code);
        assert_eq!(found, (Some(*param), *code), "{more}");
        assert!(
            fault.message.contains(&format!("`{param}`")),
            "{}",
            fault.message
        );
    }
}

#[test]
fn a_fault_in_the_conversation_names_its_place() {
    let one = |message: Value| json!({"messages": [message]});
    check(&[
        (json!({"messages": null}), "messages", "missing_field"),
        (json!({"messages": []}), "messages", "invalid_value"),
        (json!({"messages": "Hi"}), "messages", "invalid_type"),
        (json!({"system": 4}), "system", "invalid_type"),
        (
            json!({"system": [{"type": "text", "text": "See:"}, {"type": "image", "source": {"type": "url", "url": "u"}}]}),
            "system",
            "invalid_value",
        ),
        (
            json!({"system": [{"text": "x"}]}),
            "system[0].type",
            "missing_field",
        ),
        (one(json!("Hi")), "messages[0]", "invalid_type"),
        (
            one(json!({"content": "Hi"})),
            "messages[0].role",
            "missing_field",
        ),
        (
            one(json!({"role": "user"})),
            "messages[0].content",
            "missing_field",
        ),
        (
            one(json!({"role": "tool", "content": "Hi"})),
            "messages[0].role",
            "invalid_value",
        ),
        (
            one(json!({"role": "user", "content": 4})),
            "messages[0].content",
            "invalid_type",
        ),
        (
            one(json!({"role": "assistant", "content": {}})),
            "messages[0].content",
            "invalid_type",
        ),
        (
            with_block(&json!("x")),
            "messages[0].content[1]",
            "invalid_type",
        ),
        (
            with_block(&json!({"type": "text"})),
            "messages[0].content[1].text",
            "missing_field",
        ),
        (
            with_block(&json!({"type": "image"})),
            "messages[0].content[1].source",
            "missing_field",
        ),
        (
            with_block(&json!({"type": "image", "source": {"type": "url"}})),
            "messages[0].content[1].source.url",
            "missing_field",
        ),
        (
            with_block(&json!({"type": "tool_result"})),
            "messages[0].content[1].tool_use_id",
            "missing_field",
        ),
        (
            with_block(&json!({"type": "tool_result", "tool_use_id": "1", "is_error": "yes"})),
            "messages[0].content[1].is_error",
            "invalid_type",
        ),
        (
            one(
                json!({"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": "{}"}]}),
            ),
            "messages[0].content[0].input",
            "invalid_type",
        ),
    ]);
}

#[test]
fn a_fault_in_a_setting_names_its_place() {
    check(&[
        (json!({"temperature": "0.5"}), "temperature", "invalid_type"),
        (
            json!({"stop_sequences": "END"}),
            "stop_sequences",
            "invalid_type",
        ),
        (
            json!({"stop_sequences": ["END", 4]}),
            "stop_sequences[1]",
            "invalid_type",
        ),
        (json!({"metadata": "u"}), "metadata", "invalid_type"),
        (
            json!({"metadata": {"user_id": 4}}),
            "metadata.user_id",
            "invalid_type",
        ),
        (json!({"tools": {}}), "tools", "invalid_type"),
        (
            json!({"tools": [{"name": "f"}]}),
            "tools[0].input_schema",
            "missing_field",
        ),
        (
            json!({"tools": [{"input_schema": {}}]}),
            "tools[0].name",
            "missing_field",
        ),
        (
            json!({"tool_choice": {"type": "any"}}),
            "tool_choice",
            "invalid_value",
        ),
        (
            json!({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "tool"}}),
            "tool_choice.name",
            "missing_field",
        ),
        (
            json!({"thinking": {"type": "enabled"}}),
            "thinking.budget_tokens",
            "missing_field",
        ),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": "many"}}),
            "thinking.budget_tokens",
            "invalid_type",
        ),
        (
            json!({"thinking": {"type": "deep"}}),
            "thinking.type",
            "invalid_value",
        ),
        (
            json!({"output_config": {"effort": "huge"}}),
            "output_config.effort",
            "invalid_value",
        ),
        (
            json!({"output_config": {"format": {"type": "json_schema"}}}),
            "output_config.format.schema",
            "missing_field",
        ),
        (
            json!({"mcp_servers": [{"type": "url", "url": "u"}]}),
            "mcp_servers",
            "unsupported",
        ),
        (
            json!({"compaction": {"type": "auto"}}),
            "compaction",
            "unsupported",
        ),
        (
            json!({"thread": {"type": "create"}}),
            "thread",
            "thread_unsupported_request",
        ),
    ]);
}
