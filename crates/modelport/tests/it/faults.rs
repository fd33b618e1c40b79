//! What a client sees of every fault the simulated provider knows, of a plain answer and of a
//! streamed one. `docs/faults.md` is this table; `UPDATE_DOCS=1` writes it anew.

use std::{
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Instant,
};

use modelport_sim::Fault;
use serde_json::json;

mod document;
mod reading;
mod table;
mod unclosed;

use crate::support::{Gateway, Upstream};
use reading::read;
use table::{Cell, Row, SILENCE, rows};

/// Cases that run at once: most of a case's time is waiting.
const AT_ONCE: usize = 8;

/// Seconds by which a busy machine may be late.
const LATENESS: f64 = 2.5;

/// The part of a pause that is certain; the rest of the back-off is left to chance.
const CERTAIN: f64 = 0.7;

/// What one case came to, and how long it took in seconds.
struct Found {
    cell: Cell,
    seconds: f64,
}

/// Tries one fault in front of a gateway that has done nothing before.
fn meet(spec: &str, stream: bool) -> Result<Found, String> {
    let upstream = Upstream::start();
    let silence = SILENCE.to_string();
    let settings = [
        ("OPENAI_COMPATIBLE_TIMEOUT", silence.as_str()),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "1"),
    ];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let body = json!({
        "model": format!("fault/{spec}"), "stream": stream,
        "messages": [{"role": "user", "content": "hello"}],
    });
    let start = Instant::now();
    let exchange = gateway.request("POST", "/v1/chat/completions");
    let (response, whole) = exchange.body(body.to_string()).open().finish_anyhow();
    let seconds = start.elapsed().as_secs_f64();
    let outcome = read(&response, whole)?;
    let attempts = upstream.completions().len();
    // Seconds come in halves, which is what pauses and silences are made of here.
    let cell = Cell {
        outcome,
        attempts,
        seconds: (seconds * 2.0).floor() / 2.0,
    };
    Ok(Found { cell, seconds })
}

/// How what was found differs from what was expected.
fn judge(expected: &Cell, found: Result<Found, String>) -> Option<String> {
    let found = match found {
        Ok(found) => found,
        Err(broken) => return Some(broken),
    };
    let in_time =
        found.seconds >= expected.seconds * CERTAIN && found.seconds <= expected.seconds + LATENESS;
    let same = found.cell.outcome == expected.outcome && found.cell.attempts == expected.attempts;
    (!same || !in_time).then(|| format!("{:?} in {:.2} s", found.cell, found.seconds))
}

#[test]
fn every_fault_has_one_row_and_every_row_a_fault() {
    let faults: Vec<_> = Fault::all_examples()
        .into_iter()
        .map(|(spec, _)| spec)
        .collect();
    let rows: Vec<_> = rows().iter().map(|row| row.spec).collect();
    assert_eq!(rows, faults);
}

#[test]
fn every_fault_comes_out_as_the_table_says() {
    let rows = rows();
    let cases: Vec<(&Row, bool)> = rows
        .iter()
        .flat_map(|row| [(row, false), (row, true)])
        .collect();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((row, stream)) = cases.get(next.fetch_add(1, Relaxed)) {
                    let (how, expected) = if *stream {
                        ("streamed", &row.streamed)
                    } else {
                        ("plain", &row.plain)
                    };
                    if let Some(what) = judge(expected, meet(row.spec, *stream)) {
                        wrong
                            .lock()
                            .unwrap()
                            .push(format!("{} {how}: {what}", row.spec));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_document_says_what_the_table_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
    let text = document::write(&Fault::all_examples(), &rows());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/faults.md is out of date: run this test with UPDATE_DOCS=1"
    );
}
