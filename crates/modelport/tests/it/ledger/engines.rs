//! Both databases hold the same and say the same.

use modelport::{
    accounting::{
        entry::Entry,
        journal::{Place, Position, Writer, add_line},
        report::Period,
    },
    config::{Config, Database},
    store::Store,
};
use uuid::Uuid;

use super::*;

const HOUR: u64 = 3_600_000;

/// A line of a journal.
pub(super) fn line(number: u64, at_ms: u64, more: &Value) -> String {
    let mut line = json!({
        "id": Uuid::from_u128(u128::from(number)).simple().to_string(), "at_ms": at_ms,
        "request_id": format!("r-{number}"), "key": format!("k-{}", number % 3), "team": "Ünion",
        "provider": "p", "requested": "asked", "model": format!("M{}", number % 2),
        "surface": "/chat/completions", "stream": true, "status": 200, "ending": "answered",
        "attempts": 1, "duration_ms": 5, "first_output_ms": null, "input_tokens": 10,
        "output_tokens": 3, "cached_input_tokens": 2, "cache_write_tokens": 0,
        "cache_write_1h_tokens": 0, "reasoning_tokens": 0, "audio_input_tokens": 0,
        "audio_output_tokens": 0, "image_input_tokens": 1, "image_output_tokens": 0,
        "cost_pico": null, "cost_source": "unknown", "reported_pico": null, "computed_pico": null,
        "prices": "catalogue 1", "tags": "{\"a\":\"b\"}"
    });
    let all = line.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    line.to_string()
}

/// The rows of lines.
pub(super) fn rows(lines: &[String]) -> Vec<Entry> {
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The database that these settings name.
pub(super) fn database(settings: &[(&str, &str)]) -> Database {
    let variables = settings
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    let config: Config = modelport::config::load(variables, None, None).unwrap();
    config.storage.database.unwrap()
}

#[test]
fn rows_that_come_twice_and_sums_over_what_64_bits_hold_are_the_same_in_both() {
    let server = Postgres::start();
    let data = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}/a.db", data.path().display());
    // Late rows, rows of several days, one from a clock that was never set.
    let last = 2_000_000 * HOUR;
    let mut lines = vec![
        line(
            1,
            last,
            &json!({"cost_source": "computed", "cost_pico": i64::MAX}),
        ),
        line(
            2,
            last,
            &json!({"cost_source": "computed", "cost_pico": i64::MAX}),
        ),
        line(
            3,
            last + 1,
            &json!({"cost_source": "reported", "cost_pico": 1}),
        ),
        line(
            4,
            last - 30 * HOUR,
            &json!({"cost_source": "estimated", "cost_pico": 2_500_000}),
        ),
        line(5, 0, &json!({"cost_source": "none", "ending": "failed"})),
    ];
    lines.extend((6..50).map(|number| line(number, last - number * HOUR / 2, &json!({}))));
    let of_engine = |url: &str| {
        let database = database(&[("MODELPORT_DATABASE_URL", url)]);
        block_on(async {
            let mut store = Store::open(&database).await.unwrap();
            for (offset, lines) in [(1, &lines[..20]), (2, &lines[10..])] {
                let end = Position { segment: 1, offset };
                store.add("j", &rows(lines), end).await.unwrap();
                assert_eq!(store.position("j").await.unwrap(), end);
            }
            drop(store);
            let mut store = Store::open_to_read(&database).await.unwrap().unwrap();
            let mut reports = Vec::new();
            for (since, until) in [(0, last + HOUR), (last - 7 * HOUR - 5, last + 1), (7, 8)] {
                for by in [&[][..], &["key", "model"], &["team", "surface", "provider"]] {
                    let period = Period { since, until };
                    reports.push(store.usage(period, by).await.unwrap());
                }
            }
            store.forget("j").await.unwrap();
            assert_eq!(store.position("j").await.unwrap(), Position::default());
            reports
        })
    };
    let (of_file, of_server) = (of_engine(&file), of_engine(&server.url()));
    assert_eq!(of_file, of_server);
    let all = &of_file[0][0].1;
    assert_eq!((all.requests, all.failed, all.unpriced), (49, 1, 44));
    assert_eq!(all.computed.to_string(), "18446744.073709551614");
    assert_eq!(all.cost().to_string(), "18446744.073712051615");
}

