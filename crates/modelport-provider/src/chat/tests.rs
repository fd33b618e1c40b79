use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn recorded(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/recorded")
        .join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A stream's chunks; its framing is plain here.
fn chunks(file: &str) -> Vec<ChatChunk> {
    let stream = String::from_utf8(recorded(file)).unwrap();
    let events = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(str::trim);
    events
        .filter(|data| *data != "[DONE]")
        .map(|data| read_chunk(data.as_bytes()).unwrap())
        .collect()
}

/// What a stream amounts to.
#[derive(Debug, Default, PartialEq)]
struct Told {
    content: String,
    reasoning: String,
    calls: Vec<(String, String, String)>,
    finish: Vec<String>,
    usage: bool,
    failed: bool,
}

fn told(file: &str) -> Told {
    let mut told = Told::default();
    let mut calls = ToolCallAssembler::new();
    for chunk in chunks(file) {
        told.usage |= chunk.usage_json().is_some();
        told.failed |= chunk.error_json().is_some();
        for choice in &chunk.choices {
            told.content += choice.delta.content.as_deref().unwrap_or_default();
            told.reasoning += choice.delta.reasoning.as_deref().unwrap_or_default();
            told.finish.extend(choice.finish_reason.clone());
            calls.push(&choice.delta.tool_calls).unwrap();
        }
    }
    told.calls = calls
        .finish()
        .into_iter()
        .map(|call| (call.id, call.name, call.arguments))
        .collect();
    told
}

fn call(id: &str, name: &str, arguments: &str) -> (String, String, String) {
    (id.to_owned(), name.to_owned(), arguments.to_owned())
}

fn check(
    file: &str,
    content: &str,
    reasoning: &str,
    calls: &[(String, String, String)],
    finish: &[&str],
) {
    let told = told(file);
    assert_eq!(told.content, content, "{file}");
    assert_eq!(told.reasoning, reasoning, "{file}");
    assert_eq!(told.calls, calls, "{file}");
    assert_eq!(told.finish, finish, "{file}");
}

#[test]
fn recorded_streams_amount_to_what_was_said() {
    check(
        "mistral/stream_thinking_content_array.sse",
        "Four.!",
        "2+2 is 4.",
        &[],
        &["stop"],
    );
    check(
        "openrouter/stream_reasoning_comments.sse",
        "Four.",
        "2+2 is 4.",
        &[],
        &["stop"],
    );
    check("groq/stream_x_groq.sse", "Four.", "2+2", &[], &["stop"]);
    check(
        "azure/stream_prompt_filter_first.sse",
        "Hello.",
        "",
        &[],
        &["stop"],
    );
    check(
        "azure/stream_async_filter_ok.sse",
        "Color is",
        "",
        &[],
        &["stop"],
    );
    check(
        "azure/stream_async_filter_blocked.sse",
        "Some",
        "",
        &[],
        &["content_filter"],
    );
    check(
        "openrouter/stream_midstream_error.sse",
        "par",
        "",
        &[],
        &["error"],
    );
    for (file, usage, failed) in [
        ("openrouter/stream_reasoning_comments.sse", true, false),
        (
            "openrouter/stream_usage_on_nonempty_choices.sse",
            true,
            false,
        ),
        ("openrouter/stream_midstream_error.sse", false, true),
        (
            "openrouter/stream_midstream_error_string_code.sse",
            false,
            true,
        ),
        ("groq/stream_error_in_x_groq.sse", false, true),
        ("openai/stream_text_no_usage.sse", false, false),
    ] {
        let told = told(file);
        assert_eq!((told.usage, told.failed), (usage, failed), "{file}");
    }
}

#[test]
fn recorded_tool_calls_are_put_together() {
    let oslo = r#"{"city": "Oslo"}"#;
    check(
        "mistral/stream_tool_call_no_index.sse",
        "",
        "",
        &[
            call("gSsamplEa", "get_weather", oslo),
            call("gSsamplEb", "get_time", "{}"),
        ],
        &["tool_calls"],
    );
    check(
        "mistral/stream_tool_call_incremental_empty_name.sse",
        "",
        "",
        &[call("call-sample1", "get_weather", oslo)],
        &["tool_calls"],
    );
    check(
        "anthropic/stream_tool_index_starts_at_1.sse",
        "Reading it.",
        "",
        &[call("toolu_sample1", "read_file", r#"{"path": "a.txt"}"#)],
        &["tool_calls"],
    );
    check(
        "openai/stream_tool_calls_parallel.sse",
        "",
        "",
        &[
            call("call_sampleA", "get_weather", r#"{"city":"Oslo"}"#),
            call("call_sampleB", "get_time", "{}"),
        ],
        &["tool_calls"],
    );
    check(
        "gemini/stream_tool_signature.sse",
        "",
        "",
        &[call(
            "function-call-1234567890",
            "get_weather",
            r#"{"city":"Oslo"}"#,
        )],
        &["tool_calls"],
    );
}

#[test]
fn every_recorded_chat_stream_is_read() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    let mut read = 0;
    for provider in std::fs::read_dir(&root)
        .unwrap()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
    {
        // What is generic is about framing, which is another module's.
        if provider.file_name() == "generic" {
            continue;
        }
        for file in std::fs::read_dir(provider.path())
            .unwrap()
            .filter_map(Result::ok)
        {
            if file
                .path()
                .extension()
                .is_some_and(|extension| extension == "sse")
            {
                told(file.path().strip_prefix(&root).unwrap().to_str().unwrap());
                read += 1;
            }
        }
    }
    assert!(read >= 20, "{read}");
}

#[test]
fn geminis_signature_goes_back() {
    let mut calls = ToolCallAssembler::new();
    for chunk in chunks("gemini/stream_tool_signature.sse") {
        for choice in &chunk.choices {
            calls.push(&choice.delta.tool_calls).unwrap();
        }
    }
    let call = serde_json::to_value(&calls.finish()[0]).unwrap();
    assert_eq!(
        call["extra_content"]["google"]["thought_signature"],
        "c2FtcGxl"
    );
    assert_eq!(call["function"]["name"], "get_weather");
    assert_eq!(call["type"], "function");
}

#[test]
fn openrouters_reasoning_blocks_are_kept() {
    let details = chunks("openrouter/stream_reasoning_comments.sse")
        .remove(0)
        .choices
        .remove(0)
        .delta
        .reasoning_details;
    assert!(details.unwrap().get().contains("anthropic-claude-v1"));
}

fn assembled(chunks: &Value) -> Vec<(String, String, String)> {
    let mut calls = ToolCallAssembler::new();
    for tool_calls in chunks.as_array().unwrap() {
        let chunk = json!({"choices": [{"delta": {"tool_calls": tool_calls}}]}).to_string();
        let chunk = read_chunk(chunk.as_bytes()).unwrap();
        calls.push(&chunk.choices[0].delta.tool_calls).unwrap();
    }
    calls
        .finish()
        .into_iter()
        .map(|call| (call.id, call.name, call.arguments))
        .collect()
}

#[test]
fn tool_call_pieces_of_every_kind() {
    let piece =
        |name: &str, arguments: &str| json!({"function": {"name": name, "arguments": arguments}});
    let with_id = |id: &str, name: &str, arguments: &str| json!({"id": id, "function": {"name": name, "arguments": arguments}});
    for (kind, chunks, expected) in [
        (
            "whole calls one by one without index",
            json!([[with_id("1", "a", "{}")], [with_id("2", "b", "{\"x\":1}")]]),
            vec![call("1", "a", "{}"), call("2", "b", "{\"x\":1}")],
        ),
        (
            "the same without ids",
            json!([[piece("a", "{}")], [piece("a", "{\"x\":1}")]]),
            vec![call("", "a", "{}"), call("", "a", "{\"x\":1}")],
        ),
        (
            "a new id for every piece",
            json!([
                [with_id("1", "a", "")],
                [with_id("2", "", "{\"x\"")],
                [with_id("3", "", ":1}")]
            ]),
            vec![call("1", "a", "{\"x\":1}")],
        ),
        (
            "the name repeated",
            json!([
                [with_id("1", "a", "{\"x\"")],
                [with_id("1", "a", ":1}")],
                [with_id("1", "a", "")]
            ]),
            vec![call("1", "a", "{\"x\":1}")],
        ),
        (
            "the name repeated without ids",
            json!([
                [piece("a", "")],
                [piece("a", "{\"x\"")],
                [piece("a", ":1}")],
                [piece("a", "")]
            ]),
            vec![call("", "a", "{\"x\":1}")],
        ),
        (
            "the id late",
            json!([[piece("a", "")], [with_id("1", "", "{}")]]),
            vec![call("1", "a", "{}")],
        ),
        (
            "arguments as an object",
            json!([[{"function": {"name": "a", "arguments": {"x": 1}}}]]),
            vec![call("", "a", "{\"x\":1}")],
        ),
        (
            "no arguments at all",
            json!([[{"id": "1", "function": {"name": "a"}}]]),
            vec![call("1", "a", "{}")],
        ),
        (
            "interleaved",
            json!([[{"index": 7, "id": "1", "function": {"name": "a"}}, {"index": 3, "id": "2", "function": {"name": "b"}}],
            [{"index": 3, "function": {"arguments": "{\"b\":0}"}}, {"index": 7, "function": {"arguments": "{\"a\":0}"}}]]),
            vec![call("1", "a", "{\"a\":0}"), call("2", "b", "{\"b\":0}")],
        ),
        (
            "odd pieces",
            json!([[null, 1, "x", {"index": "0", "id": 5, "function": "f"}]]),
            vec![call("", "", "{}")],
        ),
    ] {
        assert_eq!(assembled(&chunks), expected, "{kind}");
    }
}

#[test]
fn tool_calls_are_bounded() {
    let mut calls = ToolCallAssembler::new();
    assert!(calls.is_empty());
    let long = ToolCallFragment {
        arguments: "x".repeat(MAX_ARGUMENTS),
        ..ToolCallFragment::default()
    };
    calls.push(std::slice::from_ref(&long)).unwrap();
    let one = ToolCallFragment {
        arguments: "x".to_owned(),
        ..ToolCallFragment::default()
    };
    assert_eq!(calls.push(&[one]), Err(AssemblyFault::TooLong));
    let mut calls = ToolCallAssembler::new();
    let many: Vec<_> = (0..=256)
        .map(|index| ToolCallFragment {
            index,
            ..ToolCallFragment::default()
        })
        .collect();
    assert_eq!(calls.push(&many), Err(AssemblyFault::TooMany));
    assert_eq!(calls.finish().len(), MAX_TOOL_CALLS);
}

#[test]
fn whole_answers_are_read() {
    let completion = read_completion(&recorded("openai/chat.json")).unwrap();
    assert!(
        !completion.text().is_empty() && !completion.id.is_empty() && completion.created.is_some()
    );
    assert!(completion.usage_json().unwrap().contains("prompt_tokens"));
    assert_eq!(completion.choices[0].finish(), Some(FinishReason::Stop));
    assert!(completion.raw.get().starts_with('{'));
    assert_eq!(completion.error_json(), None);

    let completion = read_completion(&recorded("openai/chat_tool_call.json")).unwrap();
    assert_eq!(completion.tool_calls()[0].name, "get_weather");
    assert_eq!(
        completion.choices[0].finish(),
        Some(FinishReason::ToolCalls)
    );
    let back = serde_json::to_value(&completion.choices[0].message).unwrap();
    assert_eq!(
        back["tool_calls"][0]["function"]["arguments"],
        r#"{"city":"Oslo"}"#
    );
    // A null of the answer is not sent back: Groq refuses them.
    assert!(back.get("refusal").is_none());

    let completion =
        read_completion(&recorded("deepseek/chat_with_leading_blank_lines.txt")).unwrap();
    assert!(!completion.choices.is_empty());

    let completion = read_completion(&recorded("openai/chat_reasoning_empty_length.json")).unwrap();
    assert_eq!(
        (completion.text().as_str(), completion.choices[0].finish()),
        ("", Some(FinishReason::Length))
    );

    let completion =
        read_completion(&recorded("deepseek/chat_insufficient_resource.json")).unwrap();
    assert_eq!(completion.choices[0].finish(), Some(FinishReason::Error));
    assert_eq!(
        completion.choices[0].finish_reason.as_deref(),
        Some("insufficient_system_resource")
    );
}

#[test]
fn an_error_inside_a_200_is_found_and_the_text_before_it_kept() {
    let completion = read_completion(&recorded("openrouter/chat_200_choice_error.json")).unwrap();
    assert_eq!(completion.text(), "partial output");
    assert!(
        completion
            .error_json()
            .unwrap()
            .contains("Provider disconnected")
    );
    let completion =
        read_completion(&recorded("openrouter/chat_200_top_level_error.json")).unwrap();
    assert!(
        completion
            .error_json()
            .unwrap()
            .contains("Provider returned error")
    );
    assert_eq!(
        (completion.text().as_str(), completion.tool_calls()),
        ("", &[][..])
    );
}

#[test]
fn odd_answers_are_read_as_far_as_they_go() {
    for (body, text, finish) in [
        ("{}", "", None),
        (r#"{"choices":null,"usage":null,"error":null}"#, "", None),
        (
            r#"{"id":7,"created":"x","choices":[{"message":{"content":"a"},"finish_reason":"weird"}]}"#,
            "a",
            Some(FinishReason::Other),
        ),
        (
            r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},"finish_reason":"eos"}]}"#,
            "ab",
            Some(FinishReason::Stop),
        ),
        (
            r#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":""}}]},"finish_reason":"stop"}]}"#,
            "",
            Some(FinishReason::ToolCalls),
        ),
        (r#"{"choices":[7,{"message":{"content":"a"}}]}"#, "a", None),
    ] {
        let completion = read_completion(body.as_bytes()).unwrap();
        assert_eq!(completion.text(), text, "{body}");
        assert_eq!(
            completion.choices.first().and_then(Choice::finish),
            finish,
            "{body}"
        );
    }
    for (body, fault) in [
        ("", ChatFault::NotJson),
        ("<html>", ChatFault::NotJson),
        ("[]", ChatFault::NotAnObject),
        ("3", ChatFault::NotAnObject),
    ] {
        assert_eq!(
            read_completion(body.as_bytes()).unwrap_err(),
            fault,
            "{body}"
        );
        assert_eq!(read_chunk(body.as_bytes()).unwrap_err(), fault, "{body}");
    }
}

#[test]
fn reasoning_is_found_in_any_spelling() {
    for (message, expected) in [
        (json!({"reasoning_content": "think"}), Some("think")),
        (
            json!({"reasoning": "think", "reasoning_content": "think"}),
            Some("think"),
        ),
        (
            json!({"reasoning": "think", "reasoning_content": ""}),
            Some("think"),
        ),
        (
            json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "thi"}, {"type": "text", "text": "nk"}]}]}),
            Some("think"),
        ),
        (
            json!({"content": [{"type": "thinking", "thinking": "think"}]}),
            Some("think"),
        ),
        (json!({"content": "x", "reasoning": null}), None),
        (json!({"content": [{"type": "text", "text": "x"}]}), None),
    ] {
        let whole = json!({"choices": [{"message": message}]}).to_string();
        let whole = read_completion(whole.as_bytes()).unwrap();
        assert_eq!(
            whole.choices[0].message.reasoning().as_deref(),
            expected,
            "{message}"
        );
        let chunk = json!({"choices": [{"delta": message}]}).to_string();
        let chunk = read_chunk(chunk.as_bytes()).unwrap();
        assert_eq!(
            chunk.choices[0].delta.reasoning.as_deref(),
            expected,
            "{message}"
        );
    }
}

