//! Kept answers: the same request gets the same bytes without a provider, and nothing else does.

use std::{sync::Barrier, thread, time::Duration};

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{
    Exchange, Gateway, Scripted, Upstream,
    client::{Response, Stream},
    wait_until,
};

mod server;

const SOON: Duration = Duration::from_secs(10);

const ON: (&str, &str) = ("MODELPORT_CACHE", "64MiB");

fn before(options: Options, more: &[(&str, &str)]) -> (Upstream, Gateway) {
    let upstream = Upstream::with(options);
    let settings = [&[("OPENAI_COMPATIBLE_MAX_RETRIES", "0")], more].concat();
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    (upstream, gateway)
}

fn on(more: &[(&str, &str)]) -> (Upstream, Gateway) {
    before(Options::default(), &[&[ON], more].concat())
}

/// The calls that the provider got.
fn calls(upstream: &Upstream) -> usize {
    let all = upstream.requests().into_iter();
    all.filter(|seen| seen.method == "POST").count()
}

fn chat(word: &str) -> Value {
    json!({"model": "sim-fast", "messages": [{"role": "user", "content": word}]})
}

fn request(gateway: &Gateway, body: &Value) -> Exchange {
    let request = gateway.request("POST", "/v1/chat/completions");
    request.body(body.to_string())
}

fn with(gateway: &Gateway, control: &str, body: &Value) -> Response {
    request(gateway, body)
        .header("cache-control", control)
        .send()
}

/// What an answer says of the cache, and that it is one.
fn mark(answer: &Response) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-modelport-cache").unwrap_or("nothing")
}

#[test]
fn nothing_is_kept_unless_it_is_wanted() {
    let (upstream, gateway) = before(Options::default(), &[]);
    for number in 1..=2 {
        let answer = gateway.chat(&chat("hi"));
        assert_eq!(mark(&answer), "nothing");
        assert_eq!(answer.header("age"), None);
        assert_eq!(calls(&upstream), number);
    }
}

#[test]
fn the_same_request_gets_the_same_bytes_from_every_api() {
    let check = |path: &str, body: &Value| {
        let (upstream, gateway) = on(&[]);
        let post = |body: String| gateway.request("POST", path).body(body).send();
        let first = post(body.to_string());
        assert_eq!(mark(&first), "miss", "{path}");
        assert_eq!(first.header("age"), None);
        let kept = || mark(&post(body.to_string())) == "hit";
        assert!(wait_until(SOON, kept), "{path}");
        // Written in another way, it is the same request.
        let again = post(serde_json::to_string_pretty(body).unwrap());
        assert_eq!(mark(&again), "hit", "{path}");
        assert_eq!(again.body, first.body, "{path}");
        assert_eq!(again.header("age"), Some("0"));
        for name in [
            "content-type",
            "x-modelport-provider",
            "x-modelport-model",
            "x-modelport-params",
        ] {
            assert_eq!(again.header(name), first.header(name), "{path}: {name}");
        }
        let id = |answer: &Response| answer.header("x-request-id").unwrap().to_owned();
        assert_ne!(id(&again), id(&first));
        assert_eq!(calls(&upstream), 1, "{path}");
        let line = format!("request_id={}", id(&again));
        assert!(gateway.wait_for_output(&line));
        let output = gateway.output();
        let line = output.lines().find(|told| told.contains(&line)).unwrap();
        assert!(line.contains("answered"), "{line}");
        assert!(line.contains("status=200"), "{line}");
        assert!(line.contains("attempts=0 cache=hit"), "{line}");
        assert!(!line.contains("tokens="), "{line}");
    };
    let streamed = |body: Value| {
        let mut body = body;
        body["stream"] = json!(true);
        body
    };
    let messages =
        json!({"max_tokens": 20, "model": "sim-fast", "messages": chat("hi")["messages"]});
    let responses = json!({"model": "sim-fast", "input": "hi"});
    check("/v1/chat/completions", &chat("hi"));
    check("/v1/chat/completions", &streamed(chat("hi")));
    check("/v1/completions", &json!({"model": "m", "prompt": "hi"}));
    check("/v1/messages", &messages);
    check("/v1/messages", &streamed(messages.clone()));
    check("/v1/responses", &responses);
    check("/v1/responses", &streamed(responses.clone()));
    check("/v1/embeddings", &json!({"model": "m", "input": "hi"}));
    check("/v1/moderations", &json!({"model": "m", "input": "hi"}));
    check(
        "/v1/rerank",
        &json!({"model": "m", "query": "hi", "documents": ["a", "b"]}),
    );
}