#[test]
fn two_gateways_write_to_one_server_at_once_and_the_report_is_that_of_a_file() {
    const EACH: usize = 400;
    let upstream = Upstream::with(Options {
        tokens: Some(5),
        ..Options::default()
    });
    let base_url = upstream.base_url();
    let server = Postgres::start();
    let engines = [
        Engine::Postgres(server.url()),
        Engine::Postgres(server.url()),
        Engine::Sqlite,
    ];
    let homes: Vec<_> = engines
        .iter()
        .map(|_| tempfile::tempdir().unwrap())
        .collect();
    let settings: Vec<_> = engines
        .iter()
        .zip(&homes)
        .map(|(engine, home)| engine.settings(home.path(), &base_url))
        .collect();
    // The first two make the tables at the same time.
    let mut gateways: Vec<_> = settings
        .iter()
        .map(|settings| Gateway::start(settings))
        .collect();
    thread::scope(|scope| {
        for writer in 0..4 {
            let server = &gateways[writer % 2];
            let file = &gateways[2];
            scope.spawn(move || {
                for number in 0..EACH / 2 {
                    let id = format!("r-{writer}-{number}");
                    chat(server.addr(), &id).unwrap();
                    chat(file.addr(), &id).unwrap();
                }
            });
        }
    });
    for gateway in &mut gateways {
        let said = gateway.output();
        assert!(!said.contains("cannot be written"), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
        gateway.terminate();
        assert!(gateway.wait(SOON).unwrap().success());
    }
    for (engine, home) in engines.iter().zip(&homes) {
        let rows = engine.rows(home.path());
        assert_eq!(rows.len(), 2 * EACH);
        assert!(rows.values().all(|count| *count == 1));
    }
    for more in [
        &["--json"][..],
        &["--csv"],
        &[],
        &["--by", "surface,key,provider"],
    ] {
        let mut arguments = vec!["usage", "--since", "2020-01-01", "--until", "2200-01-01"];
        arguments.extend_from_slice(more);
        let (status, of_server) = run(&arguments, &settings[0]);
        assert!(status.success(), "{of_server}");
        assert!(of_server.contains("800"), "{of_server}");
        assert_eq!(of_server, run(&arguments, &settings[2]).1);
    }
    let said = server.log();
    assert!(!said.contains("deadlock"), "{said}");
}

#[test]
fn a_server_that_is_not_there_is_named_without_its_password() {
    let url = format!("postgres://ada:{PASSWORD}@127.0.0.1:1/ledger");
    let data = tempfile::tempdir().unwrap();
    let engine = Engine::Postgres(url);
    let settings = engine.settings(data.path(), "http://127.0.0.1:1/v1");
    let (status, said) = run(&["usage"], &settings);
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("postgres://127.0.0.1:1/ledger: "), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
    let gateway = Gateway::start(&settings);
    assert!(gateway.wait_for_output("the ledger cannot be written"));
    let (_, checked) = run(&["check"], &settings);
    assert!(
        checked.contains("postgres://127.0.0.1:1/ledger"),
        "{checked}"
    );
    for said in [gateway.output(), checked] {
        assert!(!said.contains(PASSWORD), "{said}");
    }
}

/// A gateway that finds a journal, left by a process that is gone, in which one row fits nowhere.
fn passes_over_what_does_not_fit(engine: &Engine) {
    let data = tempfile::tempdir().unwrap();
    let place = Place::new(&data.path().join("journal")).unwrap();
    let mut writer = Writer::new(place.into()).unwrap();
    let mut lines = Vec::new();
    for number in 0..5 {
        let more = match number {
            2 => json!({"status": null}),
            3 => json!({"input_tokens": u64::MAX}),
            _ => json!({}),
        };
        let line = line(number, 5 * HOUR, &more);
        add_line(&mut lines, |batch| batch.extend_from_slice(line.as_bytes()));
    }
    writer.append(&lines).unwrap();
    drop(writer);
    let mut settings = engine.settings(data.path(), "http://127.0.0.1:1/v1");
    settings.push(("MODELPORT_LEDGER_KEEP_DAYS", "0"));
    let gateway = Gateway::start(&settings);
    assert!(
        wait_until(SOON, || {
            gateway.get("/health/ready").json()["ledger"]
                == json!({"state": "ok", "waiting": 0, "lost": 2})
        }),
        "{}",
        gateway.output()
    );
    let mut rows: Vec<_> = engine.rows(data.path()).into_keys().collect();
    rows.sort();
    assert_eq!(rows, ["r-0", "r-1", "r-4"]);
    let said = gateway.output();
    assert_eq!(said.matches("a row is passed over").count(), 2, "{said}");
}

#[test]
fn a_row_that_fits_nowhere_keeps_out_no_other() {
    passes_over_what_does_not_fit(&Engine::Sqlite);
    let server = Postgres::start();
    passes_over_what_does_not_fit(&Engine::Postgres(server.url()));
}
