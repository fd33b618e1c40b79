//! OpenTelemetry traces: the spans of requests as a receiver gets them, what providers hear of the trace, and what
//! receivers that do not work harm.

mod receiver;
mod trouble;

use modelport_sim::{Options, Seen};
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::SpanKind, status::StatusCode};
use serde_json::{Value, json};

use crate::support::{Gateway, NOBODY, Upstream};
use receiver::{Mood, Receiver, hex, said, tree};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{CALLER}-{flags}")
}

fn chat(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "a prompt of mine"}]})
}

/// What a provider heard of the trace: trace, span and flags.
fn heard(seen: &Seen) -> (String, String, String) {
    let text = seen.header("traceparent").expect("a traceparent");
    let parts: Vec<&str> = text.split('-').collect();
    assert_eq!((parts.len(), parts[0]), (4, "00"), "{text}");
    (
        parts[1].to_owned(),
        parts[2].to_owned(),
        parts[3].to_owned(),
    )
}

fn only(upstream: &Upstream) -> Seen {
    let seen = upstream.completions();
    assert_eq!(seen.len(), 1);
    seen[0].clone()
}

fn server(spans: &[Span]) -> &Span {
    let mut servers = spans.iter().filter(|span| span.kind() == SpanKind::Server);
    let server = servers.next().unwrap();
    assert!(servers.next().is_none());
    server
}

fn failed(span: &Span) -> bool {
    span.status.as_ref().map(Status::code) == Some(StatusCode::Error)
}

#[test]
fn a_stream_that_failed_over_and_was_hedged_is_a_tree() {
    let receiver = Receiver::start(Mood::Takes);
    let upstreams: Vec<Upstream> = (0..3).map(|_| Upstream::with(Options::default())).collect();
    let mut file = String::new();
    for (id, upstream) in ["a", "b", "c"].iter().zip(&upstreams) {
        let url = upstream.base_url();
        file.push_str(&format!(
            "[[providers]]\nid = \"{id}\"\nbase_url = \"{url}\"\napi_key = \"sk-{id}-secret-key\"\nmax_retries = 0\n\n"
        ));
    }
    file.push_str("[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\", \"b:sim-fast\", \"c:sim-fast\"]\nhedge = { after = 0.05, max_share = 100 }\n\n");
    file.push_str(&format!(
        "[traces]\nendpoint = \"{}\"\nservice_name = \"front\"\n",
        receiver.url()
    ));
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    upstreams[0].set_fault(Some("status-500"));
    upstreams[1].set_fault(Some("hang"));
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .header("traceparent", &traceparent("01"))
        .header("tracestate", "theirs=1")
        .body(chat("r", true).to_string())
        .send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-modelport-provider"), Some("c"));

    let spans = receiver.wait_for(4);
    println!("{}", tree(&spans, CALLER));
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE));
    let server = server(&spans);
    assert_eq!(hex(&server.parent_span_id), CALLER);
    let of_server = said(&server.attributes);
    let check = |name: &str, value: &str| assert_eq!(of_server[name], value, "{name}");
    check("http.route", "/v1/chat/completions");
    check("http.response.status_code", "200");
    check("gen_ai.operation.name", "chat");
    check("gen_ai.request.model", "r");
    check("gen_ai.response.model", "sim-fast");
    check("gen_ai.request.stream", "true");
    check("modelport.attempts", "3");
    check("modelport.route", "r");
    check("modelport.ending", "answered");
    check(
        "modelport.request_id",
        answer.header("x-request-id").unwrap(),
    );
    assert!(
        of_server["gen_ai.usage.output_tokens"]
            .parse::<u64>()
            .unwrap()
            > 0
    );
    assert!(
        of_server["gen_ai.response.time_to_first_chunk"]
            .parse::<f64>()
            .unwrap()
            > 0.05
    );
    assert!(!of_server.contains_key("error.type") && !failed(server));

    let expected = [
        ("a", "first", "server", Some("500")),
        ("b", "failover", "cancelled", None),
        ("c", "hedge", "answered", Some("200")),
    ];
    for (number, ((id, kind, outcome, status), upstream)) in
        expected.iter().zip(&upstreams).enumerate()
    {
        let is_its = |span: &&Span| {
            said(&span.attributes).get("modelport.attempt.number")
                == Some(&(number + 1).to_string())
        };
        let span = spans.iter().find(is_its).unwrap();
        let attributes = said(&span.attributes);
        assert_eq!(span.parent_span_id, server.span_id, "{id}");
        assert_eq!(
            (span.kind(), span.name.as_str()),
            (SpanKind::Client, "chat sim-fast")
        );
        assert!(
            span.start_time_unix_nano >= server.start_time_unix_nano,
            "{id}"
        );
        assert!(span.end_time_unix_nano <= server.end_time_unix_nano, "{id}");
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{id}");
        let check = |name: &str, value: Option<&str>| {
            assert_eq!(
                attributes.get(name).map(String::as_str),
                value,
                "{id}: {name}"
            );
        };
        check("modelport.provider", Some(id));
        check("modelport.attempt.kind", Some(kind));
        check("modelport.attempt.outcome", Some(outcome));
        check("http.response.status_code", *status);
        check("server.address", Some("127.0.0.1"));
        check("server.port", Some(&upstream.addr().port().to_string()));
        check("error.type", (*id == "a").then_some("server"));
        assert_eq!(failed(span), *id == "a");
        // The provider was told of this very span.
        let (trace, parent, flags) = heard(&only(upstream));
        assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "01"));
        assert_eq!(parent, hex(&span.span_id), "{id}");
        assert_eq!(only(upstream).header("tracestate"), Some("theirs=1"));
        let events: Vec<&str> = span
            .events
            .iter()
            .map(|event| event.name.as_str())
            .collect();
        if *id == "c" {
            assert_eq!(events, ["modelport.first_token"]);
            let at = span.events[0].time_unix_nano;
            assert!((span.start_time_unix_nano..=span.end_time_unix_nano).contains(&at));
        } else {
            assert!(events.is_empty(), "{events:?}");
        }
    }
    receiver.look(|calls| {
        assert_eq!(calls[0].path, "/v1/traces");
        let resource = calls[0].said.resource_spans[0].resource.as_ref().unwrap();
        assert_eq!(said(&resource.attributes)["service.name"], "front");
        for call in calls {
            let body = String::from_utf8_lossy(&call.body);
            assert!(!body.contains("a prompt of mine") && !body.contains("secret-key"));
        }
    });
    assert!(
        gateway.wait_for_output(&format!(" trace_id={TRACE} ")),
        "{}",
        gateway.output()
    );
}

