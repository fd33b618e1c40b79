use super::*;

fn row(id: u32, at_ms: u64, model: &str, ending: &str) -> String {
    format!(
        r#"{{"id":"{id:032x}","at_ms":{at_ms},"request_id":"r-{id}","key":"k","provider":"p","model":"{model}","surface":"/chat/completions","stream":false,"status":200,"ending":"{ending}","attempts":1,"duration_ms":5,"first_output_ms":null,"input_tokens":10,"output_tokens":3,"cached_input_tokens":2,"cache_write_tokens":0,"reasoning_tokens":0,"audio_input_tokens":0,"audio_output_tokens":0}}"#
    )
}

const HOUR: u64 = 3_600_000;

fn at(offset: u64) -> Position {
    Position { segment: 1, offset }
}

#[tokio::test]
async fn a_row_counts_once_however_often_it_comes() {
    let home = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(home.path()).await.unwrap();
    let rows = [
        row(1, HOUR, "a", "answered"),
        row(2, HOUR + 1, "b", "failed"),
        row(3, 3 * HOUR, "a", "answered"),
    ];
    assert_eq!(store.add("j", &rows, at(9)).await.unwrap(), 3);
    assert_eq!(store.position("j").await.unwrap(), at(9));
    drop(store);
    let mut store = Sqlite::open(home.path()).await.unwrap();
    assert_eq!(store.add("j", &rows[1..], at(12)).await.unwrap(), 0);
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
