//! More requests than a provider gets at once.

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{ADMIN, Fleet, answered_by, chat, key};
use crate::support::{Gateway, Upstream, gateway::run, wait_until};

/// Answers take a tenth of a second.
fn slow() -> Options {
    Options {
        ttft_ms: 100,
        ..Options::default()
    }
}

#[test]
fn two_keys_wait_fairly() {
    let upstream = Upstream::with(slow());
    let file = super::file(
        std::slice::from_ref(&upstream),
        "concurrency = 10\nqueue = 500\npatience = 30",
        "[server]\napi_keys = [\"first-caller-key-1\", \"second-caller-key-2\"]\n",
    );
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    let order = Mutex::new(Vec::new());
    let ask = |key: &'static str| {
        let answer = gateway
            .request("POST", "/v1/chat/completions")
            .header("authorization", &format!("Bearer {key}"))
            .body(json!({"model": "a:sim-fast", "messages": []}).to_string())
            .send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let waited = answer.header("x-modelport-queue-ms").map(str::to_owned);
        order.lock().unwrap().push((key, waited));
    };
    thread::scope(|scope| {
        for _ in 0..180 {
            scope.spawn(|| ask("first-caller-key-1"));
        }
        // The second caller comes late and with little.
        let many = |seen: &[modelport_sim::Seen]| seen.len() >= 20;
        assert!(upstream.wait_for(Duration::from_secs(10), many));
        for _ in 0..20 {
            scope.spawn(|| ask("second-caller-key-2"));
        }
    });
    let order = order.into_inner().unwrap();
    let last = order
        .iter()
        .rposition(|(key, _)| *key == "second-caller-key-2");
    let last = last.unwrap();
    println!("the late caller's last of 20 is number {last} of 200");
    assert!(last < 110, "{last}");
    let waited = order.iter().filter(|(_, waited)| waited.is_some()).count();
    assert!(waited >= 150, "{waited} say how long they waited");
}