/// A gateway that sends its traces there.
fn traced(upstream: &Upstream, receiver: &Receiver, more: &[(&str, &str)]) -> Gateway {
    let url = receiver.url();
    let mut settings = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())];
    settings.extend_from_slice(more);
    Gateway::before(&upstream.base_url(), &settings)
}

#[test]
fn a_request_without_a_trace_begins_one() {
    let (receiver, upstream) = (Receiver::start(Mood::Takes), Upstream::start());
    let gateway = traced(&upstream, &receiver, &[]);
    // What is no trace is not gone on with, and neither is what others said of it.
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .header("traceparent", "00-not-a-trace-01")
        .header("tracestate", "theirs=1")
        .body(chat("sim-fast", false).to_string())
        .send();
    assert_eq!(answer.status, 200);
    let spans = receiver.wait_for(2);
    let server = server(&spans);
    assert!(server.parent_span_id.is_empty());
    let (trace, _, flags) = heard(&only(&upstream));
    assert_eq!((trace, flags.as_str()), (hex(&server.trace_id), "01"));
    assert_eq!(only(&upstream).header("tracestate"), None);
    let of_server = said(&server.attributes);
    let usage = answer.json()["usage"]["prompt_tokens"].to_string();
    assert_eq!(of_server["gen_ai.usage.input_tokens"], usage);
    assert_eq!(of_server["gen_ai.response.model"], "sim-fast");
    assert!(spans.iter().all(|span| span.events.is_empty()));
}

