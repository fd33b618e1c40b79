//! What is tried again at the same provider, and when; and what is not.

use std::time::{Duration, Instant};

use modelport_sim::{Options, Seen};
use serde_json::{Value, json};

use crate::support::{Gateway, Response, Scripted, Upstream};

/// What a busy machine may add to a wait.
const LATENESS: f64 = 1.0;

fn chat(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]})
}

/// Asks for a fault; what the client and the provider saw.
fn meet(spec: &str, max_retries: &str) -> (Response, Vec<Seen>) {
    let upstream = Upstream::start();
    let settings = [("OPENAI_COMPATIBLE_MAX_RETRIES", max_retries)];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let answer = gateway.chat(&chat(&format!("fault/{spec}"), false));
    (answer, upstream.completions())
}

/// A fault gives this status after attempts that are so many seconds apart, at least and at most.
fn check(spec: &str, max_retries: &str, status: u16, waits: &[(f64, f64)]) {
    let (answer, seen) = meet(spec, max_retries);
    assert_eq!(answer.status, status, "{spec}: {}", answer.text());
    let gaps: Vec<f64> = seen
        .windows(2)
        .map(|pair| pair[1].at.duration_since(pair[0].at).unwrap().as_secs_f64())
        .collect();
    assert_eq!(gaps.len(), waits.len(), "{spec}: {gaps:?}");
    for (gap, (least, most)) in gaps.iter().zip(waits) {
        let fits = *gap >= least - 0.01 && *gap <= most + LATENESS;
        assert!(fits, "{spec}: waited {gap:.3} s, not {least} to {most}");
    }
}

/// The back-off without a hint: doubling from half a second, up to a quarter of it left to chance.
const FIRST: (f64, f64) = (0.375, 0.5);
const SECOND: (f64, f64) = (0.75, 1.0);

#[test]
fn a_retry_waits_as_long_as_the_provider_asks() {
    check("retry-after-ms-200@1", "3", 200, &[(0.2, 0.2)]);
    check("retry-after-ms-0@1", "3", 200, &[(0.0, 0.0)]);
    check("retry-after-1@1", "3", 200, &[(1.0, 1.0)]);
    check("retry-after-1-503@1", "3", 200, &[(1.0, 1.0)]);
    // A date is in whole seconds, so up to one of them is lost.
    check("retry-after-date-2@1", "3", 200, &[(1.0, 2.0)]);
    check("retry-after-ms-100@2", "3", 200, &[(0.1, 0.1), (0.1, 0.1)]);
}

#[test]
fn without_a_usable_hint_it_waits_longer_each_time() {
    check("retry-after-garbage@1", "3", 200, &[FIRST]);
    check("status-503@2", "3", 200, &[FIRST, SECOND]);
    check("status-500", "2", 500, &[FIRST, SECOND]);
    check("reset@1", "3", 200, &[FIRST]);
    check("error-200@1", "3", 200, &[FIRST]);
    check("html@1", "3", 200, &[FIRST]);
    check("truncated-json@1", "3", 200, &[FIRST]);
}

#[test]
fn the_providers_own_word_on_retrying_counts() {
    check("should-retry-true@1", "3", 200, &[FIRST]);
    check("should-retry-false@1", "3", 503, &[]);
}

#[test]
fn what_cannot_heal_is_not_retried() {
    check("quota@1", "3", 502, &[]);
    check("status-400@1", "3", 400, &[]);
    check("status-401@1", "3", 502, &[]);
    check("status-402@1", "3", 502, &[]);
    check("status-403@1", "3", 502, &[]);
    check("status-404@1", "3", 404, &[]);
    check("status-422@1", "3", 422, &[]);
    check("context-length@1", "3", 400, &[]);
}

#[test]
fn no_retries_means_one_attempt() {
    check("status-503@1", "0", 503, &[]);
    check("retry-after-ms-10@1", "0", 429, &[]);
    check("reset@1", "0", 502, &[]);
}

#[test]
fn a_wait_of_over_a_minute_is_the_callers_to_decide() {
    for (spec, header, value) in [
        ("retry-after-61", "retry-after", "61"),
        ("retry-after-ms-60001", "retry-after-ms", "60001"),
    ] {
        let start = Instant::now();
        let (answer, seen) = meet(spec, "3");
        assert_eq!((answer.status, seen.len()), (429, 1), "{spec}");
        assert_eq!(answer.header(header), Some(value), "{spec}");
        assert_eq!(answer.json()["error"]["code"], "rate_limit_exceeded");
        assert!(start.elapsed() < Duration::from_secs(5), "{spec}");
    }
}

