//! Recorded answers are given again as they are.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use modelport_sim::{Options, Sim};
use serde_json::json;

use crate::client::{Answer, End, ask};

const EVENTS: &str = ": hello\r\n\r\ndata: {\"a\" : 1.0}\n\ndata: [DONE]";
const HEAD: &str = "HTTP/1.1 429 Slow Down\r\nretry-after: 7\r\ncontent-length: 1\r\n\r\n";

/// A folder with an answer of each sort.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (file, text) in [
        ("models.json", "{\"data\" : []}\n"),
        ("chat.json", "{ \"x\":1e2 }\n\n"),
        ("stream.sse", EVENTS),
        ("stream.ndjson", "{}\n{}\n"),
        ("error_429.json", "{\"error\" : \"slow\"}"),
        ("headers_429.txt", HEAD),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
    folder
}

async fn chat(sim: &Sim, file: &str) -> Answer {
    let body = json!({"model": format!("replay/{file}"), "messages": []}).to_string();
    ask(sim, "POST /v1/chat/completions", "", &body).await
}

#[tokio::test]
async fn a_file_comes_byte_for_byte_in_pieces_of_any_size() {
    for piece in [None, NonZeroUsize::new(1), NonZeroUsize::new(7)] {
        let options = Options {
            replay: Some(folder("replay_pieces")),
            replay_piece: piece,
            ..Options::default()
        };
        let sim = Sim::start(options).await.unwrap();
        for (file, status, content_type, text) in [
            ("chat.json", 200, "application/json", "{ \"x\":1e2 }\n\n"),
            ("stream.sse", 200, "text/event-stream", EVENTS),
            ("stream.ndjson", 200, "application/x-ndjson", "{}\n{}\n"),
            (
                "error_429.json",
                429,
                "application/json",
                "{\"error\" : \"slow\"}",
            ),
        ] {
            let answer = chat(&sim, file).await;
            assert_eq!((answer.status, answer.end), (status, End::Complete));
            assert_eq!(answer.header("content-type"), Some(content_type));
            assert_eq!(answer.text(), text);
            let limited = (status == 429).then_some("7");
            assert_eq!(answer.header("retry-after"), limited, "{file}");
            assert_eq!(answer.header("x-ratelimit-limit-requests"), None, "{file}");
        }
    }
}

#[tokio::test]
async fn the_listing_is_the_folders_and_the_rest_is_simulated() {
    let options = Options {
        replay: Some(folder("replay_listing")),
        ..Options::default()
    };
    let sim = Sim::start(options).await.unwrap();
    let listing = ask(&sim, "GET /api/v1/models", "", "").await;
    assert_eq!(listing.text(), "{\"data\" : []}\n");
    let simulated = ask(&sim, "GET /api/version", "", "").await;
    assert!(simulated.json()["version"].is_string());
    let missing = chat(&sim, "no_such.json").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["error"]["code"], "model_not_found");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_said_at_the_start() {
    let options = Options {
        replay: Some(PathBuf::from("/no/such/folder")),
        ..Options::default()
    };
    let error = Sim::start(options).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
}
