use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::*;

pub(super) fn row(id: u32, at_ms: u64, model: &str, ending: &str) -> Entry {
    priced(id, at_ms, model, ending, "unknown", None)
}

fn priced(
    id: u32,
    at_ms: u64,
    model: &str,
    ending: &str,
    source: &str,
    pico: Option<i64>,
) -> Entry {
    serde_json::from_value(json!({
        "id": format!("{id:032x}"), "at_ms": at_ms, "request_id": format!("r-{id}"), "key": "k",
        "team": "t", "provider": "p", "requested": "asked", "model": model,
        "surface": "/chat/completions", "stream": false, "status": 200, "ending": ending,
        "attempts": 1, "duration_ms": 5, "first_output_ms": null, "input_tokens": 10,
        "output_tokens": 3, "cached_input_tokens": 2, "cache_write_tokens": 0,
        "cache_write_1h_tokens": 0, "reasoning_tokens": 0, "audio_input_tokens": 0,
        "audio_output_tokens": 0, "image_input_tokens": 0, "image_output_tokens": 0,
        "cost_pico": pico, "cost_source": source, "reported_pico": null, "computed_pico": pico,
        "prices": "catalogue 1", "tags": "{\"a\":\"b\"}"
    }))
    .unwrap()
}

const HOUR: u64 = 3_600_000;

pub(super) fn at(offset: u64) -> Position {
    Position { segment: 1, offset }
}

pub(super) async fn open(home: &tempfile::TempDir) -> Store {
    let path = home.path().join("modelport.db");
    Store::open(&Database::Sqlite(path)).await.unwrap()
}

#[tokio::test]
async fn a_row_counts_once_however_often_it_comes() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(&home).await;
    let rows = [
        row(1, HOUR, "a", "answered"),
        row(2, HOUR + 1, "b", "failed"),
        row(3, 3 * HOUR, "a", "answered"),
    ];
    store.add("j", &rows, at(9)).await.unwrap();
    assert_eq!(store.position("j").await.unwrap(), at(9));
    drop(store);
    let mut store = open(&home).await;
    store.add("j", &rows[1..], at(12)).await.unwrap();
    assert_eq!(store.position("j").await.unwrap(), at(12));
    let period = |since, until| Period { since, until };
    let by_model = store.usage(period(0, 4 * HOUR), &["model"]).await.unwrap();
    let counted: Vec<_> = by_model
        .iter()
        .map(|(names, totals)| (names[0].as_str(), totals.requests, totals.failed))
        .collect();
    assert_eq!(counted, [("a", 2, 0), ("b", 1, 1)]);
    // Cut hours are counted from the rows.
    let cut = store
        .usage(period(HOUR + 1, 3 * HOUR + 1), &[])
        .await
        .unwrap();
    assert_eq!(cut[0].1.requests, 2);
    assert_eq!(cut[0].1.input_tokens, 20);
    let none = store.usage(period(2 * HOUR, 3 * HOUR), &[]).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn money_adds_up_exactly_and_beyond_what_64_bits_hold() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(&home).await;
    let big = Some(i64::MAX);
    let rows = [
        priced(1, HOUR, "a", "answered", "computed", big),
        priced(2, HOUR, "a", "answered", "computed", big),
        priced(3, HOUR, "a", "answered", "reported", Some(1)),
        priced(4, HOUR, "a", "answered", "reported", Some(2_999_999)),
        priced(5, HOUR, "a", "answered", "estimated", Some(1_500_000)),
        priced(6, HOUR, "a", "answered", "unknown", None),
        priced(7, HOUR, "a", "failed", "none", None),
    ];
    store.add("j", &rows, at(9)).await.unwrap();
    // From the sums of the hour, and from the rows.
    for until in [2 * HOUR, 2 * HOUR - 1] {
        let period = Period { since: HOUR, until };
        let lines = store.usage(period, &["team"]).await.unwrap();
        let (names, totals) = &lines[0];
        assert_eq!(names, &["t"]);
        let amount = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(totals.computed, amount("18446744.073709551614"));
        assert_eq!(totals.reported, amount("0.000003"));
        assert_eq!(totals.estimated, amount("0.0000015"));
        assert_eq!(totals.cost(), amount("18446744.073714051614"));
        assert_eq!((totals.requests, totals.unpriced), (7, 1));
    }
}

#[tokio::test]
async fn many_may_make_the_same_tables_at_the_same_time() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::Sqlite(directory.path().join("modelport.db"));
    let openings = (0..8).map(|_| {
        let database = database.clone();
        tokio::spawn(async move { Store::open(&database).await.map(drop) })
    });
    for opened in futures_util::future::join_all(openings).await {
        opened.unwrap().unwrap();
    }
}

#[tokio::test]
async fn sums_made_here_are_those_that_the_database_makes() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(&home).await;
    let sources = ["reported", "computed", "estimated", "unknown", "none"];
    let rows: Vec<Entry> = (0..500)
        .map(|number| {
            let source = sources[number as usize % 5];
            let pico = (number % 7 > 2).then_some(i64::from(number) * 1_234_567);
            let (model, ending) = (format!("m{}", number % 3), ["answered", "broken"]);
            let at = HOUR * u64::from(number % 4) + u64::from(number);
            priced(
                number,
                at,
                &model,
                ending[number as usize % 2],
                source,
                pico,
            )
        })
        .collect();
    let all = Period {
        since: 0,
        until: 9 * HOUR,
    };
    store.add("j", &rows[..300], at(1)).await.unwrap();
    // Some of these are there already, so that the database sums up.
    store.add("j", &rows[200..], at(2)).await.unwrap();
    let by = ["model", "team"];
    let apart = store.usage(all, &by).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut store = open(&other).await;
    store.add("j", &rows, at(1)).await.unwrap();
    assert_eq!(store.usage(all, &by).await.unwrap(), apart);
    // From the rows alone.
    let cut = Period {
        since: 1,
        until: HOUR - 1,
    };
    let hour = Period {
        since: 0,
        until: HOUR,
    };
    let requests = |lines: &[Line]| lines.iter().map(|(_, totals)| totals.requests).sum::<u64>();
    assert_eq!(requests(&apart), 500);
    assert_eq!(requests(&store.usage(cut, &by).await.unwrap()), 124);
    assert_eq!(requests(&store.usage(hour, &by).await.unwrap()), 125);
}

#[test]
fn the_values_of_a_row_are_in_the_order_of_the_columns() {
    let mut members = serde_json::Map::new();
    // A number that tells each column apart.
    for (place, (name, kind)) in rows::COLUMNS.iter().enumerate() {
        let value = match *kind {
            "uuid" => json!(Uuid::from_u128(1).simple().to_string()),
            "boolean" => json!(true),
            "text" => json!(place.to_string()),
            _ => json!(place + 1000),
        };
        members.insert((*name).to_owned(), value);
    }
    let row: Entry = serde_json::from_value(members.into()).unwrap();
    for (place, cell) in rows::cells(&row).iter().enumerate() {
        match cell {
            rows::Cell::Id(_) => assert_eq!(place, 0),
            rows::Cell::Switch(_) => assert_eq!(rows::COLUMNS[place].0, "stream"),
            rows::Cell::Number(number) => {
                assert_eq!(*number, Some(i64::try_from(place).unwrap() + 1000));
            }
            rows::Cell::Text(text) => assert_eq!(text.as_deref(), Some(&*place.to_string())),
        }
    }
}