#[test]
fn a_client_does_not_notice_retries() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let answer = gateway.chat(&chat("fault/retry-after-ms-20@2", true));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.events().last().map(String::as_str), Some("[DONE]"));
    assert_eq!(upstream.completions().len(), 3);
    let bodies: Vec<_> = upstream
        .completions()
        .into_iter()
        .map(|seen| seen.body)
        .collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(
        gateway.wait_for_output("attempts=3"),
        "{}",
        gateway.output()
    );
}

#[test]
fn a_kept_connection_that_the_provider_closed_costs_no_attempt() {
    for stream in [false, true] {
        let upstream = Upstream::start();
        let settings = [("OPENAI_COMPATIBLE_MAX_RETRIES", "0")];
        let gateway = Gateway::before(&upstream.base_url(), &settings);
        assert_eq!(gateway.chat(&chat("fault/close-idle", stream)).status, 200);
        let answer = gateway.chat(&chat("sim-fast", stream));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let connections: Vec<_> = upstream
            .completions()
            .iter()
            .map(|seen| seen.connection)
            .collect();
        assert_eq!(connections.len(), 3, "{connections:?}");
        assert_eq!(connections[0], connections[1]);
        assert_ne!(connections[1], connections[2]);
        gateway.wait_for_ending("answered");
        assert!(
            !gateway.output().contains("attempts=2"),
            "{}",
            gateway.output()
        );
    }
}

#[test]
fn after_output_there_is_no_second_attempt() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    for spec in [
        "cut-3@1",
        "reset-3@1",
        "error-event-3@1",
        "malformed-3@1",
        "eof-3@1",
    ] {
        let before = upstream.completions().len();
        let answer = gateway.chat(&chat(&format!("fault/{spec}"), true));
        assert!(
            answer.events().last().unwrap().contains("\"error\""),
            "{spec}"
        );
        assert_eq!(upstream.completions().len(), before + 1, "{spec}");
    }
}

#[test]
fn a_provider_that_fell_silent_is_not_asked_again() {
    let upstream = Upstream::start();
    let settings = [("OPENAI_COMPATIBLE_TIMEOUT", "0.2")];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    for (count, spec) in ["hang@1", "hang-head@1", "stall-3@1"]
        .into_iter()
        .enumerate()
    {
        let answer = gateway.chat(&chat(&format!("fault/{spec}"), false));
        assert_eq!(answer.status, 504, "{spec}: {}", answer.text());
        let error = answer.json()["error"].clone();
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("OPENAI_COMPATIBLE_TIMEOUT=0.2"),
            "{message}"
        );
        assert!(message.contains("\"stream\": true"), "{message}");
        assert_eq!(upstream.completions().len(), count + 1, "{spec}");
    }
}

#[test]
fn silence_counts_from_the_last_piece() {
    let upstream = Upstream::with(Options {
        tokens_per_second: 10,
        ..Options::default()
    });
    let settings = [("OPENAI_COMPATIBLE_TIMEOUT", "0.5")];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let started = Instant::now();
    let answer = gateway.chat(&chat("fault/stall-9", true));
    let took = started.elapsed().as_secs_f64();
    // The ninth piece comes after 0.7 s, and then half a second passes.
    let events = answer.events();
    assert!(events.len() >= 10, "{}", answer.text());
    assert!(events.last().unwrap().contains("upstream_timeout"));
    assert!((1.15..4.0).contains(&took), "{took} s");
}

#[test]
fn nobody_there_is_a_502_that_says_where() {
    let mut upstream = Upstream::start();
    let base_url = upstream.base_url();
    upstream.stop();
    let settings = [("OPENAI_COMPATIBLE_MAX_RETRIES", "1")];
    let gateway = Gateway::before(&base_url, &settings);
    let answer = gateway.chat(&chat("sim-fast", true));
    assert_eq!(answer.status, 502);
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "upstream_unreachable");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("OPENAI_COMPATIBLE_BASE_URL"),
        "{error}"
    );
    assert!(
        gateway.wait_for_output("attempts=2"),
        "{}",
        gateway.output()
    );
}

#[test]
fn an_endless_error_body_is_not_waited_for() {
    let head =
        "HTTP/1.1 500 Oops\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n";
    let upstream = Scripted::start([head.as_bytes(), &vec![b' '; 3 << 20]].concat());
    let settings = [("OPENAI_COMPATIBLE_MAX_RETRIES", "0")];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let answer = gateway.chat(&chat("m", false));
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "upstream_failed");
}
