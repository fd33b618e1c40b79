//! Receivers that hang, refuse or are away, and the end of the process.

use std::time::{Duration, Instant};

use super::{
    chat,
    receiver::{Mood, Receiver},
    traced,
};
use crate::support::{Gateway, NOBODY, Upstream, wait_until};

const SOON: Duration = Duration::from_secs(20);

fn spans(gateway: &Gateway, result: &str) -> u64 {
    let page = gateway.get("/metrics").text();
    let name = format!("modelport_spans_total{{result=\"{result}\"}} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&name));
    value.expect(&page).parse().unwrap()
}

/// Requests are answered as if nothing were.
fn serves(gateway: &Gateway) {
    let started = Instant::now();
    for _ in 0..20 {
        // Its usage is told: to estimate it takes a tokenizer, which is long in loading.
        assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    }
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_receiver_that_hangs_harms_nothing() {
    let (receiver, upstream) = (Receiver::start(Mood::Hangs), Upstream::start());
    let settings = [("SHUTDOWN_TIMEOUT", "1")];
    let mut gateway = traced(&upstream, &receiver, &settings);
    serves(&gateway);
    std::thread::sleep(Duration::from_millis(500));
    serves(&gateway);
    let started = Instant::now();
    gateway.terminate();
    let status = gateway.wait(SOON).expect("an end");
    assert_eq!(status.code(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_receiver_that_refuses_for_a_while_gets_all_in_the_end() {
    let (receiver, upstream) = (Receiver::start(Mood::Answers(503)), Upstream::start());
    let gateway = traced(&upstream, &receiver, &[]);
    serves(&gateway);
    assert!(
        gateway.wait_for_output("traces cannot be sent"),
        "{}",
        gateway.output()
    );
    receiver.set(Mood::Takes);
    receiver.wait_for(40);
    assert!(
        gateway.wait_for_output("traces can be sent again"),
        "{}",
        gateway.output()
    );
    assert!(wait_until(SOON, || spans(&gateway, "sent") == 40));
    assert_eq!(spans(&gateway, "failed"), 0);
}

#[test]
fn spans_that_a_receiver_does_not_want_are_counted() {
    let (receiver, upstream) = (Receiver::start(Mood::Rejects), Upstream::start());
    let gateway = traced(&upstream, &receiver, &[]);
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    assert!(wait_until(SOON, || spans(&gateway, "sent") == 1));
    assert_eq!(spans(&gateway, "rejected"), 1);
    // What a receiver refuses for good is not sent to it again.
    receiver.set(Mood::Answers(400));
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    assert!(wait_until(SOON, || spans(&gateway, "failed") == 2));
    assert_eq!(receiver.calls(), 1);
}

#[test]
fn a_receiver_that_is_away_harms_nothing() {
    let upstream = Upstream::start();
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", NOBODY)];
    let mut gateway = Gateway::before(&upstream.base_url(), &settings);
    serves(&gateway);
    assert!(
        gateway.wait_for_output("traces cannot be sent"),
        "{}",
        gateway.output()
    );
    gateway.terminate();
    let status = gateway.wait(SOON).expect("an end");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_last_spans_are_sent_before_the_end() {
    for protocol in ["http/protobuf", "grpc"] {
        let (receiver, upstream) = (Receiver::start(Mood::Takes), Upstream::start());
        let mut gateway = traced(
            &upstream,
            &receiver,
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)],
        );
        for _ in 0..50 {
            assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
        }
        gateway.terminate();
        let status = gateway.wait(SOON).expect("an end");
        assert_eq!(status.code(), Some(0));
        assert_eq!(receiver.spans().len(), 100, "{protocol}");
    }
}
