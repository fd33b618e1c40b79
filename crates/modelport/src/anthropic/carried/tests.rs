use super::*;
use crate::anthropic::{Events, from_chat, to_chat};
use modelport_provider::sse;

fn detail(text: &str) -> Value {
    json!({"type": "reasoning.text", "text": text, "format": "anthropic-claude-v1", "index": 0})
}

fn signed() -> Value {
    json!({"google": {"thought_signature": "c2ln"}})
}

fn call() -> Value {
    json!({"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}, "extra_content": signed()})
}

fn whole(message: &Value) -> Vec<Value> {
    let completion = json!({"id": "x", "model": "m", "choices": [{"message": message, "finish_reason": "stop"}]});
    let answer = from_chat(completion.to_string().as_bytes(), "m").unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    answer["content"].as_array().unwrap().clone()
}

/// The blocks of a stream, put together as Anthropic's SDKs do.
fn streamed(deltas: &[Value]) -> Vec<Value> {
    let mut events = Events::new("m", 1);
    let mut out = Vec::new();
    for delta in deltas {
        let chunk = json!({"id": "x", "choices": [{"index": 0, "delta": delta}]});
        events.push(chunk.to_string().as_bytes(), &mut out);
    }
    events.finish(&mut out);
    let mut blocks: Vec<Value> = Vec::new();
    for event in sse::events(&out) {
        let data: Value = serde_json::from_slice(&event.data).unwrap();
        match data["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(data["index"], blocks.len());
                blocks.push(data["content_block"].clone());
            }
            "content_block_delta" => {
                let block = blocks.last_mut().unwrap();
                let delta = data["delta"].as_object().unwrap();
                for name in ["thinking", "text", "signature"] {
                    if let Some(more) = delta.get(name) {
                        let so_far = block[name].as_str().unwrap().to_owned();
                        block[name] = (so_far + more.as_str().unwrap()).into();
                    }
                }
            }
            _ => {}
        }
    }
    blocks
}

/// The assistant's message that these blocks make when they are sent back, and the receipt.
fn sent_back(content: &[Value]) -> (Value, String) {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "go on"},
    ]});
    let chat = to_chat(body.to_string().as_bytes(), "m").unwrap();
    let sent: Value = serde_json::from_slice(&chat.body).unwrap();
    (sent["messages"][1].clone(), chat.receipt.to_string())
}

#[test]
fn details_of_thought_come_back_whole() {
    let mut last = detail("");
    last["signature"] = json!("c2ln");
    let deltas = [
        json!({"role": "assistant", "reasoning": "2+2", "reasoning_details": [detail("2+2")]}),
        json!({"reasoning": " is 4", "reasoning_details": [detail(" is 4")]}),
        json!({"content": "", "reasoning_details": [last]}),
        json!({"content": "Four."}),
    ];
    let mut expected = detail("2+2 is 4");
    expected["signature"] = json!("c2ln");
    let message =
        json!({"content": "Four.", "reasoning": "2+2 is 4", "reasoning_details": [expected]});
    for content in [whole(&message), streamed(&deltas)] {
        assert_eq!(
            (&content[0]["type"], content.len()),
            (&json!("thinking"), 2)
        );
        let (sent, receipt) = sent_back(&content);
        assert_eq!(sent["reasoning_details"], json!([expected]));
        assert_eq!(sent["reasoning_content"], "2+2 is 4");
        assert!(!receipt.contains("signature"), "{receipt}");
    }
}

#[test]
fn what_is_encrypted_needs_no_thought() {
    let details = json!([
        {"type": "reasoning.encrypted", "data": "b25l", "index": 0},
        {"type": "reasoning.encrypted", "data": "dHdv", "index": 0},
    ]);
    let deltas = [
        json!({"content": "Four."}),
        json!({"content": "", "reasoning_details": details}),
    ];
    let message = json!({"content": "Four.", "reasoning_details": details});
    for content in [whole(&message), streamed(&deltas)] {
        let kinds: Vec<&Value> = content.iter().map(|block| &block["type"]).collect();
        assert!(kinds.contains(&&json!("redacted_thinking")), "{kinds:?}");
        let (sent, receipt) = sent_back(&content);
        assert_eq!(sent["reasoning_details"], details);
        assert_eq!((&sent["content"], receipt.as_str()), (&json!("Four."), ""));
    }
}

#[test]
fn a_signed_call_comes_back_signed() {
    let other = json!({"index": 1, "id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}});
    let both = json!({"tool_calls": [call(), other]});
    let with_thought = json!({"reasoning_content": "hm", "tool_calls": [call(), other]});
    for content in [
        whole(&both),
        whole(&with_thought),
        streamed(std::slice::from_ref(&both)),
        streamed(&[json!({"reasoning_content": "hm"}), both]),
    ] {
        let (sent, _) = sent_back(&content);
        let calls = &sent["tool_calls"];
        assert_eq!(calls[0]["extra_content"], signed(), "{content:?}");
        assert_eq!(
            (&calls[1]["id"], calls[1].get("extra_content")),
            (&json!("c2"), None)
        );
    }
}

#[test]
fn others_signatures_are_dropped_as_before() {
    for signature in ["", "c2ln", "modelport:", "modelport:[]", "modelport:{"] {
        let thought = json!({"type": "thinking", "thinking": "hm", "signature": signature});
        let redacted = json!({"type": "redacted_thinking", "data": signature});
        let (sent, receipt) = sent_back(&[thought, redacted]);
        assert_eq!(sent["reasoning_details"], Value::Null);
        assert!(
            receipt.contains("messages[].content[].signature=dropped")
                && receipt.contains("messages[].content[].redacted_thinking=dropped"),
            "{signature}: {receipt}"
        );
    }
}

#[test]
fn what_is_carried_is_bounded() {
    let mut carried = Carried::default();
    carried.add_details(&json!([detail(&"x".repeat(MAX_CARRIED))]));
    carried.add_extra("c1", &signed());
    assert_eq!(carried.take(), None);
}

#[test]
fn a_native_provider_gets_none_of_it() {
    let ours = json!({"type": "redacted_thinking", "data": "modelport:{}"});
    let thought = json!({"type": "thinking", "thinking": "hm", "signature": "modelport:{\"a\":1}"});
    let theirs = json!({"type": "thinking", "thinking": "hm", "signature": "c2ln"});
    let text = json!({"type": "text", "text": "\"modelport:{"});
    let body = |content: &[&Value]| {
        let messages =
            json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": content}]);
        Bytes::from(json!({"model": "m", "messages": messages}).to_string())
    };
    let rest = |content: &[&Value]| without_carried(&body(content)).map(Spliced::into_bytes);
    assert_eq!(
        rest(&[&ours, &text, &thought, &theirs]),
        Some(body(&[&text, &theirs]))
    );
    assert_eq!(rest(&[&text, &thought]), Some(body(&[&text])));
    assert_eq!(rest(&[&text, &theirs]), None);
    assert!(without_carried(&Bytes::from_static(b"\"modelport:{")).is_none());
}
