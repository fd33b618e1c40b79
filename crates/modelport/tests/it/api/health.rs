//! `GET /health`, `/health/live` and `/health/ready`, and who may call from a browser.

use serde_json::json;

use crate::support::{Exchange, Gateway, NOBODY, Upstream};

#[test]
fn health_depends_on_nothing() {
    let upstream = Upstream::start();
    let check = |gateway: &Gateway, state: &str| {
        assert_eq!(gateway.get("/health/live").json(), json!({"status": "ok"}));
        let health = gateway.get("/health").json();
        assert_eq!(health["status"], "ok");
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(
            health["providers"],
            json!({"openai_compatible": state, "ollama": "disabled"})
        );
        let ready = gateway.get("/health/ready");
        assert_eq!(
            (ready.status, &ready.json()["status"]),
            (200, &json!("ready"))
        );
        ready.json()["missing"].as_array().unwrap().clone()
    };
    let missing = check(&Gateway::informed(&upstream.base_url(), &[]), "healthy");
    assert!(missing.is_empty(), "{missing:?}");
    let missing = check(&Gateway::informed(NOBODY, &[]), "unhealthy");
    assert!(
        missing[0]
            .as_str()
            .unwrap()
            .starts_with("openai_compatible: no connection")
    );
}

fn preflight(gateway: &Gateway) -> Exchange {
    gateway
        .request("OPTIONS", "/v1/chat/completions")
        .header("origin", "https://page.test")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        )
}

#[test]
fn browsers_are_not_let_in_unless_asked_for() {
    let gateway = Gateway::before(NOBODY, &[]);
    let answer = gateway
        .request("GET", "/health")
        .header("origin", "https://page.test")
        .send();
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(preflight(&gateway).send().status, 405);
}

#[test]
fn listed_pages_may_call() {
    let check = |origins: &str, allowed: Option<&str>| {
        let key = ("MODELPORT_API_KEY", "one-key-for-callers");
        let gateway = Gateway::before(NOBODY, &[("MODELPORT_CORS_ORIGINS", origins), key]);
        let answer = preflight(&gateway).send();
        assert_eq!(answer.status, 200, "{origins}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            allowed,
            "{origins}"
        );
        // A browser takes `*` for every header but this one.
        let headers = answer.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("authorization"), "{headers}");
        let answer = gateway
            .request("GET", "/v1/models")
            .header("origin", "https://page.test")
            .send();
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            allowed,
            "{origins}"
        );
        assert!(
            answer.header("access-control-expose-headers").is_some(),
            "{origins}"
        );
    };
    check("https://page.test", Some("https://page.test"));
    check(
        "https://other.test, https://page.test",
        Some("https://page.test"),
    );
    check("*", Some("*"));
    check("https://other.test", None);
    check("https://page.test.evil.test", None);
}
