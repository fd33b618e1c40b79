//! `GET /v1/providers`, `/v1/providers/{id}` and `/v1/providers/{id}/health`.

use modelport_sim::{ListingShape, Options};
use serde_json::{Value, json};

use crate::support::{Gateway, NOBODY, Upstream, views::refusal};

const NO_RETRIES: (&str, &str) = ("OPENAI_COMPATIBLE_MAX_RETRIES", "0");

#[test]
fn both_types_are_listed_enabled_or_not() {
    let upstream = Upstream::start();
    let check = |settings: &[(&str, &str)], enabled: [bool; 2], preferred: [bool; 2]| {
        let url = upstream.base_url();
        let base = [
            ("OPENAI_COMPATIBLE_BASE_URL", url.as_str()),
            ("OPENAI_COMPATIBLE_API_KEY", "sk"),
            ("OLLAMA_BASE_URL", NOBODY),
        ];
        let gateway = Gateway::start(&[&base[..], settings].concat());
        let list = gateway.get("/v1/providers").json();
        assert_eq!(list["object"], "list");
        let field = |name: &str| -> Vec<Value> {
            list["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|provider| provider[name].clone())
                .collect()
        };
        assert_eq!(field("id"), ["openai_compatible", "ollama"]);
        assert_eq!(field("type"), ["openai_compatible", "ollama"]);
        assert_eq!(field("name"), ["OpenAI Compatible", "Ollama"]);
        assert_eq!(field("enabled"), enabled, "{settings:?}");
        assert_eq!(field("preferred"), preferred, "{settings:?}");
        for (health, enabled) in field("health").iter().zip(enabled) {
            assert_eq!(
                health["state"] == "disabled",
                !enabled,
                "{settings:?}: {health}"
            );
        }
    };
    check(&[], [true, true], [true, false]);
    check(&[("OLLAMA_ENABLED", "false")], [true, false], [true, false]);
    check(
        &[("OPENAI_COMPATIBLE_ENABLED", "off")],
        [false, true],
        [false, true],
    );
    check(
        &[("PREFERRED_PROVIDER", "ollama")],
        [true, true],
        [false, true],
    );
    check(
        &[("PREFERRED_PROVIDER", "openrouter")],
        [true, true],
        [true, false],
    );
}

#[test]
fn a_provider_is_described_without_its_credentials() {
    let upstream = Upstream::start();
    let url = format!(
        "{}?api-version=2026-01-01&key=hush-query",
        upstream.base_url()
    );
    let gateway = Gateway::informed(
        &url,
        &[
            ("OPENAI_COMPATIBLE_API_KEY", "hush-key"),
            (
                "OPENAI_COMPATIBLE_CUSTOM_HEADERS",
                r#"{"X-Extra": "hush-header"}"#,
            ),
            ("OPENAI_COMPATIBLE_PROVIDER_NAME", "Mine"),
            ("OPENAI_COMPATIBLE_DEFAULT_MODEL", "sim-smart"),
            ("OPENAI_COMPATIBLE_TIMEOUT", "2.5"),
            ("OPENAI_COMPATIBLE_MAX_RETRIES", "1"),
        ],
    );
    let answer = gateway.get("/v1/providers/openai_compatible");
    assert!(!answer.text().contains("hush"), "{}", answer.text());
    let provider = answer.json();
    let base_url = format!("{}?api-version=2026-01-01&key=***", upstream.base_url());
    for (pointer, expected) in [
        ("/id", json!("openai_compatible")),
        ("/object", json!("provider")),
        ("/type", json!("openai_compatible")),
        ("/name", json!("Mine")),
        ("/aliases", json!(["openrouter"])),
        ("/configured", json!(true)),
        ("/base_url", json!(base_url)),
        ("/has_key", json!(true)),
        ("/default_model", json!("sim-smart")),
        ("/timeout_seconds", json!(2.5)),
        ("/max_retries", json!(1)),
        ("/models/count", json!(4)),
        ("/models/source", json!("discovered")),
        ("/models/problem", Value::Null),
        ("/health/state", json!("healthy")),
    ] {
        assert_eq!(
            provider.pointer(pointer),
            Some(&expected),
            "{pointer} of {provider}"
        );
    }
    assert!(provider["models"]["fetched_at"].is_u64(), "{provider}");
    assert!(provider["models"]["age_seconds"].is_u64(), "{provider}");
}

#[test]
fn a_provider_goes_by_its_id_and_its_aliases() {
    let gateway = Gateway::informed(NOBODY, &[]);
    for id in ["openai_compatible", "openrouter", "openai%5Fcompatible"] {
        assert_eq!(gateway.provider(id)["id"], "openai_compatible", "{id}");
        let health = gateway.get(&format!("/v1/providers/{id}/health")).json();
        assert_eq!(health["id"], "openai_compatible", "{id}");
    }
    for path in ["vllm", "OLLAMA", "vllm/health", "%00", "ollama%2Fhealth"] {
        let answer = gateway.get(&format!("/v1/providers/{path}"));
        let message = refusal(&answer, 404, "provider_not_found");
        assert!(message.contains("openai_compatible, ollama"), "{message}");
    }
}

#[test]
fn health_says_what_to_do_about_it() {
    let check = |base_url: &str, settings: &[(&str, &str)], state: &str, reason: &str| {
        let gateway = Gateway::informed(base_url, settings);
        let (found, said) = gateway.health_of("openai_compatible");
        assert_eq!(found, state, "{said}");
        assert!(said.contains(reason), "{reason:?} is not in {said:?}");
    };
    let healthy = Upstream::start();
    check(&healthy.base_url(), &[], "healthy", "listing answers");
    check(NOBODY, &[], "unhealthy", "Connection refused");
    let locked = Upstream::with(Options {
        api_key: Some("another-key".to_owned()),
        ..Options::default()
    });
    let reason = "401 from /v1/models: check OPENAI_COMPATIBLE_API_KEY";
    check(&locked.base_url(), &[], "unhealthy", reason);
    let limited = Upstream::listing(ListingShape::Status(429));
    check(&limited.base_url(), &[], "degraded", "429 from /v1/models");
    let down = Upstream::listing(ListingShape::Status(503));
    check(&down.base_url(), &[], "unhealthy", "503 from /v1/models");
    let unlisted = Upstream::listing(ListingShape::Status(404));
    check(
        &unlisted.base_url(),
        &[],
        "healthy",
        "reachable, but 404 from /v1/models",
    );
    let hanging = Upstream::listing(ListingShape::Hang);
    let impatient = ("OPENAI_COMPATIBLE_TIMEOUT", "0.5");
    check(
        &hanging.base_url(),
        &[impatient],
        "unhealthy",
        "no answer began within 0.5 s",
    );
}

#[test]
fn what_was_never_asked_is_unknown_and_what_is_off_is_disabled() {
    let hanging = Upstream::listing(ListingShape::Hang);
    let gateway = Gateway::before(&hanging.base_url(), &[]);
    assert_eq!(gateway.health_of("openai_compatible").0, "unknown");
    let nothing_set = Gateway::start(&[("OLLAMA_BASE_URL", NOBODY)]);
    let (state, reason) = nothing_set.health_of("openai_compatible");
    assert_eq!(
        (state.as_str(), reason.as_str()),
        ("unknown", "it is not set up: set OPENAI_COMPATIBLE_API_KEY")
    );
    let (state, reason) = gateway.health_of("ollama");
    assert_eq!(
        (state.as_str(), reason.contains("switched off")),
        ("disabled", true),
        "{reason}"
    );
    let health = gateway.get("/v1/providers/ollama/health").json();
    assert_eq!(
        (&health["state"], &health["checked_at"]),
        (&json!("disabled"), &Value::Null)
    );
}

#[test]
fn real_traffic_counts() {
    let upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[NO_RETRIES]);
    let check = |fault: Option<&str>, state: &str, reason: &str| {
        upstream.set_fault(fault);
        gateway.chat_with("sim-fast");
        let (found, said) = gateway.health_of("openai_compatible");
        assert_eq!(found, state, "{fault:?}: {said}");
        assert!(said.contains(reason), "{fault:?}: {said}");
    };
    check(None, "healthy", "answers");
    check(Some("status-400"), "healthy", "answers");
    check(Some("status-429"), "degraded", "");
    check(None, "degraded", "it answers again, but lately:");
    check(Some("status-500"), "degraded", "");
    check(Some("status-500"), "degraded", "");
    check(Some("status-500"), "unhealthy", "");
    check(None, "degraded", "it answers again, but lately:");
    check(
        Some("status-401"),
        "unhealthy",
        "check OPENAI_COMPATIBLE_API_KEY",
    );
    check(None, "degraded", "it answers again, but lately:");
}

