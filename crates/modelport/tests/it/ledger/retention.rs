//! What the ledger does not keep for ever.

use std::path::PathBuf;

use modelport::{accounting::journal::Position, store::Store};

use super::{
    engines::{database, line, rows},
    *,
};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

fn now() -> u64 {
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Adds lines to the ledger of a gateway that does not run.
fn add(settings: &[(&str, &str)], lines: &[String]) {
    block_on(async {
        let mut store = Store::open(&database(settings)).await.unwrap();
        for (place, lines) in lines.chunks(2000).enumerate() {
            let offset = u64::try_from(place).unwrap() + 1;
            let end = Position { segment: 1, offset };
            store.add("j", &rows(lines), end).await.unwrap();
        }
    });
}

/// How many requests the report counts.
fn counted(settings: &[(&str, &str)], since: &str) -> u64 {
    let (_, said) = run(
        &["usage", "--since", since, "--by", "team", "--json"],
        settings,
    );
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    report["data"][0]["requests"].as_u64().unwrap_or(0)
}

fn old_rows_go(engine: &Engine) {
    let data = tempfile::tempdir().unwrap();
    let mut settings = engine.settings(data.path(), "http://127.0.0.1:1/v1");
    settings.push(("MODELPORT_LEDGER_KEEP_DAYS", "2"));
    let at = |before: u64| now() - before;
    let lines = [
        line(1, at(HOUR), &json!({})),
        line(2, at(DAY), &json!({})),
        line(3, at(10 * DAY), &json!({})),
        line(4, at(20 * DAY), &json!({})),
        line(5, at(500 * DAY), &json!({})),
    ];
    add(&settings, &lines);
    assert_eq!(counted(&settings, "1000d"), 5);
    assert_eq!(engine.rows(data.path()).len(), 5);
    let gateway = Gateway::start(&settings);
    let kept = || engine.rows(data.path());
    assert!(
        wait_until(SOON, || kept().len() == 2),
        "{}",
        gateway.output()
    );
    assert!(kept().contains_key("r-1") && kept().contains_key("r-2"));
    // The sums of the hours stay longer.
    assert!(wait_until(SOON, || counted(&settings, "1000d") == 4));
    // What comes late is taken all the same, and goes again.
    add(&settings, &[line(6, at(30 * DAY), &json!({}))]);
    assert_eq!(counted(&settings, "1000d"), 5);
}

#[test]
fn old_rows_go_and_what_they_came_to_stays() {
    old_rows_go(&Engine::Sqlite);
}

#[test]
fn old_rows_go_from_a_server_too() {
    let server = Postgres::start();
    old_rows_go(&Engine::Postgres(server.url()));
}

const ALL: u64 = 16_000;
const MOST: u64 = 1 << 20;

/// The settings of a gateway that does not run and has more than [`MOST`] in its ledger, and the ledger's file.
fn filled(data: &Path) -> (Vec<(&str, &str)>, PathBuf) {
    let settings = Engine::Sqlite.settings(data, "http://127.0.0.1:1/v1");
    let start = now() - ALL * 1000;
    let lines: Vec<String> = (0..ALL)
        .map(|number| line(number, start + number * 1000, &json!({})))
        .collect();
    add(&settings, &lines);
    (settings, data.join("modelport.db"))
}

#[test]
fn a_file_that_somebody_reads_gets_smaller_once_they_are_done() {
    let data = tempfile::tempdir().unwrap();
    let (mut settings, file) = filled(data.path());
    let size = || file.metadata().unwrap().len();
    settings.push(("MODELPORT_LEDGER_MAX_BYTES", "1MiB"));
    let mut reader = block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut reader = SqliteConnection::connect_with(&options).await.unwrap();
        let read = sqlx::raw_sql("BEGIN; SELECT count(*) FROM ledger");
        read.execute(&mut reader).await.unwrap();
        reader
    });
    let gateway = Gateway::start(&settings);
    let is_trimmed = || Engine::Sqlite.rows(data.path()).len() < 8000;
    assert!(wait_until(SOON, is_trimmed), "{}", gateway.output());
    // Passes go by meanwhile.
    thread::sleep(Duration::from_secs(1));
    assert!(size() > MOST, "{}", size());
    block_on(async {
        sqlx::raw_sql("ROLLBACK")
            .execute(&mut reader)
            .await
            .unwrap()
    });
    assert!(
        wait_until(SOON, || size() <= MOST),
        "{} {}",
        size(),
        gateway.output()
    );
}

#[test]
fn a_file_that_is_too_large_gets_smaller_by_its_oldest_rows() {
    let data = tempfile::tempdir().unwrap();
    let (mut settings, file) = filled(data.path());
    let size = || file.metadata().unwrap().len();
    assert!(wait_until(SOON, || size() > 3 * MOST / 2), "{}", size());
    settings.push(("MODELPORT_LEDGER_MAX_BYTES", "1MiB"));
    let gateway = Gateway::start(&settings);
    assert!(
        wait_until(SOON, || size() <= MOST),
        "{} {}",
        size(),
        gateway.output()
    );
    let kept = Engine::Sqlite.rows(data.path());
    assert!(kept.len() > 2000, "{}", kept.len());
    assert!(kept.contains_key(&format!("r-{}", ALL - 1)) && !kept.contains_key("r-0"));
    assert_eq!(counted(&settings, "30d"), ALL);
}
