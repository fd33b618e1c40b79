//! The gateway's own keys: who is let in, and that it does not stand open by oversight.

use crate::support::{Gateway, NOBODY, Upstream, gateway::run, views::refusal};

const KEYS: (&str, &str) = ("MODELPORT_API_KEY", "first-key-of-two, second-key-of-two");

#[test]
fn keys_let_callers_in() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[KEYS]);
    let check = |header: Option<(&str, &str)>, status: u16| {
        for (method, path) in [
            ("GET", "/v1/models"),
            ("GET", "/v1/providers/ollama"),
            ("POST", "/v1/chat/completions"),
        ] {
            let mut request = gateway.request(method, path);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            if method == "POST" {
                request = request.body(r#"{"model": "sim-fast", "messages": []}"#);
            }
            let answer = request.send();
            assert_eq!(
                answer.status,
                status,
                "{header:?} {path}: {}",
                answer.text()
            );
            if status == 401 {
                let message = refusal(&answer, 401, "invalid_api_key");
                assert!(message.contains("MODELPORT_API_KEY"), "{message}");
                assert_eq!(answer.json()["error"]["type"], "authentication_error");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            }
        }
    };
    check(None, 401);
    check(Some(("authorization", "Bearer first-key-of-two")), 200);
    check(Some(("authorization", "bearer second-key-of-two")), 200);
    check(Some(("x-api-key", "second-key-of-two")), 200);
    check(Some(("api-key", "first-key-of-two")), 200);
    check(Some(("authorization", "Bearer first-key-of-tw")), 401);
    check(
        Some((
            "authorization",
            "Bearer first-key-of-two, second-key-of-two",
        )),
        401,
    );
    check(Some(("authorization", "Bearer sk-upstream-secret")), 401);
    check(Some(("authorization", "Basic first-key-of-two")), 401);
    check(Some(("authorization", "Bearer")), 401);
    check(Some(("x-api-key", "")), 401);
    let shown = upstream.completions();
    assert_eq!(shown.len(), 4);
    for seen in &shown {
        assert_eq!(
            seen.header("authorization"),
            Some("Bearer sk-upstream-secret")
        );
        assert!(
            !format!("{:?}", seen.headers).contains("of-two"),
            "{:?}",
            seen.headers
        );
    }
    assert!(!gateway.output().contains("key-of-two"));
}

#[test]
fn health_needs_no_key_and_an_unknown_url_tells_nothing() {
    let gateway = Gateway::before(NOBODY, &[KEYS]);
    for path in ["/health", "/health/live", "/health/ready"] {
        assert_eq!(gateway.get(path).status, 200, "{path}");
    }
    refusal(&gateway.get("/nope"), 404, "unknown_url");
    refusal(&gateway.get("/v1/models/nope"), 401, "invalid_api_key");
    refusal(&gateway.get("/v1/models/%ff"), 401, "invalid_api_key");
    refusal(
        &gateway.get("/v1/models?refresh=maybe"),
        401,
        "invalid_api_key",
    );
}

#[test]
fn a_port_that_others_reach_wants_a_key() {
    let check = |settings: &[(&str, &str)]| {
        let (status, text) = run(&["check"], settings);
        let refused = status.code() == Some(2);
        assert!(refused || status.success(), "{settings:?}: {text}");
        if refused {
            assert!(
                text.contains("HOST") && text.contains("MODELPORT_API_KEY"),
                "{text}"
            );
            assert!(text.contains("MODELPORT_ALLOW_OPEN=true"), "{text}");
            let (status, _) = run(&["serve"], &[settings, &[("PORT", "0")]].concat());
            assert_eq!(status.code(), Some(2), "{settings:?}");
        }
        !refused
    };
    let everywhere = ("HOST", "0.0.0.0");
    assert!(!check(&[everywhere]));
    assert!(!check(&[("HOST", "::")]));
    assert!(!check(&[everywhere, ("MODELPORT_ALLOW_OPEN", "false")]));
    assert!(check(&[everywhere, ("MODELPORT_ALLOW_OPEN", "true")]));
    assert!(check(&[everywhere, KEYS]));
    assert!(check(&[("HOST", "localhost")]));
    assert!(check(&[("HOST", "::1")]));

    let open = [
        everywhere,
        ("MODELPORT_ALLOW_OPEN", "true"),
        ("OLLAMA_BASE_URL", NOBODY),
    ];
    let gateway = Gateway::start(&open);
    assert!(
        gateway.wait_for_output("Everybody who reaches 0.0.0.0 may call"),
        "{}",
        gateway.output()
    );
}
