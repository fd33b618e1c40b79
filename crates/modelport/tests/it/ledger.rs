//! The ledger: one row for every request that ended, whatever becomes of the process.

use std::{
    collections::{HashMap, HashSet},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use modelport_sim::Options;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::support::{
    Gateway, Upstream,
    gateway::{command, run},
    postgres::{PASSWORD, Postgres, block_on},
    wait_until,
};

mod engines;
mod full;
mod outage;
mod reprice;
mod retention;

/// What may be lost of a process that is killed: the answers that ended this shortly before.
const BOUND: Duration = Duration::from_millis(100);

const SOON: Duration = Duration::from_secs(10);

/// Where the ledger of a test is.
enum Engine {
    /// In the data directory.
    Sqlite,
    /// On a server at this URL.
    Postgres(String),
}

impl Engine {
    /// The settings of a gateway that keeps its ledger so, with its data directory there.
    fn settings<'a>(&'a self, data: &'a Path, base_url: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut settings = vec![
            ("OPENAI_COMPATIBLE_BASE_URL", base_url),
            ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
            ("OLLAMA_ENABLED", "false"),
            ("MODELPORT_DATA_DIR", data.to_str().unwrap()),
            ("LOG_LEVEL", "WARN"),
        ];
        if let Self::Postgres(url) = self {
            settings.push(("MODELPORT_DATABASE_URL", url));
        }
        settings
    }

    /// How often each request id stands in the ledger.
    fn rows(&self, data: &Path) -> HashMap<String, u32> {
        const IDS: &str = "SELECT request_id FROM ledger";
        let ids: Vec<String> = block_on(async {
            match self {
                Self::Sqlite => {
                    let options = sqlx::sqlite::SqliteConnectOptions::new()
                        .filename(data.join("modelport.db"));
                    let connection = SqliteConnection::connect_with(&options).await;
                    let query = sqlx::query_scalar(IDS);
                    query.fetch_all(&mut connection.unwrap()).await.unwrap()
                }
                Self::Postgres(url) => {
                    let connection = PgConnection::connect(url).await;
                    let query = sqlx::query_scalar(IDS);
                    query.fetch_all(&mut connection.unwrap()).await.unwrap()
                }
            }
        });
        let mut counts = HashMap::new();
        for id in ids {
            *counts.entry(id).or_default() += 1;
        }
        counts
    }
}

/// One plain chat, done when its answer is whole.
fn chat(addr: SocketAddr, id: &str) -> Option<()> {
    let body =
        json!({"model": "sim-fast", "messages": [{"role": "user", "content": "hi"}]}).to_string();
    let mut socket = TcpStream::connect(addr).ok()?;
    write!(
        socket,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: {id}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).ok()?;
    (answer.starts_with("HTTP/1.1 200") && answer.trim_end().ends_with('}')).then_some(())
}

#[test]
fn a_killed_gateway_loses_no_request_that_had_ended_and_counts_none_twice() {
    kill_and_count(&Engine::Sqlite);
}

#[test]
fn nor_does_one_before_a_server() {
    let server = Postgres::start();
    kill_and_count(&Engine::Postgres(server.url()));
}

fn kill_and_count(engine: &Engine) {
    const ALL: usize = 2000;
    let upstream = Upstream::with(Options {
        tokens: Some(5),
        seen: 2 * ALL,
        ..Options::default()
    });
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let settings = engine.settings(data.path(), &base_url);
    let mut killed_at = None;
    let finished = Mutex::new(Vec::new());
    for round in 0..2 {
        let gateway = Gateway::start(&settings);
        let addr = gateway.addr();
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Relaxed);
                        if number >= ALL / 2 {
                            return;
                        }
                        let id = format!("r-{round}-{number}");
                        if chat(addr, &id).is_some() {
                            finished.lock().unwrap().push((id, Instant::now()));
                        }
                    }
                });
            }
            if round == 0 {
                let enough = || finished.lock().unwrap().len() > ALL / 4;
                assert!(wait_until(SOON, enough));
                let pid = gateway.pid().to_string();
                killed_at = Some(Instant::now());
                let killed = Command::new("kill").args(["-KILL", &pid]).status().unwrap();
                assert!(killed.success());
            }
        });
        if round == 1 {
            gateway.terminate();
            let mut gateway = gateway;
            assert!(gateway.wait(SOON).unwrap().success());
        }
    }
    let killed_at = killed_at.unwrap();
    let rows = engine.rows(data.path());
    let finished = finished.into_inner().unwrap();
    let must: Vec<&String> = finished
        .iter()
        .filter(|(id, at)| id.starts_with("r-1-") || *at + BOUND < killed_at)
        .map(|(id, _)| id)
        .collect();
    assert!(must.len() > ALL / 2 + 100, "{}", must.len());
    for id in must {
        assert_eq!(rows.get(id), Some(&1), "{id}");
    }
    let seen = upstream.requests();
    let arrived: HashSet<&str> = seen
        .iter()
        .filter_map(|seen| seen.header("x-request-id"))
        .collect();
    for (id, count) in &rows {
        assert_eq!(*count, 1, "{id}");
        assert!(arrived.contains(id.as_str()), "{id}");
    }
    // Nothing is left of journals that are in the ledger.
    let left = std::fs::read_dir(data.path().join("journal"))
        .unwrap()
        .count();
    assert_eq!(left, 0);
}

