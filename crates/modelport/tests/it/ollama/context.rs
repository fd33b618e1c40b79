//! The context that is asked for: it fits the prompt, so that nothing is cut without a word.

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{MODELS, gateway, last, options, pair, saying};
use crate::support::{Response, Upstream};

/// A text of about this many tokens.
fn text(tokens: usize) -> String {
    "word".repeat(tokens)
}

fn prompt_tokens(answer: &Response) -> u64 {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["usage"]["prompt_tokens"].as_u64().unwrap()
}

#[test]
fn a_long_prompt_arrives_whole() {
    let request = saying(MODELS[1], text(20_000), &json!({}));
    let cutting = Upstream::with(Options {
        context: Some(4096),
        ..options()
    });
    let layer = gateway(&cutting, &[("OLLAMA_CHAT_API", "openai")]);
    assert_eq!(prompt_tokens(&layer.chat(&request)), 4096);
    let native = gateway(&cutting, &[]);
    let answer = native.chat(&request);
    assert!(prompt_tokens(&answer) >= 20_000, "{}", answer.text());
    assert_eq!(answer.header("x-modelport-num-ctx"), Some("32768"));
    let (path, body) = last(&cutting);
    assert_eq!(path, "/api/chat");
    assert_eq!(body["options"], json!({"num_ctx": 32_768}));
    assert_eq!(body["truncate"], false);
}

#[test]
fn a_size_is_kept_until_a_larger_one_is_needed() {
    let (upstream, gateway) = pair(&[]);
    let asked = |tokens: usize, more: &Value| {
        let answer = gateway.chat(&saying(MODELS[1], text(tokens), more));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let (_, body) = last(&upstream);
        body["options"]["num_ctx"].as_u64()
    };
    let none = json!({});
    // 8192 is what the simulated Modelfile sets.
    assert_eq!(asked(100, &none), None);
    assert_eq!(asked(10_000, &none), Some(16_384));
    assert_eq!(asked(100, &none), Some(16_384), "it would be loaded anew");
    assert_eq!(asked(100, &json!({"max_tokens": 20_000})), Some(32_768));
    assert_eq!(asked(100, &json!({"options": {"num_ctx": 512}})), Some(512));
}

#[test]
fn a_prompt_that_cannot_fit_is_not_sent() {
    let (upstream, gateway) = pair(&[]);
    let answer = gateway.chat(&saying(MODELS[0], text(200_000), &json!({})));
    assert_eq!(answer.status, 400, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["code"], "context_length_exceeded");
    assert_eq!(error["param"], "messages");
    assert!(error["message"].as_str().unwrap().contains("131072 tokens"));
    assert!(upstream.completions().is_empty());
}

#[test]
fn a_prompt_that_ollama_finds_too_long_is_refused_and_not_cut() {
    let (_upstream, gateway) = pair(&[]);
    let small = json!({"options": {"num_ctx": 64}});
    let answer = gateway.chat(&saying(MODELS[0], text(1000), &small));
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "context_length_exceeded");
    let cut = json!({"options": {"num_ctx": 64}, "truncate": true});
    let answer = gateway.chat(&saying(MODELS[0], text(1000), &cut));
    assert_eq!(prompt_tokens(&answer), 64);
}
