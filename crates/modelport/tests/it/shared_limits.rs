//! Limits that several gateways share through a Redis server: they hold for all gateways together, and what becomes of them
//! when the server or a gateway goes away is bounded.

use std::{
    path::Path,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{
    A_DOLLAR_EACH, Gateway, Upstream,
    client::Response,
    gateway::run,
    redis::{PASSWORD, Redis},
    wait_until,
};

const SOON: Duration = Duration::from_secs(10);

/// How long places of a gateway that was killed are kept, as docs/keys.md says.
const LASTS: Duration = Duration::from_secs(30);

/// How long a request may take of which the server takes 500 ms at most, as docs/keys.md says; the rest is for a busy
/// machine.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Stacks are small because there are many.
const STACK: usize = 128 << 10;

/// Several gateways with one database of keys and one server of limits.
struct Fleet {
    data: tempfile::TempDir,
    base_url: String,
    redis_url: String,
    away: &'static str,
    timeout: &'static str,
    /// The file with the model's prices, or none.
    prices: String,
}

impl Fleet {
    fn new(upstream: &Upstream, redis: &Redis, away: &'static str) -> Self {
        Self {
            data: tempfile::tempdir().unwrap(),
            base_url: upstream.base_url(),
            redis_url: redis.url(),
            away,
            timeout: "30",
            prices: String::new(),
        }
    }

    /// From now on a request costs a dollar.
    fn charge_a_dollar(&mut self) {
        let prices = self.data.path().join("prices.json");
        std::fs::write(&prices, A_DOLLAR_EACH).unwrap();
        self.prices = prices.display().to_string();
    }

    /// Gateways of a journal each, as on machines of their own.
    fn settings<'a>(&'a self, data: &'a str, database: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("OPENAI_COMPATIBLE_BASE_URL", &self.base_url),
            ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
            ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
            ("OPENAI_COMPATIBLE_TIMEOUT", self.timeout),
            ("OLLAMA_ENABLED", "false"),
            ("MODELPORT_DATA_DIR", data),
            ("MODELPORT_DATABASE_URL", database),
            ("MODELPORT_REDIS_URL", &self.redis_url),
            ("MODELPORT_REDIS_AWAY", self.away),
            ("MODELPORT_CATALOGUE", &self.prices),
            ("LOG_LEVEL", "WARN"),
        ]
    }

    fn database(&self) -> String {
        format!("sqlite://{}", self.data.path().join("keys.db").display())
    }

    /// A key from the command line.
    fn create(&self, arguments: &[&str]) -> String {
        let (data, database) = (self.data.path().join("cli"), self.database());
        let settings = self.settings(data.to_str().unwrap(), &database);
        let arguments = [&["keys", "create"], arguments].concat();
        let (done, text) = run(&arguments, &settings);
        assert!(done.success(), "{text}");
        text.lines().next().unwrap().to_owned()
    }

    /// So many gateways that know the key and each other.
    fn start(&self, count: usize, key: &str) -> Vec<Gateway> {
        let start = |number: usize| {
            let data = self.data.path().join(number.to_string());
            Gateway::start(&self.settings(data.to_str().unwrap(), &self.database()))
        };
        let gateways: Vec<Gateway> = (0..count).map(start).collect();
        for gateway in &gateways {
            assert!(wait_until(SOON, || knows(gateway, key)));
            assert_eq!(mode(gateway), "shared");
        }
        gateways
    }
}

fn knows(gateway: &Gateway, key: &str) -> bool {
    let request = gateway.request("GET", "/v1/models");
    let bearer = format!("Bearer {key}");
    request.header("authorization", &bearer).send().status == 200
}

/// What decides about limits, as the gateway says.
fn mode(gateway: &Gateway) -> String {
    let ready = gateway.get("/health/ready").json();
    ready["limits"].as_str().unwrap().to_owned()
}

fn ask(gateway: &Gateway, key: &str) -> Response {
    let body = json!({
        "model": "sim-fast", "max_tokens": 3,
        "messages": [{"role": "user", "content": "hi"}],
    });
    send(gateway, key, &body)
}

fn send(gateway: &Gateway, key: &str, body: &Value) -> Response {
    let request = gateway.request("POST", "/v1/chat/completions");
    let request = request.header("authorization", &format!("Bearer {key}"));
    request.body(body.to_string()).send()
}

