//! A client that leaves takes its call at the provider with it, at once, and is recorded.

use std::time::Duration;

use modelport_sim::{Options, Outcome};
use serde_json::json;

use crate::support::{Exchange, Gateway, Scripted, Upstream};

/// How soon the provider must have noticed.
const AT_ONCE: Duration = Duration::from_secs(1);

fn before(options: Options) -> (Upstream, Gateway) {
    let upstream = Upstream::with(options);
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    (upstream, gateway)
}

fn ask(gateway: &Gateway, model: &str, stream: bool) -> Exchange {
    let body =
        json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]});
    gateway
        .request("POST", "/v1/chat/completions")
        .body(body.to_string())
}

/// The provider's one completion was cancelled, and the log says so.
fn is_cancelled(upstream: &Upstream, gateway: &Gateway) {
    let gone = upstream.wait_for(AT_ONCE, |seen| {
        seen.iter()
            .all(|seen| matches!(seen.outcome, Outcome::Cancelled { .. }))
    });
    assert!(gone, "{:?}", upstream.completions());
    assert_eq!(upstream.completions().len(), 1);
    is_recorded_as(gateway, "cancelled");
}

fn is_recorded_as(gateway: &Gateway, ending: &str) {
    gateway.wait_for_ending(ending);
    assert_eq!(gateway.completions(), 1, "{}", gateway.output());
}

/// Leaves as soon as the provider has the request.
fn leave_unanswered(options: Options, model: &str, stream: bool) {
    let (upstream, gateway) = before(options);
    let socket = ask(&gateway, model, stream).write();
    assert!(upstream.wait_for(Duration::from_secs(10), |seen| seen.len() == 1));
    drop(socket);
    is_cancelled(&upstream, &gateway);
    assert!(
        gateway.output().contains("status=499"),
        "{}",
        gateway.output()
    );
}

#[test]
fn before_the_head() {
    for model in ["fault/hang", "fault/hang-head"] {
        leave_unanswered(Options::default(), model, false);
        leave_unanswered(Options::default(), model, true);
    }
}

#[test]
fn before_a_plain_answer_is_whole() {
    leave_unanswered(Options::default(), "fault/stall-3", false);
    let slow = Options {
        latency_ms: 20_000,
        ..Options::default()
    };
    leave_unanswered(slow, "sim-fast", false);
}

#[test]
fn before_the_first_token() {
    let slow = Options {
        ttft_ms: 20_000,
        ..Options::default()
    };
    leave_unanswered(slow, "sim-fast", true);
}

/// Leaves after the first output of a stream.
fn leave_stream(options: Options, model: &str) {
    let (upstream, gateway) = before(options);
    let mut stream = ask(&gateway, model, true).open();
    assert!(stream.read_until("\"content\":\"You"));
    drop(stream);
    is_cancelled(&upstream, &gateway);
}

#[test]
fn while_tokens_come() {
    let steady = Options {
        tokens_per_second: 10,
        tokens: Some(1000),
        ..Options::default()
    };
    leave_stream(steady, "sim-fast");
}

#[test]
fn while_the_stream_stalls() {
    leave_stream(Options::default(), "fault/stall-3");
}

#[test]
fn while_a_stream_is_sent_faster_than_it_is_read() {
    let long = Options {
        tokens: Some(100_000),
        ..Options::default()
    };
    leave_stream(long, "sim-fast");
}

#[test]
fn in_the_pause_before_a_retry() {
    for stream in [false, true] {
        let (upstream, gateway) = before(Options::default());
        let socket = ask(&gateway, "fault/retry-after-20", stream).write();
        let refused =
            |seen: &[modelport_sim::Seen]| seen.iter().any(|seen| seen.outcome == Outcome::Faulted);
        assert!(upstream.wait_for(Duration::from_secs(10), refused));
        drop(socket);
        is_recorded_as(&gateway, "cancelled");
        assert!(
            gateway.output().contains("attempts=1"),
            "{}",
            gateway.output()
        );
        assert_eq!(upstream.completions().len(), 1);
    }
}

#[test]
fn leaving_after_the_end_of_the_answer_is_no_cancellation() {
    let answer = concat!(
        "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\n",
        "data: [DONE]\n\n",
    );
    let upstream = Scripted::unending("text/event-stream", answer.as_bytes());
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let mut stream = ask(&gateway, "m", true).open();
    assert!(stream.read_until("[DONE]"));
    drop(stream);
    is_recorded_as(&gateway, "answered");
    assert!(
        gateway.output().contains("output_tokens=1"),
        "{}",
        gateway.output()
    );
}
