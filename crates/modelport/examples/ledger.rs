//! Fills a ledger with generated requests, by the way that those of a gateway take from the journal on, and says how fast
//! that was: `ledger ROWS URL`. Run by `bench/ledger`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a tool for measuring"
)]

use std::{
    ffi::OsString,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use http::{HeaderMap, StatusCode};
use modelport::{
    accounting::{
        charge::{Charge, Source},
        entry::{Entry, Texts},
        journal::Position,
        record::{Ending, Record},
    },
    config,
    ids::RequestId,
    store::Store,
};
use modelport_provider::usage::Usage;
use rust_decimal::Decimal;

/// Rows that are taken over together, as by a gateway that has many.
const BATCH: u64 = 2000;

/// The time that the rows are spread over.
const TIME: Duration = Duration::from_hours(30 * 24);

const KEYS: u64 = 50;
const TEAMS: u64 = 10;
const MODELS: u64 = 20;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments.next().unwrap().parse().unwrap();
    let url = OsString::from(arguments.next().unwrap());
    let variables = [(OsString::from("MODELPORT_DATABASE_URL"), url)];
    let config = config::load(variables.into_iter(), None, None).unwrap();
    let database = config.storage.database.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let busy = runtime.block_on(async {
        let mut store = Store::open(&database).await.unwrap();
        let mut busy = Duration::ZERO;
        let mut texts = Texts::default();
        let name = format!("bench-{}", std::process::id());
        for first in (0..rows).step_by(usize::try_from(BATCH).unwrap()) {
            let batch: Vec<Entry> = (first..rows.min(first + BATCH))
                .map(|number| row(number, rows, &mut texts))
                .collect();
            let end = Position {
                segment: 1,
                offset: first + 1,
            };
            let start = Instant::now();
            store.add(&name, &batch, end).await.unwrap();
            busy += start.elapsed();
        }
        store.forget(&name).await.unwrap();
        busy
    });
    println!("{:.0}", rows as f64 / busy.as_secs_f64());
}

/// The row of the `number`th of so many requests.
fn row(number: u64, rows: u64, texts: &mut Texts) -> Entry {
    let mut random = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    random ^= random >> 29;
    let ago = TIME.mul_f64((rows - number) as f64 / rows as f64);
    let (key, model) = (random % KEYS, random / 64 % MODELS);
    let cost = Decimal::new(i64::try_from(random % 1_000_000).unwrap(), 9);
    let id = RequestId::of(&HeaderMap::new());
    let record = Record {
        caller: 1,
        key: Some(Arc::from(format!("key-{key:02}"))),
        team: Some(Arc::from(format!("team-{}", key % TEAMS))),
        tags: number
            .is_multiple_of(4)
            .then(|| Arc::from(r#"{"project":"atlas"}"#)),
        requested: Some(format!("model-{model}").into()),
        upstream_model: Some(Arc::from(format!("vendor/model-{model}"))),
        provider: Some(format!("provider-{}", model % 3).into()),
        stream: number.is_multiple_of(2),
        attempts: 1,
        status: StatusCode::OK,
        duration: Duration::from_millis(random % 20_000),
        first_output: Some(Duration::from_millis(random % 900)),
        usage: Some(Usage {
            input_tokens: random % 9000,
            output_tokens: random % 1100,
            cached_input_tokens: random % 500,
            ..Usage::default()
        }),
        charge: Charge {
            amount: Some(cost),
            source: Source::Computed,
            computed: Some(cost),
            prices: Some("catalogue 1.109.1".into()),
            ..Charge::default()
        },
        ending: Ending::Answered,
        ..Record::new(id, SystemTime::now() - ago, "/chat/completions", "chat")
    };
    Entry::of(&record, texts)
}