#[test]
fn a_kept_stream_goes_out_event_by_event() {
    let (_upstream, gateway) = on(&[]);
    let mut body = chat("hi");
    body["stream"] = json!(true);
    let first = gateway.chat(&body);
    assert!(wait_until(SOON, || mark(&gateway.chat(&body)) == "hit"));
    let mut again: Stream = request(&gateway, &body).open();
    let mut pieces = Vec::new();
    while let Some(piece) = again.next_piece() {
        pieces.push(piece);
    }
    assert_eq!(pieces.concat(), first.body);
    assert_eq!(pieces.len(), first.events().len());
    assert!(pieces.iter().all(|piece| piece.ends_with(b"\n\n")));
}

#[test]
fn what_changes_the_answer_does_not_meet() {
    let (upstream, gateway) = on(&[]);
    let mut bodies = vec![chat("hi"), chat("hi "), chat("Hi")];
    for (field, value) in [
        ("model", json!("sim-slow")),
        ("temperature", json!(1)),
        ("temperature", json!(1.0)),
        ("stream", json!(false)),
        ("stream", json!(true)),
        ("stop", json!(["a", "b"])),
        ("stop", json!(["b", "a"])),
    ] {
        let mut body = chat("hi");
        body[field] = value;
        bodies.push(body);
    }
    for body in &bodies {
        assert_eq!(mark(&gateway.chat(body)), "miss", "{body}");
    }
    let beta = request(&gateway, &chat("hi")).header("openai-beta", "x");
    assert_eq!(mark(&beta.send()), "miss");
    let query = gateway.request("POST", "/v1/chat/completions?a=b");
    assert_eq!(mark(&query.body(chat("hi").to_string()).send()), "miss");
    assert_eq!(calls(&upstream), bodies.len() + 2);
    let agent = request(&gateway, &chat("hi")).header("user-agent", "other");
    assert_eq!(mark(&agent.send()), "hit");
}

#[test]
fn an_answer_is_given_again_for_a_time() {
    let (_upstream, gateway) = on(&[("MODELPORT_CACHE_TTL", "0.5")]);
    assert_eq!(mark(&gateway.chat(&chat("hi"))), "miss");
    assert_eq!(mark(&gateway.chat(&chat("hi"))), "hit");
    let is_over = || mark(&gateway.chat(&chat("hi"))) == "miss";
    assert!(wait_until(SOON, is_over));
}

#[test]
fn a_caller_says_what_it_wants_of_the_cache() {
    let (upstream, gateway) = on(&[]);
    let body = chat("hi");
    let absent = with(&gateway, "only-if-cached", &body);
    assert_eq!(absent.status, 504);
    assert_eq!(absent.json()["error"]["code"], "not_cached");
    assert_eq!(absent.header("x-should-retry"), Some("false"));
    assert_eq!(calls(&upstream), 0);
    let said = |control: &str| {
        let answer = with(&gateway, control, &body);
        (mark(&answer).to_owned(), answer.text())
    };
    // Neither read nor written.
    assert_eq!(said("no-store").0, "bypass");
    let (first, kept) = said("max-age=60");
    assert_eq!(first, "miss");
    assert_eq!(said("max-age=60"), ("hit".to_owned(), kept.clone()));
    assert_eq!(said("only-if-cached"), ("hit".to_owned(), kept.clone()));
    assert_eq!(said("no-store").0, "bypass");
    assert_eq!(said("x"), ("hit".to_owned(), kept.clone()));
    assert_eq!(calls(&upstream), 3);
    // Not read, but written.
    let (bypassed, newer) = said("no-cache");
    assert_eq!(bypassed, "bypass");
    assert_ne!(newer, kept);
    assert_eq!(said("x"), ("hit".to_owned(), newer));
    assert_eq!(said("max-age=0").0, "bypass");
    let is_old = || said("max-age=1").0 == "miss";
    assert!(wait_until(SOON, is_old));
}

