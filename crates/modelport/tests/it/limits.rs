//! Limits: exactly what they allow passes, whoever asks at the same time, and who is refused is told where they stand.

use std::{
    path::Path,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{
    A_DOLLAR_EACH, Gateway, Upstream, client::Response, gateway::run, wait_until,
};

const SOON: Duration = Duration::from_secs(10);

/// Stacks are small because there are many.
const STACK: usize = 128 << 10;

fn settings<'a>(data: &'a Path, base_url: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("OPENAI_COMPATIBLE_BASE_URL", base_url),
        ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
        ("OLLAMA_ENABLED", "false"),
        ("MODELPORT_DATA_DIR", data.to_str().unwrap()),
        ("LOG_LEVEL", "WARN"),
    ]
}

/// A key from the command line.
fn create(settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let arguments = [&["keys", "create"], arguments].concat();
    let (done, text) = run(&arguments, settings);
    assert!(done.success(), "{text}");
    text.lines().next().unwrap().to_owned()
}

fn ask(gateway: &Gateway, key: &str, body: &Value) -> Response {
    let request = gateway.request("POST", "/v1/chat/completions");
    let request = request.header("authorization", &format!("Bearer {key}"));
    request.body(body.to_string()).send()
}

fn chat(max_tokens: u64) -> Value {
    json!({
        "model": "sim-fast", "max_tokens": max_tokens,
        "messages": [{"role": "user", "content": "hi"}],
    })
}

/// How many of many requests at once are answered, and how many refused with this status.
fn burst(
    gateways: &[&Gateway],
    count: usize,
    key: &str,
    body: &Value,
    refusal: u16,
) -> (usize, usize) {
    let (answered, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let barrier = Barrier::new(count);
    thread::scope(|scope| {
        for number in 0..count {
            let gateway = gateways[number % gateways.len()];
            let one = || {
                barrier.wait();
                match ask(gateway, key, body).status {
                    200 => answered.fetch_add(1, Relaxed),
                    status if status == refusal => refused.fetch_add(1, Relaxed),
                    status => panic!("{status}"),
                };
            };
            let builder = thread::Builder::new().stack_size(STACK);
            builder.spawn_scoped(scope, one).unwrap();
        }
    });
    (answered.into_inner(), refused.into_inner())
}

/// A gateway that knows the key already.
fn gateway(settings: &[(&str, &str)], key: &str) -> Gateway {
    let gateway = Gateway::start(settings);
    assert!(wait_until(SOON, || knows(&gateway, key)));
    gateway
}

/// Whether a key has reached the gateway.
fn knows(gateway: &Gateway, key: &str) -> bool {
    let request = gateway.request("GET", "/v1/models");
    let bearer = format!("Bearer {key}");
    request.header("authorization", &bearer).send().status == 200
}

#[test]
fn a_thousand_at_once_get_exactly_what_a_limit_allows() {
    let upstream = Upstream::with(Options {
        seen: 2000,
        ..Options::default()
    });
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let mut settings = settings(data.path(), &base_url);
    settings.push(("MODELPORT_WORKERS", "2"));
    let key = create(&settings, &["burst", "--requests-per-day", "100"]);
    let gateway = gateway(&settings, &key);
    let found = burst(&[&gateway], 1000, &key, &chat(3), 429);
    assert_eq!(found, (100, 900));
    assert_eq!(upstream.completions().len(), 100);
}

#[test]
fn who_is_limited_is_told_where_they_stand() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let settings = settings(data.path(), &base_url);
    let limits = [
        "told",
        "--requests-per-minute",
        "2",
        "--tokens-per-minute",
        "5000",
        "--requests-per-day",
        "10",
    ];
    let key = create(&settings, &limits);
    let gateway = gateway(&settings, &key);
    let first = ask(&gateway, &key, &chat(3));
    assert_eq!(first.status, 200);
    assert_eq!(first.header("x-ratelimit-limit-requests"), Some("2"));
    assert_eq!(first.header("x-ratelimit-remaining-requests"), Some("1"));
    assert_eq!(first.header("x-ratelimit-limit-tokens"), Some("5000"));
    assert!(
        first
            .header("x-ratelimit-reset-requests")
            .unwrap()
            .ends_with('s')
    );
    assert_eq!(ask(&gateway, &key, &chat(3)).status, 200);
    let refused = ask(&gateway, &key, &chat(3));
    assert_eq!(refused.status, 429);
    assert_eq!(refused.header("x-ratelimit-remaining-requests"), Some("0"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((25..=30).contains(&wait), "{wait}");
    let error = refused.json()["error"].clone();
    assert_eq!(error["code"], "rate_limit_exceeded");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("requests_per_minute is 2") && message.contains("Try again in"),
        "{message}"
    );
    // More than there ever is: waiting does not help.
    let small = create(&settings, &["small", "--tokens-per-minute", "5000"]);
    assert!(wait_until(SOON, || knows(&gateway, &small)));
    let mut large = chat(3);
    large["messages"][0]["content"] = json!("many words ".repeat(4000));
    let large = ask(&gateway, &small, &large);
    assert_eq!((large.status, large.header("retry-after")), (429, None));
    assert_eq!(large.json()["error"]["code"], "request_over_limit");
    assert_eq!(large.header("x-should-retry"), Some("false"));
}

#[test]
fn tokens_are_set_apart_before_and_corrected_after() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let settings = settings(data.path(), &base_url);
    let key = create(&settings, &["tokens", "--output-tokens-per-minute", "1000"]);
    let gateway = gateway(&settings, &key);
    // Each could have 900, so two do not fit; but each has 5.
    let stop = json!({"model": "sim-fast", "max_tokens": 900, "messages": [{"role": "user", "content": "hi"}]});
    for _ in 0..3 {
        let answer = ask(&gateway, &key, &stop);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let refused = ask(
        &gateway,
        &key,
        &json!({"model": "sim-smart", "max_tokens": 999, "messages": [{"role": "user", "content": "hi"}]}),
    );
    let left: u64 = ask(&gateway, &key, &stop)
        .header("x-ratelimit-remaining-tokens")
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        refused.status == 429 && left < 1000,
        "{} {left}",
        refused.status
    );
}

