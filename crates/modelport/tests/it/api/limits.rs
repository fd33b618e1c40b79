//! `GET /admin/v1/limits`, and when a key was used last.

use std::time::Duration;

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{A_DOLLAR_EACH, Gateway, Upstream, client::Response, wait_until};

const ADMIN: &str = "the-key-of-the-admin";

/// The answer of the admin API.
fn admin(gateway: &Gateway, method: &str, path: &str, body: &Value) -> Value {
    let request = gateway.request(method, &format!("/admin/v1/{path}"));
    let request = request.header("authorization", &format!("Bearer {ADMIN}"));
    let answer = request.body(body.to_string()).send();
    assert!(answer.status < 300, "{path}: {}", answer.text());
    answer.json()
}

fn ask(gateway: &Gateway, key: &Value) -> Response {
    let chat = json!({"model": "sim-fast", "messages": [{"role": "user", "content": "hi"}]});
    let request = gateway.request("POST", "/v1/chat/completions");
    let request = request.header(
        "authorization",
        &format!("Bearer {}", key.as_str().unwrap()),
    );
    request.body(chat.to_string()).send()
}

/// One limit of somebody.
fn line(gateway: &Gateway, of: &str, name: &str, limit: &str) -> Value {
    let told = admin(gateway, "GET", "limits", &json!({}));
    assert_eq!(told["counted"], "here");
    let lines = told["data"].as_array().unwrap();
    let mut its = lines.iter().filter(|line| {
        (&line["of"], &line["name"], &line["limit"]) == (&json!(of), &json!(name), &json!(limit))
    });
    let found = its
        .next()
        .unwrap_or_else(|| panic!("no {limit} of {of} {name} in {told}"));
    assert!(its.next().is_none(), "twice: {told}");
    found.clone()
}

#[test]
fn limits_tell_what_is_used_of_them_and_looking_uses_nothing() {
    let upstream = Upstream::with(Options::default());
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("modelport.toml");
    std::fs::write(
        &file,
        "[[limits]]\nmodel = \"sim-*\"\nrequests_per_day = 7\n",
    )
    .unwrap();
    let prices = home.path().join("prices.json");
    std::fs::write(&prices, A_DOLLAR_EACH).unwrap();
    let settings = [
        ("MODELPORT_ADMIN_KEY", ADMIN),
        ("MODELPORT_CONFIG", file.to_str().unwrap()),
        ("MODELPORT_CATALOGUE", prices.to_str().unwrap()),
    ];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let budget = json!({"amount": "100", "per": "day", "warn": "80"});
    let team = json!({"name": "red", "limits": {"budgets": [budget]}});
    admin(&gateway, "POST", "teams", &team);
    let limits = json!({"requests_per_day": 3, "concurrency": 2});
    let draft = json!({"name": "ada", "team": "red", "limits": limits});
    let key = admin(&gateway, "POST", "keys", &draft);
    let id = key["id"].as_str().unwrap();
    let unused = line(&gateway, "key", id, "requests_per_day");
    assert_eq!((&unused["amount"], &unused["used"]), (&json!(3), &json!(0)));
    assert_eq!(unused["resets_at"], Value::Null);
    let of_model = |gateway: &Gateway| line(gateway, "model", "sim-*", "requests_per_day");
    assert_eq!(of_model(&gateway)["used"], 0);

    for used in 1..=3 {
        assert_eq!(ask(&gateway, &key["key"]).status, 200);
        let told = line(&gateway, "key", id, "requests_per_day");
        assert_eq!((&told["amount"], &told["used"]), (&json!(3), &json!(used)));
        assert!(told["resets_at"].as_str().unwrap().ends_with('Z'), "{told}");
    }
    assert_eq!(ask(&gateway, &key["key"]).status, 429);
    assert_eq!(of_model(&gateway)["used"], 3);
    let is_over = || line(&gateway, "key", id, "concurrency")["used"] == 0;
    assert!(wait_until(Duration::from_secs(5), is_over));
    let spent = line(&gateway, "team", "red", "budget");
    assert_eq!(
        (&spent["amount_usd"], &spent["per"]),
        (&json!("100"), &json!("day"))
    );
    assert_eq!(
        (&spent["warn_at_usd"], &spent["refuses"]),
        (&json!("80"), &json!(true))
    );
    assert_eq!(
        (&spent["used_usd"], &spent["reserved_usd"]),
        (&json!("3"), &json!("0"))
    );
    assert!(
        spent["resets_at"].as_str().unwrap().ends_with("T00:00:00Z"),
        "{spent}"
    );
}

#[test]
fn a_key_tells_when_it_was_used_last() {
    let upstream = Upstream::with(Options::default());
    let gateway = Gateway::before(&upstream.base_url(), &[("MODELPORT_ADMIN_KEY", ADMIN)]);
    let key = admin(&gateway, "POST", "keys", &json!({"name": "ada"}));
    let last_used = || admin(&gateway, "GET", "keys", &json!({}))["data"][0]["last_used"].clone();
    assert_eq!(last_used(), Value::Null);
    assert_eq!(ask(&gateway, &key["key"]).status, 200);
    let is_told = || last_used().is_string();
    assert!(wait_until(Duration::from_secs(5), is_told));
    assert!(last_used().as_str() > key["created"].as_str().map(|time| &time[..16]));
}

#[test]
fn what_is_spent_of_a_budget_right_after_it_is_made_counts_once() {
    let upstream = Upstream::with(Options::default());
    let home = tempfile::tempdir().unwrap();
    let prices = home.path().join("prices.json");
    std::fs::write(&prices, A_DOLLAR_EACH).unwrap();
    let settings = [
        ("MODELPORT_ADMIN_KEY", ADMIN),
        ("MODELPORT_DATA_DIR", home.path().to_str().unwrap()),
        ("MODELPORT_CATALOGUE", prices.to_str().unwrap()),
    ];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let limits = json!({"budgets": [{"amount": "100", "per": "total"}]});
    let draft = json!({"name": "ada", "limits": limits});
    let key = admin(&gateway, "POST", "keys", &draft);
    for _ in 0..3 {
        assert_eq!(ask(&gateway, &key["key"]).status, 200);
    }
    let used = || line(&gateway, "key", key["id"].as_str().unwrap(), "budget")["used_usd"].clone();
    assert_eq!(used(), json!("3"));
    // By then the budget has been told twice what the ledger knows of the time before it was made.
    let is_more = || used() != "3";
    assert!(
        !wait_until(Duration::from_millis(3500), is_more),
        "{}",
        used()
    );
    let usage = admin(&gateway, "GET", "usage?by=key", &json!({}));
    assert_eq!(usage["data"][0]["requests"], 3, "{usage}");
}
