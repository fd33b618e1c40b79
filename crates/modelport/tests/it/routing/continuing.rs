//! Streams that go on from another target when the one that answers dies.

use std::time::Duration;

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{ADMIN, Fleet};
use crate::support::{Gateway, Response, Upstream, wait_until};

const ROUTES: &str = r#"
[[routes]]
model = "r"
continue_streams = true
retry_share = 100
targets = ["a:sim-fast", "b:sim-fast", "c:sim-fast"]

[[routes]]
model = "never"
continue_streams = true
retry_share = 0
targets = ["a:sim-fast", "b:sim-fast"]

[[routes]]
model = "off"
targets = ["a:sim-fast", "b:sim-fast"]
"#;

fn fleet() -> Fleet {
    Fleet::start(3, "max_retries = 0", ROUTES)
}

fn body(model: &str, more: &Value) -> Value {
    let mut body = json!({
        "model": model, "stream": true, "max_tokens": 10,
        "messages": [{"role": "user", "content": "tell me much"}],
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What a stream says: its text, before and behind each mark of another target, and its chunks.
struct Told {
    parts: Vec<String>,
    marks: Vec<String>,
    chunks: Vec<Value>,
    is_whole: bool,
}

fn told(answer: &Response) -> Told {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut told = Told {
        parts: vec![String::new()],
        marks: Vec::new(),
        chunks: Vec::new(),
        is_whole: false,
    };
    for line in answer.text().lines() {
        if let Some(mark) = line.strip_prefix(": ") {
            told.marks.push(mark.to_owned());
            told.parts.push(String::new());
        }
        let Some(data) = line.strip_prefix("data: ") else {
            continue;
        };
        if data == "[DONE]" {
            told.is_whole = true;
            continue;
        }
        let chunk: Value = serde_json::from_str(data).unwrap();
        let text = chunk["choices"][0]["delta"]["content"].as_str();
        told.parts.last_mut().unwrap().push_str(text.unwrap_or(""));
        told.chunks.push(chunk);
    }
    told
}

/// The messages that a provider was sent last, and the length that it may answer.
fn sent(upstream: &Upstream) -> (Vec<Value>, Value) {
    let seen = upstream.completions();
    let body: Value = serde_json::from_slice(&seen.last().unwrap().body).unwrap();
    let messages = body["messages"].as_array().unwrap().clone();
    (messages, body["max_tokens"].clone())
}

#[test]
fn a_stream_whose_target_dies_goes_on_from_the_next() {
    for fault in ["cut-3", "error-event-3", "malformed-3"] {
        let fleet = fleet();
        fleet.upstreams[0].set_fault(Some(fault));
        let answer = fleet.gateway.chat(&body("r", &json!({})));
        let told = told(&answer);
        assert_eq!(told.marks, ["continued by b, model sim-fast"], "{fault}");
        assert!(told.is_whole, "{fault}: {}", answer.text());
        assert!(!answer.text().contains("error"), "{}", answer.text());
        let id = &told.chunks[0]["id"];
        assert!(told.chunks.iter().all(|chunk| chunk["id"] == *id));
        let roles = told.chunks.iter();
        let roles = roles.filter(|chunk| chunk["choices"][0]["delta"]["role"].is_string());
        assert_eq!(roles.count(), 1, "{}", answer.text());
        let finished = told.chunks.iter();
        let finished = finished.filter(|chunk| chunk["choices"][0]["finish_reason"].is_string());
        assert_eq!(finished.count(), 1, "{}", answer.text());
        let (messages, most) = sent(&fleet.upstreams[1]);
        let so_far = json!({"role": "assistant", "content": told.parts[0]});
        assert_eq!(messages[1], so_far, "{fault}");
        assert!(!told.parts[0].is_empty() && !told.parts[1].is_empty());
        let left = most.as_u64().unwrap();
        assert!((6..10).contains(&left), "{left}");
        let id = answer.header("x-request-id").unwrap();
        let path = format!("/v1/route/decisions/{id}");
        let known = || fleet.gateway.get(&path).json()["attempts"].clone();
        let both = || known().as_array().is_some_and(|all| all.len() == 2);
        assert!(wait_until(Duration::from_secs(2), both));
        assert_eq!(known()[1]["target"], "b:sim-fast");
        assert_eq!(known()[1]["outcome"], "answered");
    }
}

#[test]
fn it_goes_on_as_often_as_there_are_targets_and_then_ends_in_an_error() {
    let fleet = fleet();
    fleet.upstreams[0].set_fault(Some("cut-3"));
    fleet.upstreams[1].set_fault(Some("cut-3"));
    let answer = fleet.gateway.chat(&body("r", &json!({})));
    let told_all = told(&answer);
    assert_eq!(told_all.marks.len(), 2, "{}", answer.text());
    assert!(told_all.is_whole);
    let (messages, _) = sent(&fleet.upstreams[2]);
    let so_far = told_all.parts[..2].concat();
    assert_eq!(
        messages[1..],
        [json!({"role": "assistant", "content": so_far})]
    );

    for (fault, calls) in [("cut-3", 3), ("status-400", 2)] {
        let fleet = self::fleet();
        fleet.upstreams[0].set_fault(Some("cut-3"));
        fleet.upstreams[1].set_fault(Some(fault));
        fleet.upstreams[2].set_fault(Some("cut-3"));
        let answer = fleet.gateway.chat(&body("r", &json!({})));
        let told = told(&answer);
        assert!(!told.is_whole, "{}", answer.text());
        let last = told.chunks.last().unwrap();
        assert!(last["error"]["message"].is_string(), "{}", answer.text());
        assert_eq!(fleet.seen().iter().sum::<usize>(), calls, "{fault}");
    }
}

#[test]
fn what_is_not_plain_or_not_wanted_ends_in_an_error() {
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    let check = |model: &str, more: Value| {
        let fleet = fleet();
        fleet.upstreams[0].set_fault(Some("cut-3"));
        let answer = fleet.gateway.chat(&body(model, &more));
        let told = told(&answer);
        assert!(told.marks.is_empty() && !told.is_whole, "{more}");
        assert!(told.chunks.last().unwrap()["error"].is_object(), "{more}");
        assert_eq!(fleet.seen(), [1, 0, 0], "{model} {more}");
    };
    check("off", json!({}));
    check("never", json!({}));
    check("r", json!({"n": 2}));
    check("r", json!({"tools": tool}));
    check("r", json!({"response_format": {"type": "json_object"}}));
}

#[test]
fn what_a_dead_target_held_is_free_while_the_next_is_asked() {
    let each = "max_retries = 0\nconcurrency = 1\nqueue = 0";
    let fleet = Fleet::start(3, each, ROUTES);
    fleet.upstreams[0].set_fault(Some("cut-3"));
    fleet.upstreams[1].set_fault(Some("hang"));
    let request = fleet.gateway.request("POST", "/v1/chat/completions");
    let mut stream = request.body(body("r", &json!({})).to_string()).open();
    assert!(stream.read_until("content"));
    let soon = Duration::from_secs(5);
    assert!(wait_until(soon, || fleet.seen() == [1, 1, 0]));
    let under_way = |id: &str| {
        let provider = fleet.gateway.get(&format!("/v1/providers/{id}")).json();
        provider["waiting_room"]["under_way"].as_u64().unwrap()
    };
    assert_eq!((under_way("a"), under_way("b")), (0, 1));
    drop(stream);
    assert!(wait_until(soon, || under_way("b") == 0));
    assert!(fleet.gateway.wait_for_output("/chat/completions cancelled"));
    assert_eq!(fleet.seen(), [1, 1, 0]);
}

#[test]
fn what_both_targets_did_is_booked() {
    let upstreams: Vec<Upstream> = (0..2).map(|_| Upstream::with(Options::default())).collect();
    let (home, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let routes = "[[routes]]\nmodel = \"r\"\ncontinue_streams = true\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n";
    let text = super::file(&upstreams, "max_retries = 0", routes);
    std::fs::write(home.path().join("modelport.toml"), text).unwrap();
    // The first one's output is dear, the second one's cheap.
    let prices = json!({
        "a": {"sim-fast": {"price": {"in": 0, "out": 0.001}}},
        "b": {"sim-fast": {"price": {"in": 0, "out": 0.000_001}}},
    });
    std::fs::write(home.path().join("prices.json"), prices.to_string()).unwrap();
    let settings = [
        ("MODELPORT_DATA_DIR", data.path().to_str().unwrap()),
        ("MODELPORT_ADMIN_KEY", ADMIN),
        ("MODELPORT_CATALOGUE", "prices.json"),
    ];
    let gateway = Gateway::start_in(home, &settings);
    upstreams[0].set_fault(Some("cut-3"));
    let more = json!({"stream_options": {"include_usage": true}});
    let answer = gateway.chat(&body("r", &more));
    let told = told(&answer);
    assert!(told.is_whole, "{}", answer.text());
    let usage = told.chunks.iter().rev().find_map(|chunk| {
        let usage = &chunk["usage"];
        usage.is_object().then(|| usage.clone())
    });
    let second = usage.unwrap()["completion_tokens"].as_u64().unwrap();
    let rows = || {
        let request = gateway.request("GET", "/admin/v1/usage?by=model");
        let request = request.header("authorization", &format!("Bearer {ADMIN}"));
        request.send().json()["data"].clone()
    };
    let booked = || rows().as_array().is_some_and(|rows| !rows.is_empty());
    assert!(wait_until(Duration::from_secs(5), booked));
    let row = rows()[0].clone();
    assert_eq!(row["requests"], 1, "{row}");
    // Three events or four, the role among them, are what the first one has sent.
    let first = row["output_tokens"].as_u64().unwrap() - second;
    assert!((3..=4).contains(&first), "{row}");
    let cost = row["estimated_usd"].as_str().unwrap();
    let cost: rust_decimal::Decimal = cost.parse().unwrap();
    let millionths = i64::try_from(first * 1000 + second).unwrap();
    let expected = rust_decimal::Decimal::new(millionths, 6);
    assert_eq!(cost, expected, "{row}");
    assert!(row["input_tokens"].as_u64().unwrap() > 10, "{row}");
}

#[test]
fn an_answer_of_two_targets_is_kept_for_nobody() {
    let upstreams: Vec<Upstream> = (0..2).map(|_| Upstream::start()).collect();
    let home = tempfile::tempdir().unwrap();
    let routes = "[[routes]]\nmodel = \"r\"\ncontinue_streams = true\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n";
    let text = super::file(&upstreams, "max_retries = 0", routes);
    std::fs::write(home.path().join("modelport.toml"), text).unwrap();
    let gateway = Gateway::start_in(home, &[("MODELPORT_CACHE", "10MB")]);
    let ask = || gateway.chat(&body("r", &json!({"temperature": 0})));
    upstreams[0].set_fault(Some("cut-3"));
    assert_eq!(told(&ask()).marks.len(), 1);
    upstreams[0].set_fault(None);
    for mark in ["miss", "hit"] {
        let answer = ask();
        assert_eq!(answer.header("x-modelport-cache"), Some(mark));
        let told = told(&answer);
        assert!(told.marks.is_empty() && told.is_whole);
    }
}