#[test]
fn callers_meet_their_own_answers_only_unless_they_share() {
    let keys = (
        "MODELPORT_API_KEY",
        "the-first-long-key,the-second-long-key",
    );
    let check = |scope: &str, expected: [&str; 4]| {
        let (_upstream, gateway) = on(&[keys, ("MODELPORT_CACHE_SCOPE", scope)]);
        let ask = |key: &str| {
            let request = request(&gateway, &chat("hi"));
            let answer = request.header("authorization", &format!("Bearer the-{key}-long-key"));
            mark(&answer.send()).to_owned()
        };
        let told = ["first", "second", "first", "second"].map(ask);
        assert_eq!(told, expected);
    };
    check("key", ["miss", "miss", "hit", "hit"]);
    check("shared", ["miss", "hit", "hit", "hit"]);
}

#[test]
fn what_is_no_whole_answer_is_not_kept() {
    let (upstream, gateway) = on(&[]);
    for (number, fault) in ["status-400", "status-503", "error-200", "cut-3"]
        .into_iter()
        .enumerate()
    {
        let stream = fault == "cut-3";
        let mut body = chat(fault);
        body["stream"] = json!(stream);
        upstream.set_fault(Some(fault));
        let before = calls(&upstream);
        for _ in 0..2 {
            let (answer, _) = request(&gateway, &body).open().finish_anyhow();
            assert_ne!(answer.header("x-modelport-cache"), Some("hit"), "{fault}");
            assert!(answer.text().contains("error"), "{fault}");
        }
        assert_eq!(calls(&upstream), before + 2, "{fault}");
        upstream.set_fault(None);
        assert_eq!(mark(&gateway.chat(&body)), "miss", "{fault} {number}");
        assert!(wait_until(SOON, || mark(&gateway.chat(&body)) == "hit"));
    }
}

#[test]
fn what_cannot_be_read_is_not_kept() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n";
    let upstream = Scripted::start(format!("{head}content-length: 5\r\n\r\nabcde"));
    let gateway = Gateway::before(&upstream.base_url(), &[ON]);
    for _ in 0..2 {
        let answer = gateway.chat(&chat("hi"));
        assert_eq!((mark(&answer), answer.text().as_str()), ("miss", "abcde"));
    }
}

#[test]
fn what_is_tied_to_something_that_changes_is_not_kept() {
    let (upstream, gateway) = on(&[]);
    let post = |path: &str, body: &Value| {
        let request = gateway.request("POST", path).body(body.to_string());
        request
            .send()
            .header("x-modelport-cache")
            .map(str::to_owned)
    };
    let bypass = Some("bypass".to_owned());
    let conversation = json!({"model": "sim-fast", "input": "hi", "conversation": "c"});
    let mut container = chat("hi");
    container["container"] = json!("c");
    for _ in 0..2 {
        let told = post("/v1/chat/completions", &container);
        assert_eq!(told, bypass);
        // Where it is no error already, it is asked for each time.
        assert_ne!(post("/v1/responses", &conversation), Some("hit".to_owned()));
        let image = json!({"model": "m", "prompt": "a cat"});
        assert_eq!(post("/v1/images/generations", &image), None);
    }
    assert!(calls(&upstream) >= 4);
}

