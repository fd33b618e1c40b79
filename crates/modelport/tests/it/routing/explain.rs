//! Who would answer, and who did.

use serde_json::{Value, json};

use super::{Fleet, answered_by};
use crate::support::{Gateway, Upstream};

const ROUTES: &str = r#"
[aliases]
brain = "smart"

[[routes]]
model = "smart"
[[routes.groups]]
policy = "priority"
targets = [
  { target = "a:gpt-4o", when = { needs = ["vision"] } },
  { target = "b:llama-3.1-8b", when = { max_input_tokens = 1000 } },
]
[[routes.groups]]
policy = "weighted"
targets = [{ target = "c:sim-fast", when = { headers = { x-tier = "gold" } } }, "c:sim-smart"]

[[routes]]
model = "team-*"
policy = "round-robin"
targets = ["a", "b"]
"#;

impl Fleet {
    fn explain(&self, body: &Value, header: Option<(&str, &str)>) -> Value {
        let mut request = self.gateway.request("POST", "/v1/route/explain");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.body(body.to_string()).send().json()
    }
}

pub(super) fn targets(explained: &Value) -> Vec<&str> {
    let candidates = explained["candidates"].as_array().unwrap();
    candidates
        .iter()
        .map(|candidate| candidate["target"].as_str().unwrap())
        .collect()
}

pub(super) fn reasons(explained: &Value) -> Vec<(&str, &str)> {
    let left_out = explained["left_out"].as_array().unwrap();
    left_out
        .iter()
        .map(|left| {
            let (target, reason) = (&left["target"], &left["reason"]);
            (target.as_str().unwrap(), reason.as_str().unwrap())
        })
        .collect()
}

#[test]
fn five_requests_go_five_ways() {
    let fleet = Fleet::start(3, "", ROUTES);
    let text = json!([{"role": "user", "content": "hi"}]);
    let short = fleet.explain(&json!({"model": "smart", "messages": text}), None);
    assert_eq!(targets(&short), ["b:llama-3.1-8b", "c:sim-smart"]);
    assert_eq!(
        reasons(&short),
        [
            ("a:gpt-4o", "only for requests with vision"),
            ("c:sim-fast", "only for requests whose header x-tier fits"),
        ]
    );
    let image = json!([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    ]}]);
    let image = fleet.explain(&json!({"model": "brain", "messages": image}), None);
    assert_eq!(targets(&image)[0], "a:gpt-4o");
    assert_eq!(image["needs"]["capabilities"], json!(["vision"]));
    let long = json!([{"role": "user", "content": "word ".repeat(2000)}]);
    let long = fleet.explain(&json!({"model": "smart", "messages": long}), None);
    assert_eq!(targets(&long), ["c:sim-smart"]);
    let gold = fleet.explain(
        &json!({"model": "smart", "messages": text}),
        Some(("x-tier", "gold")),
    );
    assert_eq!(targets(&gold).len(), 3);
    let turns: Vec<String> = (0..2)
        .map(|_| {
            let team = fleet.explain(&json!({"model": "team-x", "messages": text}), None);
            assert_eq!(team["route"], "team-*");
            targets(&team)[0].to_owned()
        })
        .collect();
    assert_eq!(turns[0], turns[1], "explaining takes nobody's turn");
    let named = fleet.explain(&json!({"model": "b:anything", "messages": text}), None);
    assert_eq!(named["route"], Value::Null);
    assert_eq!(named["candidates"][0]["provider"], "b");
    assert_eq!(fleet.seen(), [0, 0, 0], "nobody was called");
}

#[test]
fn a_decision_is_found_by_the_requests_id() {
    let fleet = Fleet::start(3, "max_retries = 0", ROUTES);
    fleet.upstreams[1].set_fault(Some("status-503"));
    let body = json!({"model": "smart", "messages": [{"role": "user", "content": "hi"}]});
    let explained = fleet.explain(&body, None);
    let answer = fleet.gateway.chat(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.header("x-request-id").unwrap();
    let decided = fleet
        .gateway
        .get(&format!("/v1/route/decisions/{id}"))
        .json();
    assert_eq!(targets(&decided), targets(&explained));
    assert_eq!(decided["left_out"], explained["left_out"]);
    let attempts = decided["attempts"].as_array().unwrap();
    let attempts: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt["target"].clone(), attempt["outcome"].clone()))
        .collect();
    assert_eq!(
        attempts,
        [
            (json!("b:llama-3.1-8b"), json!("server")),
            (json!("c:sim-smart"), json!("answered")),
        ]
    );
    let unknown = fleet.gateway.get("/v1/route/decisions/never");
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("x-request-id"));
}

