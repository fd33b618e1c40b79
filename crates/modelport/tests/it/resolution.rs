//! From the `model` of a request to the provider that gets it, through the whole process.

use serde_json::json;

use crate::support::{Gateway, Pages, Response, Upstream, views::refusal};

struct Stage {
    generic: Upstream,
    ollama: Upstream,
    gateway: Gateway,
}

fn stage(settings: &[(&str, &str)]) -> Stage {
    let generic = Upstream::serving(&["sim-fast", "vendor/large:free", "shared", "openrouter:odd"]);
    let ollama = Upstream::serving(&["llama3.1:8b", "shared", "tagged:latest"]);
    let gateway = Gateway::before_both(&generic, &ollama, settings);
    Stage {
        generic,
        ollama,
        gateway,
    }
}

impl Stage {
    /// Where an answered request went, by what the headers say and by what arrived there.
    fn check(&self, answer: &Response, provider: &str, model: &str) {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(
            answer.header("x-modelport-provider"),
            Some(provider),
            "{model}"
        );
        assert_eq!(answer.header("x-modelport-model"), Some(model));
        let upstream = if provider == "ollama" {
            &self.ollama
        } else {
            &self.generic
        };
        let arrived = upstream.completions();
        let body: serde_json::Value =
            serde_json::from_slice(&arrived.last().unwrap().body).unwrap();
        assert_eq!(body["model"], model);
    }

    fn goes(&self, requested: &str, provider: &str, model: &str) {
        self.check(&self.gateway.chat_with(requested), provider, model);
    }
}

#[test]
fn models_mean_what_they_look_like() {
    let stage = stage(&[]);
    for (requested, provider, model) in [
        // Named by a prefix, whatever the lists say.
        (
            "openai_compatible:sim-fast",
            "openai_compatible",
            "sim-fast",
        ),
        (
            "openrouter:vendor/large:free",
            "openai_compatible",
            "vendor/large:free",
        ),
        ("ollama:sim-fast", "ollama", "sim-fast"),
        ("ollama:llama3.1:8b", "ollama", "llama3.1:8b"),
        ("openrouter:odd", "openai_compatible", "odd"),
        (
            "openai_compatible:openrouter:odd",
            "openai_compatible",
            "openrouter:odd",
        ),
        (
            "openai_compatible:ollama:x",
            "openai_compatible",
            "ollama:x",
        ),
        // Listed by one, by both, in another spelling.
        ("sim-fast", "openai_compatible", "sim-fast"),
        (
            "vendor/large:free",
            "openai_compatible",
            "vendor/large:free",
        ),
        ("llama3.1:8b", "ollama", "llama3.1:8b"),
        ("shared", "openai_compatible", "shared"),
        ("tagged", "ollama", "tagged"),
        // Nobody's: the preferred provider gets them as they are.
        ("unknown", "openai_compatible", "unknown"),
        ("nobody:x", "openai_compatible", "nobody:x"),
        (
            "openai_compatible/x",
            "openai_compatible",
            "openai_compatible/x",
        ),
        ("OLLAMA:x", "openai_compatible", "OLLAMA:x"),
        ("ollama:", "openai_compatible", "ollama:"),
        (":ollama", "openai_compatible", ":ollama"),
        (
            "deepseek/deepseek-r1:free",
            "openai_compatible",
            "deepseek/deepseek-r1:free",
        ),
    ] {
        stage.goes(requested, provider, model);
    }
}

#[test]
fn a_request_without_a_model_gets_the_default_one() {
    let stage = stage(&[("OPENAI_COMPATIBLE_DEFAULT_MODEL", "sim-fast")]);
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let answer = stage.gateway.chat(&json!({"messages": messages}));
    stage.check(&answer, "openai_compatible", "sim-fast");
    let answer = stage
        .gateway
        .chat(&json!({"model": null, "messages": messages}));
    stage.check(&answer, "openai_compatible", "sim-fast");
    assert_eq!(stage.ollama.completions().len(), 0);
}

