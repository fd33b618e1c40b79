use serde_json::{Value, json};

use super::super::{Echo, Events, from_chat};
use super::{grammar, recorded};

fn cited(url: &str, title: &str, start: u64, end: u64) -> Value {
    json!({ "type": "url_citation", "url": url, "title": title, "start_index": start, "end_index": end })
}

fn whole(completion: &Value) -> Value {
    let body = completion.to_string();
    let answer = from_chat(body.as_bytes(), &Echo::default(), "asked", 7).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

fn streamed(chunks: &[Vec<u8>]) -> (Vec<String>, Value) {
    let mut out = Vec::new();
    let mut events = Events::new(Echo::default(), "asked", "resp_x", 7);
    for chunk in chunks {
        events.push(chunk, &mut out);
    }
    events.finish(&mut out);
    grammar::check(&out)
}

/// The annotations of the first text, in a whole answer and in a stream of pieces that tell at the end what it rests on.
fn both(text: &str, message: &Value, beside: &Value) -> Value {
    let with = |mut into: Value, more: &Value| {
        let more = more.as_object().unwrap().clone();
        into.as_object_mut().unwrap().extend(more);
        into
    };
    let choice = json!({ "message": with(json!({ "content": text }), message) });
    let answer = whole(&with(json!({ "choices": [choice] }), beside));
    let piece = |delta: Value| json!({ "choices": [{ "index": 0, "delta": delta }] });
    let mut chunks: Vec<Value> = text
        .split_inclusive(' ')
        .map(|piece| json!({ "content": piece }))
        .map(piece)
        .collect();
    // Some servers tell it again with every piece.
    for _ in 0..2 {
        chunks.push(with(piece(with(json!({ "content": "" }), message)), beside));
    }
    let chunks: Vec<Vec<u8>> = chunks
        .iter()
        .map(|chunk| chunk.to_string().into())
        .collect();
    let (_, response) = streamed(&chunks);
    assert_eq!(
        response["output"][0]["content"],
        answer["output"][0]["content"]
    );
    answer["output"][0]["content"][0]["annotations"].clone()
}

#[test]
fn the_annotations_of_a_message_are_those_of_its_text() {
    let nested = |place: Value| {
        let mut citation = json!({ "url": "https://a.test", "title": "A", "content": "left out" });
        citation
            .as_object_mut()
            .unwrap()
            .extend(place.as_object().unwrap().clone());
        json!({ "type": "url_citation", "url_citation": citation })
    };
    let annotations = json!([
        nested(json!({ "start_index": 3, "end_index": 5 })),
        { "type": "url_citation", "url": "https://b.test", "start_index": 0, "end_index": 2 },
        nested(json!({})),
        { "type": "file", "file": { "hash": "x" } },
        { "type": "url_citation", "url_citation": { "title": "nowhere" } },
        "odd",
    ]);
    let found = both(
        "Grüße an alle",
        &json!({ "annotations": annotations }),
        &json!({}),
    );
    let expected = json!([
        cited("https://a.test", "A", 3, 5),
        cited("https://b.test", "https://b.test", 0, 2),
        cited("https://a.test", "A", 13, 13),
    ]);
    assert_eq!(found, expected);
}

#[test]
fn pages_beside_an_answer_stand_where_their_numbers_do() {
    let beside = json!({
        "citations": ["https://a.test", "https://b.test", "https://c.test"],
        "search_results": [{ "title": "B", "url": "https://b.test", "date": null }],
    });
    let found = both(
        "Schön [2] und [1][2], [9] [x] [ [1234]",
        &json!({}),
        &beside,
    );
    let expected = json!([
        cited("https://b.test", "B", 6, 9),
        cited("https://a.test", "https://a.test", 14, 17),
        cited("https://b.test", "B", 17, 20),
        cited("https://c.test", "https://c.test", 38, 38),
    ]);
    assert_eq!(found, expected);
    let results = json!({ "citations": null, "search_results": beside["search_results"] });
    assert_eq!(
        both("b", &json!({}), &results),
        json!([cited("https://b.test", "B", 1, 1)])
    );
}

#[test]
fn what_rests_on_nothing_has_no_annotations() {
    for beside in [
        json!({}),
        json!({ "citations": null }),
        json!({ "citations": [], "search_results": [] }),
        json!({ "citations": "x", "search_results": [{ "title": "no url" }, 7] }),
    ] {
        let annotations = json!({ "annotations": null });
        assert_eq!(
            both("a [1] b", &annotations, &beside),
            json!([]),
            "{beside}"
        );
    }
}

#[test]
fn a_stream_tells_them_before_its_text_is_done() {
    let (_, chunks) = recorded::streams()
        .into_iter()
        .find(|(name, _)| name.contains("perplexity"))
        .unwrap();
    let (names, response) = streamed(&chunks);
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    let added = at("response.output_text.annotation.added");
    assert_eq!(added + 1, at("response.output_text.done"));
    let text = &response["output"][0]["content"][0];
    assert_eq!(text["text"], "About 800k [1]");
    assert_eq!(
        text["annotations"],
        json!([cited("https://example.com/a", "A", 11, 14)])
    );
}

#[test]
fn what_is_told_is_bounded() {
    let pages: Vec<String> = (0..2000)
        .map(|number| format!("https://{number}.test"))
        .collect();
    let text = "[1]".repeat(2000);
    let found = both(&text, &json!({}), &json!({ "citations": pages }));
    assert_eq!(found.as_array().unwrap().len(), 512);
}
