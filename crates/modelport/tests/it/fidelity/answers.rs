//! Answers come back as the provider gave them.

use serde_json::{Value, json};

use super::{CHAT, pair};
use crate::support::{Exchange, Gateway, Response, Scripted};

/// An answer goes through to the byte.
fn passes(content_type: &str, body: &[u8], stream: bool) {
    let upstream = Scripted::answering(content_type, body);
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let answer = gateway.chat(&json!({"model": "m", "messages": [], "stream": stream}));
    let shown = String::from_utf8_lossy(body);
    assert_eq!(answer.status, 200, "{shown}: {}", answer.text());
    assert_eq!(answer.text(), shown);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with(content_type)
    );
}

#[test]
fn an_odd_answer_comes_back_to_the_byte() {
    let plain = "{ \"choices\" :[ {\"message\":{\"content\":\"caf\\u00e9 \\/ \u{1f642}\"}, \"x\":1.0e2} ],\r\n\"z\":18446744073709551616,\"usage\":null,\"a\":{\"a\":1,\"a\":2}}\n\n";
    passes("application/json", plain.as_bytes(), false);
    passes("application/json; charset=utf-8", plain.as_bytes(), true);
    passes(
        "application/json",
        format!("\u{feff}{plain}").as_bytes(),
        false,
    );
    let stream = concat!(
        ": OPENROUTER PROCESSING\n\n",
        "retry: 100\nid: 7\ndata:{\"choices\" : [{\"delta\":{\"role\":\"assistant\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"caf\\u00e9\"}}],\r\ndata:   \"x\": 1.0}\r\n\r\n",
        "\n\n: ping\n\n",
        "event: message\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}\n\n",
        "data: [DONE]\n\n: bye\n\n",
    );
    passes("text/event-stream", stream.as_bytes(), true);
    passes("text/event-stream; charset=utf-8", stream.as_bytes(), true);
    passes(
        "text/event-stream",
        format!("\u{feff}{stream}").as_bytes(),
        true,
    );
    passes("text/event-stream", stream.trim_end().as_bytes(), true);
}

/// A completion without what differs from one to the next.
fn without_stamps(answer: &Response) -> String {
    let mut text = answer.text();
    for (name, end) in [("\"id\":\"chatcmpl-", '"'), ("\"created\":", ',')] {
        let mut rest = text.as_str();
        let mut without = String::new();
        while let Some((before, after)) = rest.split_once(name) {
            let stamp = after.find(end).unwrap();
            without.push_str(before);
            without.push_str(name);
            rest = &after[stamp..];
        }
        without.push_str(rest);
        text = without;
    }
    text
}

#[test]
fn every_form_of_an_answer_is_the_providers_own() {
    let (upstream, gateway) = pair();
    for form in [
        "crlf",
        "cr",
        "comments",
        "bom",
        "no-space",
        "multiline",
        "split-7",
        "one-write",
        "usage-each",
        "usage-none",
        "no-done",
        "http10",
        "slow-head-20",
        "wrong-type",
    ] {
        for stream in [false, true] {
            let body = json!({
                "model": format!("fault/{form}"), "stream": stream, "n": 2,
                "stream_options": {"include_usage": true},
                "messages": [{"role": "user", "content": "caf\u{e9}\n\u{1f642}"}],
            });
            let direct = Exchange::new(upstream.addr(), "POST", CHAT).body(body.to_string());
            let direct = direct.send();
            let through = gateway.chat(&body);
            assert_eq!(through.status, 200, "{form} {stream}: {}", through.text());
            assert_eq!(
                without_stamps(&through),
                without_stamps(&direct),
                "{form} {stream}"
            );
        }
    }
}

#[test]
fn an_answer_of_megabytes_comes_whole() {
    let (upstream, gateway) = pair();
    let ask = |exchange: Exchange| {
        let body: Value = json!({"model": "sim-fast", "n": 8, "messages": []});
        exchange
            .header("x-sim-tokens", "60000")
            .body(body.to_string())
            .send()
    };
    let direct = ask(Exchange::new(upstream.addr(), "POST", CHAT));
    let through = ask(gateway.request("POST", CHAT));
    assert!(direct.body.len() > 2 << 20);
    assert!(without_stamps(&through) == without_stamps(&direct));
    assert_eq!(
        through.header("content-length"),
        direct.header("content-length")
    );
    gateway.wait_for_ending("answered");
}
