//! Each class of failure, and where the request went. `docs/failover.md` holds the table; `UPDATE_DOCS=1` writes it
//! anew.

use std::{fmt::Write, path::PathBuf, sync::Mutex, thread};

use serde_json::json;

use super::{Fleet, answered_by, chat, file};
use crate::support::{Gateway, Response, Upstream};

const ROUTES: &str = r#"
[[routes]]
model = "both"
targets = ["a:sim-fast", "b:sim-fast"]
"#;

/// Where a request goes whose first target fails so.
struct Case {
    fault: &'static str,
    what: &'static str,
    stream: bool,
    goes: &'static str,
}

const fn case(fault: &'static str, what: &'static str, goes: &'static str) -> Case {
    let stream = false;
    Case {
        fault,
        what,
        stream,
        goes,
    }
}

const fn streamed(fault: &'static str, what: &'static str, goes: &'static str) -> Case {
    Case {
        stream: true,
        ..case(fault, what, goes)
    }
}

const OVER: &str = "the next target answers";
const CALLER: &str = "the caller is told";
const EVENT: &str = "the stream ends with an error event";

const CASES: [Case; 26] = [
    case("status-400", "the request is wrong", CALLER),
    case("status-422", "the request is wrong", CALLER),
    case(
        "context-length",
        "the request is longer than the model's context",
        OVER,
    ),
    case("status-401", "our credential is refused", OVER),
    case("status-403", "our credential may not do this", OVER),
    case("quota", "our account has no credit left", OVER),
    case("status-404", "it does not have the model", OVER),
    case("status-429", "too many requests", OVER),
    case(
        "retry-after-2-429",
        "too many requests, with a time to come back",
        OVER,
    ),
    case("status-500", "it failed inside", OVER),
    case("status-502", "something behind it failed", OVER),
    case("status-503", "it is overloaded", OVER),
    case("hang", "it stays silent", OVER),
    case("reset", "it resets the connection", OVER),
    case("close", "it closes the connection", OVER),
    case("not-http", "its answer is not HTTP", OVER),
    case("empty", "a success that is empty", OVER),
    case("html", "a success that is a web page", OVER),
    case("garbage", "a success that is noise", OVER),
    case("error-200", "an error inside a success", OVER),
    streamed("empty-stream", "a stream without an event", OVER),
    streamed("error-event-0", "an error event before any output", OVER),
    streamed(
        "malformed-1",
        "an event that is not JSON before any output",
        OVER,
    ),
    streamed("cut-0", "a stream that is cut before any output", OVER),
    streamed("cut-3", "a stream that is cut after output", EVENT),
    streamed("error-event-3", "an error event after output", EVENT),
];

fn meet(case: &Case) -> String {
    let fleet = Fleet::start(2, "timeout = 0.5\nmax_retries = 1", ROUTES);
    fleet.upstreams[0].set_fault(Some(case.fault));
    let answer = fleet.gateway.chat(&chat("both", case.stream));
    let goes = read(&answer, case.stream);
    match (goes, fleet.seen()[1]) {
        (OVER, 1) | (CALLER | EVENT, 0) => goes.to_owned(),
        (goes, seen) => format!("{goes}, and b was asked {seen} times: {}", answer.text()),
    }
}

fn read(answer: &Response, stream: bool) -> &'static str {
    let whole = if stream {
        answer.events().last().is_some_and(|last| last == "[DONE]")
    } else {
        answer.json()["choices"].is_array()
    };
    match (answer.status, whole, answered_by(answer)) {
        (200, true, "b") => OVER,
        (200, false, "a") if stream => EVENT,
        (400 | 422, _, "a") => CALLER,
        _ => "something else",
    }
}

#[test]
fn each_class_of_failure_goes_where_the_table_says() {
    let wrong = Mutex::new(Vec::new());
    let next = Mutex::new(CASES.iter());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let case = next.lock().unwrap().next();
                    let Some(case) = case else { return };
                    let goes = meet(case);
                    if goes != case.goes {
                        let line = format!("{}: {goes} (not {})", case.fault, case.goes);
                        wrong.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const INTRODUCTION: &str = "# Where a request goes when a target fails

On a route with two targets the first one fails in each of these ways.
A test provokes every one of them with the simulated provider's fault of this name and compares what happens with this page.
Until the first output the caller notices nothing but the time it takes; after it there is no other target, and the truth is told in the stream, unless the route has [streams go on from another target](routing.md#streams-that-go-on-from-another-target).

| Fault | What the first target does | Answer | Then |
|---|---|---|---|
";

#[test]
fn the_page_has_the_table() {
    let mut page = INTRODUCTION.to_owned();
    for case in &CASES {
        let how = if case.stream { "streamed" } else { "plain" };
        let _ = writeln!(
            page,
            "| `{}` | {} | {how} | {} |",
            case.fault, case.what, case.goes
        );
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/failover.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), page);
}

#[test]
fn what_one_target_cannot_be_given_another_may_take() {
    let upstreams = [Upstream::start(), Upstream::start()];
    let routes = "[[routes]]\nmodel = \"r\"\ntargets = [\"strict:m\", \"b:sim-fast\"]\n";
    let strict = format!(
        "[[providers]]\nid = \"strict\"\nbase_url = \"{}\"\nprofile = \"mistral\"\nparameters = \"strict\"\n\n{routes}",
        upstreams[0].base_url()
    );
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join("modelport.toml"),
        file(&upstreams, "", &strict),
    )
    .unwrap();
    let gateway = Gateway::start_in(home, &[]);
    // Mistral takes no such field.
    let body = json!({"model": "r", "messages": [], "logit_bias": {"1": 1}});
    let answer = gateway.chat(&body);
    assert_eq!(answered_by(&answer), "b", "{}", answer.text());
    let alone = json!({"model": "strict:m", "messages": [], "logit_bias": {"1": 1}});
    assert_eq!(gateway.chat(&alone).status, 400);
}
