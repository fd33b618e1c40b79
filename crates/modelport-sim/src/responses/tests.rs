use serde_json::{Value, json};

use super::*;
use crate::chat::{Ask, Reporting, Stamp, complete};

const STAMP: Stamp = Stamp {
    id: 7,
    created: 1_790_000_000,
};

fn answers(request: &Value) -> (Value, Vec<Value>) {
    let ask = ResponsesAsk::read(request.to_string().as_bytes()).unwrap();
    let completion = complete(&Ask::read(&ask.chat).unwrap(), None);
    let whole = whole(&ask, &completion, Reporting::AtEnd, STAMP);
    let stream = events(&ask, &completion, Reporting::AtEnd, STAMP);
    let event = |index| serde_json::from_slice(stream.get(index)).unwrap();
    (
        serde_json::from_slice(&whole).unwrap(),
        (0..stream.len()).map(event).collect(),
    )
}

fn joined(stream: &[Value], name: &str, place: usize) -> String {
    stream
        .iter()
        .filter(|event| event["type"] == name && event["output_index"] == place)
        .filter_map(|event| event["delta"].as_str())
        .collect()
}

#[test]
fn a_text_is_the_same_whole_and_streamed() {
    let request = json!({ "model": "m", "instructions": "s", "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "hé" }] }] });
    let (whole, stream) = answers(&request);
    let text = whole["output"][0]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("You said: hé "), "{text}");
    assert_eq!(joined(&stream, "response.output_text.delta", 0), text);
    assert_eq!(stream.last().unwrap()["response"], whole);
    assert_eq!(
        (&whole["status"], &whole["instructions"]),
        (&json!("completed"), &json!("s"))
    );
    // Two messages of four tokens, and one token each for "s" and "hé".
    assert_eq!(whole["usage"]["input_tokens"], 10);
    for (place, event) in stream.iter().enumerate() {
        assert_eq!(event["sequence_number"], place);
    }
}

#[test]
fn a_limit_leaves_the_response_incomplete() {
    let (whole, stream) = answers(&json!({ "input": "hi", "max_output_tokens": 3 }));
    assert_eq!(
        whole["incomplete_details"],
        json!({ "reason": "max_output_tokens" })
    );
    assert_eq!(whole["usage"]["output_tokens"], 3);
    assert_eq!(stream.last().unwrap()["type"], "response.incomplete");
}

#[test]
fn tools_are_called_and_their_outputs_answered() {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let tools = json!([
        { "type": "function", "name": "get_weather", "parameters": parameters },
        { "type": "web_search" },
        { "type": "function", "name": "get_time" },
    ]);
    let (whole, stream) = answers(&json!({ "input": "hi", "tools": tools }));
    let output = whole["output"].as_array().unwrap();
    let names: Vec<&str> = output
        .iter()
        .filter_map(|item| item["name"].as_str())
        .collect();
    assert_eq!(names, ["get_weather", "get_time"]);
    for (place, item) in output.iter().enumerate() {
        let arguments = joined(&stream, "response.function_call_arguments.delta", place);
        assert_eq!(item["arguments"], arguments);
    }
    let choice = json!({ "type": "function", "name": "get_time" });
    let (chosen, _) = answers(&json!({ "input": "hi", "tools": tools, "tool_choice": choice }));
    assert_eq!(chosen["output"][0]["name"], "get_time");
    let answered = json!([{ "role": "user", "content": "hi" }, output[0], { "type": "function_call_output", "call_id": "x", "output": "4" }]);
    let (whole, _) = answers(&json!({ "input": answered, "tools": tools }));
    assert_eq!(whole["output"][0]["type"], "message");
}

#[test]
fn json_fits_the_schema() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer", "minimum": 3 } }, "required": ["n"] });
    let format = json!({ "type": "json_schema", "name": "x", "schema": schema });
    let (whole, _) = answers(&json!({ "input": "hi", "text": { "format": format } }));
    assert_eq!(whole["output"][0]["content"][0]["text"], r#"{"n":3}"#);
}

#[test]
fn what_is_not_there_is_refused() {
    for (body, says) in [
        (
            r#"{"input":"hi","previous_response_id":"resp_1"}"#,
            "resp_1",
        ),
        (r#"{"model":"m"}"#, "input"),
        ("{", "JSON"),
    ] {
        let refusal = ResponsesAsk::read(body.as_bytes()).err().unwrap();
        let body = refusal.body(crate::answer::Dialect::OpenAi).to_string();
        assert!(body.contains(says), "{body}");
    }
}
