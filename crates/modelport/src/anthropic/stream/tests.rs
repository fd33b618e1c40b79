use modelport_provider::sse;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The events of a stream of chunks, checked for their order.
fn run(chunks: &[Value]) -> Vec<Value> {
    let mut events = Events::new("asked/for", 9);
    let mut out = Vec::new();
    for chunk in chunks {
        events.push(chunk.to_string().as_bytes(), &mut out);
    }
    events.finish(&mut out);
    read(&out)
}

fn read(out: &[u8]) -> Vec<Value> {
    let read = sse::events(out).map(|event| {
        let data: Value = serde_json::from_slice(&event.data).unwrap();
        assert_eq!(event.name, data["type"].as_str().unwrap().as_bytes());
        data
    });
    read.collect()
}

fn delta(delta: &Value) -> Value {
    json!({"id": "chatcmpl-1", "model": "m", "choices": [{"index": 0, "delta": delta}]})
}

fn finish(reason: &str) -> Value {
    json!({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn piece(index: u64, id: &str, name: &str, arguments: &str) -> Value {
    json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
}

fn calls(pieces: &[Value]) -> Value {
    delta(&json!({"tool_calls": pieces}))
}

/// A message put together from events as Anthropic's SDKs do, which also checks the grammar of the stream: a start, blocks
/// with rising numbers that are opened, filled with deltas of their own kind and closed, an end.
#[derive(Debug, Default)]
struct Snapshot {
    blocks: Vec<(String, String)>,
    heads: Vec<Value>,
    open: bool,
    started: bool,
    ending: Option<Value>,
    stopped: bool,
}

impl Snapshot {
    fn of(events: &[Value]) -> Self {
        let mut snapshot = Self::default();
        for event in events {
            snapshot.take(event);
        }
        assert!(snapshot.stopped, "{events:?}");
        snapshot
    }

    fn take(&mut self, event: &Value) {
        assert!(!self.stopped, "after the end: {event}");
        let kind = event["type"].as_str().unwrap();
        assert_eq!(self.started, kind != "message_start", "{event}");
        if kind.starts_with("content_block_") {
            let last = self.blocks.len() - usize::from(kind != "content_block_start");
            assert_eq!(event["index"], json!(last), "{event}");
            assert_eq!(self.open, kind != "content_block_start", "{event}");
            assert!(self.ending.is_none(), "{event}");
        }
        match kind {
            "message_start" => {
                self.started = true;
                assert_eq!(event["message"]["content"], json!([]));
                assert_eq!(event["message"]["stop_reason"], Value::Null);
            }
            "content_block_start" => {
                self.open = true;
                let block = event["content_block"].clone();
                self.blocks
                    .push((block["type"].as_str().unwrap().to_owned(), String::new()));
                self.heads.push(block);
            }
            "content_block_delta" => self.grow(&event["delta"]),
            "content_block_stop" => self.open = false,
            "message_delta" => {
                assert!(!self.open && self.ending.is_none());
                self.ending = Some(event.clone());
            }
            "message_stop" => {
                assert!(self.ending.is_some());
                self.stopped = true;
            }
            other => panic!("{other}"),
        }
    }

    fn grow(&mut self, delta: &Value) {
        let (kind, grown) = self.blocks.last_mut().unwrap();
        if kind == "thinking" && delta["type"] == "signature_delta" {
            let head = self.heads.last_mut().unwrap();
            assert_eq!(head["signature"], "");
            head["signature"] = delta["signature"].clone();
            return;
        }
        let (own, member) = match kind.as_str() {
            "thinking" => ("thinking_delta", "thinking"),
            "text" => ("text_delta", "text"),
            "tool_use" => ("input_json_delta", "partial_json"),
            other => panic!("{other}"),
        };
        assert_eq!(delta["type"], own);
        let new = delta[member].as_str().unwrap();
        assert!(!new.is_empty());
        grown.push_str(new);
    }

    fn blocks(&self) -> Vec<(&str, &str)> {
        let blocks = self.blocks.iter();
        blocks
            .map(|(kind, text)| (kind.as_str(), text.as_str()))
            .collect()
    }

    fn reason(&self) -> &str {
        let ending = self.ending.as_ref().unwrap();
        ending["delta"]["stop_reason"].as_str().unwrap()
    }

    fn usage(&self) -> &Value {
        &self.ending.as_ref().unwrap()["usage"]
    }
}

#[test]
fn a_stream_as_it_is_on_the_wire() {
    let mut events = Events::new("asked/for", 9);
    let mut out = Vec::new();
    for chunk in [
        r#"{"id":"","model":"","choices":[],"prompt_filter_results":[]}"#,
        r#"{"id":"chatcmpl-1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        r#"{"id":"chatcmpl-1","model":"m","choices":[{"index":0,"delta":{"content":"Fo\"ur"}}]}"#,
        r#"{"id":"chatcmpl-1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"{"id":"chatcmpl-1","model":"m","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":2}}}"#,
    ] {
        events.push(chunk.as_bytes(), &mut out);
    }
    events.finish(&mut out);
    let expected = concat!(
        "event: message_start\n",
        r#"data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}"#,
        "\n\nevent: content_block_start\n",
        r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        "\n\nevent: content_block_delta\n",
        r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Fo\"ur"}}"#,
        "\n\nevent: content_block_stop\n",
        r#"data: {"type":"content_block_stop","index":0}"#,
        "\n\nevent: message_delta\n",
        r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":3}}"#,
        "\n\nevent: message_stop\n",
        r#"data: {"type":"message_stop"}"#,
        "\n\n",
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn blocks_follow_one_another() {
    let message = Snapshot::of(&run(&[
        delta(&json!({"reasoning_content": "2+2", "reasoning": "2+2"})),
        delta(&json!({"content": [{"type": "thinking", "thinking": " is 4."}]})),
        delta(&json!({"content": "Fo"})),
        delta(&json!({"content": "ur."})),
        calls(&[piece(0, "c", "f", "{}")]),
        finish("stop"),
    ]));
    assert_eq!(
        message.blocks(),
        [
            ("thinking", "2+2 is 4."),
            ("text", "Four."),
            ("tool_use", "{}")
        ]
    );
    assert_eq!(message.heads[0]["signature"], "");
    assert_eq!(
        message.heads[2],
        json!({"type": "tool_use", "id": "c", "name": "f", "input": {}})
    );
    assert_eq!(message.reason(), "tool_use");
    assert_eq!(
        *message.usage(),
        json!({"input_tokens": 9, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0})
    );
}

#[test]
fn interleaved_calls_are_put_one_after_the_other() {
    let message = Snapshot::of(&run(&[
        calls(&[piece(1, "a", "f", "{\"x\"")]),
        calls(&[piece(2, "b", "g", "{\"y\"")]),
        calls(&[piece(1, "", "", ":1}"), piece(2, "", "", ":2")]),
        calls(&[piece(2, "", "", "}")]),
        calls(&[piece(3, "c", "h", "")]),
        finish("tool_calls"),
    ]));
    assert_eq!(
        message.blocks(),
        [
            ("tool_use", "{\"x\":1}"),
            ("tool_use", "{\"y\":2}"),
            ("tool_use", "")
        ]
    );
    let names: Vec<_> = message.heads.iter().map(|head| &head["name"]).collect();
    assert_eq!(names, ["f", "g", "h"]);
}

#[test]
fn a_call_is_passed_on_while_it_comes() {
    let mut events = Events::new("m", 0);
    let mut out = Vec::new();
    let mut written = Vec::new();
    for chunk in [
        calls(&[piece(0, "a", "f", "{\"x\":")]),
        calls(&[piece(0, "", "", "1}")]),
        calls(&[piece(1, "b", "g", "")]),
    ] {
        out.clear();
        events.push(chunk.to_string().as_bytes(), &mut out);
        written.push(read(&out).len());
    }
    // Start, block and delta; delta; the end of the first block and the second block.
    assert_eq!(written, [3, 1, 2]);
}

#[test]
fn a_call_waits_for_its_name_and_gets_an_id() {
    let nameless = json!({"index": 0, "function": {"arguments": "{\"a\":"}});
    let late = json!({"index": 0, "function": {"name": "f", "arguments": "1}"}});
    let message = Snapshot::of(&run(&[
        calls(std::slice::from_ref(&nameless)),
        calls(&[late]),
        finish("tool_calls"),
    ]));
    assert_eq!(message.blocks(), [("tool_use", "{\"a\":1}")]);
    assert_eq!(message.heads[0]["name"], "f");
    assert_eq!(message.heads[0]["id"], call_id("", "msg_1", 0));
    let nobody = Snapshot::of(&run(&[calls(&[nameless]), finish("length")]));
    assert_eq!(nobody.heads[0]["name"], "");
    assert_eq!(nobody.reason(), "max_tokens");
}

#[test]
fn calls_come_in_every_shape() {
    let whole = json!({"id": "a", "function": {"name": "f", "arguments": "{\"x\":1}"}});
    let other = json!({"id": "b", "function": {"name": "g", "arguments": {"y": 2}}});
    let both = [("tool_use", "{\"x\":1}"), ("tool_use", "{\"y\":2}")];
    for chunks in [
        // Without an index, in one chunk (Mistral) and in two (Gemini).
        vec![calls(&[whole.clone(), other.clone()])],
        vec![calls(&[whole]), calls(&[other])],
        vec![
            calls(&[piece(1, "a", "f", " ")]),
            calls(&[piece(1, "", "", "{\"x\":1}")]),
            calls(&[piece(2, "b", "g", "{\"y\":2}")]),
        ],
    ] {
        assert_eq!(Snapshot::of(&run(&chunks)).blocks(), both, "{chunks:?}");
    }
}

#[test]
fn text_after_a_call_closes_it() {
    let chunks = [
        calls(&[piece(0, "a", "f", "{}")]),
        delta(&json!({"content": "And"})),
    ];
    let message = Snapshot::of(&run(&chunks));
    assert_eq!(message.blocks(), [("tool_use", "{}"), ("text", "And")]);

    let mut late = chunks.to_vec();
    late.push(calls(&[piece(0, "", "", " \n")]));
    assert_eq!(Snapshot::of(&run(&late)).blocks().len(), 2);
    late.push(calls(&[piece(0, "", "", "{}")]));
    late.push(delta(&json!({"content": "unheard"})));
    let events = run(&late);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "error");
    let message = last["error"]["message"].as_str().unwrap();
    assert!(message.contains("more of a tool call"), "{message}");
}

#[test]
fn too_many_calls_end_the_stream() {
    let many: Vec<_> = (0..300).map(|index| piece(index, "a", "f", "{}")).collect();
    let events = run(&[calls(&many[..250]), calls(&many[250..])]);
    assert_eq!(events.last().unwrap()["type"], "error");
}

#[test]
fn a_refusal_is_text_and_a_reason() {
    let message = Snapshot::of(&run(&[delta(&json!({"refusal": "No."})), finish("stop")]));
    assert_eq!(message.blocks(), [("text", "No.")]);
    assert_eq!(message.reason(), "refusal");
}

#[test]
fn a_stop_sequence_is_told() {
    let mut last = finish("stop");
    last["choices"][0]["stop_reason"] = "END".into();
    let message = Snapshot::of(&run(&[delta(&json!({"content": "x"})), last]));
    assert_eq!(message.reason(), "stop_sequence");
    assert_eq!(
        message.ending.unwrap()["delta"]["stop_sequence"],
        Value::from("END")
    );
}

#[test]
fn an_empty_reason_is_none() {
    let mut text = delta(&json!({"content": "x"}));
    text["choices"][0]["finish_reason"] = "".into();
    let message = Snapshot::of(&run(&[finish("length"), text]));
    assert_eq!(message.reason(), "max_tokens");
}

#[test]
fn an_empty_stream_is_an_empty_message() {
    let message = Snapshot::of(&run(&[]));
    assert!(message.blocks().is_empty());
    assert_eq!(message.reason(), "end_turn");
}

#[test]
fn nothing_follows_an_error() {
    let mut events = Events::new("m", 0);
    let mut out = Vec::new();
    let text = delta(&json!({"content": "x"})).to_string();
    events.push(text.as_bytes(), &mut out);
    out.clear();
    events.fail("overloaded_error", "Too much.", "req_1", &mut out);
    events.push(text.as_bytes(), &mut out);
    events.fail("api_error", "Again.", "req_1", &mut out);
    events.finish(&mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Too much.\"},\"request_id\":\"req_1\"}\n\n"
    );
}

#[test]
fn a_failure_as_the_reason_is_no_clean_end() {
    let events = run(&[delta(&json!({"content": "x"})), finish("abort")]);
    assert_eq!(events.last().unwrap()["type"], "error");
}

/// Those that finish with a failure. Other errors in a stream, and its being cut, are the relay's to see.
const FAILED: [&str; 2] = [
    "stream_midstream_error.sse",
    "stream_midstream_error_string_code.sse",
];

#[test]
fn every_recorded_stream_keeps_the_order() {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../modelport-provider/tests/recorded"
    );
    let (mut seen, mut told) = (0, 0);
    for provider in std::fs::read_dir(root).unwrap() {
        let Ok(files) = std::fs::read_dir(provider.unwrap().path()) else {
            continue;
        };
        for path in files.map(|file| file.unwrap().path()) {
            if path.extension().is_none_or(|end| end != "sse") {
                continue;
            }
            seen += 1;
            let counted =
                check_recorded(&path.display().to_string(), &std::fs::read(&path).unwrap());
            told += usize::from(counted);
        }
    }
    assert!(seen >= 30 && told >= 15, "{seen} {told}");
}

/// Checks one recorded stream, and says whether its message tells what was used.
fn check_recorded(path: &str, stream: &[u8]) -> bool {
    let mut events = Events::new("m", 1);
    let mut out = Vec::new();
    let mut expected = String::new();
    for event in sse::events(stream) {
        if !event.has_data || event.data.starts_with(b"[DONE]") {
            continue;
        }
        events.push(&event.data, &mut out);
        if let Ok(chunk) = read_chunk(&event.data) {
            expected.push_str(chunk.content().unwrap_or_default());
        }
    }
    events.finish(&mut out);
    let events = read(&out);
    let failed = path.contains("openrouter") && FAILED.iter().any(|name| path.ends_with(name));
    assert_eq!(events.last().unwrap()["type"] == "error", failed, "{path}");
    if failed {
        return false;
    }
    let message = Snapshot::of(&events);
    let blocks = message.blocks();
    let texts = blocks.iter().filter(|(kind, _)| *kind == "text");
    let text: String = texts.map(|(_, text)| *text).collect();
    assert_eq!(text, expected, "{path}");
    for (_, input) in blocks.iter().filter(|(kind, _)| *kind == "tool_use") {
        let input: Value = serde_json::from_str(input).unwrap();
        assert!(input.is_object(), "{path}: {input}");
    }
    message.usage()["output_tokens"].as_u64() > Some(0)
}

/// Cuts a text into pieces at those of its places that there are.
fn cut<'a>(text: &'a str, places: &[usize]) -> Vec<&'a str> {
    let mut cuts: Vec<_> = places
        .iter()
        .map(|place| text.floor_char_boundary(*place))
        .chain([0, text.len()])
        .collect();
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| &text[pair[0]..pair[1]])
        .collect()
}

