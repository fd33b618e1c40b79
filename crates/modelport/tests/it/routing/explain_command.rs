//! `modelport explain`: what it shows of a running gateway, and what it says when it cannot.

use std::{fs, net::TcpListener};

use serde_json::{Value, json};

use super::{Fleet, chat};
use crate::support::{
    Gateway, Upstream,
    commands::{Ran, finish},
    gateway::command,
};

const ROUTES: &str = r#"
[[routes]]
model = "smart"
[[routes.groups]]
targets = [{ target = "a:gpt-4o", when = { needs = ["vision"] } }, "b:sim-fast"]
[[routes.groups]]
policy = "weighted"
targets = [{ target = "c:sim-fast", when = { headers = { x-tier = "gold" } } }, "c:sim-smart"]
"#;

/// Asks a gateway, in a working directory without a configuration.
fn explain(gateway: &Gateway, arguments: &[&str], input: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let mut command = command(&[], home.path());
    let url = format!("http://{}", gateway.addr());
    command.args(["explain", "--url", &url]).args(arguments);
    finish(command, input)
}

/// The lines with every run of blanks made one.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines();
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn who_would_answer_is_one_line_each() {
    let fleet = Fleet::start(3, "max_retries = 0", ROUTES);
    fleet.upstreams[1].set_fault(Some("retry-after-30-429"));
    assert_eq!(fleet.chat("smart").status, 200);
    let ran = explain(&fleet.gateway, &["--model", "smart"], "");
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let shown = lines(&ran.out);
    let heading = "A request for \"smart\": the route \"smart\" decides; about ";
    assert!(shown[0].starts_with(heading), "{}", ran.out);
    let head = "# TARGET GROUP POLICY IN FLIGHT LATENCY COST $ STANDING";
    assert_eq!(shown[2], head);
    let first = "1 c:sim-smart 2 weighted 0 ";
    assert!(shown[3].starts_with(first), "{}", ran.out);
    assert!(shown[3].ends_with(" ready"), "{}", ran.out);
    let second = "2 b:sim-fast 1 priority 0 - - parked: it rests for ";
    assert!(shown[4].starts_with(second), "{}", ran.out);
    assert!(shown[4].ends_with("(last failure: rate_limited)"));
    let left_out = [
        "Left out:",
        "a:gpt-4o only for requests with vision",
        "c:sim-fast only for requests whose header x-tier fits",
    ];
    assert_eq!(shown[6..], left_out, "{}", ran.out);

    let body = json!({"model": "other", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    ]}]});
    let gold = ["--header", "x-tier: gold", "--json", "--body", "-"];
    let arguments = [&gold[..], &["--model", "smart"]].concat();
    let ran = explain(&fleet.gateway, &arguments, &body.to_string());
    let explained: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(explained["requested_model"], "smart", "{explained}");
    assert_eq!(explained["candidates"][0]["target"], "a:gpt-4o");
    assert_eq!(explained["left_out"], json!([]));
    assert_eq!(explained["needs"]["capabilities"], json!(["vision"]));

    let body = chat("b:anything", false).to_string();
    let ran = explain(&fleet.gateway, &["--body", "-"], &body);
    assert!(ran.out.contains("no route is for it"), "{}", ran.out);
    assert!(ran.out.contains("\n1  b:anything  "), "{}", ran.out);
    assert_eq!(fleet.seen(), [0, 1, 1], "nobody else was called");
}

