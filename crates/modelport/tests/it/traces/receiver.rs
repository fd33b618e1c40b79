//! A receiver of OpenTelemetry's protocol, by HTTP and by gRPC, which reads what arrives with OpenTelemetry's own messages
//! and so not with those that it was written with.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt::Write,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};
use prost::Message;
use tokio::{
    net::TcpListener,
    runtime::{self, Runtime},
};

use crate::support::wait_until;

/// Longer than spans wait to be sent together.
const SOON: Duration = Duration::from_secs(10);

/// What a receiver does with what it is sent.
#[derive(Clone, Copy)]
pub enum Mood {
    Takes,
    /// Takes all but one span.
    Rejects,
    Answers(u16),
    Hangs,
}

/// One call.
pub struct Call {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub said: ExportTraceServiceRequest,
}

#[derive(Default)]
struct State {
    calls: Mutex<Vec<Call>>,
    mood: Mutex<Option<Mood>>,
}

pub struct Receiver {
    addr: SocketAddr,
    state: Arc<State>,
    _runtime: Runtime,
}

impl Receiver {
    pub fn start(mood: Mood) -> Self {
        let mut builder = runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let addr = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        *state.mood.lock().unwrap() = Some(mood);
        let shared = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                let service = service_fn(move |request| answer(request, Arc::clone(&state)));
                tokio::spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self {
            addr,
            state,
            _runtime: runtime,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub fn set(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = Some(mood);
    }

    pub fn calls(&self) -> usize {
        self.state.calls.lock().unwrap().len()
    }

    /// Looks at the calls so far.
    pub fn look<T>(&self, at: impl FnOnce(&[Call]) -> T) -> T {
        at(&self.state.calls.lock().unwrap())
    }

    /// All spans that have arrived.
    pub fn spans(&self) -> Vec<Span> {
        let spans = |call: &Call| {
            let resources = call.said.resource_spans.clone().into_iter();
            let scopes = resources.flat_map(|resource| resource.scope_spans);
            scopes.flat_map(|scope| scope.spans).collect::<Vec<_>>()
        };
        self.look(|calls| calls.iter().flat_map(spans).collect())
    }

    /// Waits until so many spans are there, which is all that there are to be.
    pub fn wait_for(&self, count: usize) -> Vec<Span> {
        assert!(
            wait_until(SOON, || self.spans().len() >= count),
            "{} of {count} spans",
            self.spans().len()
        );
        let spans = self.spans();
        assert_eq!(spans.len(), count);
        spans
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<http_body_util::combinators::BoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let body = body.unwrap_or_default();
    let mood = state.mood.lock().unwrap().unwrap();
    let is_grpc = head.headers[header::CONTENT_TYPE] == "application/grpc";
    let message = if is_grpc {
        body.slice(5..)
    } else {
        body.clone()
    };
    let said = ExportTraceServiceRequest::decode(message).expect("a message of the protocol");
    if is_grpc {
        let length = u32::from_be_bytes(body[1..5].try_into().unwrap());
        assert_eq!((body[0], length as usize), (0, body.len() - 5));
    }
    let call = Call {
        path: head.uri.path().to_owned(),
        headers: head.headers,
        body,
        said,
    };
    if matches!(mood, Mood::Takes | Mood::Rejects) {
        state.calls.lock().unwrap().push(call);
    }
    let (status, rejected) = match mood {
        Mood::Takes => (200, 0),
        Mood::Rejects => (200, 1),
        Mood::Answers(status) => (status, 0),
        Mood::Hangs => std::future::pending().await,
    };
    let partial = ExportTracePartialSuccess {
        rejected_spans: rejected,
        error_message: String::new(),
    };
    let answer = ExportTraceServiceResponse {
        partial_success: (rejected > 0).then_some(partial),
    };
    let mut bytes = answer.encode_to_vec();
    if is_grpc {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        bytes = [&[0], &length[..], &bytes].concat();
    }
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        http::HeaderValue::from_static("0"),
    )]);
    let body = Full::new(Bytes::from(bytes));
    let body = if is_grpc {
        body.with_trailers(async move { Some(Ok(trailers)) })
            .boxed()
    } else {
        body.boxed()
    };
    Ok(Response::builder().status(status).body(body).unwrap())
}

/// What is said of a span.
pub fn said(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &KeyValue| match value.value.clone().unwrap().value.unwrap() {
        Value::StringValue(text) => text,
        Value::BoolValue(switch) => switch.to_string(),
        Value::IntValue(number) => number.to_string(),
        Value::DoubleValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let said = attributes.iter();
    said.map(|value| (value.key.clone(), text(value))).collect()
}

pub fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The tree below a parent, each span with its times from the first one's beginning in milliseconds.
pub fn tree(spans: &[Span], parent: &str) -> String {
    let start = spans.iter().map(|span| span.start_time_unix_nano).min();
    let mut text = format!("{parent} (the caller's span)\n");
    grow(&mut text, spans, parent, 1, start.unwrap());
    text
}

fn grow(text: &mut String, spans: &[Span], parent: &str, depth: usize, start: u64) {
    let mut children: Vec<&Span> = spans
        .iter()
        .filter(|span| hex(&span.parent_span_id) == parent)
        .collect();
    children.sort_by_key(|span| span.start_time_unix_nano);
    let millis = |at: u64| (at - start) / 1_000 % 1_000_000_000;
    for span in children {
        let indent = "  ".repeat(depth);
        let id = hex(&span.span_id);
        let kind = SpanKind::try_from(span.kind).unwrap().as_str_name();
        let (from, to) = (
            millis(span.start_time_unix_nano),
            millis(span.end_time_unix_nano),
        );
        let status = span.status.as_ref().map(Status::code);
        let failed = if status == Some(StatusCode::Error) {
            " ERROR"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "{indent}{id} {kind} {:?} {from}..{to} µs{failed}",
            span.name
        );
        for (key, value) in said(&span.attributes) {
            let _ = writeln!(text, "{indent}    {key} = {value}");
        }
        for event in &span.events {
            let at = millis(event.time_unix_nano);
            let _ = writeln!(text, "{indent}    * {} at {at} µs", event.name);
        }
        grow(text, spans, &id, depth + 1, start);
    }
}