/// So many requests at once, each with what it got.
fn at_once(gateway: &Gateway, count: usize, body: &Value) -> Vec<Response> {
    let barrier = Barrier::new(count);
    thread::scope(|scope| {
        let one = || {
            barrier.wait();
            gateway.chat(body)
        };
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(one)).collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers.collect()
    })
}

#[test]
fn of_many_at_once_one_asks() {
    for stream in [false, true] {
        let options = Options {
            latency_ms: 300,
            ..Options::default()
        };
        let (upstream, gateway) = before(options, &[ON, ("MODELPORT_WORKERS", "2")]);
        let mut body = chat("hi");
        body["stream"] = json!(stream);
        let answers = at_once(&gateway, 50, &body);
        assert_eq!(calls(&upstream), 1);
        let misses = answers.iter().filter(|answer| mark(answer) == "miss");
        assert_eq!(misses.count(), 1);
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    }
}

#[test]
fn when_the_one_that_asks_fails_another_goes() {
    let options = Options {
        latency_ms: 200,
        ..Options::default()
    };
    let (upstream, gateway) = before(options, &[ON]);
    upstream.set_fault(Some("status-503@1"));
    let answers = at_once(&gateway, 6, &chat("hi"));
    let count = |status: u16| {
        let answers = answers.iter();
        answers.filter(|answer| answer.status == status).count()
    };
    assert_eq!((count(503), count(200)), (1, 5));
    assert_eq!(calls(&upstream), 2);
}

#[test]
fn when_the_one_that_asks_leaves_another_goes() {
    for stream in [false, true] {
        let options = Options {
            latency_ms: 500,
            ..Options::default()
        };
        let (upstream, gateway) = before(options, &[ON]);
        let mut body = chat("hi");
        body["stream"] = json!(stream);
        let first = request(&gateway, &body).write();
        assert!(wait_until(SOON, || calls(&upstream) == 1));
        // One that waits and leaves is in nobody's way.
        let second = request(&gateway, &body).write();
        let answer = thread::scope(|scope| {
            let third = scope.spawn(|| gateway.chat(&body));
            thread::sleep(Duration::from_millis(100));
            drop((second, first));
            third.join().unwrap()
        });
        assert_eq!(mark(&answer), "miss");
        assert_eq!(calls(&upstream), 2);
    }
}

#[test]
fn a_request_waits_for_another_no_longer_than_its_own_time() {
    let options = Options {
        latency_ms: 2000,
        ..Options::default()
    };
    let (upstream, gateway) = before(options, &[ON]);
    let first = request(&gateway, &chat("hi")).write();
    assert!(wait_until(SOON, || calls(&upstream) == 1));
    let second = request(&gateway, &chat("hi")).header("x-modelport-timeout", "0.2");
    let second = second.send();
    assert_eq!(second.status, 504);
    assert_eq!(second.json()["error"]["code"], "deadline_exceeded");
    assert_eq!(calls(&upstream), 1);
    drop(first);
}

#[test]
fn the_memory_is_bounded() {
    let options = Options {
        tokens: Some(20_000),
        ..Options::default()
    };
    let (_upstream, gateway) = before(options, &[("MODELPORT_CACHE", "1MiB")]);
    let bodies: Vec<Value> = (0..30).map(|number| chat(&number.to_string())).collect();
    let mut length = 0;
    for body in &bodies {
        let answer = gateway.chat(body);
        assert_eq!(mark(&answer), "miss");
        length = answer.body.len();
    }
    assert!(length > 64 << 10, "{length}");
    let kept = bodies.iter().filter(|body| {
        let status = with(&gateway, "only-if-cached", body).status;
        status == 200
    });
    let kept = kept.count();
    assert!(kept >= 1 && kept * length <= 1 << 20, "{kept} of {length}");
}

