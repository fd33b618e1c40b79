//! What real traffic teaches about the models, as `GET /v1/models` tells it.

use modelport_sim::Options;
use serde_json::json;

use crate::support::{Gateway, Scripted, Upstream};

#[test]
fn a_refused_field_is_remembered_until_it_is_taken() {
    let upstream = Upstream::with(Options {
        refuse: vec!["tools".to_owned()],
        ..Options::default()
    });
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    gateway.refresh();
    let with_tools = json!({
        "model": "sim-smart",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    });
    assert!(gateway.model("sim-smart")["refused_parameters"].is_null());
    assert_eq!(gateway.chat(&with_tools).status, 400);
    let model = gateway.model("sim-smart");
    let tools = &model["capabilities"]["tools"];
    assert_eq!(tools["supported"], false, "{model}");
    assert_eq!(tools["source"], "observed");
    assert!(tools["age_seconds"].as_u64().is_some_and(|age| age < 60));
    assert_eq!(model["refused_parameters"], json!(["tools"]));
    // Another model of the same provider is not suspected.
    let other = gateway.model("sim-fast");
    assert_ne!(other["capabilities"]["tools"]["source"], "observed");
    // The tools are still passed on: nothing is refused on one bad experience.
    assert_eq!(gateway.chat(&with_tools).status, 400);
}

#[test]
fn usage_shows_what_a_model_does() {
    let body = r#"{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2000,"completion_tokens":30,"total_tokens":2030,"prompt_tokens_details":{"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":20}}}"#;
    let upstream = Scripted::answering("application/json", body.as_bytes());
    let gateway = Gateway::before(
        &upstream.base_url(),
        &[("OPENAI_COMPATIBLE_DEFAULT_MODEL", "m")],
    );
    let request = json!({"model": "m", "messages": [{"role": "user", "content": "2+2"}]});
    assert_eq!(gateway.chat(&request).status, 200);
    let model = gateway.model("m");
    for ability in ["reasoning", "prompt_cache"] {
        let finding = &model["capabilities"][ability];
        assert_eq!(finding["supported"], true, "{model}");
        assert_eq!(finding["source"], "observed");
    }
}
