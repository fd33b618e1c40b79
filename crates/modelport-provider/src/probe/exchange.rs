//! One call of a probe and its whole answer, with the few questions that all checks put to it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

use super::Outcome;
use crate::{
    failure::{ErrorBody, FailureKind, classify, read_error_body},
    provider::{Call, Provider},
    splice::Spliced,
    sse::{SseReader, events},
    transport::Answer,
    usage::{Usage, find_usage},
};

/// The most of an answer that is read, in bytes.
const MAX_ANSWER: usize = 4 << 20;

/// The most of a message that is shown, in characters.
const MAX_SHOWN: usize = 90;

/// One answer, read to its end.
pub(super) struct Exchange {
    /// Its status; 0 when none came.
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Bytes,
    /// From the request to the end.
    pub(super) took: Duration,
    /// Why the answer did not come, or not whole.
    broken: Option<String>,
}

impl Exchange {
    /// Sends a body with this model.
    pub(super) async fn post(
        provider: &dyn Provider,
        path: &str,
        model: &str,
        body: Value,
    ) -> Self {
        let started = Instant::now();
        let mut exchange = match open(provider, path, model, body).await {
            Ok((status, content_type, answer)) => read(status, content_type, answer).await,
            Err(error) => Self::without_answer(error),
        };
        exchange.took = started.elapsed();
        exchange
    }

    fn without_answer(error: String) -> Self {
        Self {
            status: 0,
            content_type: String::new(),
            body: Bytes::new(),
            took: Duration::ZERO,
            broken: Some(error),
        }
    }

    /// Whether it is an answer and not an error, wherever that stands.
    pub(super) fn is_ok(&self) -> bool {
        let is_error = |value: &Value| !value["error"].is_null();
        (200..300).contains(&self.status)
            && self.broken.is_none()
            && !is_error(&self.json())
            && !self.events().iter().any(is_error)
    }

    /// The body as JSON; null if it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The answer's text.
    pub(super) fn content(&self) -> String {
        let content = &self.json()["choices"][0]["message"]["content"];
        content.as_str().unwrap_or_default().to_owned()
    }

    /// Whether it came as a stream of events.
    pub(super) fn is_stream(&self) -> bool {
        let start = self.body.trim_ascii_start();
        self.content_type.starts_with("text/event-stream")
            || [b"data:".as_slice(), b"event:", b": "]
                .iter()
                .any(|word| start.starts_with(word))
    }

    /// The payloads of a stream that are JSON.
    pub(super) fn events(&self) -> Vec<Value> {
        let payloads = self.payloads();
        let read = payloads
            .iter()
            .filter_map(|payload| serde_json::from_slice(payload).ok());
        read.collect()
    }

    /// Whether a stream ends with `[DONE]`.
    pub(super) fn is_done(&self) -> bool {
        let payloads = self.payloads();
        payloads
            .iter()
            .any(|payload| payload.starts_with(b"[DONE]"))
    }

    fn payloads(&self) -> Vec<Vec<u8>> {
        if !self.is_stream() {
            return Vec::new();
        }
        let mut reader = SseReader::default();
        let Ok(whole) = reader.push(&self.body) else {
            return Vec::new();
        };
        let rest = reader.finish();
        let events = events(&whole).chain(events(&rest));
        let events = events.filter(|event| event.has_data);
        events.map(|event| event.data.into_owned()).collect()
    }

    /// What it says it used.
    pub(super) fn usage(&self) -> Option<Usage> {
        if !self.is_stream() {
            return find_usage(&self.body);
        }
        let payloads = self.payloads();
        payloads
            .iter()
            .rev()
            .find_map(|payload| find_usage(payload))
    }

    /// The error it is.
    pub(super) fn error(&self) -> Option<ErrorBody> {
        let in_event = self
            .events()
            .into_iter()
            .find(|event| !event["error"].is_null());
        match in_event {
            Some(event) => read_error_body(event.to_string().as_bytes()),
            None => read_error_body(&self.body),
        }
    }