proptest! {
    #[test]
    fn it_does_not_matter_where_a_stream_is_cut(
        thought in ".{0,40}",
        text in ".{0,40}",
        values in prop::collection::vec("[^\\s]{0,20}", 1..4),
        places in prop::collection::vec(0_usize..60, 0..12),
    ) {
        let mut chunks = Vec::new();
        let deltas = |name: &str, text: &str| -> Vec<Value> {
            let pieces = cut(text, &places).into_iter();
            pieces.map(|piece| delta(&json!({name: piece}))).collect()
        };
        chunks.extend(deltas("reasoning", &thought));
        chunks.extend(deltas("content", &text));
        let inputs: Vec<_> = values
            .iter()
            .map(|value| json!({"a\"}": value, "b": [{}]}).to_string())
            .collect();
        let pieces: Vec<_> = inputs.iter().map(|input| cut(input, &places)).collect();
        // The calls' pieces come in turn.
        for turn in 0..=places.len() {
            for (index, pieces) in (0_u64..).zip(&pieces) {
                let id = format!("call_{index}");
                let (id, name) = if turn == 0 { (id.as_str(), "f") } else { ("", "") };
                chunks.push(calls(&[piece(index, id, name, pieces[turn])]));
            }
        }
        chunks.push(finish("tool_calls"));
        let message = Snapshot::of(&run(&chunks));
        let expected: Vec<_> = [("thinking", thought.as_str()), ("text", text.as_str())]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .chain(inputs.iter().map(|input| ("tool_use", input.as_str())))
            .collect();
        prop_assert_eq!(message.blocks(), expected);
    }
}
