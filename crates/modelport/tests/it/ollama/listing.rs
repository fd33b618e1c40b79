//! What is known of an Ollama's models.

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{MODELS, gateway, options, pair};
use crate::support::{Gateway, Pages, Upstream, gateway::run};

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
fn a_server_that_has_only_the_openai_layer_is_chatted_with_there() {
    let list = json!({"object": "list", "data": [{"id": "qwen3:4b"}]});
    let message = json!({"role": "assistant", "content": "hi"});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let completion = json!({"object": "chat.completion", "choices": [choice]});
    let upstream = Pages::start(move |path| match path {
        "/v1/models" => Some(list.clone()),
        "/v1/chat/completions" => Some(completion.clone()),
        _ => None,
    });
    let root = upstream.base_url().replace("/v1", "");
    let gateway = Gateway::start(&[
        ("OPENAI_COMPATIBLE_ENABLED", "false"),
        ("OLLAMA_BASE_URL", &root),
    ]);
    gateway.wait_for_list("ollama");
    let answer = gateway.chat_with("qwen3:4b");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        gateway.provider("ollama")["chat_path"],
        "/v1/chat/completions"
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
