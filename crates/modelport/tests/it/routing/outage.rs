//! Targets that die under load.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use modelport_sim::Options;

use serde_json::json;

use super::{Fleet, answered_by, file};
use crate::support::{Gateway, Upstream};

/// Three targets that share the load.
const SHARED: &str = r#"
[[routes]]
model = "r"
policy = "round-robin"
retry_share = 50
targets = ["a:sim-fast", "b:sim-fast", "c:sim-fast"]
"#;

/// The threads that make the load.
const THREADS: u32 = 8;

/// How many requests meet a total outage.
const REQUESTS: usize = 1000;

/// Asks from several threads, so many times a second in all, until `stop`; what was not answered.
fn load(fleet: &Fleet, per_second: u32, stop: &AtomicBool, answers: &AtomicUsize) -> Vec<String> {
    let failed = Mutex::new(Vec::new());
    let pause = Duration::from_secs(1) * THREADS / per_second;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut due = Instant::now();
                while !stop.load(Relaxed) {
                    let answer = fleet.chat("r");
                    answers.fetch_add(1, Relaxed);
                    if answer.status != 200 {
                        failed.lock().unwrap().push(answer.text());
                    }
                    due += pause;
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

#[test]
fn a_target_that_dies_under_load_costs_no_request() {
    let mut fleet = Fleet::start(3, "max_retries = 0", SHARED);
    let mut dying = fleet.upstreams.remove(0);
    let (stop, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    let failed = thread::scope(|scope| {
        let loading = scope.spawn(|| load(&fleet, 250, &stop, &answers));
        thread::sleep(Duration::from_secs(1));
        dying.stop();
        thread::sleep(Duration::from_secs(2));
        stop.store(true, Relaxed);
        loading.join().unwrap()
    });
    let answers = answers.load(Relaxed);
    assert!(answers > 300, "{answers}");
    assert_eq!(failed.len(), 0, "of {answers}: {failed:?}");
    let explained = fleet
        .gateway
        .request("POST", "/v1/route/explain")
        .body(r#"{"model":"r","messages":[]}"#)
        .send();
    let candidates = explained.json()["candidates"].clone();
    let last = candidates.as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["target"], "a:sim-fast", "{candidates}");
    assert_eq!(last["standing"], "parked", "{candidates}");
}

#[test]
fn those_that_waited_at_a_dying_target_are_all_rescued() {
    let slow = Options {
        ttft_ms: 1000,
        ..Options::default()
    };
    let routes =
        "[[routes]]\nmodel = \"r\"\nretry_share = 1\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n";
    let mut fleet = Fleet::of(vec![slow, Options::default()], "max_retries = 0", routes);
    let mut dying = fleet.upstreams.remove(0);
    let answers = thread::scope(|scope| {
        let waiting: Vec<_> = (0..80).map(|_| scope.spawn(|| fleet.chat("r"))).collect();
        assert!(dying.wait_for(Duration::from_secs(5), |seen| seen.len() >= 80));
        dying.stop();
        let answers = waiting.into_iter().map(|one| one.join().unwrap());
        answers.collect::<Vec<_>>()
    });
    let lost: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status != 200)
        .collect();
    assert!(lost.is_empty(), "{} of 80: {}", lost.len(), lost[0].text());
}

#[test]
fn a_target_that_comes_back_gets_requests_again() {
    let routes = SHARED.replace("\"b:sim-fast\", \"c:sim-fast\"", "\"b:sim-fast\"");
    let fleet = Fleet::start(2, "max_retries = 0", &routes);
    fleet.upstreams[0].set_fault(Some("status-500"));
    for _ in 0..40 {
        assert_eq!(answered_by(&fleet.chat("r")), "b");
    }
    let while_down = fleet.seen()[0];
    assert!(while_down < 20, "{while_down} of 40 went to it");
    fleet.upstreams[0].set_fault(None);
    let back = Instant::now();
    while answered_by(&fleet.chat("r")) != "a" {
        assert!(back.elapsed() < Duration::from_secs(20), "never again");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn retries_never_amplify_a_total_outage() {
    let routes = SHARED.replace("retry_share = 50", "retry_share = 10");
    let fleet = Fleet::start(3, "max_retries = 3", &routes);
    for upstream in &fleet.upstreams {
        upstream.set_fault(Some("status-503"));
    }
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while next.fetch_add(1, Relaxed) < REQUESTS {
                    assert_ne!(fleet.chat("r").status, 200);
                }
            });
        }
    });
    let calls: usize = fleet.seen().iter().sum();
    println!("{calls} calls for {REQUESTS} requests");
    assert!(calls <= REQUESTS + REQUESTS / 10, "{calls}");
    assert!(calls > REQUESTS, "retries go on in an outage: {calls}");
}

