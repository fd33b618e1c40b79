//! What real traffic teaches about the models, as `GET /v1/models` tells it.

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{Gateway, Scripted, Upstream, views::refusal};

const PARAMS: &str = "x-modelport-params";

/// A provider that refuses these fields, and a gateway with this policy in front of it.
fn refusing(fields: &[&str], policy: &str, more: &[(&str, &str)]) -> (Upstream, Gateway) {
    let upstream = Upstream::with(Options {
        refuse: fields.iter().map(|field| (*field).to_owned()).collect(),
        ..Options::default()
    });
    let settings = [&[("OPENAI_COMPATIBLE_PARAMETERS", policy)], more].concat();
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    gateway.refresh();
    (upstream, gateway)
}

fn chat(model: &str, more: &Value) -> Value {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let mut body = json!({ "model": model, "max_tokens": 5, "messages": messages });
    let fields = more.as_object().unwrap();
    body.as_object_mut().unwrap().extend(fields.clone());
    body
}

/// The fields of the last completion that the provider was asked for.
fn last_sent(upstream: &Upstream) -> Value {
    let last = upstream.completions().pop().unwrap();
    serde_json::from_slice(&last.body).unwrap()
}

#[test]
fn a_refused_field_is_left_out_from_then_on_and_told() {
    let (upstream, gateway) = refusing(&["seed"], "warn", &[]);
    let with_seed = chat("sim-smart", &json!({"seed": 7, "top_p": 0.5}));
    let first = gateway.chat(&with_seed);
    assert_eq!(first.status, 400);
    assert_eq!(first.header(PARAMS), Some("seed=refused"));
    // Also after an answer, which says nothing of a field that was not sent.
    for _ in 0..3 {
        let answer = gateway.chat(&with_seed);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header(PARAMS), Some("seed=dropped"));
        let sent = last_sent(&upstream);
        assert_eq!((&sent["seed"], &sent["top_p"]), (&Value::Null, &json!(0.5)));
    }
    let model = gateway.model("sim-smart");
    assert_eq!(model["refused_parameters"], json!(["seed"]));
    let plain = gateway.chat(&chat("sim-smart", &json!({})));
    assert_eq!((plain.status, plain.header(PARAMS)), (200, None));
    // Another model of the same provider may take it.
    let other = gateway.chat(&chat("sim-fast", &json!({"seed": 7})));
    assert_eq!(other.status, 400);
}

#[test]
fn the_policy_says_what_becomes_of_a_refused_field() {
    let with_seed = chat("sim-smart", &json!({"seed": 7}));
    let (upstream, strict) = refusing(&["seed"], "strict", &[]);
    assert_eq!(strict.chat(&with_seed).status, 400);
    let asked = upstream.completions().len();
    let answer = strict.chat(&with_seed);
    let message = refusal(&answer, 400, "unsupported_parameter");
    assert_eq!(answer.json()["error"]["param"], "seed");
    assert!(
        message.contains("seed cannot be sent to")
            && message.contains("it was refused there within the last hour. Leave it out"),
        "{message}"
    );
    assert_eq!(upstream.completions().len(), asked);

    let (upstream, pass) = refusing(&["seed"], "pass", &[]);
    for _ in 0..2 {
        assert_eq!(pass.chat(&with_seed).status, 400);
        assert_eq!(last_sent(&upstream)["seed"], 7);
    }
}

#[test]
fn what_decides_the_request_is_sent_again() {
    for (field, value) in [
        (
            "tools",
            json!([{"type": "function", "function": {"name": "f"}}]),
        ),
        ("response_format", json!({"type": "json_object"})),
        ("stop", json!(["end"])),
        ("n", json!(2)),
    ] {
        let (upstream, gateway) = refusing(&[field], "warn", &[]);
        let body = chat("sim-smart", &json!({ field: value }));
        for _ in 0..2 {
            assert_eq!(gateway.chat(&body).status, 400, "{field}");
            assert_eq!(last_sent(&upstream)[field], value);
        }
    }
}

#[test]
fn a_translated_request_learns_by_the_fields_that_went_out() {
    let (upstream, gateway) = refusing(&["reasoning_effort"], "warn", &[]);
    let body = json!({"model": "sim-smart", "input": "hi", "reasoning": {"effort": "low"}});
    let ask = || {
        let request = gateway.request("POST", "/v1/responses");
        request.body(body.to_string()).send()
    };
    assert_eq!(ask().status, 400);
    let answer = ask();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header(PARAMS), Some("reasoning_effort=dropped"));
    assert_eq!(last_sent(&upstream)["reasoning_effort"], Value::Null);
}

#[test]
fn a_stream_is_not_asked_for_its_usage_again_where_that_is_refused() {
    let profile = ("OPENAI_COMPATIBLE_PROFILE", "vllm");
    let (upstream, gateway) = refusing(&["stream_options"], "warn", &[profile]);
    let body = chat("sim-smart", &json!({"stream": true}));
    assert_eq!(gateway.chat(&body).status, 400);
    let answer = gateway.chat(&body);
    assert_eq!((answer.status, answer.header(PARAMS)), (200, None));
    assert_eq!(last_sent(&upstream)["stream_options"], Value::Null);
}

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
    // The tools are still passed on: without them it would be another request.
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
