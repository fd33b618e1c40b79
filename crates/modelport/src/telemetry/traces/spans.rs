//! The spans of a finished request: one for the request and below it one for each attempt at a provider. No prompt and
//! no answer is in them, for none is in the record that they are made of.
//!
//! Names are those of OpenTelemetry's semantic conventions 1.41.1 and of its conventions for generative AI as of that
//! version; what these have no name for begins with `modelport.`.

use std::time::{Duration, UNIX_EPOCH};

use rust_decimal::prelude::ToPrimitive;

use super::{
    peers::Peers,
    wire::{Code, Event, KeyValue, Kind, Span, Status, Value},
};
use crate::{
    accounting::record::{Ending, Lookup, Record, Tried},
    ids::trace::{SpanId, Trace},
};

/// The event of an attempt's first output.
const FIRST_TOKEN: &str = "modelport.first_token";

/// Flags of a span (OTLP): its trace is taken, and it is known whether its parent is another service's, and it is.
const TAKEN: u32 = 1;
const KNOWS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// The spans of this request, whose own span this is.
pub(super) fn of(record: &Record, trace: &Trace, own: SpanId, peers: &Peers) -> Vec<Span> {
    let arrived = record.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut spans = Vec::with_capacity(1 + record.tried.len());
    spans.push(of_request(record, trace, own, arrived, peers));
    let tried = record.tried.iter().enumerate();
    spans.extend(tried.filter_map(|(place, tried)| {
        let mut span = of_attempt(record, (place + 1, tried), arrived, peers)?;
        span.trace_id = trace.id.to_be_bytes().to_vec();
        span.parent_span_id = own.to_bytes().to_vec();
        Some(span)
    }));
    spans
}

fn of_request(
    record: &Record,
    trace: &Trace,
    own: SpanId,
    arrived: Duration,
    peers: &Peers,
) -> Span {
    let path = format!("/v1{}", record.endpoint);
    let mut said = Attributes::default();
    said.text("http.request.method", "POST");
    said.text("url.scheme", "http");
    said.text("url.path", &path);
    said.text("http.route", &path);
    said.whole("http.response.status_code", record.status.as_u16());
    said.text("gen_ai.operation.name", record.operation);
    said.maybe("gen_ai.request.model", record.requested.as_deref());
    said.switch("gen_ai.request.stream", record.stream);
    said.maybe("gen_ai.response.model", record.answered_by.as_deref());
    if let Some(provider) = &record.provider {
        said.text("gen_ai.provider.name", peers.name(provider));
        said.text("modelport.provider", provider);
    }
    if let Some(first) = record.first_output.filter(|_| record.stream) {
        said.number("gen_ai.response.time_to_first_chunk", first.as_secs_f64());
    }
    add_use(&mut said, record);
    said.text("modelport.request_id", record.id.as_str());
    said.text("modelport.ending", record.ending.as_str());
    said.whole("modelport.attempts", record.attempts);
    said.maybe("modelport.route", record.route.as_deref());
    said.maybe("modelport.key", record.key.as_deref());
    said.maybe("modelport.team", record.team.as_deref());
    said.maybe("modelport.cache", record.lookup.map(Lookup::as_str));
    said.maybe("error.type", error_of(record));
    let remote = trace.parent.map_or(0, |_| IS_REMOTE);
    Span {
        trace_id: trace.id.to_be_bytes().to_vec(),
        id: own.to_bytes().to_vec(),
        parent_span_id: trace
            .parent
            .map_or_else(Vec::new, |id| id.to_bytes().to_vec()),
        name: format!("POST {path}"),
        kind: Kind::Server.into(),
        start_time_unix_nano: nanos(arrived),
        end_time_unix_nano: nanos(arrived + record.duration),
        attributes: said.0,
        events: Vec::new(),
        // What is the caller's fault is no error of a server (conventions for HTTP spans, "Status").
        status: (record.status.is_server_error() || record.ending == Ending::Broken)
            .then(|| failed(error_of(record).unwrap_or_default())),
        flags: TAKEN | KNOWS_REMOTE | remote,
    }
}

