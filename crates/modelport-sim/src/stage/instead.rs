//! The answers that take the place of the real one.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::answer::{Answer, Body, Dialect, Events};
use crate::errors::{self, NOISE};
use crate::fault::{Instead, RetryAfter};

/// Where `redirect` points: a name that never resolves (RFC 6761).
const ELSEWHERE: &str = "http://redirected.invalid/v1/chat/completions";

/// The answer for a fault, where `real` would have been given.
pub(super) fn answer(instead: Instead, real: &Answer, dialect: Dialect) -> Answer {
    match instead {
        Instead::Status(code) => errors::fitting(code).answer(dialect),
        Instead::Quota => errors::quota().answer(dialect),
        Instead::ContextLength => errors::context_length().answer(dialect),
        Instead::RetryAfter(form, status) => {
            with(errors::fitting(status).answer(dialect), retry_after(form))
        }
        Instead::ShouldRetry(retry, status) => with(
            errors::fitting(status).answer(dialect),
            ("x-should-retry", retry.to_string()),
        ),
        Instead::Html(status) => Answer::whole(status, "text/html", errors::page(status)),
        Instead::Empty => Answer::whole(200, "application/json", Vec::new()),
        Instead::EmptyStream => Answer::events(Events::new(dialect)),
        Instead::Garbage => Answer::whole(200, "application/json", NOISE.to_vec()),
        Instead::Error200 => Answer::json(200, &errors::in_band().body(dialect)),
        Instead::ErrorChoice => match &real.body {
            Body::Whole(_) | Body::Recorded(_) => choice_error(),
            Body::Events(_) => {
                let mut events = Events::new(dialect);
                events
                    .push(|out| out.extend_from_slice(choice_error_chunk().to_string().as_bytes()));
                Answer::events(events)
            }
        },
        Instead::Redirect => with(
            Answer::whole(302, "text/plain", Vec::new()),
            ("location", ELSEWHERE.to_owned()),
        ),
    }
}

fn with(mut answer: Answer, header: (&'static str, String)) -> Answer {
    let (name, value) = header;
    answer.headers.push((name.into(), value));
    answer
}

fn retry_after(form: RetryAfter) -> (&'static str, String) {
    match form {
        RetryAfter::Seconds(seconds) => ("retry-after", seconds.to_string()),
        RetryAfter::Millis(millis) => ("retry-after-ms", millis.to_string()),
        RetryAfter::Date(seconds) => {
            let at = SystemTime::now() + Duration::from_secs(seconds);
            ("retry-after", httpdate::fmt_http_date(at))
        }
        RetryAfter::Garbage => ("retry-after", "soon-ish; ask again".to_owned()),
    }
}

/// A plain answer whose choice holds the error (OpenRouter documentation, errors and debugging, 2026-11-22).
pub(super) fn choice_error() -> Answer {
    let body = json!({
        "id": "gen-sim", "object": "chat.completion", "created": 1_790_000_000, "model": "sim-fast",
        "choices": [{
            "index": 0, "finish_reason": "error", "message": { "role": "assistant", "content": "partial output" },
            "error": errors::behind(),
        }],
    });
    Answer::json(200, &body)
}

/// A chunk that ends a stream with an error, at the top level and by its finish reason.
pub(super) fn choice_error_chunk() -> Value {
    json!({
        "id": "gen-sim", "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "sim-fast",
        "choices": [{ "index": 0, "delta": { "content": "" }, "finish_reason": "error", "native_finish_reason": null }],
        "error": errors::behind(),
    })
}