#[test]
fn a_higher_priority_goes_first_and_a_lower_one_is_not_starved() {
    let upstream = Upstream::start();
    let file = super::file(
        std::slice::from_ref(&upstream),
        "concurrency = 10\nqueue = 500\npatience = 30",
        "[server]\napi_keys = [\"a-configured-caller-key\"]\n",
    );
    let (home, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    let settings = [
        ("MODELPORT_DATA_DIR", data.path().to_str().unwrap()),
        ("MODELPORT_ADMIN_KEY", ADMIN),
    ];
    let made = ["keys", "create", "urgent", "--priority", "high", "--json"];
    let (done, made) = run(&made, &settings);
    assert!(done.success(), "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["priority"], "high");
    let gateway = Gateway::start_in(home, &settings);
    let low = |name: &str| key(&gateway, &json!({"name": name, "priority": "low"}));
    let callers = [
        ("high", made["key"].as_str().unwrap().to_owned()),
        ("low-1", low("nightly")),
        ("low-2", low("backfill")),
        ("normal", "a-configured-caller-key".to_owned()),
    ];
    let ask = |(who, key): &(&str, String)| {
        let body = json!({"model": "a:sim-fast", "messages": [], "user": who});
        gateway
            .request("POST", "/v1/chat/completions")
            .header("authorization", &format!("Bearer {key}"))
            .body(body.to_string())
    };
    upstream.set_fault(Some("hang"));
    let held: Vec<_> = (0..10).map(|_| ask(&callers[3]).write()).collect();
    assert!(upstream.wait_for(Duration::from_secs(10), |seen| seen.len() >= 10));
    upstream.set_fault(None);
    let waiting = || {
        let reading = gateway.request("GET", "/v1/providers/a");
        let reading = reading.header("authorization", "Bearer a-configured-caller-key");
        reading.send().json()["waiting_room"]["waiting"].as_u64()
    };
    // Those of low priority are there first.
    let groups = [(1, 90), (2, 10), (0, 90), (3, 10)];
    thread::scope(|scope| {
        let mut all = 0;
        for (place, count) in groups {
            for _ in 0..count {
                let (ask, caller) = (&ask, &callers[place]);
                scope.spawn(move || {
                    let answer = ask(caller).send();
                    assert_eq!(answer.status, 200, "{}", answer.text());
                });
            }
            all += count;
            let there = wait_until(Duration::from_secs(20), || waiting() == Some(all));
            assert!(there, "{:?} of {all} wait", waiting());
        }
        drop(held);
    });
    let order = upstream.completions().into_iter().skip(10).map(|seen| {
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        body["user"].as_str().unwrap().to_owned()
    });
    let order: Vec<String> = order.collect();
    assert_eq!(order.len(), 200);
    let count = |part: &[String], who: &str| {
        let asked = part.iter().filter(|asked| asked.starts_with(who));
        asked.count()
    };
    let last = |who: &str| order.iter().rposition(|asked| asked == who).unwrap();
    println!(
        "of the first 110: {} high, {} normal, {} low; the last are number {} high, {} normal, {} low-2",
        count(&order[..110], "high"),
        count(&order[..110], "normal"),
        count(&order[..110], "low"),
        last("high"),
        last("normal"),
        last("low-2"),
    );
    // Nine of eleven places are high's until it is done; of the others each priority has its share.
    assert!(count(&order[..110], "high") >= 85, "{order:?}");
    for part in order[..99].chunks(33) {
        for who in ["low", "normal"] {
            let count = count(part, who);
            assert!((1..=5).contains(&count), "{count} of {who}: {order:?}");
        }
    }
    // Whoever comes late with little within a priority does not wait for all of the other key.
    assert!(last("low-2") < 145, "{order:?}");
    let (_, shown) = run(&["keys", "list"], &settings);
    let check = |name: &str, priority: &str| {
        let line = shown.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.contains(priority), "{shown}");
    };
    check("PRIORITY", "LIMITS");
    check("urgent", " high ");
    check("nightly", " low ");
}

#[test]
fn who_has_few_waiting_finds_room_where_another_key_has_filled_it() {
    let upstream = Upstream::start();
    let file = super::file(
        std::slice::from_ref(&upstream),
        "concurrency = 1\nqueue = 10\npatience = 30\nmax_retries = 0",
        "[server]\napi_keys = [\"first-caller-key-1\", \"second-caller-key-2\"]\n",
    );
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    let ask = |key: &str| {
        let request = gateway.request("POST", "/v1/chat/completions");
        let request = request.header("authorization", &format!("Bearer {key}"));
        request.body(chat("a:sim-fast", false).to_string())
    };
    upstream.set_fault(Some("hang"));
    let held = ask("first-caller-key-1").write();
    assert!(upstream.wait_for(Duration::from_secs(10), |seen| !seen.is_empty()));
    upstream.set_fault(None);
    thread::scope(|scope| {
        let first: Vec<_> = (0..30)
            .map(|_| scope.spawn(|| ask("first-caller-key-1").send().status))
            .collect();
        // Twenty are refused, as there are spots for ten.
        let over = || first.iter().filter(|one| one.is_finished()).count() == 20;
        assert!(wait_until(Duration::from_secs(10), over));
        let second: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| ask("second-caller-key-2").send().status))
            .collect();
        let over = || first.iter().filter(|one| one.is_finished()).count() == 23;
        assert!(wait_until(Duration::from_secs(10), over));
        drop(held);
        for one in second {
            assert_eq!(one.join().unwrap(), 200);
        }
        let first = first.into_iter().map(|one| one.join().unwrap());
        assert_eq!(first.filter(|status| *status == 200).count(), 7);
    });
}

