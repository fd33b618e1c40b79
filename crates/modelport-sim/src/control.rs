//! The simulator's own endpoints under `/__sim/`, for tests of a built binary and for scripts in other languages: what arrived,
//! and which fault and listing are on. They are neither recorded nor bent by faults.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::answer::{Answer, Dialect};
use crate::base64;
use crate::errors;
use crate::http::Request;
use crate::seen::{Outcome, Seen};
use crate::server::Shared;

/// The answer, if the request is for the simulator itself.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Option<Answer> {
    let (path, _) = request.path_and_query();
    let endpoint = path.strip_prefix("/__sim/")?;
    Some(match (request.method(), endpoint) {
        ("GET", "requests") => Answer::json(200, &shared.seen.all().iter().map(seen).collect()),
        ("DELETE", "requests") => {
            shared.seen.clear();
            done()
        }
        ("GET", "fault") => Answer::json(
            200,
            &json!({ "fault": shared.fault().map(|fault| fault.to_string()) }),
        ),
        ("PUT", "fault") => set(request, |spec| {
            let fault = if spec.is_empty() {
                None
            } else {
                Some(spec.parse().map_err(|error| format!("{error}"))?)
            };
            shared.set_fault(fault);
            Ok(())
        }),
        ("PUT", "listing") => set(request, |name| {
            shared.set_listing(name.parse().map_err(|error| format!("{error}"))?);
            Ok(())
        }),
        (method, _) => errors::unknown_url(method, path).answer(Dialect::OpenAi),
    })
}

/// Sets something to what the body says.
fn set(request: &Request, set: impl FnOnce(&str) -> Result<(), String>) -> Answer {
    let body = std::str::from_utf8(request.body()).map_err(|error| error.to_string());
    match body.and_then(|text| set(text.trim())) {
        Ok(()) => done(),
        Err(message) => errors::invalid_request(message).answer(Dialect::OpenAi),
    }
}

fn done() -> Answer {
    Answer::json(200, &json!({ "ok": true }))
}

/// A request as JSON: headers as pairs in their order, the body as base64 and, when it is text, as text.
fn seen(seen: &Seen) -> Value {
    let (outcome, after_ms, events_sent) = match seen.outcome {
        Outcome::Running => ("running", None, None),
        Outcome::Answered => ("answered", None, None),
        Outcome::Faulted => ("faulted", None, None),
        Outcome::Cancelled {
            after_ms,
            events_sent,
        } => ("cancelled", Some(after_ms), Some(events_sent)),
    };
    let at = seen
        .at
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(0));
    json!({
        "id": seen.id, "connection": seen.connection, "method": seen.method, "path": seen.path, "headers": seen.headers,
        "body": std::str::from_utf8(&seen.body).ok(), "body_base64": base64::encode(&seen.body),
        "outcome": outcome, "after_ms": after_ms, "events_sent": events_sent, "at_ms": at,
    })
}
