//! What is known of an Ollama's models.

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{MODELS, gateway, options, pair};
use crate::support::{Upstream, gateway::run};

/// How often each path was asked for.
fn asked(upstream: &Upstream, path: &str) -> usize {
    let all = upstream.requests();
    all.iter().filter(|seen| seen.path == path).count()
}

fn supports(model: &Value, capability: &str) -> Value {
    model["capabilities"][capability]["supported"].clone()
}

#[test]
fn a_model_tells_its_context_and_whether_it_is_loaded() {
    let (_upstream, gateway) = pair(&[]);
    let loaded = gateway.model(MODELS[0]);
    assert_eq!(loaded["loaded"], true, "{loaded}");
    assert_eq!(loaded["context_length"], 4096);
    assert_eq!(loaded["loaded_context_length"], 4096);
    assert_eq!(loaded["trained_context_length"], 131_072);
    assert_eq!(loaded["default_context_length"], 8192);
    assert!(loaded["expires_at"].is_u64() && loaded["size_vram"].is_u64());
    let other = gateway.model(MODELS[2]);
    assert_eq!(other["loaded"], false);
    assert_eq!(other["context_length"], 131_072);
    assert_eq!(other["loaded_context_length"], Value::Null);
    assert_eq!(gateway.provider("ollama")["chat_path"], "/api/chat");
}

#[test]
fn an_older_server_is_asked_about_each_model_once() {
    let upstream = Upstream::with(Options {
        bare_tags: true,
        ..options()
    });
    let gateway = gateway(&upstream, &[]);
    for (model, tools, vision, thinking, embeddings) in [
        (MODELS[0], true, false, false, false),
        (MODELS[1], true, false, true, false),
        (MODELS[2], true, true, false, false),
        (MODELS[3], false, false, false, true),
    ] {
        let model = gateway.model(model);
        assert_eq!(supports(&model, "tools"), tools, "{model}");
        assert_eq!(supports(&model, "vision"), vision, "{model}");
        assert_eq!(supports(&model, "reasoning"), thinking, "{model}");
        assert_eq!(supports(&model, "embeddings"), embeddings, "{model}");
        assert_eq!(model["capabilities"]["tools"]["source"], "listing");
        assert_eq!(model["trained_context_length"], 131_072);
    }
    let embedding = gateway.model(MODELS[3]);
    assert_ne!(supports(&embedding, "json_schema"), true, "{embedding}");
    assert_eq!(asked(&upstream, "/api/show"), MODELS.len());
    gateway.refresh();
    assert_eq!(asked(&upstream, "/api/tags"), 2);
    assert_eq!(asked(&upstream, "/api/ps"), 2);
    assert_eq!(
        asked(&upstream, "/api/show"),
        MODELS.len(),
        "nothing is new"
    );
}

#[test]
fn check_says_which_api_chats_use() {
    for (value, shown) in [
        ("native", "chats           /api/chat, translated"),
        (
            "openai",
            "chats           /v1/chat/completions, passed through",
        ),
    ] {
        let (status, text) = run(&["check"], &[("OLLAMA_SETTINGS_CHAT_API", value)]);
        assert!(status.success() && text.contains(shown), "{text}");
    }
    let wrong = [
        ("OLLAMA_SETTINGS_CHAT_API", "auto"),
        ("OLLAMA_SETTINGS_KEEP_ALIVE", "soon"),
    ];
    let (status, text) = run(&["check"], &wrong);
    assert!(!status.success());
    assert!(text.contains("neither native nor openai"), "{text}");
    assert!(text.contains("neither a duration nor seconds"), "{text}");
    assert_eq!(json!(text.matches("OLLAMA_SETTINGS_").count()), json!(2));
}
