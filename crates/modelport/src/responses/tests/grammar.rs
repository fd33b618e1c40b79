//! Reads a stream of events and fails where it breaks the API's order.

use std::collections::BTreeMap;

use modelport_provider::sse::events;
use serde_json::{Value, json};

/// An item that has been added and is not done.
#[derive(Default)]
struct Open {
    item: Value,
    /// The parts that are done, and the text of the open one.
    parts: Vec<Value>,
    part: Option<(String, String)>,
    annotations: Vec<Value>,
    /// What a call was called with, and whether that is done.
    said: String,
    is_said: bool,
}

/// The types of the events, and the response at the end.
pub(super) fn check(bytes: &[u8]) -> (Vec<String>, Value) {
    let mut names = Vec::new();
    let mut open: BTreeMap<u64, Open> = BTreeMap::new();
    let mut output: Vec<Value> = Vec::new();
    let mut last = Value::Null;
    for (place, event) in events(bytes).enumerate() {
        let data: Value = serde_json::from_slice(&event.data).unwrap();
        let name = data["type"].as_str().unwrap().to_owned();
        assert_eq!(event.name, name.as_bytes());
        assert_eq!(data["sequence_number"], place, "{name}");
        assert!(last.is_null(), "{name} after the end");
        match (place, name.as_str()) {
            (0, "response.created") | (1, "response.in_progress") => {
                assert_eq!(data["response"]["status"], "in_progress");
                assert_eq!(
                    (&data["response"]["output"], &data["response"]["usage"]),
                    (&json!([]), &Value::Null)
                );
            }
            (0 | 1, other) => panic!("begins with {other}"),
            (_, "response.completed" | "response.incomplete" | "response.failed") => {
                assert!(open.is_empty(), "an item is open at the end");
                assert_eq!(
                    format!("response.{}", data["response"]["status"].as_str().unwrap()),
                    name
                );
                assert_eq!(data["response"]["output"], Value::from(output.clone()));
                last = data["response"].clone();
            }
            (_, "response.output_item.added") => {
                assert_eq!(data["output_index"], output.len());
                assert_eq!(data["item"]["status"], "in_progress");
                output.push(Value::Null);
                let item = data["item"].clone();
                open.insert(
                    data["output_index"].as_u64().unwrap(),
                    Open {
                        item,
                        ..Open::default()
                    },
                );
            }
            (_, "response.output_item.done") => {
                let index = data["output_index"].as_u64().unwrap();
                let was = open.remove(&index).unwrap();
                was.check_done(&data["item"]);
                output[usize::try_from(index).unwrap()] = data["item"].clone();
            }
            (_, name) => {
                let item = open
                    .get_mut(&data["output_index"].as_u64().unwrap())
                    .unwrap();
                assert_eq!(data["item_id"], item.item["id"]);
                item.take(name, &data);
            }
        }
        names.push(name);
    }
    assert!(!last.is_null(), "no end: {names:?}");
    (names, last)
}

impl Open {
    fn take(&mut self, name: &str, data: &Value) {
        let text = |member: &str| {
            data[member]
                .as_str()
                .unwrap_or_else(|| panic!("{data}"))
                .to_owned()
        };
        let (head, step) = name
            .strip_prefix("response.")
            .unwrap()
            .split_once('.')
            .unwrap();
        if let Some(index) = data.get("content_index") {
            assert_eq!(index, self.parts.len(), "{name}");
        }
        match (head, step) {
            ("content_part", "added") => {
                let kind = data["part"]["type"].as_str().unwrap().to_owned();
                assert!(self.part.replace((kind, String::new())).is_none());
            }
            ("content_part", "done") => {
                let (kind, text) = self.part.take().unwrap();
                let part = &data["part"];
                let told = part.get("text").or(part.get("refusal")).unwrap();
                assert_eq!(
                    (part["type"].as_str(), told.as_str()),
                    (Some(kind.as_str()), Some(text.as_str()))
                );
                if kind == "output_text" {
                    let annotations = std::mem::take(&mut self.annotations);
                    assert_eq!(part["annotations"], Value::from(annotations));
                }
                self.parts.push(part.clone());
            }
            ("output_text", "annotation.added") => {
                assert_eq!(self.part.as_ref().unwrap().0, head);
                assert_eq!(data["annotation_index"], self.annotations.len());
                self.annotations.push(data["annotation"].clone());
            }
            ("output_text" | "refusal" | "reasoning_text", step) => {
                let (kind, so_far) = self.part.as_mut().unwrap();
                assert_eq!(kind, head);
                if step == "delta" {
                    assert!(!text("delta").is_empty());
                    so_far.push_str(&text("delta"));
                } else {
                    let told = text(if head == "refusal" { "refusal" } else { "text" });
                    assert_eq!((step, &told), ("done", &*so_far));
                }
                assert_eq!(data.get("logprobs").is_some(), head == "output_text");
            }
            ("function_call_arguments" | "custom_tool_call_input", "delta") => {
                assert!(!self.is_said);
                self.said.push_str(&text("delta"));
            }
            ("function_call_arguments" | "custom_tool_call_input", "done") => {
                assert_eq!(
                    data.get("arguments").or(data.get("input")).unwrap(),
                    &self.said
                );
                self.is_said = true;
            }
            other => panic!("unknown event {other:?}"),
        }
    }

    fn check_done(&self, item: &Value) {
        for member in ["id", "type", "role", "call_id", "name"] {
            assert_eq!(item.get(member), self.item.get(member), "{member}");
        }
        assert!(self.part.is_none());
        match item["type"].as_str().unwrap() {
            "function_call" => assert_eq!(
                (item["arguments"].as_str(), self.is_said),
                (Some(self.said.as_str()), true)
            ),
            "custom_tool_call" => assert_eq!(
                (item["input"].as_str(), self.is_said),
                (Some(self.said.as_str()), true)
            ),
            _ => assert_eq!(item["content"], Value::from(self.parts.clone())),
        }
        assert!(["completed", "incomplete"].contains(&item["status"].as_str().unwrap()));
    }
}