/// A gateway with this configuration file, which may name the provider `a`.
fn with_file(upstream: &Upstream, text: &str) -> Gateway {
    let home = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let text = format!(
        "{text}\n[[providers]]\nid = 'a'\nbase_url = '{base_url}'\napi_key = 'sk-upstream'\n[cache]\nmax_bytes = '64 MiB'\n"
    );
    std::fs::write(home.path().join("modelport.toml"), text).unwrap();
    Gateway::start_in(home, &[("OLLAMA_ENABLED", "false")])
}

#[test]
fn a_kept_answer_counts_as_a_request_and_not_by_tokens() {
    let upstream = Upstream::start();
    let limits = "[[limits]]\nrequests_per_minute = 3\ntokens_per_day = 100000";
    let gateway = with_file(&upstream, limits);
    let left = |answer: &Response, what: &str| {
        let left = answer.header(&format!("x-ratelimit-remaining-{what}"));
        left.unwrap().parse::<u64>().unwrap()
    };
    let first = gateway.chat(&chat("hi"));
    let (second, third) = (gateway.chat(&chat("hi")), gateway.chat(&chat("hi")));
    assert_eq!((mark(&second), mark(&third)), ("hit", "hit"));
    assert_eq!(
        [&first, &second, &third].map(|at| left(at, "requests")),
        [2, 1, 0]
    );
    assert_eq!(left(&second, "tokens"), left(&third, "tokens"));
    assert_eq!(gateway.chat(&chat("hi")).status, 429);
}

#[test]
fn whoever_answers_on_a_route_answers_for_the_route() {
    let upstream = Upstream::start();
    let route = "[[routes]]\nmodel = 'fast'\npolicy = 'round-robin'\ntargets = ['a:one', 'a:two']";
    let gateway = with_file(&upstream, route);
    let mut body = chat("hi");
    body["model"] = json!("fast");
    let first = gateway.chat(&body);
    assert_eq!(mark(&first), "miss");
    for _ in 0..3 {
        let again = gateway.chat(&body);
        assert_eq!((mark(&again), &again.body), ("hit", &first.body));
        let model = "x-modelport-model";
        assert_eq!(again.header(model), first.header(model));
    }
    assert_eq!(calls(&upstream), 1);
}

#[test]
fn another_configuration_begins_without_kept_answers() {
    let upstream = Upstream::start();
    let gateway = with_file(&upstream, "[aliases]\nfast = 'a:one'");
    let mut body = chat("hi");
    body["model"] = json!("fast");
    assert_eq!(mark(&gateway.chat(&body)), "miss");
    assert_eq!(mark(&gateway.chat(&body)), "hit");
    let file = gateway.home().join("modelport.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("a:one", "a:two")).unwrap();
    let edition = || gateway.get("/health/ready").json()["configuration"]["edition"] == 2;
    assert!(wait_until(SOON, edition), "{}", gateway.output());
    let answer = gateway.chat(&body);
    assert_eq!(mark(&answer), "miss");
    assert_eq!(answer.header("x-modelport-model"), Some("two"));
}

#[test]
fn anthropics_clients_find_the_id_of_their_request() {
    let (_upstream, gateway) = on(&[]);
    let body = json!({"max_tokens": 20, "model": "m", "messages": chat("hi")["messages"]});
    let ask = || {
        let request = gateway.request("POST", "/v1/messages");
        request.body(body.to_string()).send()
    };
    assert_eq!(mark(&ask()), "miss");
    let again = ask();
    assert_eq!(mark(&again), "hit");
    assert_eq!(again.header("request-id"), again.header("x-request-id"));
    let absent = gateway.request("POST", "/v1/messages?other");
    let absent = absent.header("cache-control", "only-if-cached");
    let absent = absent.body(body.to_string()).send();
    assert_eq!(
        (absent.status, &absent.json()["type"]),
        (504, &json!("error"))
    );
}
