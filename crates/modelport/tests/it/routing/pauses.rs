//! Targets that ask for a pause.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{Fleet, answered_by, chat};
use crate::support::{Gateway, Scripted, Upstream};

const ROUTE: &str = "[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n";

/// How long the pause is.
const PAUSE: Duration = Duration::from_secs(2);

/// Asks until the first target answers again; how long that took since `parked`.
fn back_after(gateway: &Gateway, parked: Instant) -> Duration {
    while answered_by(&gateway.chat(&chat("r", false))) != "a" {
        assert!(parked.elapsed() < Duration::from_secs(20), "never again");
        thread::sleep(Duration::from_millis(20));
    }
    parked.elapsed()
}

fn signals(gateway: &Gateway, target: &str) -> Value {
    let explained = gateway
        .request("POST", "/v1/route/explain")
        .body(r#"{"model":"r","messages":[]}"#)
        .send()
        .json();
    let mut candidates = explained["candidates"].as_array().unwrap().iter();
    let found = candidates.find(|candidate| candidate["target"] == target);
    found.unwrap()["signals"].clone()
}

fn check_pause(took: Duration) {
    // The pause began a little before it could be seen from here.
    let least = PAUSE.saturating_sub(Duration::from_millis(200));
    assert!((least..PAUSE * 3).contains(&took), "{took:?}");
}

#[test]
fn a_rate_limited_target_rests_as_long_as_it_asks() {
    let fleet = Fleet::start(2, "max_retries = 0", ROUTE);
    fleet.upstreams[0].set_fault(Some("retry-after-2-429"));
    assert_eq!(answered_by(&fleet.chat("r")), "b");
    let parked = Instant::now();
    fleet.upstreams[0].set_fault(None);
    let reading = signals(&fleet.gateway, "a:sim-fast");
    assert_eq!(reading["standing"], "parked", "{reading}");
    assert_eq!(reading["last_failure"], "rate_limited", "{reading}");
    assert_eq!(answered_by(&fleet.chat("r")), "b");
    assert_eq!(fleet.seen(), [1, 2], "it is left alone");
    check_pause(back_after(&fleet.gateway, parked));
}

#[test]
fn a_target_that_says_that_nothing_is_left_rests_unrefused() {
    let body = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
    let used_up = Scripted::start(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-ratelimit-limit-requests: 5\r\nx-ratelimit-remaining-requests: 0\r\n\
         x-ratelimit-reset-requests: 2s\r\n\r\n{body}",
        body.len()
    ));
    let other = Upstream::start();
    let gateway = |keys: &str| {
        let home = tempfile::tempdir().unwrap();
        let file = format!(
            "[[providers]]\nid = \"a\"\nbase_url = \"{}\"\napi_keys = [{keys}]\n\
             [[providers]]\nid = \"b\"\nbase_url = \"{}\"\napi_key = \"sk-b-secret-key\"\n{ROUTE}",
            used_up.base_url(),
            other.base_url()
        );
        std::fs::write(home.path().join("modelport.toml"), file).unwrap();
        Gateway::start_in(home, &[])
    };
    let ask = |gateway: &Gateway| answered_by(&gateway.chat(&chat("r", false))).to_owned();
    let one = gateway("\"sk-a-first-key\"");
    assert_eq!(ask(&one), "a", "the answer itself is the caller's");
    let parked = Instant::now();
    let reading = signals(&one, "a:sim-fast");
    assert_eq!(reading["standing"], "parked", "{reading}");
    assert_eq!(reading["last_failure"], Value::Null, "{reading}");
    assert!(
        !reading["reason"].to_string().contains("failure"),
        "{reading}"
    );
    assert_eq!(ask(&one), "b");
    check_pause(back_after(&one, parked));
    // One key after the other rests, and then the target.
    let two = gateway("\"sk-a-first-key\", \"sk-a-second-key\"");
    assert_eq!([ask(&two), ask(&two), ask(&two)], ["a", "a", "b"]);
}