#[test]
fn a_chat_alone_shows_that_a_provider_is_down() {
    let mut upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[NO_RETRIES]);
    assert_eq!(gateway.health_of("openai_compatible").0, "healthy");
    upstream.stop();
    for _ in 0..3 {
        assert_eq!(gateway.chat_with("sim-fast").status, 502);
    }
    let (state, reason) = gateway.health_of("openai_compatible");
    assert_eq!(
        (
            state.as_str(),
            reason.contains("no connection to http://127.0.0.1")
        ),
        ("unhealthy", true),
        "{reason}"
    );
}

#[test]
fn the_health_of_one_provider_is_probed_when_nothing_is_known() {
    let upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    let answer = gateway.get("/v1/providers/openai_compatible/health");
    assert_eq!(answer.status, 200);
    let health = answer.json();
    assert_eq!(health["object"], "provider.health");
    assert_eq!(health["state"], "healthy");
    assert!(
        health["checked_at"].as_u64().unwrap() > 1_700_000_000,
        "{health}"
    );
    assert!(health["latency_ms"].as_f64().unwrap() > 0.0, "{health}");

    let hanging = Upstream::listing(ListingShape::Hang);
    let gateway = Gateway::before(&hanging.base_url(), &[("OPENAI_COMPATIBLE_TIMEOUT", "0.5")]);
    let health = gateway.get("/v1/providers/openai_compatible/health").json();
    assert_eq!(health["state"], "unhealthy", "{health}");
    assert!(health["checked_at"].is_u64(), "{health}");
}