#[test]
fn the_usage_is_shown_by_what_is_asked_for() {
    let upstream = Upstream::with(Options {
        tokens: Some(7),
        ..Options::default()
    });
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let mut settings = Engine::Sqlite.settings(data.path(), &base_url);
    settings.push(("MODELPORT_API_KEY", "a-key-for-the-ledger"));
    let gateway = Gateway::start(&settings);
    let ask = |model: &str, key: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        gateway
            .request("POST", "/v1/chat/completions")
            .header("authorization", &format!("Bearer {key}"))
            .body(body.to_string())
            .send()
            .status
    };
    assert_eq!(ask("sim-fast", "a-key-for-the-ledger"), 200);
    assert_eq!(ask("sim-fast", "a-key-for-the-ledger"), 200);
    assert_eq!(ask("fault/status-400", "a-key-for-the-ledger"), 400);
    let usage = |more: &[&str]| {
        let mut arguments = vec!["usage", "--by", "key,model"];
        arguments.extend_from_slice(more);
        run(&arguments, &settings).1
    };
    let counted = || {
        let report: Value = serde_json::from_str(&usage(&["--json"])).unwrap_or_default();
        let lines = report["data"].as_array().cloned().unwrap_or_default();
        lines
            .iter()
            .map(|line| line["requests"].as_u64().unwrap_or(0))
            .sum::<u64>()
    };
    assert!(wait_until(SOON, || counted() == 3), "{}", usage(&[]));
    let report: Value = serde_json::from_str(&usage(&["--json"])).unwrap();
    let first = &report["data"][0];
    assert_eq!(first["model"], "sim-fast");
    assert_eq!(
        (
            &first["requests"],
            &first["failed"],
            &first["output_tokens"]
        ),
        (&json!(2), &json!(0), &json!(14))
    );
    assert!(
        first["key"].as_str().unwrap().starts_with("env-"),
        "{first}"
    );
    // The simulated provider says nothing of money, and nothing here knows its price.
    assert_eq!(
        (&first["cost_usd"], &first["unpriced"]),
        (&json!("0"), &json!(2))
    );
    assert_eq!(report["data"][1]["failed"], 1);
    let table = usage(&[]);
    assert!(
        table.starts_with("KEY ") && table.contains("sim-fast") && table.contains("unknown"),
        "{table}"
    );
    let csv = usage(&["--csv"]);
    assert_eq!(csv.lines().count(), 3, "{csv}");
    let earlier = usage(&["--since", "2020-01-01", "--until", "2020-02-01"]);
    assert_eq!(
        earlier,
        "No requests from 2020-01-01T00:00:00Z up to 2020-02-01T00:00:00Z.\n"
    );
    let ready = gateway.get("/health/ready").json();
    assert_eq!(
        ready["ledger"],
        json!({"state": "ok", "waiting": 0, "lost": 0})
    );
}

#[test]
fn what_has_no_ledger_says_where_one_would_be() {
    let (status, said) = run(&["usage"], &[]);
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("MODELPORT_DATA_DIR"), "{said}");
    let data = tempfile::tempdir().unwrap();
    let output = command(
        &[("MODELPORT_DATA_DIR", data.path().to_str().unwrap())],
        data.path(),
    )
    .arg("usage")
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no ledger at"));
}
