//! What the endpoints answer when nothing is wrong.

use modelport_sim::{ListingShape, Options, Sim};
use serde_json::{Value, json};

use crate::client::{End, PLAIN, STREAM, ask, sim};

#[tokio::test]
async fn a_chat_is_answered_under_any_prefix() {
    let sim = sim().await;
    for path in [
        "/v1/chat/completions",
        "/chat/completions",
        "/openai/v1/chat/completions",
        "/api/v1/chat/completions",
        "/openai/deployments/d/chat/completions?api-version=1",
    ] {
        let answer = ask(&sim, &format!("POST {path}"), "", PLAIN).await;
        let body = answer.json();
        assert_eq!(body["choices"][0]["message"]["role"], "assistant", "{path}");
        assert!(
            body["choices"][0]["message"]["content"]
                .as_str()
                .unwrap()
                .contains("Say something, please.")
        );
        assert_eq!(
            body["usage"]["total_tokens"].as_u64(),
            body["usage"]["prompt_tokens"]
                .as_u64()
                .zip(body["usage"]["completion_tokens"].as_u64())
                .map(|(input, output)| input + output)
        );
        for header in [
            "x-request-id",
            "openai-processing-ms",
            "set-cookie",
            "x-ratelimit-remaining-tokens",
            "x-ratelimit-reset-requests",
        ] {
            assert!(answer.header(header).is_some(), "{header} on {path}");
        }
    }
    assert_eq!(sim.requests()[1].path, "/chat/completions");
}

#[tokio::test]
async fn a_stream_has_the_parts_of_openais() {
    let sim = sim().await;
    let answer = ask(&sim, "POST /v1/chat/completions", "", STREAM).await;
    assert_eq!(
        (answer.header("content-type"), answer.end),
        (Some("text/event-stream"), End::Complete)
    );
    let events = answer.events();
    let (done, chunks) = events.split_last().unwrap();
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let [first, .., finish, usage] = chunks.as_slice() else {
        panic!("{chunks:?}")
    };
    assert_eq!(done, "[DONE]");
    assert_eq!(first["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(
        (
            &finish["choices"][0]["finish_reason"],
            &finish["choices"][0]["delta"]
        ),
        (&json!("stop"), &json!({}))
    );
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["completion_tokens"].as_u64().unwrap() > 5);
    assert!(chunks.iter().all(|chunk| chunk["id"] == first["id"]));
}