#[test]
fn what_fails_is_an_error_and_what_is_the_callers_fault_is_not() {
    let (receiver, upstream) = (Receiver::start(Mood::Takes), Upstream::start());
    let gateway = traced(
        &upstream,
        &receiver,
        &[("OPENAI_COMPATIBLE_MAX_RETRIES", "1")],
    );
    assert_eq!(gateway.chat(&chat("fault/status-500", false)).status, 500);
    let spans = receiver.wait_for(3);
    let of_server = said(&server(&spans).attributes);
    assert_eq!(of_server["error.type"], "server");
    assert!(spans.iter().all(failed));
    let kind = |span: &Span| {
        said(&span.attributes)
            .get("modelport.attempt.kind")
            .cloned()
    };
    let kinds: Vec<String> = spans.iter().filter_map(kind).collect();
    assert_eq!(kinds, ["first", "retry"]);

    let (receiver, upstream) = (Receiver::start(Mood::Takes), Upstream::start());
    let gateway = traced(&upstream, &receiver, &[]);
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .body("{}no")
        .send();
    assert_eq!(answer.status, 400);
    let spans = receiver.wait_for(1);
    let of_server = said(&spans[0].attributes);
    assert_eq!(of_server["http.response.status_code"], "400");
    assert!(of_server.contains_key("error.type") && !failed(&spans[0]));
}

#[test]
fn without_a_receiver_nothing_is_added() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[("OTEL_SERVICE_NAME", "x")]);
    assert_eq!(gateway.chat(&chat("sim-fast", true)).status, 200);
    let seen = only(&upstream);
    assert_eq!(
        (seen.header("traceparent"), seen.header("tracestate")),
        (None, None)
    );
    let given = traceparent("00");
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .header("traceparent", &given)
        .header("tracestate", "theirs=1")
        .body(chat("sim-fast", false).to_string())
        .send();
    assert_eq!(answer.status, 200);
    let seen = upstream.completions().remove(1);
    assert_eq!(seen.header("traceparent"), Some(given.as_str()));
    assert_eq!(seen.header("tracestate"), Some("theirs=1"));
    // The log names the caller's trace all the same, and none where there is none.
    assert!(
        gateway.wait_for_output(&format!(" trace_id={TRACE} ")),
        "{}",
        gateway.output()
    );
    assert_eq!(gateway.output().matches("trace_id").count(), 1);
    let metrics = gateway.get("/metrics").text();
    assert!(!metrics.contains("modelport_spans"), "{metrics}");
    // A switch for all programs turns it off here too.
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", NOBODY),
        ("OTEL_SDK_DISABLED", "true"),
    ];
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    assert_eq!(only(&upstream).header("traceparent"), None);
}

#[test]
fn a_share_of_nothing_sends_nothing_but_what_the_caller_takes() {
    let (receiver, upstream) = (Receiver::start(Mood::Takes), Upstream::start());
    let sampler = ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    let gateway = traced(
        &upstream,
        &receiver,
        &[sampler, ("OTEL_TRACES_SAMPLER_ARG", "0")],
    );
    for _ in 0..20 {
        assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    }
    // Providers are told that nobody takes the trace.
    assert!(
        upstream
            .completions()
            .iter()
            .all(|seen| heard(seen).2 == "00")
    );
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .header("traceparent", &traceparent("01"))
        .body(chat("sim-fast", false).to_string())
        .send();
    assert_eq!(answer.status, 200);
    let spans = receiver.wait_for(2);
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE));
}

#[test]
fn a_receiver_of_grpc_gets_the_same() {
    let (receiver, upstream) = (Receiver::start(Mood::Takes), Upstream::start());
    let settings = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20secret%20of%20mine"),
    ];
    let gateway = traced(&upstream, &receiver, &settings);
    assert_eq!(gateway.chat(&chat("sim-fast", true)).status, 200);
    let spans = receiver.wait_for(2);
    assert_eq!(
        hex(&server(&spans).span_id),
        hex(&spans
            .iter()
            .find(|span| span.kind() == SpanKind::Client)
            .unwrap()
            .parent_span_id)
    );
    receiver.look(|calls| {
        assert_eq!(
            calls[0].path,
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        );
        assert_eq!(calls[0].headers["te"], "trailers");
        assert_eq!(calls[0].headers["x-key"], "a secret of mine");
    });
    let metrics = gateway.get("/metrics").text();
    assert!(
        metrics.contains("modelport_spans_total{result=\"sent\"} 2"),
        "{metrics}"
    );
    assert!(!gateway.output().contains("a secret of mine"));
}
