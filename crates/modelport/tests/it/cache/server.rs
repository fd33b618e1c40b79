//! Answers kept in a Redis server: gateways give each other's again, and serve all the same without the server.

use std::time::Instant;

use super::*;
use crate::support::{
    metrics::Metrics,
    redis::{PASSWORD, Redis},
};

/// How long a request may take of which the server takes 50 ms at most, as docs/cache.md says; the rest is for a busy
/// machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// A gateway that keeps its answers in the server.
fn at(upstream: &Upstream, redis: &Redis, more: &[(&str, &str)]) -> Gateway {
    let url = redis.url();
    let settings = [
        ("MODELPORT_REDIS_URL", url.as_str()),
        ("MODELPORT_CACHE_STORE", "redis"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
        ("LOG_LEVEL", "WARN"),
    ];
    Gateway::before(&upstream.base_url(), &[&settings, more].concat())
}

/// The keys of all that is kept.
fn keys(redis: &Redis) -> Vec<String> {
    let said = redis.say("KEYS *").unwrap();
    let lines = said.split("\r\n").filter(|line| line.contains("answer"));
    lines.map(str::to_owned).collect()
}

fn word(gateway: &Gateway) -> Value {
    gateway.get("/health/ready").json()["cache"].clone()
}

fn is_hit(gateway: &Gateway, body: &Value) -> bool {
    mark(&gateway.chat(body)) == "hit"
}

fn sum(gateway: &Gateway, name: &str) -> f64 {
    let page = gateway.get("/metrics").text();
    Metrics::read(&page).sum(name, &[])
}

#[test]
fn gateways_give_each_others_answers_again() {
    let (upstream, redis) = (Upstream::start(), Redis::start());
    let [first, second] = [(); 2].map(|()| at(&upstream, &redis, &[]));
    assert_eq!(word(&first), "redis");
    for (number, stream) in [false, true].into_iter().enumerate() {
        let mut body = chat("a-secret-question");
        body["stream"] = json!(stream);
        let told = first.chat(&body);
        assert_eq!(mark(&told), "miss");
        // One that asked sooner would ask the provider, and keep another answer in the place of this one.
        assert!(wait_until(SOON, || keys(&redis).len() == number + 1));
        let mut again = request(&second, &body).open();
        let mut pieces = Vec::new();
        while let Some(piece) = again.next_piece() {
            pieces.push(piece);
        }
        assert_eq!(pieces.concat(), told.body);
        let count = if stream { told.events().len() } else { 1 };
        assert_eq!(pieces.len(), count);
        let again = second.chat(&body);
        for name in ["content-type", "x-modelport-provider", "x-modelport-model"] {
            assert_eq!(again.header(name), told.header(name), "{name}");
        }
        assert!(again.header("age").is_some());
    }
    let kept = keys(&redis);
    assert_eq!(kept.len(), 2, "{kept:?}");
    for key in &kept {
        let (_, digest) = key.split_once("modelport:answer:").unwrap();
        let is_hex = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(digest.len() == 64 && is_hex, "{key}");
        let left = redis.say(&format!("PTTL {key}")).unwrap();
        let left: u64 = left.trim().trim_start_matches(':').parse().unwrap();
        assert!((200_000..=300_000).contains(&left), "{left}");
    }
    let said = first.output() + &second.output();
    assert!(!said.contains("question") && !said.contains(PASSWORD));
    // One under which a request may mean something else meets none of them.
    let headers = ("OPENAI_COMPATIBLE_CUSTOM_HEADERS", r#"{"x-team": "a"}"#);
    let other = at(&upstream, &redis, &[headers]);
    assert!(!is_hit(&other, &chat("a-secret-question")));
}

#[test]
fn keys_meet_their_own_answers_only() {
    let (upstream, redis) = (Upstream::start(), Redis::start());
    let known = (
        "MODELPORT_API_KEY",
        "the-first-long-key,the-second-long-key",
    );
    let [one, other] = [(); 2].map(|()| at(&upstream, &redis, &[known]));
    let ask = |gateway: &Gateway, key: &str| {
        let request = request(gateway, &chat("hi"));
        let request = request.header("authorization", &format!("Bearer the-{key}-long-key"));
        mark(&request.send()).to_owned()
    };
    assert_eq!(ask(&one, "first"), "miss");
    assert!(wait_until(SOON, || ask(&other, "first") == "hit"));
    assert_eq!(ask(&other, "second"), "miss");
}

#[test]
fn of_many_at_once_one_asks_there_too() {
    let redis = Redis::start();
    let upstream = Upstream::with(Options {
        latency_ms: 300,
        ..Options::default()
    });
    let gateway = at(&upstream, &redis, &[]);
    for (number, stream) in [false, true].into_iter().enumerate() {
        let mut body = chat("hi");
        body["stream"] = json!(stream);
        let answers = at_once(&gateway, 30, &body);
        assert_eq!(calls(&upstream), number + 1);
        assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    }
}

#[test]
fn an_answer_is_over_in_time_and_a_long_one_is_not_kept() {
    let redis = Redis::start();
    let upstream = Upstream::with(Options {
        tokens: Some(10_000),
        ..Options::default()
    });
    let gateway = at(&upstream, &redis, &[("MODELPORT_CACHE_TTL", "0.5")]);
    let mut body = chat("hi");
    body["stream"] = json!(true);
    for _ in 0..2 {
        let answer = gateway.chat(&body);
        assert_eq!(mark(&answer), "miss");
        assert!(answer.body.len() > 1 << 20, "{}", answer.body.len());
    }
    assert!(keys(&redis).is_empty());
    body["stream"] = json!(false);
    assert!(!is_hit(&gateway, &body));
    assert!(wait_until(SOON, || keys(&redis).len() == 1));
    assert!(wait_until(SOON, || keys(&redis).is_empty()));
    assert!(!is_hit(&gateway, &body));
}

#[test]
fn without_the_server_answers_come_from_providers() {
    let (upstream, mut redis) = (Upstream::start(), Redis::start());
    let gateway = at(&upstream, &redis, &[]);
    let body = chat("hi");
    assert_eq!(mark(&gateway.chat(&body)), "miss");
    assert!(wait_until(SOON, || is_hit(&gateway, &body)));
    redis.stop();
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(mark(&gateway.chat(&body)), "bypass");
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    }
    assert_eq!(word(&gateway), "away");
    assert!(sum(&gateway, "modelport_cache_away") > 0.5);
    assert!(sum(&gateway, "modelport_cache_failures_total") > 0.5);
    redis.resume();
    assert!(wait_until(SOON, || word(&gateway) == "redis"));
    assert_eq!(mark(&gateway.chat(&body)), "miss");
    assert!(wait_until(SOON, || is_hit(&gateway, &body)));
    assert!(sum(&gateway, "modelport_cache_away") < 0.5);
    let said = gateway.output();
    assert_eq!(said.matches("answers are not kept").count(), 1, "{said}");
    assert_eq!(said.matches("answers are kept again").count(), 1, "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
}

#[test]
fn no_request_waits_for_a_server_that_hangs() {
    let (upstream, redis) = (Upstream::start(), Redis::start());
    let gateway = at(&upstream, &redis, &[]);
    let body = chat("hi");
    assert!(!is_hit(&gateway, &body));
    assert!(wait_until(SOON, || is_hit(&gateway, &body)));
    redis.signal("STOP");
    let mut marks = Vec::new();
    for _ in 0..6 {
        let start = Instant::now();
        marks.push(mark(&gateway.chat(&body)).to_owned());
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    }
    // The first ones have waited in vain, the others do not.
    assert_eq!(marks[..2], ["miss", "miss"]);
    assert_eq!(marks[3..], ["bypass", "bypass", "bypass"]);
    redis.signal("CONT");
    assert!(wait_until(SOON, || word(&gateway) == "redis"));
    assert!(wait_until(SOON, || is_hit(&gateway, &body)));
}

#[test]
fn a_gateway_starts_without_the_server() {
    let (upstream, mut redis) = (Upstream::start(), Redis::start());
    redis.stop();
    let gateway = at(&upstream, &redis, &[]);
    assert_eq!(mark(&gateway.chat(&chat("hi"))), "bypass");
    let only = with(&gateway, "only-if-cached", &chat("hi"));
    assert_eq!(only.status, 504);
    redis.resume();
    assert!(wait_until(SOON, || is_hit(&gateway, &chat("hi"))));
}

#[test]
fn what_is_no_answer_is_not_given() {
    let (upstream, redis) = (Upstream::start(), Redis::start());
    let gateway = at(&upstream, &redis, &[]);
    let body = chat("hi");
    assert!(!is_hit(&gateway, &body));
    assert!(wait_until(SOON, || keys(&redis).len() == 1));
    let key = keys(&redis).remove(0);
    for (number, spoil) in [
        format!("SET {key} garbage"),
        format!("SET {key} MPA1"),
        format!("SETRANGE {key} 20 zz"),
        format!("APPEND {key} z"),
        format!("SETRANGE {key} 2000000 z"),
    ]
    .iter()
    .enumerate()
    {
        assert!(wait_until(SOON, || is_hit(&gateway, &body)), "{number}");
        redis.say(spoil).unwrap();
        assert_eq!(mark(&gateway.chat(&body)), "miss", "{number}");
        let failures = sum(&gateway, "modelport_cache_failures_total");
        assert!(failures > 0.5 + f64::from(u32::try_from(number).unwrap()));
    }
    // Something of another kind.
    assert!(wait_until(SOON, || is_hit(&gateway, &body)));
    redis.say(&format!("DEL {key}")).unwrap();
    redis.say(&format!("LPUSH {key} a")).unwrap();
    assert_eq!(mark(&gateway.chat(&body)), "miss");
    assert!(wait_until(SOON, || is_hit(&gateway, &body)));
    assert_eq!(word(&gateway), "redis");
}