#[tokio::test]
async fn structured_answers_fit_their_schema() {
    let sim = sim().await;
    let format = r#"{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"ok":{"type":"boolean"},"n":{"type":"integer"}},"required":["ok","n"]}}}"#;
    let body = |format: &str| {
        format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"x"}}],"response_format":{format}}}"#
        )
    };
    let content = async |format: &str| {
        let answer = ask(&sim, "POST /v1/chat/completions", "", &body(format))
            .await
            .json();
        serde_json::from_str::<Value>(answer["choices"][0]["message"]["content"].as_str().unwrap())
    };
    assert_eq!(
        content(format).await.unwrap(),
        json!({ "ok": true, "n": 7 })
    );
    assert!(
        content(r#"{"type":"json_object"}"#)
            .await
            .unwrap()
            .is_object()
    );
    assert!(content(r#"{"type":"text"}"#).await.is_err());
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let sim = Sim::start(Options {
        strict_models: true,
        ..Options::default()
    })
    .await
    .unwrap();
    for (line, body, status) in [
        ("POST /v1/chat/completions", "{", 400),
        ("POST /v1/chat/completions", r#"{"model":"sim-fast"}"#, 400),
        ("POST /v1/completions", r#"{"model":"sim-fast"}"#, 400),
        (
            "POST /v1/embeddings",
            r#"{"model":"text-embedding-sim"}"#,
            400,
        ),
        (
            "POST /v1/chat/completions",
            r#"{"model":"unknown","messages":[]}"#,
            404,
        ),
        (
            "POST /v1/chat/completions",
            r#"{"model":"fault/status-418","messages":[]}"#,
            418,
        ),
        (
            "POST /v1/chat/completions",
            r#"{"model":"vendor/sim-large:free","messages":[]}"#,
            200,
        ),
        ("POST /api/show", r#"{"model":"unknown"}"#, 404),
        ("GET /v1/nothing", "", 404),
        ("DELETE /v1/models", "", 404),
    ] {
        let answer = ask(&sim, line, "", body).await;
        assert_eq!(answer.status, status, "{line} {body}");
        assert_eq!(answer.json().get("error").is_some(), status != 200);
    }
}

#[tokio::test]
async fn a_key_is_asked_for_if_there_is_one() {
    let sim = Sim::start(Options {
        api_key: Some("key".to_owned()),
        ..Options::default()
    })
    .await
    .unwrap();
    for (headers, status) in [
        ("", 401),
        ("authorization: Bearer wrong\r\n", 401),
        ("authorization: key\r\n", 401),
        ("Authorization: Bearer key\r\n", 200),
        ("api-key: key\r\n", 200),
    ] {
        assert_eq!(
            ask(&sim, "POST /v1/chat/completions", headers, PLAIN)
                .await
                .status,
            status,
            "{headers}"
        );
        assert_eq!(
            ask(&sim, "GET /v1/models", headers, "").await.status,
            status,
            "{headers}"
        );
    }
    assert_eq!(ask(&sim, "GET /health", "", "").await.status, 200);
}

#[tokio::test]
async fn listings_are_served_in_every_shape() {
    let sim = sim().await;
    for shape in ListingShape::all_examples() {
        sim.set_listing(shape);
        let answer = ask(&sim, "GET /v1/models?limit=100", "", "").await;
        let (status, end) = match shape {
            ListingShape::Hang => (0, End::Silent),
            ListingShape::Status(status) => (status, End::Complete),
            _ => (200, End::Complete),
        };
        assert_eq!((answer.status, answer.end), (status, end), "{shape}");
    }
    for (path, id) in [
        ("vendor/sim-large:free", "vendor/sim-large:free"),
        ("vendor%2Fsim-large%3Afree", "vendor/sim-large:free"),
    ] {
        assert_eq!(
            ask(&sim, &format!("GET /v1/models/{path}"), "", "")
                .await
                .json()["id"],
            id
        );
    }
    assert_eq!(
        ask(&sim, "GET /v1/models/unknown", "", "").await.status,
        404
    );
}

#[tokio::test]
async fn embeddings_come_as_numbers_or_base64() {
    let sim = sim().await;
    let embed = async |rest: &str| {
        ask(
            &sim,
            "POST /v1/embeddings",
            "",
            &format!(r#"{{"model":"e","input":["a","b"]{rest}}}"#),
        )
        .await
        .json()
    };
    let numbers = embed(r#","dimensions":3"#).await;
    assert_eq!(numbers["data"][1]["embedding"].as_array().unwrap().len(), 3);
    assert_eq!(
        numbers["usage"],
        json!({ "prompt_tokens": 2, "total_tokens": 2 })
    );
    assert_ne!(
        numbers["data"][0]["embedding"],
        numbers["data"][1]["embedding"]
    );
    // 3 numbers of 4 bytes are 16 digits.
    let text = embed(r#","dimensions":3,"encoding_format":"base64""#).await;
    assert_eq!(text["data"][0]["embedding"].as_str().unwrap().len(), 16);
}

#[tokio::test]
async fn ollamas_api_is_spoken() {
    let sim = sim().await;
    let root = ask(&sim, "GET /", "", "").await;
    assert_eq!(root.text(), "Ollama is running");
    assert_eq!(
        ask(&sim, "GET /api/tags", "", "").await.json()["models"][2]["name"],
        "vendor/sim-large:free"
    );
    assert!(ask(&sim, "GET /api/version", "", "").await.json()["version"].is_string());
    assert!(ask(&sim, "GET /api/ps", "", "").await.json()["models"][0]["context_length"].is_u64());
    let shown = ask(&sim, "POST /api/show", "", r#"{"model":"sim-fast"}"#)
        .await
        .json();
    assert_eq!(shown["model_info"]["llama.context_length"], 131_072);
    let embedded = ask(&sim, "POST /api/embed", "", r#"{"model":"e","input":"a"}"#)
        .await
        .json();
    assert_eq!(embedded["embeddings"][0].as_array().unwrap().len(), 64);

    let stream = ask(&sim, "POST /api/chat", "", PLAIN).await;
    assert_eq!(stream.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = stream
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.last().map(|line| &line["done"]), Some(&json!(true)));
    let plain = ask(
        &sim,
        "POST /api/chat",
        "",
        &PLAIN.replacen('{', "{\"stream\":false,", 1),
    )
    .await
    .json();
    let text: String = lines
        .iter()
        .filter_map(|line| line["message"]["content"].as_str())
        .collect();
    assert_eq!(plain["message"]["content"], text);
}

#[tokio::test]
async fn probes_are_answered() {
    let sim = sim().await;
    assert_eq!(
        ask(&sim, "GET /health", "", "").await.json()["status"],
        "ok"
    );
    assert!(ask(&sim, "GET /api/v1/key", "", "").await.json()["data"].is_object());
}

const RESPONSE: &str = r#"{"model":"m","input":"hi"}"#;

#[tokio::test]
async fn responses_are_served_where_that_is_wanted() {
    let unknown = ask(&sim().await, "POST /v1/responses", "", RESPONSE).await;
    assert_eq!(unknown.status, 404);
    let options = Options {
        responses: true,
        ..Options::default()
    };
    let sim = Sim::start(options).await.unwrap();
    let plain = ask(&sim, "POST /v1/responses", "", RESPONSE).await.json();
    assert_eq!(
        (&plain["object"], &plain["status"]),
        (&json!("response"), &json!("completed"))
    );
    let streamed = RESPONSE.replace("\"input\"", "\"stream\":true,\"input\"");
    let answer = ask(&sim, "POST /v1/responses", "", &streamed).await;
    assert_eq!(answer.end, End::Complete);
    let body = String::from_utf8(answer.body.clone()).unwrap();
    assert!(
        body.starts_with("event: response.created\ndata: {\"type\":\"response.created\","),
        "{body}"
    );
    let last: Value = serde_json::from_str(answer.events().last().unwrap()).unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(
        last["response"]["output"][0]["content"],
        plain["output"][0]["content"]
    );
    let refused = ask(
        &sim,
        "POST /v1/responses",
        "x-sim-fault: status-429\r\n",
        RESPONSE,
    )
    .await;
    assert_eq!(refused.status, 429);
    let cut = ask(
        &sim,
        "POST /v1/responses",
        "x-sim-fault: cut-6\r\n",
        &streamed,
    )
    .await;
    assert_eq!((cut.end, cut.events().len()), (End::Closed, 6));
}
