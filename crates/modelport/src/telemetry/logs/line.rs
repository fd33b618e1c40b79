//! The line of a finished request, as text or as JSON. One follows every request, so it is put together without the
//! machinery of the other log lines.

use std::fmt::Write;

use crate::accounting::record::{Lookup, Record};

/// What is said of a request, one by one.
enum Value<'a> {
    /// A number, or true or false.
    Plain(&'a str),
    /// A name, without blanks.
    Word(&'a str),
    /// Somebody's words.
    Said(&'a str),
}

/// Adds a record's line, without its time and level, as text.
pub(super) fn add_text(line: &mut String, record: &Record) {
    line.push_str(record.endpoint);
    line.push(' ');
    line.push_str(record.ending.as_str());
    each(record, |name, value| {
        line.push(' ');
        line.push_str(name);
        line.push('=');
        match value {
            Value::Plain(text) | Value::Word(text) => line.push_str(text),
            // Writing to a string cannot fail.
            Value::Said(text) => drop(write!(line, "{text:?}")),
        }
    });
}

/// Adds a record's line, without its time and level, as the further members of a JSON object.
pub(super) fn add_json(line: &mut String, record: &Record) {
    let (endpoint, ending) = (record.endpoint, record.ending.as_str());
    let _ = write!(
        line,
        r#","message":"{endpoint} {ending}","endpoint":"{endpoint}","ending":"{ending}""#
    );
    each(record, |name, value| {
        line.push_str(",\"");
        line.push_str(name);
        line.push_str("\":");
        match value {
            Value::Plain(text) => line.push_str(text),
            Value::Word(text) | Value::Said(text) => push_quoted(line, text),
        }
    });
}

/// A JSON string. Most have nothing to escape.
fn push_quoted(line: &mut String, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        line.push('"');
        line.push_str(text);
        line.push('"');
    } else {
        line.push_str(&serde_json::Value::from(text).to_string());
    }
}

fn each(record: &Record, mut field: impl FnMut(&str, Value<'_>)) {
    let mut number = itoa::Buffer::new();
    field("request_id", Value::Word(record.id.as_str()));
    if let Some(trace) = &record.trace {
        field("trace_id", Value::Word(&format!("{:032x}", trace.id)));
    }
    if let Some(provider) = &record.provider {
        field("provider", Value::Word(provider));
    }
    if let Some(model) = &record.upstream_model {
        field("model", Value::Word(model));
    }
    field(
        "status",
        Value::Plain(number.format(record.status.as_u16())),
    );
    field(
        "stream",
        Value::Plain(if record.stream { "true" } else { "false" }),
    );
    field("attempts", Value::Plain(number.format(record.attempts)));
    if record.lookup == Some(Lookup::Hit) {
        field("cache", Value::Word("hit"));
    }
    field(
        "duration_ms",
        Value::Plain(number.format(record.duration.as_millis())),
    );
    if let Some(wait) = record.first_output {
        field(
            "first_output_ms",
            Value::Plain(number.format(wait.as_millis())),
        );
    }
    if let Some(usage) = &record.usage {
        field(
            "input_tokens",
            Value::Plain(number.format(usage.input_tokens)),
        );
        field(
            "output_tokens",
            Value::Plain(number.format(usage.output_tokens)),
        );
    }
    if let Some(amount) = record.charge.amount {
        field("cost", Value::Plain(&amount.normalize().to_string()));
    }
    if record.estimated {
        field("counts", Value::Word("estimated"));
    }
    if let Some(problem) = &record.problem {
        field("problem", Value::Said(&problem.said));
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::{HeaderMap, StatusCode};
    use modelport_provider::usage::Usage;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::{
        accounting::record::{Ending, Problem},
        error::Blame,
        ids::{
            REQUEST_ID, RequestId,
            trace::{Parent, TRACEPARENT, Trace},
        },
    };

    fn record() -> Record {
        let id = RequestId::of(&HeaderMap::from_iter([(
            REQUEST_ID,
            http::HeaderValue::from_static("r-\"1"),
        )]));
        Record {
            requested: Some("m".into()),
            upstream_model: Some("vendor/m:free".into()),
            provider: Some("openai_compatible".into()),
            stream: true,
            attempts: 2,
            status: StatusCode::OK,
            duration: Duration::from_millis(1234),
            first_output: Some(Duration::from_millis(56)),
            usage: Some(Usage {
                input_tokens: 7,
                output_tokens: 9,
                ..Usage::default()
            }),
            ending: Ending::Answered,
            ..Record::new(id, SystemTime::UNIX_EPOCH, "/chat/completions", "chat")
        }
    }

    fn text(record: &Record) -> String {
        let mut line = String::new();
        add_text(&mut line, record);
        line
    }

    fn json(record: &Record) -> Json {
        let mut line = String::from(r#"{"level":"INFO""#);
        add_json(&mut line, record);
        line.push('}');
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn a_line_says_what_is_known() {
        let mut record = record();
        assert_eq!(
            text(&record),
            "/chat/completions answered request_id=r-\"1 provider=openai_compatible \
             model=vendor/m:free status=200 stream=true attempts=2 duration_ms=1234 \
             first_output_ms=56 input_tokens=7 output_tokens=9"
        );
        record.estimated = true;
        assert!(text(&record).ends_with(" output_tokens=9 counts=estimated"));
        record.estimated = false;
        record.lookup = Some(Lookup::Hit);
        assert!(text(&record).contains(" attempts=2 cache=hit duration_ms="));
        record.problem = Some(Problem {
            blame: Blame::Upstream,
            class: "server",
            limit: None,
            said: "it said \"no\"\n".into(),
        });
        assert!(text(&record).ends_with(r#"problem="it said \"no\"\n""#));
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let headers = HeaderMap::from_iter([(TRACEPARENT, traceparent.parse().unwrap())]);
        record.trace = Parent::of(&headers).map(Trace::of_caller);
        assert!(text(&record).contains(" trace_id=0af7651916cd43dd8448eb211c80319c provider="));
    }

    #[test]
    fn the_same_is_said_as_json() {
        let mut record = record();
        record.problem = Some(Problem {
            blame: Blame::Upstream,
            class: "server",
            limit: None,
            said: "it said \"no\"\n".into(),
        });
        assert_eq!(
            json(&record),
            json!({
                "level": "INFO", "message": "/chat/completions answered",
                "endpoint": "/chat/completions", "ending": "answered",
                "request_id": "r-\"1", "provider": "openai_compatible", "model": "vendor/m:free",
                "status": 200, "stream": true, "attempts": 2, "duration_ms": 1234,
                "first_output_ms": 56, "input_tokens": 7, "output_tokens": 9,
                "problem": "it said \"no\"\n",
            })
        );
    }
}