#[test]
fn a_request_is_written_with_what_was_set_and_nothing_else() {
    assert_eq!(
        ChatRequest::new("m").user("hi").to_json(),
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#
    );
    let request = ChatRequest::new("m")
        .system("be brief")
        .message(Message::new(
            Role::User,
            Content::Parts(vec![json!({"type": "text", "text": "hi"})]),
        ))
        .message(Message::tool_result("call_1", "12 degrees"))
        .temperature(0.5)
        .max_tokens(7)
        .tool(json!({"type": "function", "function": {"name": "f"}}))
        .response_format(json!({"type": "json_object"}))
        .field("top_k", 40)
        .field("model", "other")
        .field("provider", json!({"order": ["a"]}));
    let expected = json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            {"role": "tool", "content": "12 degrees", "tool_call_id": "call_1"},
        ],
        "temperature": 0.5,
        "max_tokens": 7,
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "response_format": {"type": "json_object"},
        "top_k": 40,
        "provider": {"order": ["a"]},
    });
    assert_eq!(
        serde_json::from_str::<Value>(&request.to_json()).unwrap(),
        expected
    );
    assert_eq!(request.extra().len(), 2);
}

#[test]
fn an_answer_goes_back_with_all_it_held() {
    let message = json!({"role": "assistant", "content": "x", "reasoning_content": "t", "reasoning_details": [{"type": "reasoning.encrypted", "data": "e"}],
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"google": {}}}]});
    let answer = json!({"choices": [{"message": message}]}).to_string();
    let answer = read_completion(answer.as_bytes()).unwrap();
    assert_eq!(
        serde_json::to_value(&answer.choices[0].message).unwrap(),
        message
    );
}

#[test]
fn roles_are_written_as_they_were_read() {
    for name in [
        "system",
        "developer",
        "user",
        "assistant",
        "tool",
        "function",
        "",
    ] {
        assert_eq!(Role::from(name).to_string(), name);
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_completion(&body);
        let _ = read_chunk(&body);
    }

    #[test]
    fn arguments_do_not_care_how_they_are_cut(arguments in "\\{\"[a-z é\\\\\"]{0,30}\"\\}", cut in 0_usize..40) {
        let cut = arguments.floor_char_boundary(cut.min(arguments.len()));
        let piece = |name: Option<&str>, text: &str| ToolCallFragment {
            name: name.map(str::to_owned),
            arguments: text.to_owned(),
            ..ToolCallFragment::default()
        };
        let mut calls = ToolCallAssembler::new();
        calls.push(&[piece(Some("f"), &arguments[..cut])]).unwrap();
        calls.push(&[piece(None, &arguments[cut..])]).unwrap();
        prop_assert_eq!(&calls.finish()[0].arguments, &arguments);
    }
}