/// How many of many requests at once are answered, and how many refused with this status.
fn burst(gateways: &[Gateway], count: usize, key: &str, refusal: u16) -> (usize, usize) {
    let (answered, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let barrier = Barrier::new(count);
    thread::scope(|scope| {
        for number in 0..count {
            let gateway = &gateways[number % gateways.len()];
            let one = || {
                barrier.wait();
                let answer = ask(gateway, key);
                match answer.status {
                    200 => answered.fetch_add(1, Relaxed),
                    status if status == refusal => refused.fetch_add(1, Relaxed),
                    status => panic!("{status}: {}", answer.text()),
                };
            };
            let builder = thread::Builder::new().stack_size(STACK);
            builder.spawn_scoped(scope, one).unwrap();
        }
    });
    (answered.into_inner(), refused.into_inner())
}

/// How many of so many requests are answered, one after the other, and the longest time that one took.
fn one_by_one(gateway: &Gateway, key: &str, count: usize) -> (usize, Duration) {
    let mut longest = Duration::ZERO;
    let answered = (0..count).filter(|_| {
        let since = Instant::now();
        let status = ask(gateway, key).status;
        longest = longest.max(since.elapsed());
        status == 200
    });
    (answered.count(), longest)
}

#[test]
fn a_thousand_at_three_gateways_get_exactly_what_a_limit_allows() {
    let upstream = Upstream::with(Options {
        seen: 2000,
        ..Options::default()
    });
    let redis = Redis::start();
    let fleet = Fleet::new(&upstream, &redis, "local");
    let key = fleet.create(&["burst", "--requests-per-day", "100"]);
    let gateways = fleet.start(3, &key);
    let found = burst(&gateways, 1000, &key, 429);
    for gateway in &gateways {
        assert_eq!(mode(gateway), "shared", "{}", gateway.output());
        assert!(!gateway.output().contains(PASSWORD));
        assert!(gateway.output().contains("redis://127.0.0.1:"));
    }
    assert_eq!(found, (100, 900));
    assert_eq!(upstream.completions().len(), 100);
    let refused = ask(&gateways[0], &key);
    assert_eq!(refused.header("x-ratelimit-limit-requests"), Some("100"));
    assert_eq!(refused.header("x-ratelimit-remaining-requests"), Some("0"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((800..=864).contains(&wait), "{wait}");
    let error = refused.json()["error"].clone();
    assert_eq!(error["code"], "rate_limit_exceeded");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("requests_per_day is 100"), "{message}");
}

#[test]
fn a_thousand_at_three_gateways_spend_exactly_their_budget() {
    let upstream = Upstream::with(Options {
        latency_ms: 200,
        seen: 4000,
        ..Options::default()
    });
    let mut redis = Redis::start();
    let mut fleet = Fleet::new(&upstream, &redis, "local");
    fleet.charge_a_dollar();
    let key = fleet.create(&["spender", "--budget", "100/month"]);
    let mut gateways = fleet.start(3, &key);
    assert_eq!(burst(&gateways, 1000, &key, 402), (100, 900));
    assert_eq!(upstream.completions().len(), 100);
    // A server that starts anew is told what was spent, and one that is killed and comes back knows it too.
    redis.stop();
    redis.resume();
    assert!(wait_until(SOON, || mode(&gateways[0]) == "shared"));
    assert_eq!(ask(&gateways[0], &key).status, 402);
    let (data, database) = (fleet.data.path().join("cli"), fleet.database());
    let settings = fleet.settings(data.to_str().unwrap(), &database);
    let is_kept = || {
        let (_, text) = run(&["usage", "--by", "key", "--json"], &settings);
        text.contains(r#""cost_usd":"100""#)
    };
    assert!(wait_until(SOON, is_kept));
    gateways.clear();
    let again = fleet.start(1, &key);
    assert_eq!(ask(&again[0], &key).status, 402);
}

#[test]
fn a_gateway_that_comes_later_spends_what_the_others_have_left() {
    let upstream = Upstream::with(Options::default());
    let redis = Redis::start();
    let mut fleet = Fleet::new(&upstream, &redis, "local");
    fleet.charge_a_dollar();
    for budget in ["50/total", "50/30d"] {
        let key = fleet.create(&["spender", "--budget", budget]);
        let mut gateways = fleet.start(2, &key);
        for gateway in &gateways {
            assert_eq!(one_by_one(gateway, &key, 15).0, 15);
        }
        // What both have spent is in the ledger once they are gone; one of them comes back.
        for gateway in &mut gateways {
            gateway.terminate();
            assert!(gateway.wait(SOON).unwrap().success());
        }
        let again = fleet.start(1, &key);
        let (answered, _) = one_by_one(&again[0], &key, 30);
        assert_eq!(answered, 20, "{budget}");
    }
}

#[test]
fn tokens_that_were_not_used_come_back_to_all_gateways() {
    let upstream = Upstream::with(Options::default());
    let redis = Redis::start();
    let fleet = Fleet::new(&upstream, &redis, "local");
    let key = fleet.create(&["tokens", "--output-tokens-per-minute", "1000"]);
    let gateways = fleet.start(2, &key);
    // Each could have 900, so two do not fit; but each has 5.
    let body = json!({"model": "sim-fast", "max_tokens": 900, "messages": [{"role": "user", "content": "hi"}]});
    for gateway in gateways.iter().cycle().take(6) {
        let taken = || send(gateway, &key, &body).status == 200;
        assert!(wait_until(Duration::from_secs(1), taken));
    }
    let left = send(&gateways[0], &key, &body);
    let left: u64 = left
        .header("x-ratelimit-remaining-tokens")
        .unwrap()
        .parse()
        .unwrap();
    assert!(left < 1000, "{left}");
}

#[test]
fn who_asks_one_after_the_other_needs_but_one_place() {
    let upstream = Upstream::with(Options::default());
    let redis = Redis::start();
    let fleet = Fleet::new(&upstream, &redis, "local");
    let key = fleet.create(&["single", "--concurrency", "1"]);
    let gateways = fleet.start(1, &key);
    assert_eq!(one_by_one(&gateways[0], &key, 500).0, 500);
    assert_eq!(mode(&gateways[0]), "shared");
}

#[test]
fn places_are_shared_and_those_of_a_killed_gateway_come_back() {
    let upstream = Upstream::with(Options {
        latency_ms: 90_000,
        ..Options::default()
    });
    let redis = Redis::start();
    let mut fleet = Fleet::new(&upstream, &redis, "local");
    fleet.timeout = "120";
    let key = fleet.create(&["places", "--concurrency", "2"]);
    let mut gateways = fleet.start(2, &key);
    let (killed, other) = (gateways.remove(0), gateways.remove(0));
    let begin = |gateway: &Gateway| {
        let request = gateway.request("POST", "/v1/chat/completions");
        let request = request.header("authorization", &format!("Bearer {key}"));
        let messages = json!([{"role": "user", "content": "hi"}]);
        let body = json!({"model": "sim-fast", "max_tokens": 3, "messages": messages});
        request.body(body.to_string()).write()
    };
    // The places that are not over yet.
    let taken = |count: usize| {
        let keys = redis.say("KEYS *concurrency*").unwrap();
        let Some(name) = keys.lines().nth(2) else {
            return count == 0;
        };
        let now = unix_millis();
        let said = redis.say(&format!("ZCOUNT {name} {now} inf")).unwrap();
        said.starts_with(&format!(":{count}"))
    };
    let _stays = begin(&other);
    assert!(wait_until(SOON, || taken(1)));
    let _lost = begin(&killed);
    assert!(wait_until(SOON, || taken(2)));
    let refused = ask(&other, &key);
    assert_eq!(refused.status, 429);
    let said = refused.text();
    assert!(said.contains("concurrency is 2"), "{said}");
    drop(killed);
    thread::sleep(Duration::from_secs(2));
    assert_eq!(ask(&other, &key).status, 429, "nobody knows yet");
    // The place of the request that goes on is kept all the time.
    assert!(wait_until(LASTS, || taken(1)));
    thread::sleep(Duration::from_secs(1));
    assert!(taken(1));
    let next = begin(&other);
    assert!(wait_until(SOON, || taken(2)));
    // A caller that leaves gives its place back at once.
    drop(next);
    assert!(wait_until(SOON, || taken(1)));
}

fn unix_millis() -> u128 {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis()
}

#[test]
fn without_the_server_each_gateway_goes_on_with_its_share() {
    let upstream = Upstream::with(Options::default());
    let mut redis = Redis::start();
    let fleet = Fleet::new(&upstream, &redis, "local");
    let key = fleet.create(&["share", "--requests-per-day", "30"]);
    let gateways = fleet.start(3, &key);
    // A heart beats once a second.
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(one_by_one(&gateways[0], &key, 3).0, 3);
    redis.stop();
    let mut answered = 0;
    for gateway in &gateways {
        let (count, longest) = one_by_one(gateway, &key, 12);
        assert!(longest < PATIENCE, "{longest:?}");
        assert_eq!(mode(gateway), "local");
        assert!(gateway.output().contains("limits are not shared"));
        answered += count;
    }
    // Of 27 that are left the first takes a third; the others have seen nothing, and take a third of 30.
    assert_eq!(answered, 9 + 10 + 10);
    redis.resume();
    for gateway in &gateways {
        assert!(wait_until(SOON, || mode(gateway) == "shared"));
        assert!(gateway.wait_for_output("limits are shared again"));
        let errors = gateway.output().matches("limits are not shared").count();
        assert_eq!(errors, 1, "{}", gateway.output());
        assert!(!gateway.output().contains(PASSWORD));
    }
    // The server has forgotten all, but the gateways have not.
    for gateway in &gateways {
        let (count, _) = one_by_one(gateway, &key, 3);
        assert_eq!(count, 0);
    }
}

#[test]
fn without_the_server_requests_with_limits_are_refused_if_so_configured() {
    let upstream = Upstream::with(Options::default());
    let mut redis = Redis::start();
    let fleet = Fleet::new(&upstream, &redis, "refuse");
    let key = fleet.create(&["closed", "--requests-per-day", "30"]);
    let free = fleet.create(&["free"]);
    let gateways = fleet.start(1, &key);
    let gateway = &gateways[0];
    assert!(wait_until(SOON, || knows(gateway, &free)));
    assert_eq!(ask(gateway, &key).status, 200);
    redis.stop();
    for _ in 0..2 {
        let refused = ask(gateway, &key);
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.json()["error"]["code"], "limits_unavailable");
        assert_eq!(ask(gateway, &free).status, 200, "it has no limits");
    }
    assert_eq!(mode(gateway), "refused");
    redis.resume();
    assert!(wait_until(SOON, || mode(gateway) == "shared"));
    assert_eq!(ask(gateway, &key).status, 200);
}

#[test]
fn a_server_that_hangs_delays_nobody_for_long() {
    let upstream = Upstream::with(Options::default());
    let redis = Redis::start();
    let fleet = Fleet::new(&upstream, &redis, "local");
    let key = fleet.create(&["hang", "--requests-per-day", "1000000"]);
    let gateways = fleet.start(2, &key);
    assert_eq!(burst(&gateways, 20, &key, 429), (20, 0));
    redis.signal("STOP");
    let since = Instant::now();
    for gateway in &gateways {
        let (count, longest) = one_by_one(gateway, &key, 20);
        assert_eq!(count, 20);
        assert!(longest < PATIENCE, "{longest:?}");
        assert_eq!(mode(gateway), "local");
    }
    // Two gateways find out once each; nobody else waits.
    assert!(since.elapsed() < 3 * PATIENCE, "{:?}", since.elapsed());
    redis.signal("CONT");
    for gateway in &gateways {
        assert!(wait_until(SOON, || mode(gateway) == "shared"));
    }
    assert_eq!(burst(&gateways, 20, &key, 429), (20, 0));
}

#[test]
fn a_gateway_starts_without_the_server() {
    let upstream = Upstream::with(Options::default());
    let mut redis = Redis::start();
    let fleet = Fleet::new(&upstream, &redis, "local");
    let key = fleet.create(&["early", "--requests-per-day", "2"]);
    redis.stop();
    let data = fleet.data.path().join("0");
    let gateway = start(&fleet, &data);
    assert!(wait_until(SOON, || knows(&gateway, &key)));
    assert_eq!(mode(&gateway), "local");
    assert_eq!(one_by_one(&gateway, &key, 4).0, 2);
    redis.resume();
    assert!(wait_until(SOON, || mode(&gateway) == "shared"));
    let ended = redis.say("ZCARD {modelport}:gateways").unwrap();
    assert!(ended.starts_with(":1"), "{ended}");
    let mut gateway = gateway;
    gateway.terminate();
    assert!(gateway.wait(SOON).is_some());
    let ended = redis.say("ZCARD {modelport}:gateways").unwrap();
    assert!(ended.starts_with(":0"), "it takes leave: {ended}");
}

#[test]
fn the_server_may_want_tls() {
    let upstream = Upstream::with(Options::default());
    let redis = Redis::start();
    let mut fleet = Fleet::new(&upstream, &redis, "refuse");
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (
        fleet.data.path().join("cert"),
        fleet.data.path().join("key"),
    );
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fleet.redis_url = redis.listen_with_tls(&certificate, &key);
    let limited = fleet.create(&["tls", "--requests-per-day", "1"]);
    let data = fleet.data.path().join("0");
    let database = fleet.database();
    let mut settings = fleet.settings(data.to_str().unwrap(), &database);
    settings.push(("SSL_CERT_FILE", certificate.to_str().unwrap()));
    let gateway = Gateway::start(&settings);
    assert!(wait_until(SOON, || knows(&gateway, &limited)));
    assert_eq!(mode(&gateway), "shared", "{}", gateway.output());
    let statuses = [(); 2].map(|()| ask(&gateway, &limited).status);
    assert_eq!(statuses, [200, 429]);
    // Who does not trust the certificate does not talk to it.
    settings.pop();
    let other = Gateway::start(&settings);
    assert!(wait_until(SOON, || knows(&other, &limited)));
    assert_eq!(ask(&other, &limited).status, 503);
}

fn start(fleet: &Fleet, data: &Path) -> Gateway {
    Gateway::start(&fleet.settings(data.to_str().unwrap(), &fleet.database()))
}
