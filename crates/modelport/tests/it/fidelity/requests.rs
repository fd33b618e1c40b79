//! Requests arrive as they were sent, but for the model's name.

use serde_json::json;

use super::{CHAT, last, pair};
use crate::support::{Exchange, Upstream};

/// The body that a provider gets for one.
fn arrived(upstream: &Upstream, exchange: Exchange) -> String {
    let answer = exchange.send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    String::from_utf8(last(upstream).body.to_vec()).unwrap()
}

#[test]
fn a_body_arrives_as_it_was_sent() {
    let (upstream, gateway) = pair();
    let messages = r#""messages":[{"role":"user","content":"hi"}]"#;
    let image = format!("data:image/png;base64,{}", "iVBORw0KGgoAAAA".repeat(70_000));
    for body in [
        format!(r#"{{"model":"sim-fast",{messages}}}"#),
        format!(r#"{{{messages},"model":"sim-fast"}}"#),
        format!(r#"{{"zeta":1,"alpha":2,"model":"sim-fast",{messages},"beta":{{"z":1,"a":2}}}}"#),
        format!(
            r#"{{"model":"sim-fast","temperature":1e2,"top_p":1.0,"seed":18446744073709551616,"x":-0.0,"y":1E+400,{messages}}}"#
        ),
        format!(r#"{{"model":"sim-fast","user":"caf\u00e9 \/ \ud83d\ude42 \u0000",{messages}}}"#),
        format!("\r\n\t {{ \"model\" :\t\"sim-fast\" ,\n\n {messages}\r\n}} \n"),
        format!(
            r#"{{"model":"sim-fast","x":1,"x":2,"x":{{"model":"other","model":"more","stream":true}},{messages}}}"#
        ),
        format!(r#"{{"mod\u0065l":"sim-fast",{messages}}}"#),
        format!(r#"{{"model":"sim\u002dfast",{messages}}}"#),
        format!(r#"{{"model":"sim-fast","stream":null,"stream_options":null,{messages}}}"#),
        format!(
            r#"{{"model":"sim-fast","nested":{}1{},{messages}}}"#,
            "[".repeat(60),
            "]".repeat(60)
        ),
        format!(
            r#"{{"model":"sim-fast","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{image}"}}}}]}}]}}"#
        ),
    ] {
        let shown: String = body.chars().take(200).collect();
        let sent = gateway.request("POST", CHAT).body(body.clone());
        assert!(arrived(&upstream, sent) == body, "{shown}");
        let chunked = gateway.request("POST", CHAT).body(body.clone()).chunked();
        assert!(arrived(&upstream, chunked) == body, "in chunks: {shown}");
    }
}

#[test]
fn only_the_models_name_is_replaced() {
    let (upstream, gateway) = pair();
    let default = "anthropic/claude-3.5-sonnet";
    for (sent, expected) in [
        (
            r#"{"messages":[],"model":"openai_compatible:sim-fast" , "x":1.0}"#.to_owned(),
            r#"{"messages":[],"model":"sim-fast" , "x":1.0}"#.to_owned(),
        ),
        (
            r#"{ "model" :"openrouter:vendor/sim-large:free","messages":[]}"#.to_owned(),
            r#"{ "model" :"vendor/sim-large:free","messages":[]}"#.to_owned(),
        ),
        (
            r#"{"mod\u0065l":"openai_\u0063ompatible:sim-fast","messages":[]}"#.to_owned(),
            r#"{"mod\u0065l":"sim-fast","messages":[]}"#.to_owned(),
        ),
        (
            r#"{"model":"openai_compatible:a\"b\\c","messages":[]}"#.to_owned(),
            r#"{"model":"a\"b\\c","messages":[]}"#.to_owned(),
        ),
        (
            r#"{"messages":[],"x":{"model":"inner"}}"#.to_owned(),
            format!(r#"{{"model":"{default}","messages":[],"x":{{"model":"inner"}}}}"#),
        ),
        (
            r#"{"messages":[],"model":  null }"#.to_owned(),
            format!(r#"{{"messages":[],"model":  "{default}" }}"#),
        ),
        (" {} ".to_owned(), format!(r#" {{"model":"{default}"}} "#)),
    ] {
        gateway.request("POST", CHAT).body(sent.clone()).send();
        let seen = last(&upstream);
        assert_eq!(String::from_utf8_lossy(&seen.body), expected, "{sent}");
        let length = expected.len().to_string();
        assert_eq!(
            seen.header("content-length"),
            Some(length.as_str()),
            "{sent}"
        );
    }
}

#[test]
fn how_a_model_resolved_is_told() {
    let (_upstream, gateway) = pair();
    let answer = gateway.chat(&json!({"model": "openrouter:sim-fast", "messages": []}));
    assert_eq!(
        answer.header("x-modelport-provider"),
        Some("openai_compatible")
    );
    assert_eq!(answer.header("x-modelport-model"), Some("sim-fast"));
}
