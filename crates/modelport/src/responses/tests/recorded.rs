//! The answers that providers gave, for the other tests.

use modelport_provider::chat::{ToolCallAssembler, read_chunk};
use modelport_provider::sse::events;
use serde_json::{Value, json};

/// The recorded answers whose file names begin and end so, with their names, in order.
pub(super) fn recorded(start: &str, end: &str) -> Vec<(String, Vec<u8>)> {
    let root = format!(
        "{}/../modelport-provider/tests/recorded",
        env!("CARGO_MANIFEST_DIR")
    );
    let folders = std::fs::read_dir(root).unwrap();
    let folders = folders
        .map(|folder| folder.unwrap().path())
        .filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    let mut found: Vec<(String, Vec<u8>)> = paths
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(start) && name.ends_with(end)
        })
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    found.sort();
    found
}

/// The recorded streams that end well, as chunks.
pub(super) fn streams() -> Vec<(String, Vec<Vec<u8>>)> {
    let streams = recorded("v1_stream", ".sse")
        .into_iter()
        .chain(recorded("stream", ".sse"));
    let whole = streams.filter(|(name, _)| !name.contains("error") && !name.contains("truncated"));
    whole.map(|(name, bytes)| (name, chunks(&bytes))).collect()
}

pub(super) fn chunks(bytes: &[u8]) -> Vec<Vec<u8>> {
    let all = events(bytes).map(|event| event.data.into_owned());
    all.filter(|data| !data.is_empty() && data != b"[DONE]")
        .collect()
}

/// The chat completion that a stream's chunks make, put together by the library.
pub(super) fn completion(chunks: &[Vec<u8>]) -> Value {
    let (mut text, mut thought, mut refusal) = (String::new(), String::new(), String::new());
    let mut calls = ToolCallAssembler::new();
    let (mut finish, mut usage) = (Value::Null, Value::Null);
    let (mut citations, mut found) = (Value::Null, Value::Null);
    for data in chunks {
        let chunk = read_chunk(data).unwrap();
        // Groq tells its usage elsewhere, llama.cpp's is completed from its timings.
        let raw: Value = serde_json::from_slice(data).unwrap();
        (citations, found) = match &raw["citations"] {
            Value::Null => (citations, found),
            told => (told.clone(), raw["search_results"].clone()),
        };
        for found in [&raw["usage"], &raw["x_groq"]["usage"]] {
            if !found.is_null() {
                usage = found.clone();
            }
        }
        let Some(choice) = chunk.choices.into_iter().next() else {
            continue;
        };
        text.push_str(&choice.delta.content.unwrap_or_default());
        thought.push_str(&choice.delta.reasoning.unwrap_or_default());
        refusal.push_str(&choice.delta.refusal.unwrap_or_default());
        calls.push(&choice.delta.tool_calls).unwrap();
        finish = choice.finish_reason.map_or(finish, Value::from);
    }
    let message = json!({
        "role": "assistant", "content": text, "reasoning_content": thought, "refusal": refusal, "tool_calls": calls.finish(),
    });
    let choice = json!({ "index": 0, "message": message, "finish_reason": finish });
    json!({
        "id": "chatcmpl-x", "choices": [choice], "usage": usage, "citations": citations, "search_results": found,
    })
}
