use serde_json::json;
use sqlx::Row as _;

use super::*;
use crate::store::tests::{at, open, row};

fn named(name: &str, value: &str) -> (&'static Named, String) {
    let named = NAMES.iter().find(|named| named.name == name).unwrap();
    (named, value.to_owned())
}

fn of(names: &[(&str, &str)]) -> Filter {
    Filter {
        names: names
            .iter()
            .map(|(name, value)| named(name, value))
            .collect(),
        ..Filter::all()
    }
}

/// How the database goes about a question.
async fn plan(store: &mut Store, sql: &str, values: Vec<Cell>) -> String {
    let Store::Sqlite(store) = store else {
        panic!("a file");
    };
    let question = Question {
        sql: format!("EXPLAIN QUERY PLAN {sql}"),
        values,
    };
    let steps = of_sqlite(question)
        .fetch_all(store.connection())
        .await
        .unwrap();
    let steps = steps.iter().map(|step| step.get::<String, _>("detail"));
    steps.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn no_question_reads_the_whole_table() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(&home).await;
    let first = Question::of(&Filter::all(), 0, Place::at(u64::MAX), 100);
    let further = Question::of(&of(&[("team", "t")]), 5, Place::at(7), 100);
    let one = Question::at(Place::at(7));
    let behind = Question {
        sql: floor(),
        values: vec![moment(1), moment(9)],
    };
    let by_time = "SEARCH ledger USING INDEX ledger_at (at_ms>? AND at_ms<?)";
    for (question, expected) in [
        (first, by_time),
        (further, by_time),
        (
            one,
            "SEARCH ledger USING INDEX sqlite_autoindex_ledger_1 (id=?)",
        ),
        (
            behind,
            "SEARCH ledger USING COVERING INDEX ledger_at (at_ms>? AND at_ms<?)",
        ),
    ] {
        let plan = plan(&mut store, &question.sql, question.values).await;
        assert!(plan.starts_with(expected), "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
        // At most rows of the same moment are put in order.
        assert!(!plan.contains("USE TEMP B-TREE FOR ORDER BY"), "{plan}");
    }
}

#[test]
fn an_id_that_tells_its_time_is_looked_for_around_it() {
    let id = "0193b8c2f5a87c11a3d2c9d0e1f2a3b4";
    let made = 0x0193_b8c2_f5a8;
    let reach = of(&[("request_id", id)]).reach();
    assert_eq!(
        (reach.since, reach.until),
        (made - ID_EARLIER, made + ID_LATER)
    );
    for other in ["r-1", "9b2f1c50-1111-4222-8333-444455556666"] {
        let filter = of(&[("request_id", other)]);
        assert_eq!(filter.reach(), filter.period);
    }
}

#[tokio::test]
async fn a_filter_takes_of_rows_at_hand_what_it_finds_in_the_database() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(&home).await;
    let rows: Vec<Entry> = (0..60)
        .map(|number| {
            let ending = ["answered", "failed"][number as usize % 2];
            let mut row = row(number, u64::from(number / 3), "m", ending);
            row.status = [200, 404, 503][number as usize % 3];
            row.key = ["k1", "k2"][number as usize / 30].into();
            row.requested = format!("asked-{}", number % 5).as_str().into();
            row
        })
        .collect();
    store.add("j", &rows, at(1)).await.unwrap();
    let filters = [
        of(&[]),
        of(&[("key", "k2")]),
        of(&[("model", "m"), ("ending", "failed")]),
        of(&[("model", "asked-3")]),
        of(&[("request_id", "r-7")]),
        of(&[
            ("team", "t"),
            ("provider", "p"),
            ("surface", "/chat/completions"),
        ]),
        of(&[("provider", "elsewhere")]),
        Filter {
            statuses: Some(400..=499),
            period: Period {
                since: 3,
                until: 15,
            },
            ..of(&[("key", "k1")])
        },
    ];
    let mut counts = Vec::new();
    for filter in filters {
        let mut expected: Vec<_> = rows.iter().filter(|row| filter.takes(row)).collect();
        expected.sort_by_key(|row| std::cmp::Reverse(Place::of(row)));
        // A page at a time, so that pages end within a moment.
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = store.search(&filter, before, 7).await.unwrap();
            assert_eq!(page.looked_to, None);
            found.extend(page.rows);
            match page.next {
                Some(next) => before = Some(next),
                None => break,
            }
        }
        assert!(found.iter().eq(expected), "{filter:?}");
        counts.push(found.len());
    }
    assert_eq!(counts, [60, 30, 30, 12, 1, 60, 0, 7]);
    let place = Place::of(&rows[7]);
    assert_eq!(store.row(place).await.unwrap().as_ref(), Some(&rows[7]));
    assert_eq!(store.row(Place::at(place.at_ms)).await.unwrap(), None);
}

#[tokio::test]
async fn what_is_rare_is_looked_for_in_so_many_rows_at_once() {
    let home = tempfile::tempdir().unwrap();
    let mut store = open(&home).await;
    let Store::Sqlite(file) = &mut store else {
        panic!("a file");
    };
    let count = i64::from(LOOKED_THROUGH) + 500;
    let many = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1) \
        INSERT INTO ledger SELECT n, CAST(printf('%016d', n) AS BLOB), n, 'r-' || n, '', '', 'p', 'm', 'm', \
        '/chat/completions', 0, 200, 'answered', 1, 5, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 'none', \
        NULL, NULL, NULL, NULL FROM number";
    sqlx::query(many)
        .bind(count)
        .execute(file.connection())
        .await
        .unwrap();
    let filter = of(&[("request_id", "r-400")]);
    let page = store.search(&filter, None, 100).await.unwrap();
    assert_eq!(page.rows, []);
    assert_eq!(page.looked_to, Some(500));
    let page = store.search(&filter, page.next, 100).await.unwrap();
    assert_eq!(
        json!(
            page.rows
                .iter()
                .map(|row| &*row.request_id)
                .collect::<Vec<_>>()
        ),
        json!(["r-400"])
    );
    assert_eq!((page.looked_to, page.next), (None, None));
}