/// What was used and what it costs. It is told once, of the request, so that sums over spans count nothing twice.
fn add_use(said: &mut Attributes, record: &Record) {
    if let Some(usage) = &record.usage {
        said.whole("gen_ai.usage.input_tokens", usage.input_tokens);
        said.whole("gen_ai.usage.output_tokens", usage.output_tokens);
        let parts = [
            (
                "gen_ai.usage.cache_read.input_tokens",
                usage.cached_input_tokens,
            ),
            (
                "gen_ai.usage.cache_creation.input_tokens",
                usage.cache_write_tokens,
            ),
            (
                "gen_ai.usage.reasoning.output_tokens",
                usage.reasoning_tokens,
            ),
        ];
        for (name, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
            said.whole(name, count);
        }
        said.switch("modelport.usage.estimated", record.estimated);
    }
    if let Some(dollars) = record.charge.amount.and_then(|amount| amount.to_f64()) {
        said.number("modelport.cost_usd", dollars);
    }
}

/// What went wrong with a request, in a word.
fn error_of(record: &Record) -> Option<&'static str> {
    match (&record.problem, record.ending) {
        (Some(problem), _) => Some(problem.class),
        (None, Ending::Answered) => None,
        (None, ending) => Some(ending.as_str()),
    }
}

/// The span of the attempt of this number; `None` where none was begun for it.
fn of_attempt(
    record: &Record,
    (number, tried): (usize, &Tried),
    arrived: Duration,
    peers: &Peers,
) -> Option<Span> {
    let id = tried.span?;
    let provider = record.provider_of(tried);
    let mut said = Attributes::default();
    said.text("gen_ai.operation.name", record.operation);
    said.text("gen_ai.provider.name", peers.name(provider));
    said.maybe("gen_ai.request.model", tried.model.as_deref());
    said.switch("gen_ai.request.stream", record.stream);
    if tried.output.is_some() {
        said.maybe("gen_ai.response.model", record.answered_by.as_deref());
    }
    if let Some(peer) = peers.get(provider) {
        said.text("server.address", &peer.address);
        said.whole("server.port", peer.port);
    }
    if let Some(status) = tried.status {
        said.whole("http.response.status_code", status.as_u16());
    }
    said.text("modelport.provider", provider);
    said.whole("modelport.attempt.number", number);
    said.text("modelport.attempt.kind", tried.step.as_str());
    said.text("modelport.attempt.outcome", tried.outcome);
    said.whole("modelport.attempt.credential", tried.key);
    let has_failed = !matches!(tried.outcome, "answered" | "cancelled");
    said.maybe("error.type", has_failed.then_some(tried.outcome));
    let model = tried.model.as_deref().unwrap_or_default();
    let first = tried.output.filter(|_| record.stream);
    let first = first.map(|first| Event {
        time_unix_nano: nanos(arrived + first),
        name: FIRST_TOKEN.to_owned(),
    });
    Some(Span {
        id: id.to_bytes().to_vec(),
        name: format!("{} {model}", record.operation)
            .trim_end()
            .to_owned(),
        kind: Kind::Client.into(),
        start_time_unix_nano: nanos(arrived + tried.began),
        end_time_unix_nano: nanos(arrived + tried.ended),
        attributes: said.0,
        events: first.into_iter().collect(),
        status: has_failed.then(|| failed(tried.outcome)),
        flags: TAKEN | KNOWS_REMOTE,
        ..Span::default()
    })
}

fn failed(class: &str) -> Status {
    Status {
        message: class.to_owned(),
        code: Code::Error.into(),
    }
}

/// Nanoseconds since 1970.
fn nanos(since: Duration) -> u64 {
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// What is said of a span.
#[derive(Default)]
struct Attributes(Vec<KeyValue>);

impl Attributes {
    fn add(&mut self, name: &str, value: Value) {
        self.0.push(KeyValue::new(name, value));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.add(name, Value::Text(value.to_owned()));
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    fn whole(&mut self, name: &str, value: impl TryInto<i64>) {
        self.add(name, Value::Whole(value.try_into().unwrap_or(i64::MAX)));
    }

    fn number(&mut self, name: &str, value: f64) {
        self.add(name, Value::Number(value));
    }

    fn switch(&mut self, name: &str, value: bool) {
        self.add(name, Value::Switch(value));
    }
}
