use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::receipt::Receipt;

fn recorded(file: &str) -> Vec<u8> {
    let path = format!(
        "{}/tests/recorded/ollama/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(path).unwrap()
}

fn asked(stream: bool, include_usage: bool) -> Native {
    Native {
        body: Bytes::new(),
        stream,
        include_usage,
        num_ctx: None,
        model: String::new(),
        receipt: Receipt::default(),
    }
}

/// What the pieces of an answer become, all together.
fn run(mut translation: Translation, pieces: &[&[u8]]) -> String {
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&translation.push(piece).unwrap());
    }
    assert!(!translation.is_over());
    out.extend_from_slice(&translation.finish().unwrap());
    assert!(translation.is_over());
    String::from_utf8(out).unwrap()
}

/// The data of the events of a stream; the answer's id is made up and left out.
fn events(stream: &[u8], include_usage: bool) -> Vec<Value> {
    let translation = Translation::of(&asked(true, include_usage), StatusCode::OK);
    let text = run(translation, &[stream]);
    let mut data: Vec<&str> = text.split_terminator("\n\n").collect();
    let done = data.last() == Some(&"data: [DONE]");
    data.truncate(data.len() - usize::from(done));
    let events = data.into_iter().map(|event| {
        let mut event: Value = serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap();
        if let Some(id) = event.as_object_mut().unwrap().remove("id") {
            assert!(id.as_str().unwrap().starts_with("chatcmpl-"), "{id}");
        }
        event
    });
    events.chain(done.then(|| json!("[DONE]"))).collect()
}

fn chunk(delta: &Value, reason: Option<&str>) -> Value {
    json!({
        "object": "chat.completion.chunk", "created": 1_795_359_600, "model": "qwen3:8b",
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    })
}

fn role() -> Value {
    chunk(&json!({"role": "assistant", "content": ""}), None)
}