    /// What a call that was no answer says of what was asked: a refusal of the request is one, all else is bad luck.
    pub(super) fn refusal(&self) -> Outcome {
        let status = http::StatusCode::from_u16(self.status).ok();
        let kind = status.map(|status| classify(status, self.error().as_ref()));
        let teaches = self
            .error()
            .is_some_and(|error| crate::failure::lesson(&error).is_some());
        match kind {
            Some(FailureKind::BadRequest) => Outcome::Refused,
            Some(_) if teaches => Outcome::Refused,
            Some(_) | None => Outcome::Unknown,
        }
    }

    /// What a call that was no answer said, in a line.
    pub(super) fn said(&self) -> String {
        let said = match (&self.broken, self.error()) {
            (Some(broken), _) => broken.clone(),
            (None, Some(error)) => format!("{}: {}", self.status, error.message),
            (None, None) => format!("{} with an empty body", self.status),
        };
        shown(&said)
    }
}

/// A text in one line, cut where it grows long.
pub(super) fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// Sends a body and waits for the head of the answer.
pub(super) async fn open(
    provider: &dyn Provider,
    path: &str,
    model: &str,
    mut body: Value,
) -> Result<(u16, String, Answer), String> {
    body["model"] = Value::from(model);
    let json = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
    let body = Spliced::whole(Bytes::from(body.to_string()));
    let call = Call {
        path,
        model,
        headers: &headers,
        body: &body,
    };
    let answer = provider
        .call(call)
        .await
        .map_err(|error| error.to_string())?;
    let (parts, answer) = answer.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    Ok((parts.status.as_u16(), content_type, answer))
}

async fn read(status: u16, content_type: String, mut answer: Answer) -> Exchange {
    let mut body = Vec::new();
    let mut broken = None;
    while let Some(piece) = answer.data().await {
        match piece {
            Ok(piece) => body.extend_from_slice(&piece),
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
        if body.len() > MAX_ANSWER {
            broken = Some(format!("the answer is larger than {MAX_ANSWER} bytes"));
            break;
        }
    }
    Exchange {
        status,
        content_type,
        body: Bytes::from(body),
        took: Duration::ZERO,
        broken,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An answer with this status and body; a stream if it looks like one.
    pub(in crate::probe) fn answer(status: u16, body: &str) -> Exchange {
        Exchange {
            status,
            content_type: String::new(),
            body: Bytes::from(body.to_owned()),
            took: Duration::ZERO,
            broken: None,
        }
    }

    #[test]
    fn a_refusal_is_told_from_bad_luck() {
        for (status, body, outcome) in [
            (400, r#"{"error":{"message":"no"}}"#, Outcome::Refused),
            (422, r#"{"detail":"no"}"#, Outcome::Refused),
            (
                404,
                r#"{"error":{"message":"No endpoints found that support tool use"}}"#,
                Outcome::Refused,
            ),
            (
                500,
                r#"{"error":{"message":"tools param requires --jinja flag"}}"#,
                Outcome::Refused,
            ),
            (429, r#"{"error":{"message":"later"}}"#, Outcome::Unknown),
            (503, "", Outcome::Unknown),
            (401, r#"{"error":{"message":"who?"}}"#, Outcome::Unknown),
        ] {
            let exchange = answer(status, body);
            assert!(!exchange.is_ok());
            assert_eq!(exchange.refusal(), outcome, "{status} {body}");
        }
    }

    #[test]
    fn an_error_inside_an_answer_is_none() {
        for body in [
            r#"{"error":{"message":"x"}}"#,
            "data: {\"error\":{\"message\":\"x\"}}\n\ndata: [DONE]\n\n",
        ] {
            let exchange = answer(200, body);
            assert!(!exchange.is_ok());
            assert_eq!(exchange.said(), "200: x");
        }
        assert!(answer(200, "{}").is_ok());
    }
}
