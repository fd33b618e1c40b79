//! How the gateway stands, as its metrics tell it.

use std::{fs, thread, time::Duration};

use modelport_sim::{ListingShape, Options};

use super::{PROVIDER, SOON, before, chat};
use crate::support::{Gateway, Metrics, Upstream, wait_until};

#[test]
fn the_process_the_configuration_and_the_providers_are_told_of() {
    let data = tempfile::tempdir().unwrap();
    let ledger = [("MODELPORT_DATA_DIR", data.path().to_str().unwrap())];
    let (upstream, gateway) = before(Options::default(), &ledger);
    let metrics = gateway.metrics();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    let ready = gateway.get("/health/ready").json();
    let since = ready["configuration"]["since"].as_f64().unwrap();
    let check = |name: &str, labels: &[(&str, &str)], expected: f64| {
        assert_eq!(metrics.of(name, labels).count(), 1, "{name}");
        assert_eq!(metrics.sum(name, labels), expected, "{name}");
    };
    check("modelport_build_info", &version, 1.0);
    check("modelport_draining", &[], 0.0);
    check("modelport_configuration_edition", &[], 1.0);
    check("modelport_configuration_refusals_total", &[], 0.0);
    check("modelport_configuration_refused", &[], 0.0);
    for name in [
        "modelport_ledger_waiting_requests",
        "modelport_ledger_lost_requests_total",
        "modelport_ledger_journal_failing",
        "modelport_ledger_database_failing",
        "modelport_uncounted_requests_total",
    ] {
        check(name, &[], 0.0);
    }
    let loaded = metrics.sum("modelport_configuration_loaded_timestamp_seconds", &[]);
    assert!((loaded - since).abs() <= 1.0, "{loaded} is not {since}");
    let started = metrics.sum("process_start_time_seconds", &[]);
    assert!((loaded - started).abs() < 10.0, "{started}");
    let ours = (PROVIDER, "openai_compatible");
    check(
        "modelport_provider_health",
        &[ours, ("state", "healthy")],
        1.0,
    );
    check(
        "modelport_provider_health",
        &[ours, ("state", "unhealthy")],
        0.0,
    );
    check(
        "modelport_provider_health",
        &[(PROVIDER, "ollama"), ("state", "disabled")],
        1.0,
    );
    let listed = u32::try_from(Options::default().models.len()).unwrap();
    check("modelport_listing_models", &[ours], f64::from(listed));
    check("modelport_listing_failing", &[ours], 0.0);
    let age = metrics.sum("modelport_listing_age_seconds", &[ours]);
    assert!((0.0..10.0).contains(&age), "{age}");
    let closed = [("target", "openai_compatible"), ("state", "closed")];
    check("modelport_breaker_state", &closed, 1.0);
    upstream.set_listing(ListingShape::Status(404));
    gateway.refresh();
    let metrics = gateway.metrics();
    assert_eq!(metrics.sum("modelport_listing_failing", &[ours]), 1.0);
    assert_eq!(
        metrics.sum("modelport_listing_failures_total", &[ours]),
        1.0
    );
}

#[test]
fn without_a_ledger_nothing_is_said_of_one() {
    let (_upstream, gateway) = before(Options::default(), &[]);
    let metrics = gateway.metrics();
    let mut names = metrics.0.iter().map(|sample| sample.name.as_str());
    assert!(!names.any(|name| name.contains("ledger") || name.contains("shared_limits")));
}

fn until(gateway: &Gateway, done: impl Fn(&Metrics) -> bool) {
    let reached = wait_until(SOON, || done(&gateway.metrics()));
    assert!(reached, "{:#?}", gateway.metrics());
}

#[test]
fn calls_under_way_waiting_rooms_and_breakers_are_told_of() {
    let upstream = Upstream::start();
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("modelport.toml"),
        format!(
            "[[providers]]\nid = 'a'\nbase_url = '{}'\nmax_retries = 0\nconcurrency = 1\nqueue = 1\n",
            upstream.base_url()
        ),
    )
    .unwrap();
    let gateway = Gateway::start_in(home, &[]);
    upstream.set_fault(Some("hang"));
    let open = || {
        let request = gateway.request("POST", "/v1/chat/completions");
        request.body(chat("sim-fast", false).to_string()).write()
    };
    let calls = [open(), open()];
    let ours = [(PROVIDER, "a")];
    until(&gateway, |metrics| {
        metrics.sum("modelport_calls_in_flight", &[("target", "a")]) == 1.0
            && metrics.sum("modelport_calls_without_output", &[("target", "a")]) == 1.0
            && metrics.sum("modelport_room_under_way", &ours) == 1.0
            && metrics.sum("modelport_room_waiting", &ours) == 1.0
    });
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 429);
    let metrics = gateway.metrics();
    assert_eq!(metrics.sum("modelport_room_limit", &ours), 1.0);
    assert_eq!(metrics.sum("modelport_room_refusals_total", &ours), 1.0);
    drop(calls);
    until(&gateway, |metrics| {
        metrics.sum("modelport_calls_in_flight", &[]) == 0.0
            && metrics.sum("modelport_room_waiting", &ours) == 0.0
    });
    upstream.set_fault(Some("status-503"));
    for _ in 0..20 {
        gateway.chat(&chat("sim-fast", false));
    }
    until(&gateway, |metrics| {
        metrics.sum(
            "modelport_breaker_state",
            &[("target", "a"), ("state", "closed")],
        ) == 0.0
    });
    upstream.set_fault(Some("status-429"));
    thread::sleep(Duration::from_millis(50));
    gateway.chat(&chat("sim-fast", false));
    let pause = ("target", "a");
    assert_eq!(
        gateway
            .metrics()
            .of("modelport_cooldown_seconds", &[pause])
            .count(),
        1
    );
}

#[test]
fn configurations_with_faults_are_counted() {
    let upstream = Upstream::start();
    let home = tempfile::tempdir().unwrap();
    let good = format!(
        "[[providers]]\nid = 'a'\nbase_url = '{}'\n",
        upstream.base_url()
    );
    fs::write(home.path().join("modelport.toml"), &good).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    let write = |text: &str| fs::write(gateway.home().join("modelport.toml"), text).unwrap();
    write("[[providers]]\nid = 7\n");
    until(&gateway, |metrics| {
        metrics.sum("modelport_configuration_refused", &[]) == 1.0
            && metrics.sum("modelport_configuration_refusals_total", &[]) >= 1.0
            && metrics.sum("modelport_configuration_edition", &[]) == 1.0
    });
    write(&format!("{good}timeout = 7\n"));
    until(&gateway, |metrics| {
        metrics.sum("modelport_configuration_edition", &[]) == 2.0
            && metrics.sum("modelport_configuration_refused", &[]) == 0.0
            && metrics.sum("modelport_configuration_refusals_total", &[]) >= 1.0
    });
    // What was counted under the one before stays, and models are known under the next.
    gateway.wait_for_list("a");
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    let metrics = gateway.metrics_after(2);
    let labels = [("gen_ai_request_model", "sim-fast")];
    assert!(metrics.sum("modelport_requests_total", &labels) >= 1.0);
    assert_eq!(metrics.sum("modelport_requests_total", &[]), 2.0);
}
