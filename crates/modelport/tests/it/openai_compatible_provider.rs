//! The generic provider from the environment alone: names, keys, headers, further instances.

use modelport_sim::Options;
use serde_json::json;

use crate::support::{Gateway, NOBODY, Upstream, gateway::run};

#[test]
fn the_name_comes_from_the_host() {
    let check = |url: &str, name: &str| {
        let settings = [
            ("OPENAI_COMPATIBLE_BASE_URL", url),
            ("OPENAI_COMPATIBLE_API_KEY", "sk"),
        ];
        let (status, text) = run(&["check"], &settings);
        assert!(status.success(), "{url}: {text}");
        let line = format!("Provider openai_compatible (also openrouter): {name}, preferred");
        assert!(text.lines().any(|found| found == line), "{url}: {text}");
    };
    check("https://openrouter.ai/api/v1", "OpenRouter");
    check("https://API.OpenAI.com/v1/", "OpenAI");
    check("https://api.together.xyz", "Together AI");
    check("https://api.together.ai/v1", "Together AI");
    check("https://mine.openai.azure.com", "Azure OpenAI");
    check("https://notopenrouter.ai.evil.test/v1", "OpenAI Compatible");
    check(
        "https://proxy.test/openrouter.ai?x=api.openai.com",
        "OpenAI Compatible",
    );
}

#[test]
fn the_key_and_the_headers_go_with_every_call() {
    let upstream = Upstream::start();
    let check = |settings: &[(&str, &str)], name: &str, value: Option<&str>| {
        let gateway = Gateway::informed(&upstream.base_url(), settings);
        let before = upstream.requests().len();
        gateway.refresh();
        assert_eq!(gateway.chat_with("sim-fast").status, 200);
        let seen = upstream.requests();
        assert!(seen.len() >= before + 2);
        for seen in &seen[before..] {
            assert_eq!(seen.header(name), value, "{settings:?}: {}", seen.path);
        }
    };
    let headers = |json: &'static str| ("OPENAI_COMPATIBLE_CUSTOM_HEADERS", json);
    check(&[], "authorization", Some("Bearer sk-upstream-secret"));
    check(&[("OPENAI_COMPATIBLE_API_KEY", "")], "authorization", None);
    check(
        &[headers(r#"{"X-Title": "mine"}"#)],
        "x-title",
        Some("mine"),
    );
    check(
        &[headers(r#"{"authorization": "Token t"}"#)],
        "authorization",
        Some("Token t"),
    );
    check(&[headers(r#"{"Api-Key": "t"}"#)], "authorization", None);
    check(&[headers(r#"{"Api-Key": "t"}"#)], "api-key", Some("t"));
}

#[test]
fn a_server_that_wants_no_key_gets_none_and_one_that_does_is_satisfied() {
    let locked = Upstream::with(Options {
        api_key: Some("the-key".to_owned()),
        ..Options::default()
    });
    let url = locked.base_url();
    let gateway = Gateway::informed(&url, &[("OPENAI_COMPATIBLE_API_KEY", "the-key")]);
    assert_eq!(gateway.chat_with("sim-fast").status, 200);
    let gateway = Gateway::informed(&url, &[]);
    let answer = gateway.chat_with("sim-fast");
    assert_eq!(answer.status, 502, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "upstream_credential");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("OPENAI_COMPATIBLE_API_KEY"),
        "{error}"
    );
}

#[test]
fn the_base_url_is_taken_in_any_usual_form() {
    let upstream = Upstream::start();
    let root = upstream.root_url();
    for form in ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/models"] {
        let gateway = Gateway::informed(&format!("{root}{form}"), &[]);
        assert_eq!(gateway.ids().len(), 4, "{form}");
        assert_eq!(gateway.chat_with("sim-fast").status, 200, "{form}");
        assert_eq!(
            upstream.completions().last().unwrap().path,
            "/v1/chat/completions",
            "{form}"
        );
    }
}

#[test]
fn suffixes_give_further_instances_that_are_asked_by_their_ids() {
    let (first, second) = (Upstream::serving(&["a"]), Upstream::serving(&["a", "b"]));
    let url = second.base_url();
    let gateway = Gateway::informed(
        &first.base_url(),
        &[
            ("OPENAI_COMPATIBLE_2_BASE_URL", &url),
            ("OPENAI_COMPATIBLE_2_API_KEY", "second-key"),
            ("OPENAI_COMPATIBLE_2_PROVIDER_NAME", "Second"),
        ],
    );
    gateway.wait_for_list("openai_compatible_2");
    assert_eq!(gateway.provider("openai_compatible_2")["name"], "Second");
    assert_eq!(
        gateway.model("a")["providers"],
        json!(["openai_compatible", "openai_compatible_2"])
    );
    for (requested, provider) in [
        ("a", "openai_compatible"),
        ("b", "openai_compatible_2"),
        ("openai_compatible_2:a", "openai_compatible_2"),
    ] {
        let answer = gateway.chat_with(requested);
        assert_eq!(
            answer.header("x-modelport-provider"),
            Some(provider),
            "{requested}"
        );
    }
    let seen = second.completions();
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization") == Some("Bearer second-key"))
    );
}

#[test]
fn variables_are_read_in_any_letter_case_and_empty_ones_are_unset() {
    let gateway = Gateway::start(&[
        ("openai_compatible_base_url", NOBODY),
        ("OpenAI_Compatible_Provider_Name", "Any Case"),
        ("OPENAI_COMPATIBLE_TIMEOUT", ""),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "  "),
        ("OLLAMA_ENABLED", "NO"),
    ]);
    let provider = gateway.provider("openai_compatible");
    assert_eq!(provider["name"], "Any Case");
    assert_eq!(
        (&provider["timeout_seconds"], &provider["max_retries"]),
        (&json!(30.0), &json!(3))
    );
    assert_eq!(gateway.provider("ollama")["enabled"], false);
}