fn with_usage(mut chunk: Value, prompt: u64, answer: u64) -> Value {
    chunk["usage"] = json!({"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer});
    chunk
}

fn whole(status: u16, body: &[u8]) -> Value {
    let translation = Translation::of(&asked(false, false), StatusCode::from_u16(status).unwrap());
    let half = body.len() / 2;
    serde_json::from_str(&run(translation, &[&body[..half], &body[half..]])).unwrap()
}

#[test]
fn a_stream_with_thoughts() {
    let stream = recorded("api_chat_stream.ndjson");
    let finish = chunk(&json!({}), Some("stop"));
    let text = [
        role(),
        chunk(&json!({"reasoning_content": "Easy"}), None),
        chunk(&json!({"reasoning_content": " one."}), None),
        chunk(&json!({"content": "Fo"}), None),
        chunk(&json!({"content": "ur."}), None),
    ];
    let mut expected = text.to_vec();
    expected.extend([with_usage(finish.clone(), 26, 11), json!("[DONE]")]);
    assert_eq!(events(&stream, false), expected);
    let mut nothing = finish.clone();
    nothing["choices"] = json!([]);
    let mut expected = text.to_vec();
    expected.extend([finish, with_usage(nothing, 26, 11), json!("[DONE]")]);
    assert_eq!(events(&stream, true), expected);
}

#[test]
fn a_count_that_is_left_out_is_zero() {
    let stream = recorded("api_chat_stream_cached_prompt.ndjson");
    let expected = [
        role(),
        chunk(&json!({"content": "Hi"}), None),
        with_usage(chunk(&json!({}), Some("stop")), 0, 1),
        json!("[DONE]"),
    ];
    assert_eq!(events(&stream, false), expected);
}

#[test]
fn tool_calls_finish_a_stream() {
    let stream = recorded("api_chat_stream_tool.ndjson");
    let call = json!({"index": 0, "id": "call_sample1", "type": "function",
        "function": {"name": "get_weather", "arguments": "{\"city\":\"Oslo\"}"}});
    let expected = [
        role(),
        chunk(&json!({"tool_calls": [call]}), None),
        with_usage(chunk(&json!({}), Some("tool_calls")), 26, 11),
        json!("[DONE]"),
    ];
    assert_eq!(events(&stream, false), expected);
}

#[test]
fn calls_are_counted_through_a_stream_and_get_ids() {
    let line = |name: &str| {
        let call = json!({"function": {"name": name, "arguments": {}}});
        let message = json!({"role": "assistant", "content": "", "tool_calls": [call]});
        json!({"model": "m", "message": message, "done": false}).to_string() + "\n"
    };
    let found = events((line("f") + &line("g")).as_bytes(), false);
    let call = |event: &Value| event["choices"][0]["delta"]["tool_calls"][0].clone();
    let (first, second) = (call(&found[1]), call(&found[2]));
    assert_eq!((&first["index"], &second["index"]), (&json!(0), &json!(1)));
    assert_ne!(first["id"], second["id"]);
    assert!(first["id"].as_str().unwrap().starts_with("call_"));
}

#[test]
fn an_error_ends_a_stream() {
    let stream = recorded("api_chat_stream_error.ndjson");
    let error = json!({"error": {"message": "an error was encountered while running the model",
        "type": "api_error", "param": null, "code": null}});
    assert_eq!(
        events(&stream, true),
        [role(), chunk(&json!({"content": "par"}), None), error]
    );
}

#[test]
fn a_stream_that_breaks_off_is_not_finished() {
    let stream = recorded("api_chat_stream.ndjson");
    let cut = stream.len() - 400;
    assert!(stream[cut..].contains(&b'\n'), "the last line is cut");
    let start = stream[..cut]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .unwrap();
    let found = events(&stream[..start], false);
    assert!(
        found
            .iter()
            .all(|event| event != "[DONE]" && event["choices"][0]["finish_reason"].is_null())
    );
}

#[test]
fn a_line_that_is_not_json_is_a_failure() {
    let mut translation = Translation::of(&asked(true, false), StatusCode::OK);
    let failed = translation.push(b"{\"model\":\"m\"\n");
    assert!(failed.is_err_and(|error| error.is_malformed()));
}

#[test]
fn a_whole_answer() {
    let mut found = whole(200, &recorded("api_chat.json"));
    assert!(found["id"].as_str().unwrap().starts_with("chatcmpl-"));
    found["id"].take();
    assert_eq!(
        found,
        json!({
            "id": null, "object": "chat.completion", "created": 1_795_359_600, "model": "llama3.1:8b",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there."}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 26, "completion_tokens": 11, "total_tokens": 37},
        })
    );
}

#[test]
fn a_whole_answer_with_everything() {
    let found = whole(
        200,
        json!({"model": "m", "done": true, "done_reason": "stop",
        "logprobs": [{"token": "x", "logprob": -0.5}],
        "message": {"role": "assistant", "content": "", "thinking": "hm",
            "tool_calls": [{"function": {"name": "f", "arguments": {"b": 1.50, "a": "x"}}}]}})
        .to_string()
        .as_bytes(),
    );
    let choice = &found["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(
        choice["logprobs"],
        json!({"content": [{"token": "x", "logprob": -0.5}]})
    );
    assert_eq!(choice["message"]["reasoning_content"], "hm");
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(call["function"]["arguments"], "{\"b\":1.5,\"a\":\"x\"}");
    assert_eq!(call["type"], "function");
    assert!(call.get("index").is_none());
    let cut = whole(200, br#"{"done": true, "done_reason": "length"}"#);
    assert_eq!(cut["choices"][0]["finish_reason"], "length");
    assert_eq!(cut["choices"][0]["message"]["content"], "");
}

#[test]
fn a_mark_at_the_beginning_is_passed_over() {
    let marked = |file: &str| ["\u{feff}".as_bytes(), &recorded(file)].concat();
    let plain = whole(200, &marked("api_chat.json"));
    assert_eq!(plain["object"], "chat.completion");
    let stream = events(&marked("api_chat_stream.ndjson"), true);
    assert_eq!(stream, events(&recorded("api_chat_stream.ndjson"), true));
}

#[test]
fn what_is_no_answer_is_not_passed_off_as_one() {
    for (body, says) in [
        ("{\"model\":\"m\"}", "not an answer of /api/chat"),
        (
            "{\"message\":\"hi\",\"done\":true}",
            "not an answer of /api/chat",
        ),
    ] {
        let mut translation = Translation::of(&asked(false, false), StatusCode::OK);
        translation.push(body.as_bytes()).unwrap();
        let error = translation.finish().unwrap_err();
        assert!(
            error.is_malformed() && error.to_string().contains(says),
            "{body}: {error}"
        );
    }
    for body in [
        "<html>",
        "",
        "{\"message\":",
        "{\"error\":{\"message\":\"x\"}}",
    ] {
        let translation = Translation::of(&asked(false, false), StatusCode::OK);
        assert_eq!(run(translation, &[body.as_bytes()]), body);
    }
}

#[test]
fn errors_get_openais_envelope() {
    for (status, file, kind) in [
        (404, "error_404.json", "not_found_error"),
        (400, "error_400_no_tools.json", "invalid_request_error"),
        (500, "error_404.json", "api_error"),
        (200, "error_404.json", "api_error"),
    ] {
        let body = recorded(file);
        let said: Value = serde_json::from_slice(&body).unwrap();
        let error = json!({"message": said["error"], "type": kind, "param": null, "code": null});
        assert_eq!(whole(status, &body), json!({"error": error}), "{file}");
    }
    let long = br#"{"error":"the input length exceeds the context length"}"#;
    assert_eq!(whole(400, long)["error"]["code"], "context_length_exceeded");
    let theirs = br#"{"error":{"message":"from a proxy"}}"#;
    assert_eq!(
        whole(502, theirs),
        json!({"error": {"message": "from a proxy"}})
    );
    let translation = Translation::of(&asked(true, false), StatusCode::BAD_GATEWAY);
    assert_eq!(run(translation, &[b"<html>"]), "<html>");
}

#[test]
fn an_answer_without_end_is_refused() {
    let mut translation = Translation::of(&asked(true, false), StatusCode::BAD_REQUEST);
    let failed = translation.push(&vec![b'x'; MAX_ERROR_BODY + 1]);
    assert!(failed.is_err_and(|error| error.is_malformed()));
}

proptest! {
    #[test]
    fn cuts_make_no_difference(cuts in prop::collection::vec(0_usize..1200, 0..12)) {
        let stream = recorded("api_chat_stream.ndjson");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut start = 0;
        for cut in cuts {
            pieces.push(&stream[start..cut]);
            start = cut;
        }
        pieces.push(&stream[start..]);
        let translation = || Translation {
            kind: Kind::Chunks(Chunks::new(7, &asked(true, true))),
            over: false,
        };
        prop_assert_eq!(run(translation(), &pieces), run(translation(), &[&stream]));
    }
}