#[test]
fn who_leaves_frees_a_place_and_who_is_late_is_told() {
    let fleet = Fleet::of(
        vec![Options::default()],
        "concurrency = 1\nqueue = 2\npatience = 0.5\nmax_retries = 0",
        "",
    );
    fleet.upstreams[0].set_fault(Some("hang"));
    let ask = || {
        let exchange = fleet.gateway.request("POST", "/v1/chat/completions");
        exchange.body(chat("a:sim-fast", false).to_string())
    };
    let held = ask().write();
    assert!(wait_until(Duration::from_secs(5), || fleet.seen() == [1]));
    let started = Instant::now();
    let late = ask().send();
    assert_eq!(late.status, 429, "{}", late.text());
    assert_eq!(late.json()["error"]["code"], "provider_busy");
    assert!(late.header("retry-after").is_some());
    assert!((0.5..2.0).contains(&started.elapsed().as_secs_f64()));
    let provider = fleet.gateway.get("/v1/providers/a").json();
    let room = json!({"under_way": 1, "waiting": 0, "limit": 1, "refused": 1});
    assert_eq!(provider["waiting_room"], room);
    // Three wait where two may.
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3).map(|_| scope.spawn(|| ask().send())).collect();
        let answers: Vec<_> = waiting.into_iter().map(|one| one.join().unwrap()).collect();
        let full = answers
            .iter()
            .filter(|answer| answer.text().contains("full"));
        assert_eq!(full.count(), 1);
    });
    // One with a deadline of its own.
    let exchange = ask().header("x-modelport-timeout", "0.2");
    let deadline = exchange.send();
    assert_eq!(deadline.status, 504, "{}", deadline.text());
    fleet.upstreams[0].set_fault(None);
    drop(held);
    let answered = || fleet.chat("a:sim-fast").status == 200;
    assert!(wait_until(Duration::from_secs(5), answered));
}

#[test]
fn another_target_is_better_than_waiting() {
    let routes = "[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\", \"b:sim-fast\"]\n";
    let fleet = Fleet::start(2, "concurrency = 1\nqueue = 10\npatience = 5", routes);
    fleet.upstreams[0].set_fault(Some("hang"));
    let held = fleet
        .gateway
        .request("POST", "/v1/chat/completions")
        .body(chat("r", false).to_string())
        .write();
    assert!(wait_until(Duration::from_secs(5), || fleet.seen() == [1, 0]));
    let answer = fleet.chat("r");
    assert_eq!(answered_by(&answer), "b", "{}", answer.text());
    drop(held);
}

#[test]
fn an_upload_goes_where_there_is_a_place() {
    let routes = "[[routes]]\nmodel = \"r\"\ntargets = [\"a:whisper-1\", \"b:whisper-1\"]\n";
    let fleet = Fleet::start(2, "concurrency = 1\nqueue = 10\npatience = 5", routes);
    fleet.upstreams[0].set_fault(Some("hang"));
    let held = fleet
        .gateway
        .request("POST", "/v1/chat/completions")
        .body(chat("a:sim-fast", false).to_string())
        .write();
    let asked = || !fleet.upstreams[0].completions().is_empty();
    assert!(wait_until(Duration::from_secs(5), asked));
    let mut form = b"--x\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nr\r\n--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n".to_vec();
    form.extend(std::iter::repeat_n(b'a', 20 << 20));
    form.extend_from_slice(b"\r\n--x--\r\n");
    let answer = fleet
        .gateway
        .request("POST", "/v1/audio/transcriptions")
        .header("content-type", "multipart/form-data; boundary=x")
        .raw_body(form)
        .send();
    assert_eq!(
        answered_by(&answer),
        "b",
        "{} {}",
        answer.status,
        answer.text()
    );
    drop(held);
}

#[test]
fn where_all_are_full_it_waits_at_one_that_has_room() {
    let upstreams = [Upstream::with(slow()), Upstream::with(slow())];
    let second = format!(
        "[[providers]]\nid = \"tight\"\nbase_url = \"{}\"\nconcurrency = 1\nqueue = 0\n\n[[routes]]\nmodel = \"r\"\ntargets = [\"a:sim-fast\", \"tight:sim-fast\"]\n",
        upstreams[1].base_url()
    );
    let text = super::file(
        &upstreams[..1],
        "concurrency = 1\nqueue = 50\npatience = 10",
        &second,
    );
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("modelport.toml"), text).unwrap();
    let gateway = Gateway::start_in(home, &[]);
    thread::scope(|scope| {
        let all: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| gateway.chat(&chat("r", false))))
            .collect();
        for one in all {
            let answer = one.join().unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    });
}
