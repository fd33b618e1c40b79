//! What becomes of the conversation.

use serde_json::{Map, Value, json};

use super::{translate, written};

/// Checks the conversation that is sent, and what is noted.
fn check_messages(messages: &Value, sent: &Value, notes: &[&str]) {
    let (chat, found) = translate(&json!({"messages": messages}));
    assert_eq!(chat["messages"], *sent, "{messages}");
    assert_eq!(written(found), notes, "{messages}");
}

#[test]
fn system_is_a_message() {
    let text =
        |text: &str| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
    for (system, notes) in [
        (json!("Be.\nBrief."), &["system>messages"][..]),
        (
            json!([text("Be."), text("Brief.")]),
            &["system>messages", "cache_control"],
        ),
    ] {
        let (chat, found) = translate(&json!({"system": system}));
        assert_eq!(
            chat["messages"],
            json!([{"role": "system", "content": "Be.\nBrief."}, {"role": "user", "content": "Hi"}])
        );
        assert_eq!(written(found), notes);
    }
    let (chat, _) = translate(&json!({"system": []}));
    assert_eq!(chat["messages"][0]["role"], "user");
    check_messages(
        &json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]),
        &json!([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, {"role": "user", "content": "c"}]),
        &[],
    );
}

#[test]
fn turns_of_one_speaker_are_one() {
    check_messages(
        &json!([
            {"role": "user", "content": "a"},
            {"role": "user", "content": [{"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "c"},
            {"role": "assistant", "content": [{"type": "text", "text": "d"}]},
        ]),
        &json!([{"role": "user", "content": "a\nb"}, {"role": "assistant", "content": "cd"}]),
        &[],
    );
}

#[test]
fn images_and_documents_are_parts() {
    let of = |kind: &str, source: Value| json!({"type": kind, "source": source});
    let mut titled = of(
        "document",
        json!({"type": "base64", "media_type": "application/pdf", "data": "JVBE"}),
    );
    let untitled = titled.clone();
    titled["title"] = "Report".into();
    titled["context"] = "Of 2026.".into();
    titled["citations"] = json!({"enabled": true});
    check_messages(
        &json!([{"role": "user", "content": [
            {"type": "text", "text": "See:"},
            of("image", json!({"type": "base64", "media_type": "image/png", "data": "AAAA"})),
            of("image", json!({"type": "url", "url": "https://example.test/a.png"})),
            titled,
            untitled,
        ]}]),
        &json!([{"role": "user", "content": [
            {"type": "text", "text": "See:"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}},
            {"type": "text", "text": "Of 2026."},
            {"type": "file", "file": {"filename": "Report", "file_data": "data:application/pdf;base64,JVBE"}},
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
        ]}]),
        &["messages[].content[].citations"],
    );
}

#[test]
fn documents_of_text_are_text() {
    check_messages(
        &json!([{"role": "user", "content": [
            {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "one"}},
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "two"}]}},
            {"type": "document", "context": "C", "source": {"type": "content", "content": "three"}},
            {"type": "search_result", "title": "S", "source": "https://example.test", "content": [{"type": "text", "text": "four"}]},
        ]}]),
        &json!([{"role": "user", "content": "T\none\ntwo\nC\nthree\nS\nhttps://example.test\nfour"}]),
        &[],
    );
}

#[test]
fn calls_and_results() {
    let call =
        |id: &str| json!({"type": "tool_use", "id": id, "name": "f", "input": {"b": 1, "a": "ü"}});
    let sent = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{\"b\":1,\"a\":\"ü\"}"}});
    check_messages(
        &json!([
            {"role": "user", "content": "Go."},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "eA=="},
                call("1"),
                call("2"),
            ]},
            {"role": "user", "content": [
                {"type": "text", "text": "Here."},
                {"type": "tool_result", "tool_use_id": "2", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
                {"type": "tool_result", "tool_use_id": "1"},
            ]},
        ]),
        &json!([
            {"role": "user", "content": "Go."},
            {"role": "assistant", "content": null, "reasoning_content": "Hm.", "tool_calls": [sent("1"), sent("2")]},
            {"role": "tool", "tool_call_id": "2", "content": "x\ny"},
            {"role": "tool", "tool_call_id": "1", "content": ""},
            {"role": "user", "content": "Here."},
        ]),
        &[
            "messages[].content[].thinking>reasoning_content",
            "messages[].content[].signature",
            "messages[].content[].redacted_thinking",
        ],
    );
}

#[test]
fn a_results_image_follows_in_the_users_message() {
    let image =
        json!({"type": "image", "source": {"type": "url", "url": "https://example.test/a.png"}});
    check_messages(
        &json!([
            {"role": "assistant", "content": [{"type": "text", "text": "Look."}, {"type": "tool_use", "id": "1", "name": "f"}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": [image]},
                {"type": "tool_result", "tool_use_id": "2", "is_error": true, "content": "No disk."},
                {"type": "text", "text": "So?"},
            ]},
        ]),
        &json!([
            {"role": "assistant", "content": "Look.", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "1", "content": "The result is in the next message."},
            {"role": "tool", "tool_call_id": "2", "content": "Error: No disk."},
            {"role": "user", "content": [
                {"type": "text", "text": "The result of tool call 1:"},
                {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}},
                {"type": "text", "text": "So?"},
            ]},
        ]),
        &[
            "messages[].content[].content>a user message",
            "messages[].content[].is_error>content",
        ],
    );
}

#[test]
fn only_thoughts_leave_an_empty_text() {
    check_messages(
        &json!([{"role": "assistant", "content": [{"type": "redacted_thinking", "data": "eA=="}]}]),
        &json!([{"role": "assistant", "content": ""}]),
        &["messages[].content[].redacted_thinking"],
    );
}

#[test]
fn an_answer_can_be_sent_back() {
    let completion = json!({"id": "x", "choices": [{"finish_reason": "tool_calls", "message": {
        "content": "Text.", "reasoning_content": "Thought.",
        "tool_calls": [{"id": "call:1", "function": {"name": "f", "arguments": "{\"a\":1}"}}],
    }}]});
    let answer = crate::anthropic::from_chat(completion.to_string().as_bytes(), "m").unwrap();
    let answer: Map<String, Value> = serde_json::from_slice(&answer).unwrap();
    let (chat, _) = translate(&json!({"messages": [
        {"role": "user", "content": "Go."},
        {"role": answer["role"], "content": answer["content"]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": answer["content"][2]["id"], "content": "Done."}]},
    ]}));
    assert_eq!(
        chat["messages"],
        json!([
            {"role": "user", "content": "Go."},
            {"role": "assistant", "content": "Text.", "reasoning_content": "Thought.", "tool_calls": [
                {"id": "call:1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
            ]},
            {"role": "tool", "tool_call_id": "call:1", "content": "Done."},
        ])
    );
}
