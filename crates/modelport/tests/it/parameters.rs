//! What becomes of a request's fields: sent, mapped, dropped or refused, by policy and provider.

use serde_json::{Value, json};

use crate::support::{Gateway, Response, Scripted, Upstream};

/// A gateway whose provider is said to be `profile`, under this policy; either may be left to the gateway.
fn gateway(upstream: &Upstream, profile: &str, policy: &str) -> Gateway {
    let settings = [
        ("OPENAI_COMPATIBLE_PROFILE", profile),
        ("OPENAI_COMPATIBLE_PARAMETERS", policy),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
        ("LOG_LEVEL", "DEBUG"),
    ];
    Gateway::before(&upstream.base_url(), &settings)
}

fn body() -> Value {
    json!({
        "model": "sim-fast",
        "messages": [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "hi"}],
        "max_completion_tokens": 64,
        "seed": 7,
        "user": "u-1",
        "x_unknown": {"a": 1},
    })
}

fn arrived(upstream: &Upstream) -> Value {
    serde_json::from_slice(&upstream.completions().pop().unwrap().body).unwrap()
}

fn params(answer: &Response) -> Option<&str> {
    answer.header("x-modelport-params")
}

#[test]
fn warn_fits_the_request_and_tells() {
    let upstream = Upstream::start();
    let mistral = gateway(&upstream, "mistral", "");
    let answer = mistral.chat(&body());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        params(&answer),
        Some(
            "max_completion_tokens=mapped:max_tokens, seed=mapped:random_seed, user=dropped, x_unknown=dropped, messages[].role=mapped:system"
        )
    );
    assert_eq!(
        arrived(&upstream),
        json!({
            "model": "sim-fast",
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}],
            "max_tokens": 64,
            "random_seed": 7,
        })
    );
    assert!(mistral.wait_for_output("user=dropped"));

    let ollama = gateway(&upstream, "ollama_v1", "warn");
    let answer = ollama.chat(&body());
    assert_eq!(
        params(&answer),
        Some(
            "max_completion_tokens=mapped:max_tokens, user=dropped, x_unknown=dropped, messages[].role=mapped:system"
        )
    );
    assert_eq!(arrived(&upstream)["seed"], 7);
}

#[test]
fn strict_refuses_and_names_the_field() {
    let upstream = Upstream::start();
    for profile in ["mistral", "ollama_v1"] {
        let strict = gateway(&upstream, profile, "strict");
        let answer = strict.chat(&body());
        assert_eq!(answer.status, 400);
        let error = &answer.json()["error"];
        assert_eq!(error["param"], "max_completion_tokens");
        assert_eq!(error["code"], "unsupported_parameter");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("OPENAI_COMPATIBLE_PARAMETERS=warn"),
            "{message}"
        );
        let sound = json!({"model": "sim-fast", "messages": [], "temperature": 1});
        let answer = strict.chat(&sound);
        assert_eq!((answer.status, params(&answer)), (200, None));
        assert_eq!(arrived(&upstream), sound);
    }
    assert_eq!(upstream.completions().len(), 2);
}

#[test]
fn pass_sends_everything() {
    let upstream = Upstream::start();
    for (profile, policy) in [("mistral", "pass"), ("ollama_v1", "pass"), ("", "")] {
        let answer = gateway(&upstream, profile, policy).chat(&body());
        assert_eq!((answer.status, params(&answer)), (200, None));
        assert_eq!(arrived(&upstream), body());
    }
    // Nothing is known of a custom endpoint that a stricter policy could act on.
    let strict = gateway(&upstream, "", "strict").chat(&body());
    assert_eq!((strict.status, params(&strict)), (200, None));
}

#[test]
fn a_field_that_the_provider_refuses_is_told() {
    let refusal = r#"{"detail":[{"type":"extra_forbidden","loc":["body","user"],"msg":"Extra inputs are not permitted","input":"u-1"}]}"#;
    let answer = format!(
        "HTTP/1.1 422 Unprocessable Entity\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{refusal}",
        refusal.len()
    );
    let upstream = Scripted::start(answer);
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let answer = gateway.chat(&body());
    assert_eq!((answer.status, answer.text().as_str()), (422, refusal));
    assert_eq!(params(&answer), Some("user=refused"));
}
