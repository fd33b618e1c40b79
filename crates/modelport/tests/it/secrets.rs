//! Neither credentials nor prompts come out anywhere: not in logs, not in answers, not in headers.

use std::time::Duration;

use modelport_sim::Fault;
use serde_json::json;

use crate::support::{Gateway, Response, Scripted, Upstream, wait_until};

const KEY: &str = "sk-upstream-secret-canary-123";
const CUSTOM: &str = "custom-secret-canary-456";
const PROMPT: &str = "prompt-canary-789";

fn settings<'a>(level: &'a str, headers: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("OPENAI_COMPATIBLE_API_KEY", KEY),
        ("OPENAI_COMPATIBLE_CUSTOM_HEADERS", headers),
        ("OPENAI_COMPATIBLE_TIMEOUT", "0.1"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
        ("LOG_LEVEL", level),
    ]
}

fn custom_headers() -> String {
    json!({"x-team-secret": CUSTOM}).to_string()
}

/// Nothing in the answer is a secret of ours.
fn clean(what: &str, response: &Response) {
    let headers = response.headers.iter();
    let mut all: String = headers
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    all.push_str(&response.text());
    for secret in [KEY, CUSTOM] {
        assert!(!all.contains(secret), "{what}: {all}");
    }
}

fn clean_output(gateway: &Gateway) {
    let output = gateway.output();
    for secret in [KEY, CUSTOM, PROMPT] {
        assert!(!output.contains(secret), "{output}");
    }
}

#[test]
fn nothing_secret_comes_out_of_any_fault_or_page() {
    let upstream = Upstream::start();
    let headers = custom_headers();
    let gateway = Gateway::before(&upstream.base_url(), &settings("TRACE", &headers));
    for (spec, _) in Fault::all_examples() {
        for stream in [false, true] {
            let body = json!({
                "model": format!("fault/{spec}"), "stream": stream,
                "messages": [{"role": "user", "content": PROMPT}],
            });
            let exchange = gateway.request("POST", "/v1/chat/completions");
            let opened = exchange.body(body.to_string()).open();
            clean(spec, &opened.finish_anyhow().0);
        }
    }
    let seen = upstream.completions().pop().unwrap();
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {KEY}").as_str())
    );
    assert_eq!(seen.header("x-team-secret"), Some(CUSTOM));
    for path in [
        "/v1/models",
        "/v1/models/sim-fast",
        "/v1/models/unknown",
        "/v1/providers",
        "/v1/providers/openai_compatible",
        "/v1/providers/openai_compatible/health",
        "/v1/providers/ollama",
        "/v1/providers/nobody",
        "/health",
        "/health/live",
        "/health/ready",
        "/unknown",
        "/v1/chat/completions",
    ] {
        clean(path, &gateway.get(path));
    }
    for body in [
        PROMPT.to_owned(),
        format!("{{\"model\":7,\"messages\":\"{PROMPT}\"}}"),
    ] {
        let refused = gateway.request("POST", "/v1/chat/completions").body(body);
        clean("a bad request", &refused.send());
    }
    assert!(gateway.wait_for_output("invalid"), "{}", gateway.output());
    clean_output(&gateway);
    let failed = gateway.output().matches("attempt failed").count();
    assert!(
        failed > 50,
        "DEBUG shows attempts, but {failed}: {}",
        gateway.output()
    );
}

#[test]
fn a_provider_that_echoes_what_it_was_shown_gives_nothing_away() {
    let headers = custom_headers();
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "500 Oops",
        "200 OK",
    ] {
        let said = format!("bad key Bearer {KEY} and x-team-secret {CUSTOM}");
        for body in [
            json!({"error": {"message": said, "type": "t", "param": null, "code": "c"}})
                .to_string(),
            format!("<html><title>{said}</title>{said}</html>"),
        ] {
            let length = body.len();
            let upstream = Scripted::start(format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n{body}"
            ));
            let gateway = Gateway::before(&upstream.base_url(), &settings("DEBUG", &headers));
            for stream in [false, true] {
                let answer = gateway.chat(&json!({"model": "m", "stream": stream, "messages": []}));
                assert!(answer.status >= 400, "{status}");
                clean(status, &answer);
            }
            clean(
                status,
                &gateway.get("/v1/providers/openai_compatible/health"),
            );
            let recorded = || gateway.completions() == 2;
            assert!(
                wait_until(Duration::from_secs(10), recorded),
                "{}",
                gateway.output()
            );
            clean_output(&gateway);
        }
    }
}
