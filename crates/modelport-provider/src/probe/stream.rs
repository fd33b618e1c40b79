//! The shape of a stream: whether there is one, how it begins and ends, and whether it tells what it used.

use serde_json::{Value, json};

use super::{Check, Group, Outcome, Report, exchange::Exchange};
use crate::capability::Capability;

/// With usage asked for.
pub(super) const WITH_USAGE: Check = Check {
    ask: || {
        let mut body = ask();
        body["stream_options"] = json!({"include_usage": true});
        body
    },
    output: 200,
    read,
};

/// Without.
pub(super) const WITHOUT_USAGE: Check = Check {
    ask,
    output: 200,
    read: read_unasked,
};

fn ask() -> Value {
    json!({
        "messages": [{"role": "user", "content": "Name three colours and nothing else."}],
        "stream": true,
    })
}

fn read(exchange: &Exchange, report: &mut Report) {
    let stream = (Group::Streaming, "stream of events");
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        let what = (Group::Streaming, "stream with stream_options");
        report.note(what.0, what.1, outcome, exchange.said());
        return;
    }
    let (outcome, evidence) = shape(exchange);
    report.note_ability(stream, Capability::Streaming, outcome, evidence);
    if outcome != Outcome::Yes {
        return;
    }
    let events = exchange.events();
    let flag = |is_so: bool| if is_so { Outcome::Yes } else { Outcome::No };
    let mut note = |what, outcome, evidence: &str| {
        report.note(Group::Streaming, what, outcome, evidence);
    };
    let first = &events.first().map(|event| &event["choices"][0]["delta"]);
    let role_first = first.is_some_and(|delta| {
        delta["role"].is_string() && delta["content"].as_str().is_none_or(str::is_empty)
    });
    note("first chunk names the role", flag(role_first), "");
    let finish = events
        .iter()
        .find_map(|event| event["choices"][0]["finish_reason"].as_str());
    note(
        "finish reason",
        flag(finish.is_some()),
        finish.unwrap_or_default(),
    );
    note("ends with [DONE]", flag(exchange.is_done()), "");
    let (outcome, evidence) = usage(exchange, &events);
    note("usage when asked for", outcome, evidence);
}

fn read_unasked(exchange: &Exchange, report: &mut Report) {
    let what = "usage without asking";
    if !exchange.is_ok() {
        let outcome = exchange.refusal();
        report.note(Group::Streaming, what, outcome, exchange.said());
        return;
    }
    if report
        .outcome(Group::Streaming, "stream of events")
        .is_none()
    {
        // The first one was refused, perhaps only for its stream_options.
        let (outcome, evidence) = shape(exchange);
        let stream = (Group::Streaming, "stream of events");
        report.note_ability(stream, Capability::Streaming, outcome, evidence);
    }
    let (outcome, evidence) = usage(exchange, &exchange.events());
    report.note(Group::Streaming, what, outcome, evidence);
}

fn shape(exchange: &Exchange) -> (Outcome, String) {
    if !exchange.is_stream() {
        return (
            Outcome::Ignored,
            "the answer came in one piece, as JSON".to_owned(),
        );
    }
    let chunks = exchange.events().len();
    let label = exchange.content_type.split(';').next().unwrap_or_default();
    (Outcome::Yes, format!("{chunks} chunks, labelled {label}"))
}

fn usage(exchange: &Exchange, events: &[Value]) -> (Outcome, &'static str) {
    if exchange.usage().is_none() {
        return (Outcome::No, "");
    }
    let mut with_usage = events.iter().filter(|event| event["usage"].is_object());
    let is_empty = |event: &Value| event["choices"].as_array().is_none_or(Vec::is_empty);
    match (with_usage.next(), with_usage.next()) {
        (Some(_), Some(_)) => (Outcome::Yes, "on several chunks"),
        (Some(only), None) if is_empty(only) => (Outcome::Yes, "in a last chunk without choices"),
        (Some(_), None) => (Outcome::Yes, "on the last chunk of the answer"),
        (None, _) => (Outcome::Yes, "beside the usual place"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::exchange::tests::answer;

    fn found(body: &str) -> Vec<(&'static str, Outcome, String)> {
        let mut report = Report::default();
        read(&answer(200, body), &mut report);
        let findings = report.findings.into_iter();
        findings
            .map(|finding| (finding.what, finding.outcome, finding.evidence))
            .collect()
    }

    #[test]
    fn recorded_streams_show_their_shape() {
        for (body, done, usage) in [
            (
                include_str!("../../tests/recorded/ollama/v1_stream_usage.sse"),
                Outcome::Yes,
                "in a last chunk without choices",
            ),
            (
                include_str!("../../tests/recorded/groq/stream_x_groq.sse"),
                Outcome::Yes,
                "on the last chunk of the answer",
            ),
            (
                include_str!("../../tests/recorded/generic/stream_finish_but_no_done.sse"),
                Outcome::No,
                "",
            ),
        ] {
            let found = found(body);
            let of = |what: &str| found.iter().find(|finding| finding.0 == what).unwrap();
            assert_eq!(of("stream of events").1, Outcome::Yes, "{found:?}");
            assert_eq!(of("ends with [DONE]").1, done, "{found:?}");
            assert_eq!(of("usage when asked for").2, usage, "{found:?}");
        }
    }

    #[test]
    fn an_answer_in_one_piece_is_no_stream() {
        let found = found(r#"{"choices":[{"message":{"content":"x"}}]}"#);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1, Outcome::Ignored);
    }
}
