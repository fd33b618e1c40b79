//! The log: text or JSON, one line a request, and as loud as it is said while it runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Gateway, Response, Upstream, wait_until};

const ADMIN: &str = "the-key-of-the-admin";
const SOON: Duration = Duration::from_secs(10);

fn gateway(upstream: &Upstream, more: &[(&str, &str)]) -> Gateway {
    let mut settings = vec![("MODELPORT_ADMIN_KEY", ADMIN)];
    settings.extend_from_slice(more);
    Gateway::before(&upstream.base_url(), &settings)
}

fn chat(gateway: &Gateway, model: &str) -> Response {
    gateway.chat(&json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}))
}

fn logs(gateway: &Gateway, method: &str, body: Option<&Value>) -> Response {
    let request = gateway.request(method, "/admin/v1/logs");
    let request = request.header("authorization", &format!("Bearer {ADMIN}"));
    match body {
        Some(body) => request.body(body.to_string()).send(),
        None => request.send(),
    }
}

fn level(gateway: &Gateway, level: &str) {
    let answer = logs(gateway, "PUT", Some(&json!({"level": level})));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["level"], level);
    assert_eq!(logs(gateway, "GET", None).json(), answer.json());
}

/// The lines that are JSON.
fn lines(gateway: &Gateway) -> Vec<Value> {
    let output = gateway.output();
    let lines = output.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

#[test]
fn where_nobody_reads_along_every_line_is_json() {
    let upstream = Upstream::start();
    let gateway = gateway(
        &upstream,
        &[("MODELPORT_LOG_FORMAT", "auto"), ("LOG_LEVEL", "DEBUG")],
    );
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        .body(json!({"model": "sim-fast", "messages": []}).to_string())
        .send();
    let id = answer.header("x-request-id").unwrap();
    let of_request = |line: &&Value| line["request_id"] == id && line.get("ending").is_some();
    assert!(wait_until(SOON, || lines(&gateway)
        .iter()
        .any(|line| of_request(&line))));
    let all = lines(&gateway);
    let line = all.iter().find(of_request).unwrap();
    assert_eq!(line["message"], "/chat/completions answered");
    assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(
        (&line["status"], &line["level"]),
        (&json!(200), &json!("INFO"))
    );
    assert!(line["duration_ms"].is_u64(), "{line}");
    // Those of the other machinery look the same.
    let attempt = all
        .iter()
        .find(|line| line["message"] == "attempt answered")
        .unwrap();
    assert_eq!(
        (&attempt["request_id"], &attempt["level"]),
        (&json!(id), &json!("DEBUG"))
    );
    let form = |line: &Value| line["timestamp"].as_str().unwrap().ends_with('Z');
    assert!(all.iter().all(form), "{all:?}");
    assert_eq!(logs(&gateway, "GET", None).json()["format"], "json");
}

#[test]
fn the_log_is_as_loud_as_it_is_said_while_it_runs() {
    let upstream = Upstream::start();
    let gateway = gateway(&upstream, &[]);
    assert_eq!(
        logs(&gateway, "GET", None).json(),
        json!({"object": "logs", "level": "info", "format": "text"})
    );
    chat(&gateway, "sim-fast");
    gateway.wait_for_ending("answered");
    assert!(!gateway.output().contains("attempt answered"));

    level(&gateway, "debug");
    chat(&gateway, "sim-fast");
    assert!(
        gateway.wait_for_output("attempt answered"),
        "{}",
        gateway.output()
    );
    assert!(wait_until(SOON, || gateway.completions() == 2));

    level(&gateway, "warn");
    chat(&gateway, "sim-fast");
    chat(&gateway, "fault/status-401");
    assert!(
        gateway.wait_for_output("/chat/completions failed "),
        "{}",
        gateway.output()
    );
    assert_eq!(gateway.completions(), 3, "{}", gateway.output());
    assert_eq!(gateway.output().matches("attempt answered").count(), 1);

    level(&gateway, "info,modelport::proxy::tries=debug,hyper=error");
    chat(&gateway, "sim-fast");
    assert!(wait_until(SOON, || gateway.completions() == 4));
    assert_eq!(gateway.output().matches("attempt answered").count(), 1);
}

#[test]
fn what_is_no_level_is_told_and_changes_nothing() {
    let upstream = Upstream::start();
    let gateway = gateway(&upstream, &[]);
    let check = |body: Value, param: Option<&str>, said: &str| {
        let answer = logs(&gateway, "PUT", Some(&body));
        assert_eq!(answer.status, 400, "{}", answer.text());
        let error = &answer.json()["error"];
        assert_eq!(error["param"].as_str(), param, "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    };
    check(
        json!({"level": "loud"}),
        Some("level"),
        "\"loud\" is neither a level",
    );
    check(
        json!({"level": "info,hyper=9"}),
        Some("level"),
        "\"hyper=9\"",
    );
    check(
        json!({"level": ""}),
        Some("level"),
        "Use a level such as debug",
    );
    check(json!({"level": 5}), None, "expected a string");
    check(json!({"loudness": "debug"}), None, "expected `level`");
    assert_eq!(logs(&gateway, "GET", None).json()["level"], "info");
}

#[test]
fn who_may_look_may_not_change_it() {
    let upstream = Upstream::start();
    // Without an admin key a person on this machine may look.
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    assert_eq!(gateway.get("/admin/v1/logs").status, 200);
    let change = gateway.request("PUT", "/admin/v1/logs");
    let answer = change.body(json!({"level": "debug"}).to_string()).send();
    assert!((401..=403).contains(&answer.status), "{}", answer.text());
    assert_eq!(gateway.get("/admin/v1/logs").json()["level"], "info");
}
