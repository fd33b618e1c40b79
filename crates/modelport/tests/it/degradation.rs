//! With nobody there, the gateway starts, lists, tells how it is, and refuses completions clearly.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Gateway, NOBODY, views::refusal};

/// The most that anything but a completion may take when nobody is there.
const SOON: Duration = Duration::from_secs(2);

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    assert!(
        started.elapsed() < SOON,
        "{what} took {:?}",
        started.elapsed()
    );
    result
}

fn names(gateway: &Gateway) -> Vec<(String, String)> {
    let list = soon("the providers", || gateway.get("/v1/providers").json());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let providers = list["data"].as_array().unwrap().iter();
    providers
        .map(|provider| (text(&provider["id"]), text(&provider["name"])))
        .collect()
}

fn expected() -> [(String, String); 2] {
    [("openai_compatible", "OpenRouter"), ("ollama", "Ollama")]
        .map(|(id, name)| (id.to_owned(), name.to_owned()))
}

/// This one may look for OpenRouter's host, with a key that is none; it completes nothing there.
#[test]
fn the_older_key_alone_gives_openrouter_and_its_known_models() {
    let gateway = soon("the start", || {
        Gateway::start(&[
            ("OPENROUTER_API_KEY", "no-key"),
            ("OLLAMA_BASE_URL", NOBODY),
        ])
    });
    let models = soon("the models", || gateway.models());
    assert_eq!(names(&gateway), expected());
    assert!(models.len() > 100, "{}", models.len());
    for model in &models {
        let found = model["age_seconds"].is_u64();
        let source = if found { "discovered" } else { "fallback" };
        assert_eq!(model["source"], source, "{model}");
    }
    let model = gateway.model("anthropic/claude-3.5-sonnet");
    assert_eq!(model["providers"][0], "openai_compatible");
    let priced = models
        .iter()
        .filter(|model| model["pricing"]["prompt"].is_string())
        .count();
    assert!(priced > 100, "{priced}");
    assert_eq!(soon("health", || gateway.get("/health")).status, 200);
}

#[test]
fn with_nobody_there_everything_but_completions_is_answered() {
    let gateway = soon("the start", || {
        Gateway::start(&[
            ("OPENROUTER_API_KEY", "no-key"),
            ("OPENROUTER_BASE_URL", NOBODY),
            ("OPENROUTER_MAX_RETRIES", "0"),
            ("OLLAMA_MAX_RETRIES", "0"),
            ("PREFERRED_PROVIDER", "openrouter"),
            ("OLLAMA_BASE_URL", NOBODY),
        ])
    });
    assert_eq!(names(&gateway), expected());
    gateway.wait_for_list("openai_compatible");
    gateway.wait_for_list("ollama");
    let models = soon("the models", || gateway.models());
    assert_eq!(models[0]["id"], "anthropic/claude-3.5-sonnet");
    assert!(models.len() > 10, "{}", models.len());
    for model in &models {
        let known = model["providers"][0] == "ollama";
        let source = if known { "fallback" } else { "configured" };
        assert_eq!(model["source"], source, "{model}");
    }
    for path in [
        "/health",
        "/health/live",
        "/health/ready",
        "/v1/providers/openrouter/health",
        "/v1/models?refresh=true",
    ] {
        assert_eq!(soon(path, || gateway.get(path)).status, 200, "{path}");
    }
    for model in [
        "anthropic/claude-3.5-sonnet",
        "openrouter:any",
        "unheard-of",
    ] {
        let answer = soon(model, || gateway.chat_with(model));
        let message = refusal(&answer, 502, "upstream_unreachable");
        assert!(
            message.contains("OpenRouter could not be reached"),
            "{message}"
        );
        assert!(message.contains("Check OPENROUTER_BASE_URL"), "{message}");
    }
    let message = refusal(
        &gateway.chat_with("ollama:llama3"),
        502,
        "upstream_unreachable",
    );
    assert!(message.contains("Ollama could not be reached"), "{message}");
}
