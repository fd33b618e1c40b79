//! What named OpenRouter before still works: the older variables, the alias, the prefix.

use serde_json::json;

use crate::support::{Gateway, NOBODY, Upstream, gateway::run};

const OLDER_KEY: (&str, &str) = ("OPENROUTER_API_KEY", "older-key");
const NO_OLLAMA: (&str, &str) = ("OLLAMA_ENABLED", "false");

#[test]
fn the_older_variables_alone_configure_the_generic_provider() {
    let upstream = Upstream::start();
    let url = upstream.base_url();
    let gateway = Gateway::start(&[
        OLDER_KEY,
        NO_OLLAMA,
        ("OPENROUTER_BASE_URL", &url),
        ("OPENROUTER_DEFAULT_MODEL", "sim-smart"),
        ("OPENROUTER_TIMEOUT", "7"),
        ("OPENROUTER_MAX_RETRIES", "2"),
        ("OPENROUTER_CUSTOM_HEADERS", r#"{"X-Title": "older"}"#),
    ]);
    gateway.wait_for_list("openrouter");
    let provider = gateway.provider("openrouter");
    for (name, expected) in [
        ("id", json!("openai_compatible")),
        ("type", json!("openai_compatible")),
        ("name", json!("OpenRouter")),
        ("aliases", json!(["openrouter"])),
        ("base_url", json!(url)),
        ("default_model", json!("sim-smart")),
        ("timeout_seconds", json!(7.0)),
        ("max_retries", json!(2)),
        ("preferred", json!(true)),
    ] {
        assert_eq!(provider[name], expected, "{name}");
    }
    let answer = gateway.chat(&json!({"messages": []}));
    assert_eq!(answer.header("x-modelport-model"), Some("sim-smart"));
    assert_eq!(
        gateway.chat_with("openrouter:vendor/sim-large:free").status,
        200
    );
    for seen in upstream.requests() {
        assert_eq!(
            seen.header("authorization"),
            Some("Bearer older-key"),
            "{}",
            seen.path
        );
        assert_eq!(seen.header("x-title"), Some("older"), "{}", seen.path);
    }
}

#[test]
fn the_older_key_without_a_base_url_is_openrouters() {
    let (status, text) = run(&["check"], &[OLDER_KEY]);
    assert!(status.success(), "{text}");
    assert!(text.contains("https://openrouter.ai/api/v1"), "{text}");
    assert!(
        text.contains("openai_compatible (also openrouter): OpenRouter"),
        "{text}"
    );
    assert!(
        text.contains("OPENROUTER_API_KEY") && !text.contains("older-key"),
        "{text}"
    );
}

#[test]
fn the_alias_is_preferred_by_its_older_name() {
    let gateway = Gateway::start(&[
        OLDER_KEY,
        ("OPENROUTER_BASE_URL", NOBODY),
        ("OLLAMA_BASE_URL", NOBODY),
        ("PREFERRED_PROVIDER", "openrouter"),
    ]);
    assert_eq!(gateway.provider("openai_compatible")["preferred"], true);
    assert_eq!(gateway.provider("ollama")["preferred"], false);
}

#[test]
fn both_groups_at_one_place_are_one_provider_and_the_new_one_wins() {
    let upstream = Upstream::start();
    let url = upstream.base_url();
    let gateway = Gateway::informed(&url, &[OLDER_KEY, ("OPENROUTER_BASE_URL", &url)]);
    let list = gateway.get("/v1/providers").json();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(gateway.chat_with("openrouter:sim-fast").status, 200);
    let seen = upstream.completions();
    assert_eq!(
        seen[0].header("authorization"),
        Some("Bearer sk-upstream-secret")
    );
    assert!(
        gateway.wait_for_output("OPENROUTER_API_KEY"),
        "{}",
        gateway.output()
    );
    assert!(!gateway.output().contains("older-key"));
}

#[test]
fn both_groups_at_two_places_are_two_providers_with_a_key_each() {
    let (new, older) = (
        Upstream::serving(&["new-model"]),
        Upstream::serving(&["older-model"]),
    );
    let url = older.base_url();
    let gateway = Gateway::informed(&new.base_url(), &[OLDER_KEY, ("OPENROUTER_BASE_URL", &url)]);
    gateway.wait_for_list("openrouter");
    for (requested, provider) in [
        ("new-model", "openai_compatible"),
        ("older-model", "openrouter"),
        ("openrouter:new-model", "openrouter"),
        ("openai_compatible:older-model", "openai_compatible"),
        ("unknown", "openai_compatible"),
    ] {
        let answer = gateway.chat_with(requested);
        assert_eq!(
            answer.header("x-modelport-provider"),
            Some(provider),
            "{requested}"
        );
    }
    let keys = |upstream: &Upstream, key: &str| {
        let seen = upstream.requests();
        assert!(seen.len() > 2);
        assert!(
            seen.iter()
                .all(|seen| seen.header("authorization") == Some(key))
        );
    };
    keys(&new, "Bearer sk-upstream-secret");
    keys(&older, "Bearer older-key");
}

#[test]
fn an_older_key_never_goes_to_a_host_it_was_not_given_for() {
    let elsewhere = ("OPENAI_COMPATIBLE_BASE_URL", "https://elsewhere.test/v1");
    let (status, text) = run(&["serve"], &[OLDER_KEY, elsewhere, ("PORT", "0")]);
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains("OPENROUTER_API_KEY"), "{text}");
    assert!(text.contains("OPENAI_COMPATIBLE_BASE_URL"), "{text}");
    assert!(!text.contains("older-key"), "{text}");
    let same = (
        "OPENAI_COMPATIBLE_BASE_URL",
        "https://openrouter.ai/api/v1/",
    );
    let (status, text) = run(&["check"], &[OLDER_KEY, same]);
    assert!(status.success(), "{text}");
}