#[test]
fn the_last_target_is_never_given_up() {
    let routes = "[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\"]\n";
    let fleet = Fleet::start(1, "max_retries = 0", routes);
    fleet.upstreams[0].set_fault(Some("status-500"));
    for _ in 0..20 {
        assert_eq!(fleet.chat("r").status, 500);
    }
    fleet.upstreams[0].set_fault(None);
    assert_eq!(fleet.chat("r").status, 200, "at once, whatever was before");
}

#[test]
fn a_deadline_ends_the_search() {
    let routes =
        "[[routes]]\nmodel = \"r\"\ntimeout = 5\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n";
    let fleet = Fleet::start(2, "", routes);
    for upstream in &fleet.upstreams {
        upstream.set_fault(Some("hang"));
    }
    let ask = |timeout: &str| {
        let started = Instant::now();
        let answer = fleet
            .gateway
            .request("POST", "/v1/chat/completions")
            .header("x-modelport-timeout", timeout)
            .body(r#"{"model":"r","messages":[]}"#)
            .send();
        (answer, started.elapsed().as_secs_f64())
    };
    let (late, took) = ask("0.5");
    assert_eq!(late.status, 504, "{}", late.text());
    assert_eq!(late.json()["error"]["code"], "deadline_exceeded");
    assert!(late.text().contains("0.5 s"), "{}", late.text());
    assert!((0.5..2.0).contains(&took), "{took}");
    assert_eq!(
        fleet.seen(),
        [1, 0],
        "a deadline is no reason to ask another"
    );
    let (wrong, _) = ask("soon");
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("x-modelport-timeout"));
}

#[test]
fn after_the_deadline_nobody_is_asked() {
    let routes = "[[routes]]\nmodel = \"r\"\nretry_share = 0\ntargets = [\"a:sim-fast\", \"b:sim-fast\", \"c:sim-fast\"]\n";
    let fleet = Fleet::start(3, "max_retries = 0", routes);
    fleet.upstreams[0].set_fault(Some("hang"));
    for _ in 0..10 {
        let request = fleet.gateway.request("POST", "/v1/chat/completions");
        let late = request.header("x-modelport-timeout", "0.1");
        let late = late.body(r#"{"model":"r","messages":[]}"#).send();
        assert_eq!(late.status, 504, "{}", late.text());
        assert_eq!(answered_by(&late), "a");
    }
    assert_eq!(fleet.seen(), [10, 0, 0]);
}

#[test]
fn a_target_that_misses_its_routes_time_is_put_last() {
    let routes =
        "[[routes]]\nmodel = \"r\"\ntimeout = 0.2\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n";
    let fleet = Fleet::start(2, "max_retries = 0", routes);
    fleet.upstreams[0].set_fault(Some("hang"));
    let asked = (0..30).map(|_| fleet.chat("r").status);
    let answered = asked.filter(|status| *status == 200).count();
    assert!(answered >= 15, "{answered} of 30");
}

#[test]
fn what_could_not_be_sent_hides_no_outage() {
    let upstreams = [Upstream::start(), Upstream::start()];
    let routes = "[[routes]]\nmodel = \"r\"\ntargets = [\"b:sim-fast\", \"strict:m\"]\n";
    let strict = format!(
        "[[providers]]\nid = \"strict\"\nbase_url = \"{}\"\nprofile = \"mistral\"\nparameters = \"strict\"\n\n{routes}",
        upstreams[0].base_url()
    );
    let home = tempfile::tempdir().unwrap();
    let text = file(&upstreams, "max_retries = 0", &strict);
    std::fs::write(home.path().join("modelport.toml"), text).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    upstreams[1].set_fault(Some("status-503"));
    let body = json!({"model": "r", "messages": [], "logit_bias": {"1": 1}});
    let answer = gateway.chat(&body);
    assert_eq!(answer.status, 503, "{}", answer.text());
}