#[test]
fn places_are_free_again_when_answers_end() {
    let upstream = Upstream::with(Options {
        latency_ms: 500,
        ..Options::default()
    });
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let settings = settings(data.path(), &base_url);
    let key = create(&settings, &["places", "--concurrency", "2"]);
    let gateway = gateway(&settings, &key);
    for _ in 0..2 {
        assert_eq!(burst(&[&gateway], 6, &key, &chat(3), 429), (2, 4));
    }
}

#[test]
fn a_team_shares_and_the_configuration_limits_everybody() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("modelport.toml");
    let text = "[[limits]]\nmodel = \"sim-smart\"\nrequests_per_day = 1\n\n[[limits]]\nprovider = \"openai_compatible\"\nrequests_per_day = 4\n";
    std::fs::write(&file, text).unwrap();
    let base_url = upstream.base_url();
    let mut settings = settings(data.path(), &base_url);
    settings.push(("MODELPORT_CONFIG", file.to_str().unwrap()));
    let (done, text) = run(
        &["teams", "create", "red", "--requests-per-day", "2"],
        &settings,
    );
    assert!(done.success(), "{text}");
    let one = create(&settings, &["one", "--team", "red"]);
    let two = create(&settings, &["two", "--team", "red"]);
    let free = create(&settings, &["free"]);
    let gateway = gateway(&settings, &free);
    assert_eq!(ask(&gateway, &one, &chat(3)).status, 200);
    assert_eq!(ask(&gateway, &two, &chat(3)).status, 200);
    let refused = ask(&gateway, &one, &chat(3));
    assert_eq!(refused.status, 429);
    assert!(
        refused.text().contains("the team red"),
        "{}",
        refused.text()
    );
    let smart = json!({"model": "sim-smart", "max_tokens": 3, "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(ask(&gateway, &free, &smart).status, 200);
    assert!(
        ask(&gateway, &free, &smart)
            .text()
            .contains("the model sim-smart")
    );
    assert_eq!(ask(&gateway, &free, &chat(3)).status, 200);
    let refused = ask(&gateway, &free, &chat(3));
    assert_eq!(refused.status, 429);
    assert!(
        refused.text().contains("the provider openai_compatible"),
        "{}",
        refused.text()
    );
}

/// The rows of the usage report, by the admin API.
fn usage(gateway: &Gateway, query: &str) -> Value {
    let request = gateway.request("GET", &format!("/admin/v1/usage?{query}"));
    let request = request.header("authorization", "Bearer the-key-of-the-admin");
    request.send().json()["data"].clone()
}

#[test]
fn a_thousand_at_once_spend_exactly_their_budget_and_a_restart_forgets_nothing() {
    let upstream = Upstream::with(Options {
        latency_ms: 200,
        seen: 4000,
        ..Options::default()
    });
    let data = tempfile::tempdir().unwrap();
    let prices = data.path().join("prices.json");
    std::fs::write(&prices, A_DOLLAR_EACH).unwrap();
    let base_url = upstream.base_url();
    let mut settings = settings(data.path(), &base_url);
    settings.push(("MODELPORT_CATALOGUE", prices.to_str().unwrap()));
    settings.push(("MODELPORT_ADMIN_KEY", "the-key-of-the-admin"));
    settings.push(("MODELPORT_WORKERS", "2"));
    let key = create(&settings, &["spender", "--budget", "100/month,warn=50"]);
    let first = gateway(&settings, &key);
    assert_eq!(burst(&[&first], 1000, &key, &chat(3), 402), (100, 900));
    assert_eq!(upstream.completions().len(), 100);
    assert!(first.wait_for_output("a budget has reached the amount at which it warns"));
    assert_eq!(first.output().matches("at which it warns").count(), 1);
    let refused = ask(&first, &key, &chat(3));
    let message = refused.json()["error"]["message"].to_string();
    assert!(
        message.contains("$100 of $100 are spent") && message.contains("renewed at"),
        "{message}"
    );
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    let spent = || {
        usage(&first, "by=key").as_array().is_some_and(|rows| {
            rows.iter()
                .any(|row| row["cost_usd"] == "100" && row["computed_usd"] == "100")
        })
    };
    assert!(wait_until(SOON, spent), "{}", usage(&first, "by=key"));
    drop(first);
    // It was killed; what it had spent is in the ledger.
    let second = gateway(&settings, &key);
    assert_eq!(ask(&second, &key, &chat(3)).status, 402);
    let (done, text) = run(
        &["keys", "update", "spender", "--budget", "101/month"],
        &settings,
    );
    assert!(done.success(), "{text}");
    assert!(wait_until(SOON, || ask(&second, &key, &chat(3)).status == 200));
    assert_eq!(ask(&second, &key, &chat(3)).status, 402);
}

#[test]
fn an_answer_tells_what_it_cost_and_a_stream_costs_the_same() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let prices = data.path().join("prices.json");
    let text =
        r#"{"openai_compatible": {"sim-fast": {"price": {"in": 0.00000015, "out": 0.0000006}}}}"#;
    std::fs::write(&prices, text).unwrap();
    let base_url = upstream.base_url();
    let mut settings = settings(data.path(), &base_url);
    settings.push(("MODELPORT_CATALOGUE", prices.to_str().unwrap()));
    settings.push(("MODELPORT_ADMIN_KEY", "the-key-of-the-admin"));
    let key = create(&settings, &["cost"]);
    let gateway = gateway(&settings, &key);
    let whole = ask(&gateway, &key, &chat(7));
    let tokens = &whole.json()["usage"];
    let (input, output) = (
        tokens["prompt_tokens"].as_u64().unwrap(),
        tokens["completion_tokens"].as_u64().unwrap(),
    );
    // In units of 1e-8 dollars.
    let expected = input * 15 + output * 60;
    let told = whole.header("x-modelport-cost").unwrap();
    let digits = told.strip_prefix("0.").unwrap();
    let units: u64 = format!("{digits:0<8}").parse().unwrap();
    assert_eq!(units, expected, "{told}");
    let mut stream = chat(7);
    stream["stream"] = json!(true);
    stream["stream_options"] = json!({"include_usage": true});
    assert_eq!(ask(&gateway, &key, &stream).status, 200);
    // Nobody states a price for this one.
    let other = json!({"model": "sim-smart", "max_tokens": 3, "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(ask(&gateway, &key, &other).header("x-modelport-cost"), None);
    assert!(gateway.wait_for_output("nobody states a price for this model"));
    let rows = || usage(&gateway, "by=model");
    assert!(
        wait_until(SOON, || rows().as_array().is_some_and(|rows| {
            rows.iter()
                .map(|row| row["requests"].as_u64().unwrap())
                .sum::<u64>()
                == 3
        })),
        "{}",
        rows()
    );
    for row in rows().as_array().unwrap() {
        if row["model"] == "sim-fast" {
            let twice = format!(
                "{:?}",
                rust_decimal::Decimal::new(i64::try_from(2 * expected).unwrap(), 8).normalize()
            );
            assert_eq!(
                (&row["cost_usd"], &row["unpriced"]),
                (&json!(twice), &json!(0))
            );
        } else {
            assert_eq!(
                (&row["cost_usd"], &row["unpriced"]),
                (&json!("0"), &json!(1))
            );
        }
    }
}

#[test]
fn what_a_caller_left_is_estimated_and_marked_so() {
    let upstream = Upstream::with(Options {
        tokens: Some(500),
        tokens_per_second: 50,
        ..Options::default()
    });
    let data = tempfile::tempdir().unwrap();
    let prices = data.path().join("prices.json");
    let text = r#"{"openai_compatible": {"sim-fast": {"price": {"in": 0, "out": 0.0001}}}}"#;
    std::fs::write(&prices, text).unwrap();
    let base_url = upstream.base_url();
    let mut settings = settings(data.path(), &base_url);
    settings.push(("MODELPORT_CATALOGUE", prices.to_str().unwrap()));
    settings.push(("MODELPORT_ADMIN_KEY", "the-key-of-the-admin"));
    let key = create(&settings, &["leaver"]);
    let gateway = gateway(&settings, &key);
    let body = json!({"model": "sim-fast", "stream": true, "messages": [{"role": "user", "content": "tell me much"}]});
    let request = gateway.request("POST", "/v1/chat/completions");
    let request = request.header("authorization", &format!("Bearer {key}"));
    let mut stream = request.body(body.to_string()).open();
    let mut pieces = 0;
    while pieces < 5 {
        pieces += usize::from(stream.next_piece().is_some());
    }
    drop(stream);
    let found = || {
        let rows = usage(&gateway, "by=key");
        rows[0]["estimated_usd"].as_str().map(str::to_owned)
    };
    assert!(
        wait_until(SOON, || found().is_some_and(|spent| spent != "0")),
        "{:?}",
        found()
    );
    let spent: rust_decimal::Decimal = found().unwrap().parse().unwrap();
    let spent = u64::try_from(spent * rust_decimal::Decimal::from(10_000)).unwrap();
    let rows = usage(&gateway, "by=key");
    assert!(
        (4..100).contains(&spent) && rows[0]["output_tokens"] == spent,
        "{rows}"
    );
    assert!(rows[0]["input_tokens"].as_u64().unwrap() >= 3, "{rows}");
}
