//! Several credentials at one provider.

use modelport_sim::Options;
use serde_json::json;

use crate::support::{Gateway, Upstream};

fn gateway(base_url: &str, keys: &str) -> Gateway {
    let home = tempfile::tempdir().unwrap();
    let file = format!(
        "[[providers]]\nid = \"pool\"\nbase_url = \"{base_url}\"\nmax_retries = 0\napi_keys = [{keys}]\n"
    );
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    Gateway::start_in(home, &[])
}

fn chat() -> serde_json::Value {
    json!({"model": "pool:sim-fast", "messages": [{"role": "user", "content": "hello"}]})
}

#[test]
fn keys_share_the_requests() {
    let upstream = Upstream::start();
    let keys = r#""sk-first-key-1", { key = "sk-second-key-2", weight = 3 }"#;
    let gateway = gateway(&upstream.base_url(), keys);
    for _ in 0..80 {
        assert_eq!(gateway.chat(&chat()).status, 200);
    }
    let seen = upstream.completions();
    let second = seen
        .iter()
        .filter(|seen| seen.header("authorization") == Some("Bearer sk-second-key-2"));
    let second = second.count();
    assert!((45..75).contains(&second), "{second} of 80");
}

#[test]
fn a_refused_key_rests_and_the_next_one_is_shown() {
    let upstream = Upstream::with(Options {
        api_key: Some("sk-second-key-2".to_owned()),
        ..Options::default()
    });
    let gateway = gateway(
        &upstream.base_url(),
        r#""sk-first-key-1", "sk-second-key-2""#,
    );
    for _ in 0..40 {
        let answer = gateway.chat(&chat());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let seen = upstream.completions();
    let refused = seen
        .iter()
        .filter(|seen| seen.header("authorization") == Some("Bearer sk-first-key-1"));
    assert_eq!(refused.count(), 1, "it is shown once and then rests");
    assert!(!gateway.output().contains("sk-"), "{}", gateway.output());
    let provider = gateway.get("/v1/providers/pool").json();
    let rests = |key: usize| {
        provider["credentials"][key]["rests_seconds"]
            .as_f64()
            .unwrap()
    };
    assert!(rests(0) > 200.0, "{provider}");
    assert!(rests(1) == 0.0, "{provider}");
    assert!(!provider.to_string().contains("sk-"), "{provider}");
}

#[test]
fn many_bad_keys_are_no_reason_to_search_for_long() {
    let upstream = Upstream::with(Options {
        api_key: Some("sk-none-of-these".to_owned()),
        ..Options::default()
    });
    let keys: Vec<String> = (0..20)
        .map(|key| format!("\"sk-wrong-key-{key}\""))
        .collect();
    let gateway = gateway(&upstream.base_url(), &keys.join(", "));
    assert_eq!(gateway.chat(&chat()).status, 502);
    let first = upstream.completions().len();
    assert!(first <= 4, "{first} calls");
    for _ in 0..20 {
        gateway.chat(&chat());
    }
    let before = upstream.completions().len();
    gateway.chat(&chat());
    let calls = upstream.completions().len() - before;
    assert_eq!(calls, 1, "those that rest are left alone");
}
