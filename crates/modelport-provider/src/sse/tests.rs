use proptest::prelude::*;

use super::*;

/// Pushes `stream` in pieces that end at `cuts`, and gives all bytes and all events that came out.
fn read(stream: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<String>) {
    let mut reader = SseReader::default();
    let mut out = Vec::new();
    let mut found = Vec::new();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        let block = reader
            .push(&Bytes::copy_from_slice(&stream[pair[0]..pair[1]]))
            .unwrap();
        collect(&block, &mut found);
        out.extend_from_slice(&block);
    }
    let rest = reader.finish();
    collect(&rest, &mut found);
    out.extend_from_slice(&rest);
    (out, found)
}

fn collect(block: &[u8], found: &mut Vec<String>) {
    for event in events(block).filter(|event| event.has_data) {
        found.push(String::from_utf8_lossy(&event.data).into_owned());
    }
}

fn check(stream: &str, expected: &[&str]) {
    for cut in 0..=stream.len() {
        let (out, found) = read(stream.as_bytes(), &[cut]);
        assert_eq!(out, stream.as_bytes(), "{stream:?} cut at {cut}");
        assert_eq!(found, expected, "{stream:?} cut at {cut}");
    }
}

#[test]
fn events_in_every_line_ending_cut_anywhere() {
    check("data: a\n\ndata: b\n\n", &["a", "b"]);
    check("data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]);
    check("data: a\r\rdata: b\r\r", &["a", "b"]);
    check(
        "data: a\r\n\ndata: b\n\r\ndata: c\n\rdata: d",
        &["a", "b", "c", "d"],
    );
}

#[test]
fn fields_comments_and_marks() {
    check("\u{feff}data: bom\n\n", &["bom"]);
    check(": ping\n\ndata: a\n\n", &["a"]);
    check(": ping\ndata: a\n\n", &["a"]);
    check("data:no space\n\n", &["no space"]);
    check("data:  two\n\n", &[" two"]);
    check("data: one\ndata: two\n\n", &["one\ntwo"]);
    check("data\n\n", &[""]);
    check("event: error\nid: 7\nretry: 1\ndata: x\n\n", &["x"]);
    check("dataset: x\n\n", &[]);
    check("\n\n\ndata: late\n\n\n\n", &["late"]);
    check("data: [DONE]\n", &["[DONE]"]);
    check("data: [DONE]", &["[DONE]"]);
    check("", &[]);
}

#[test]
fn an_event_has_its_name_and_all_its_bytes() {
    let block = b"event: error\ndata: x\n\n: c\n\n";
    let found: Vec<Event<'_>> = events(block).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].name, b"error");
    assert_eq!(found[0].raw, b"event: error\ndata: x\n\n");
    assert_eq!(found[1].raw, b": c\n\n");
    assert!(!found[1].has_data);
}

#[test]
fn a_chunk_of_whole_events_is_not_copied() {
    let chunk = Bytes::from_static(b"data: a\n\ndata: b\n\n");
    let block = SseReader::default().push(&chunk).unwrap();
    assert_eq!(block.as_ptr(), chunk.as_ptr());
    assert_eq!(block.len(), chunk.len());
}

#[test]
fn an_event_may_not_grow_for_ever() {
    let mut reader = SseReader::default();
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    let result = (0..=(MAX_EVENT / piece.len())).try_for_each(|_| reader.push(&piece).map(drop));
    assert_eq!(result, Err(TooLong));
}

proptest! {
    #[test]
    fn cuts_change_nothing(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("data: x"), Just("data:{\"a\":1}"), Just("\n"), Just("\r"), Just("\r\n"),
                Just("\n\n"), Just(": c"), Just("event: e"), Just("é"), Just("data"),
            ],
            0..40,
        ),
        cuts in proptest::collection::vec(any::<usize>(), 0..12),
    ) {
        let stream = pieces.concat();
        let whole = read(stream.as_bytes(), &[]);
        let cut = read(stream.as_bytes(), &cuts);
        prop_assert_eq!(&cut.0, stream.as_bytes());
        prop_assert_eq!(whole, cut);
    }
}
