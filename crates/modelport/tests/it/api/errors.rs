//! What is no request: unknown URLs, wrong methods, odd bytes. Each has an answer in OpenAI's
//! envelope, and none of them ends anything.

use crate::support::{Gateway, NOBODY, Upstream, raw, views::refusal};

#[test]
fn unknown_urls_and_wrong_methods_are_told() {
    let gateway = Gateway::before(NOBODY, &[]);
    let check = |method: &str, path: &str, status: u16, code: &str| {
        let answer = gateway.request(method, path).send();
        let message = refusal(&answer, status, code);
        assert!(message.contains(method), "{message}");
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
        answer
    };
    check("GET", "/", 404, "unknown_url");
    check("GET", "/v1", 404, "unknown_url");
    check("GET", "/v1/modelz", 404, "unknown_url");
    check("POST", "/v1/chat/completion", 404, "unknown_url");
    check("POST", "/v1/v1/chat/completions", 404, "unknown_url");
    check("DELETE", "/v1/threads/x", 404, "unknown_url");
    check("GET", "/v1/chat/completions", 405, "method_not_allowed");
    check("DELETE", "/v1/models/sim-fast", 405, "method_not_allowed");
    check("PATCH", "/health", 405, "method_not_allowed");
    let answer = check("PUT", "/v1/chat/completions", 405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[test]
fn every_answer_has_a_request_id() {
    let upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    for path in [
        "/health",
        "/health/live",
        "/health/ready",
        "/v1/models",
        "/v1/models/nope",
        "/v1/providers",
        "/v1/providers/ollama",
        "/v1/providers/nope/health",
        "/nope",
    ] {
        let own = gateway.get(path);
        let own = own.header("x-request-id").unwrap();
        assert_eq!(own.len(), 32, "{path}: {own}");
        let given = gateway
            .request("GET", path)
            .header("x-request-id", "trace-7/a")
            .send();
        assert_eq!(given.header("x-request-id"), Some("trace-7/a"), "{path}");
        let odd = gateway
            .request("GET", path)
            .header("x-request-id", "two words")
            .send();
        assert_ne!(odd.header("x-request-id"), Some("two words"), "{path}");
    }
    let body = r#"{"model": "sim-fast", "messages": []}"#;
    let chat = gateway
        .request("POST", "/v1/chat/completions")
        .header("x-request-id", "mine")
        .body(body)
        .send();
    assert_eq!(
        (chat.status, chat.header("x-request-id")),
        (200, Some("mine"))
    );
    assert_eq!(
        upstream.completions()[0].header("x-request-id"),
        Some("mine")
    );
}

#[test]
fn odd_input_is_answered_and_ends_nothing() {
    let gateway = Gateway::before(NOBODY, &[]);
    let long = "x".repeat(60_000);
    let check = |path: &str, status: u16, code: &str| {
        let answer = gateway.get(path);
        refusal(&answer, status, code);
        assert!(answer.body.len() < 4096, "{} bytes", answer.body.len());
    };
    check(&format!("/{long}"), 404, "unknown_url");
    check(&format!("/v1/models/{long}"), 404, "model_not_found");
    check(&format!("/v1/providers/{long}"), 404, "provider_not_found");
    check("/v1/models/%ff%fe", 400, "invalid_id");
    check("/v1/providers/%ff", 400, "invalid_id");
    check("/v1/providers/%C3%28/health", 400, "invalid_id");
    check("/v1/models/%", 404, "model_not_found");
    check("//v1/models", 404, "unknown_url");
    check("/v1/../v1/models", 404, "unknown_url");
    check("/%2e%2e/etc/passwd", 404, "unknown_url");
    check("/v1/models?refresh=%ff", 400, "invalid_parameter");
    assert_eq!(gateway.get("/v1/models?%ff&=&&a=b=c").status, 200);
    assert_eq!(gateway.get("/health").status, 200);
}

#[test]
fn bodies_that_are_no_request_are_told_what_is_wrong() {
    let gateway = Gateway::before(NOBODY, &[]);
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"text\"",
        "{\"model\": 7}",
        "{\"model\": \"a b\"}",
        "{\"model\": \"\"}",
    ] {
        let answer = gateway
            .request("POST", "/v1/chat/completions")
            .body(body)
            .send();
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert_eq!(
            answer.json()["error"]["type"],
            "invalid_request_error",
            "{body}"
        );
        assert!(answer.json()["request_id"].is_string(), "{body}");
    }
}

#[test]
fn old_and_odd_http_is_answered() {
    let gateway = Gateway::before(NOBODY, &[]);
    let check = |message: &[u8], status: &str| {
        let answer = raw::exchange(gateway.addr(), message);
        let line = answer.lines().next().unwrap_or_default();
        assert!(
            line.contains(status),
            "{line:?} to {:?}",
            String::from_utf8_lossy(message)
        );
        answer
    };
    let answer = check(b"GET /health HTTP/1.0\r\n\r\n", " 200 ");
    assert!(answer.contains("\"status\":\"ok\""), "{answer}");
    let answer = check(
        b"HEAD /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        " 200 ",
    );
    assert!(
        answer.contains("content-length: ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    check(b"HEAD /v1/chat/completions HTTP/1.0\r\n\r\n", " 405 ");
    check(
        b"GET http://gateway.test/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        " 200 ",
    );
    check(
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        " 404 ",
    );
    check(b"nonsense\r\n\r\n", " 400 ");
    check(b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", " 400 ");
    let mut long = b"GET /health?".to_vec();
    long.resize(100_000, b'x');
    long.extend_from_slice(b" HTTP/1.1\r\nhost: x\r\n\r\n");
    check(&long, " 414 ");
    assert_eq!(gateway.get("/health").status, 200);
}
