//! The endpoints beside completions and embeddings: moderations, rerank, images, speech, transcriptions. Short answers of the
//! right shape that repeat what was asked, so that a test sees what arrived.

use serde_json::{Value, json};

use crate::answer::{Answer, Dialect, Events};
use crate::base64;
use crate::chat::estimate;
use crate::errors::{self, Refusal};
use crate::http::Request;

/// What is done with the media of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Moderation,
    Rerank,
    Image,
    Speech,
    Transcription,
}

/// Bytes of a second of speech: silence is enough.
const SPEECH: usize = 4096;

/// A picture of one pixel.
const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// What a request asks, whether it is JSON or a form.
pub(crate) struct Ask {
    fields: Value,
    /// Bytes of the files of a form.
    files: usize,
}

impl Ask {
    pub(crate) fn read(request: &Request) -> Result<Self, Refusal> {
        let label = request.header("content-type").unwrap_or_default();
        if let Some((_, boundary)) = label.split_once("boundary=") {
            return Ok(read_form(request.body(), boundary.trim_matches('"')));
        }
        let fields = serde_json::from_slice(request.body())
            .map_err(|error| errors::invalid_request(format!("the body is not JSON: {error}")))?;
        Ok(Self { fields, files: 0 })
    }

    pub(crate) fn model(&self) -> Option<&str> {
        self.fields["model"].as_str()
    }

    fn text(&self, field: &str) -> &str {
        self.fields[field].as_str().unwrap_or_default()
    }

    fn streams(&self) -> bool {
        self.fields["stream"] == true || self.fields["stream"] == "true"
    }
}

/// The fields of a form, read without hurry.
fn read_form(body: &[u8], boundary: &str) -> Ask {
    let delimiter = format!("--{boundary}");
    let mut fields = json!({});
    let mut files = 0;
    let mut starts: Vec<usize> = memchr::memmem::find_iter(body, delimiter.as_bytes()).collect();
    starts.push(body.len());
    for pair in starts.windows(2) {
        let [start, end] = pair else { continue };
        let part = body.get(start + delimiter.len()..*end).unwrap_or_default();
        let Some(split) = memchr::memmem::find(part, b"\r\n\r\n") else {
            continue;
        };
        let (head, value) = part.split_at(split);
        let head = String::from_utf8_lossy(head);
        let value = value.get(4..).unwrap_or_default();
        let value = value.strip_suffix(b"\r\n").unwrap_or(value);
        if head.contains("filename=") {
            files += value.len();
        } else if let Some(name) = head
            .split(" name=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
        {
            fields[name] = json!(String::from_utf8_lossy(value));
        }
    }
    Ask { fields, files }
}

/// The answer.
pub(crate) fn answer(kind: Kind, ask: &Ask) -> Answer {
    match kind {
        Kind::Moderation => Answer::json(200, &moderation(ask)),
        Kind::Rerank => Answer::json(200, &rerank(ask)),
        Kind::Image => Answer::json(200, &image()),
        Kind::Speech => Answer::whole(200, "audio/mpeg", vec![0; SPEECH]),
        Kind::Transcription => transcription(ask),
    }
}

fn moderation(ask: &Ask) -> Value {
    let flagged = ask.fields["input"].to_string().contains("violence");
    json!({
        "id": "modr-sim",
        "model": ask.model().unwrap_or("omni-moderation-sim"),
        "results": [{
            "flagged": flagged,
            "categories": {"violence": flagged},
            "category_scores": {"violence": if flagged { 0.9 } else { 0.1 }},
        }],
    })
}

fn rerank(ask: &Ask) -> Value {
    let documents = ask.fields["documents"].as_array().map_or(0, Vec::len);
    let results: Vec<Value> = (0..documents)
        .rev()
        .map(|index| json!({"index": index, "relevance_score": 0.5}))
        .collect();
    json!({"id": "rerank-sim", "model": ask.model(), "results": results, "usage": {"total_tokens": documents}})
}

fn image() -> Value {
    json!({
        "created": 0,
        "data": [{"b64_json": base64::encode(PIXEL)}],
        "usage": {"input_tokens": 7, "output_tokens": 11, "total_tokens": 18},
    })
}

fn transcription(ask: &Ask) -> Answer {
    let words = format!("{} bytes of sound", ask.files);
    let usage = json!({"type": "tokens", "input_tokens": 3, "output_tokens": estimate(words.len()), "total_tokens": 3 + estimate(words.len())});
    if ask.streams() {
        let delta = json!({"type": "transcript.text.delta", "delta": words});
        let done = json!({"type": "transcript.text.done", "text": words, "usage": usage});
        let mut events = Events::new(Dialect::OpenAi);
        events.end_preamble();
        events.push(|bytes| bytes.extend_from_slice(delta.to_string().as_bytes()));
        events.end_content();
        events.push(|bytes| bytes.extend_from_slice(done.to_string().as_bytes()));
        return Answer::events(events);
    }
    match ask.text("response_format") {
        "text" | "srt" | "vtt" => Answer::whole(200, "text/plain", words.into_bytes()),
        _ => Answer::json(200, &json!({"text": words, "usage": usage})),
    }
}