#[test]
fn a_request_that_no_target_takes_is_told_why() {
    let route = r#"
[[routes]]
model = "only-images"
targets = [{ target = "a:gpt-4o", when = { needs = ["vision"] } }]
"#;
    let fleet = Fleet::start(1, "", route);
    let answer = fleet.chat("only-images");
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "no_target");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("a:gpt-4o: only for requests with vision"),
        "{message}"
    );
}

#[test]
fn the_list_of_models_has_the_names() {
    let fleet = Fleet::start(3, "", ROUTES);
    let listed = |id: &str| fleet.gateway.get(&format!("/v1/models/{id}")).json();
    let smart = listed("smart");
    assert_eq!(smart["owned_by"], "modelport");
    assert_eq!(smart["providers"], json!(["a", "b", "c"]));
    assert_eq!(smart["qualified_ids"][1], "b:llama-3.1-8b");
    let brain = listed("brain");
    assert_eq!(
        (&brain["id"], &brain["alias_of"]),
        (&json!("brain"), &json!("smart"))
    );
    let all = fleet.gateway.get("/v1/models").json();
    let ids: Vec<_> = all["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["id"].clone())
        .collect();
    assert_eq!(ids[..2], [json!("smart"), json!("brain")]);
    let pattern = json!("team-*");
    assert!(!ids.contains(&pattern), "a pattern is no name");
}

#[test]
fn who_names_a_provider_means_it() {
    let route = "[[routes]]\nmodel = \"*\"\ntargets = [\"a\"]\n";
    let fleet = Fleet::start(2, "", route);
    assert_eq!(answered_by(&fleet.chat("sim-fast")), "a");
    let named = fleet.chat("b:sim-fast");
    assert_eq!(answered_by(&named), "b");
    assert_eq!(named.header("x-modelport-model"), Some("sim-fast"));
}

#[test]
fn a_model_that_cannot_do_it_is_left_out() {
    let catalogue = json!({
        "a": {"sim-smart": {"lacks": ["vision"]}},
        "b": {"sim-fast": {"max_in": 1000, "caps": ["vision"]}},
    });
    let upstreams = vec![Upstream::start(), Upstream::start()];
    let home = tempfile::tempdir().unwrap();
    let routes = "[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-smart\", \"b:sim-fast\"]\n";
    let file = super::file(&upstreams, "", routes);
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    std::fs::write(home.path().join("mine.json"), catalogue.to_string()).unwrap();
    let fleet = Fleet {
        gateway: Gateway::start_in(home, &[("MODELPORT_CATALOGUE", "mine.json")]),
        upstreams,
    };
    let check = |content: Value, taken: &[&str], left: &[(&str, &str)]| {
        let messages = json!([{"role": "user", "content": content}]);
        let body = json!({"model": "r", "messages": messages});
        let explained = fleet.explain(&body, None);
        assert_eq!(targets(&explained), taken, "{explained}");
        assert_eq!(reasons(&explained), left, "{explained}");
    };
    check(json!("hi"), &["a:sim-smart", "b:sim-fast"], &[]);
    let image = json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]);
    check(
        image,
        &["b:sim-fast"],
        &[("a:sim-smart", "its model lacks vision")],
    );
    // 10,000 bytes are about 2,500 tokens, and the body has a few more.
    let long = json!("word ".repeat(2000));
    let reason = "only up to 1000 input tokens, and these are about 2513";
    check(long, &["a:sim-smart"], &[("b:sim-fast", reason)]);
    assert_eq!(fleet.seen(), [0, 0], "nobody was called");
}

#[test]
fn an_alias_stands_for_the_model_too() {
    let route = "[aliases]\ntwo = \"gpt-x\"\n[[routes]]\nmodel = \"gpt-*\"\ntargets = [\"a\"]\n";
    let fleet = Fleet::start(1, "", route);
    let answer = fleet.chat("two");
    assert_eq!(answer.header("x-modelport-model"), Some("gpt-x"));
    let sent = fleet.upstreams[0].completions();
    let sent: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(sent["model"], "gpt-x");
}
