//! What a provider is known to be, and what follows: by its host, by what its listing says, by name; and Azure's two APIs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Gateway, Pages, Response, Upstream, gateway, wait_until};

fn chat(gateway: &Gateway, model: &str) -> Response {
    gateway.chat(&json!({"model": model, "messages": [{"role": "developer", "content": "x"}]}))
}

/// What arrived last, as a provider saw it: method, path and query, and the headers that carry a key.
fn seen(upstream: &Upstream) -> (String, Vec<String>, Value) {
    let seen = upstream.completions().pop().unwrap();
    let keys = ["authorization", "api-key"];
    let headers = keys.iter().filter(|name| seen.header(name).is_some());
    (
        format!("{} {}", seen.method, seen.path),
        headers.map(|name| (*name).to_owned()).collect(),
        serde_json::from_slice(&seen.body).unwrap(),
    )
}

#[test]
fn azure_by_the_v1_api() {
    let upstream = Upstream::start();
    let settings = [("OPENAI_COMPATIBLE_PROFILE", "azure")];
    let gateway = Gateway::before(&upstream.root_url(), &settings);
    assert_eq!(chat(&gateway, "my-deployment").status, 200);
    let (line, keys, body) = seen(&upstream);
    assert_eq!(line, "POST /openai/v1/chat/completions");
    assert_eq!(keys, ["api-key"]);
    assert_eq!(body["model"], "my-deployment");
}

#[test]
fn azure_by_the_key_in_a_custom_header() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(&[
        (
            "OPENAI_COMPATIBLE_BASE_URL",
            &format!("{}/", upstream.root_url()),
        ),
        ("OPENAI_COMPATIBLE_PROFILE", "azure"),
        (
            "OPENAI_COMPATIBLE_CUSTOM_HEADERS",
            r#"{"api-key": "sk-azure-key"}"#,
        ),
        ("OLLAMA_ENABLED", "false"),
    ]);
    assert_eq!(chat(&gateway, "my-deployment").status, 200);
    let (line, keys, _) = seen(&upstream);
    assert_eq!(line, "POST /openai/v1/chat/completions");
    assert_eq!(keys, ["api-key"]);
}

#[test]
fn azure_by_the_classic_api() {
    let upstream = Upstream::start();
    for (base_url, version) in [
        (upstream.root_url(), "2024-10-21"),
        (
            format!("{}/?api-version=2024-10-21", upstream.root_url()),
            "",
        ),
    ] {
        let gateway = Gateway::before(
            &base_url,
            &[
                ("OPENAI_COMPATIBLE_PROFILE", "azure"),
                ("OPENAI_COMPATIBLE_API_VERSION", version),
            ],
        );
        assert_eq!(
            chat(&gateway, "my gpt/4").status,
            400,
            "a blank is no part of a name"
        );
        assert_eq!(chat(&gateway, "my-gpt.4").status, 200);
        let (line, keys, _) = seen(&upstream);
        assert_eq!(
            line,
            "POST /openai/deployments/my%2Dgpt%2E4/chat/completions?api-version=2024-10-21"
        );
        assert_eq!(keys, ["api-key"]);
        let embed = json!({"model": "emb", "input": "x"});
        gateway
            .request("POST", "/v1/embeddings")
            .body(embed.to_string())
            .send();
        let arrived = upstream.requests().pop().unwrap();
        assert_eq!(
            arrived.path,
            "/openai/deployments/emb/embeddings?api-version=2024-10-21"
        );
        assert!(
            upstream
                .requests()
                .iter()
                .any(|seen| seen.path == "/openai/models?api-version=2024-10-21")
        );
    }
}

#[test]
fn deployments_from_the_configuration_are_the_models() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(
        &upstream.root_url(),
        &[
            ("OPENAI_COMPATIBLE_PROFILE", "azure"),
            (
                "OPENAI_COMPATIBLE_MODELS",
                "chat=gpt-4o, thinker=o3-mini, own",
            ),
        ],
    );
    let models = gateway.get("/v1/models").json();
    let ids: Vec<&str> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["chat", "thinker", "own"]);
    let chat_model = &models["data"][0];
    assert_eq!(chat_model["source"], "configured");
    assert_eq!(chat_model["context_length"], 128_000);
    assert_eq!(chat_model["pricing"]["prompt"], "0.0000025");
    assert_eq!(chat_model["capabilities"]["tools"]["supported"], true);
    assert_eq!(models["data"][2]["context_length"], Value::Null);
    // The deployment's base model settles what it takes.
    let asked = json!({"model": "thinker", "messages": [], "max_tokens": 5});
    let answer = gateway.chat(&asked);
    assert_eq!(
        answer.header("x-modelport-params"),
        Some("max_tokens=mapped:max_completion_tokens")
    );
    assert_eq!(
        gateway
            .chat(&json!({"model": "chat", "messages": [], "max_tokens": 5}))
            .header("x-modelport-params"),
        None
    );
}

#[test]
fn a_server_tells_what_it_is() {
    let upstream = Pages::start(|path| match path {
        "/v1/models" => Some(json!({"object": "list", "data": [
            {"id": "Qwen/Qwen3-8B", "object": "model", "owned_by": "vllm", "max_model_len": 40960},
        ]})),
        "/health" => Some(json!({})),
        _ => None,
    });
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    assert!(wait_until(Duration::from_secs(10), || {
        upstream.asked().contains(&"/health".to_owned())
    }));
    let provider = gateway.get("/v1/providers/openai_compatible").json();
    assert_eq!(
        provider["name"], "OpenAI Compatible",
        "the host still names it"
    );
}

#[test]
fn an_unknown_profile_stops_the_start() {
    let (status, output) = gateway::run(
        &["check"],
        &[
            ("OPENAI_COMPATIBLE_PROFILE", "chatgpt"),
            ("OPENAI_COMPATIBLE_PARAMETERS", "lax"),
            ("OPENAI_COMPATIBLE_MODELS", "a,,a"),
            ("OPENAI_COMPATIBLE_API_VERSION", "a&b"),
        ],
    );
    assert_eq!(status.code(), Some(2));
    for expected in [
        "OPENAI_COMPATIBLE_PROFILE",
        "vllm",
        "strict, warn or pass",
        "twice",
        "2024-10-21",
    ] {
        assert!(output.contains(expected), "{output}");
    }
}