#[test]
fn a_past_request_is_shown_with_its_attempts() {
    let fleet = Fleet::start(3, "max_retries = 0", ROUTES);
    fleet.upstreams[1].set_fault(Some("status-503"));
    let answer = fleet
        .gateway
        .request("POST", "/v1/chat/completions")
        .header("x-request-id", "trace-1/a:b")
        .body(chat("smart", false).to_string())
        .send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let ran = explain(&fleet.gateway, &["--request", "trace-1/a:b"], "");
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let shown = lines(&ran.out);
    let heading = "Request trace-1/a:b for \"smart\" at 2";
    assert!(shown[0].starts_with(heading), "{}", ran.out);
    let attempts = shown.iter().position(|line| line == "Attempts:");
    let attempts = &shown[attempts.unwrap() + 1..];
    assert_eq!(attempts.len(), 2, "{}", ran.out);
    assert!(attempts[0].starts_with("1 b:sim-fast key 1 server "));
    assert!(attempts[1].starts_with("2 c:sim-smart key 1 answered "));
    let ran = explain(&fleet.gateway, &["--request", "never"], "");
    assert_eq!(ran.status, Some(1), "{}", ran.out);
    assert!(
        ran.err.contains(" answers 404 Not Found: No decision"),
        "{}",
        ran.err
    );
}

#[test]
fn the_configuration_says_where_the_gateway_is_and_its_key() {
    let upstreams = vec![Upstream::start()];
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let port = port.unwrap().port().to_string();
    let routes = "[[routes]]\nmodel = \"r\"\ntargets = [\"a\"]\n\
                  [server]\napi_keys = [\"first-caller-key-1\", \"second-caller-key-2\"]\n";
    let file = super::file(&upstreams, "", routes);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("modelport.toml"), file).unwrap();
    let gateway = Gateway::start_in(home, &[("PORT", &port)]);
    let ask = |arguments: &[&str], settings: &[(&str, &str)]| {
        let mut command = command(settings, gateway.home());
        command.args(["explain", "--model", "r"]).args(arguments);
        let ran = finish(command, "");
        assert!(!(ran.out + &ran.err).contains("caller-key"));
        (ran.status, ran.err)
    };
    let here = ("PORT", port.as_str());
    assert_eq!(ask(&[], &[here]), (Some(0), String::new()));
    let named = ["--key-env", "THEIRS"];
    let right = ask(&named, &[here, ("THEIRS", "second-caller-key-2")]);
    assert_eq!(right, (Some(0), String::new()));
    let (status, said) = ask(&named, &[here, ("THEIRS", "wrong-key")]);
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("401 Unauthorized") && said.contains("--key-env"),
        "{said}"
    );
    let (status, said) = ask(&named, &[here]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("no variable THEIRS"), "{said}");
    let (status, said) = ask(&[], &[("PORT", "0")]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("--url"), "{said}");
    let (status, said) = ask(&[], &[("PORT", "x")]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("PORT: "), "{said}");
}

#[test]
fn what_cannot_be_asked_is_told_by_status_and_words() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let nobody = format!("http://{}", nobody.unwrap());
    let other = Upstream::start();
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("bad.json"), "{").unwrap();
    let check = |arguments: &[&str], status: i32, said: &str| {
        let mut command = command(&[], home.path());
        command.arg("explain").args(arguments);
        let ran = finish(command, "");
        assert_eq!(ran.status, Some(status), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
    };
    let model = ["--model", "m", "--url"];
    let with = |more: &'static str| [&model[..2], &[more]].concat();
    check(
        &[&model[..], &[&nobody]].concat(),
        1,
        "no gateway answers at http://127.0.0.1:",
    );
    check(&[&model[..], &[&other.base_url()]].concat(), 1, "404");
    check(
        &[&model[..], &["ftp://x"]].concat(),
        2,
        "--url: it does not begin with",
    );
    check(
        &["--model", "m", "--body", "none.json"],
        1,
        "none.json: No such file",
    );
    check(
        &["--model", "m", "--body", "bad.json"],
        1,
        "modelport explain: ",
    );
    check(&[], 2, "--model");
    check(&["--json"], 2, "--request");
    check(
        &["--request", "x", "--model", "m"],
        2,
        "cannot be used with",
    );
    check(&with("--header=x"), 2, "no colon");
    check(&with("--header=Host: x"), 2, "host is the connection's own");
    check(&with("--nope"), 2, "--nope");
}