#[test]
fn the_preferred_provider_comes_first() {
    let stage = stage(&[
        ("PREFERRED_PROVIDER", "ollama"),
        ("OLLAMA_DEFAULT_MODEL", "llama3.1:8b"),
    ]);
    stage.goes("shared", "ollama", "shared");
    stage.goes("unknown", "ollama", "unknown");
    stage.goes("sim-fast", "openai_compatible", "sim-fast");
    let answer = stage.gateway.chat(&json!({"messages": []}));
    stage.check(&answer, "ollama", "llama3.1:8b");
}

#[test]
fn what_cannot_be_resolved_is_told() {
    let upstream = Upstream::start();
    let url = upstream.root_url();
    let gateway = Gateway::start(&[
        ("OPENAI_COMPATIBLE_ENABLED", "false"),
        ("OLLAMA_BASE_URL", &url),
    ]);
    let message = refusal(
        &gateway.chat_with("openai_compatible:x"),
        404,
        "model_not_found",
    );
    assert!(
        message.contains("openai_compatible") && message.contains("disabled"),
        "{message}"
    );
    let message = refusal(
        &gateway.chat(&json!({"messages": []})),
        400,
        "invalid_model",
    );
    assert!(message.contains("ollama"), "{message}");
    assert!(upstream.completions().is_empty());
    gateway.wait_for_list("ollama");
    assert_eq!(gateway.ids().len(), 4);
}

#[test]
fn a_stream_says_where_it_went_too() {
    let stage = stage(&[]);
    let answer = stage
        .gateway
        .chat(&json!({"model": "llama3.1:8b", "stream": true, "messages": []}));
    stage.check(&answer, "ollama", "llama3.1:8b");
}

#[test]
fn the_other_names_that_a_provider_lists_lead_to_it() {
    let lister = Pages::start(|path| {
        let models = json!([{"id": "big-2", "aliases": ["big-latest", "sim-fast"]}]);
        (path == "/v1/models").then(|| json!({"data": models}))
    });
    let (url, generic) = (lister.base_url(), Upstream::serving(&["sim-fast", "big-2"]));
    let gateway = Gateway::informed(
        &generic.base_url(),
        &[
            ("OPENAI_COMPATIBLE_2_BASE_URL", &url),
            ("OPENAI_COMPATIBLE_2_MAX_RETRIES", "0"),
        ],
    );
    gateway.wait_for_list("openai_compatible_2");
    let went = |model: &str| {
        let answer = gateway.chat_with(model);
        answer
            .header("x-modelport-provider")
            .unwrap_or_default()
            .to_owned()
    };
    // The second provider has no completions: what it answers is its own 404.
    assert_eq!(went("big-2"), "openai_compatible");
    assert_eq!(went("sim-fast"), "openai_compatible");
    assert_eq!(
        gateway.get("/v1/models/big-latest").json(),
        gateway.model("big-2")
    );
    gateway.chat_with("big-latest");
    assert!(
        lister.asked().contains(&"/v1/chat/completions".to_owned()),
        "{:?}",
        lister.asked()
    );
}

#[test]
fn a_listed_model_falls_over_to_its_other_provider_unless_told_not_to() {
    let retries = ("OPENAI_COMPATIBLE_MAX_RETRIES", "0");
    let broken = stage(&[retries]);
    broken.generic.set_fault(Some("status-503"));
    broken.goes("shared", "ollama", "shared");
    assert_eq!(
        broken.gateway.chat_with("openai_compatible:shared").status,
        503
    );
    assert_eq!(broken.gateway.chat_with("sim-fast").status, 503);

    let broken = stage(&[retries, ("ENABLE_PROVIDER_FALLBACK", "false")]);
    broken.generic.set_fault(Some("status-503"));
    assert_eq!(broken.gateway.chat_with("shared").status, 503);
    assert!(broken.ollama.completions().is_empty());
}

#[test]
fn a_failure_says_where_the_request_went() {
    let stage = stage(&[("OPENAI_COMPATIBLE_MAX_RETRIES", "0")]);
    for model in ["fault/status-401", "fault/reset", "fault/status-400"] {
        let requested = format!("openai_compatible:{model}");
        let answer = stage.gateway.chat_with(&requested);
        assert!(answer.status >= 400, "{}", answer.text());
        let provider = answer.header("x-modelport-provider");
        assert_eq!(provider, Some("openai_compatible"), "{model}");
        assert_eq!(answer.header("x-modelport-model"), Some(model));
    }
}
