//! One recorded answer, one gateway, one client.

use std::{fs, num::NonZeroUsize, time::Duration};

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{Provider, Row, Sees, Told};
use crate::support::{Gateway, Response, Upstream, wait_until};

/// Bytes of the pieces in which answers come: whole, one by one, and across every boundary.
const PIECES: [Option<NonZeroUsize>; 3] = [None, NonZeroUsize::new(1), NonZeroUsize::new(7)];

/// What one meeting came to, as a row of the table.
#[derive(Debug, PartialEq)]
struct Found {
    sees: Result<Sees, String>,
    usage: Option<(u64, u64)>,
}

/// Checks all rows of a provider.
pub(super) fn check(provider: &Provider) {
    let mut wrong = Vec::new();
    for piece in PIECES {
        let upstream = Upstream::with(Options {
            replay: Some(provider.path()),
            replay_piece: piece,
            ..Options::default()
        });
        let gateway = gateway(provider.told, &upstream, "native");
        let layer = gateway_of_layer(provider.told, &upstream);
        for row in provider.rows {
            let gateway = match &layer {
                Some(layer) if !is_native(provider, row) => layer,
                _ => &gateway,
            };
            for stream in streamed(row) {
                let found = meet(provider, row, gateway, stream);
                if found.sees.as_ref() != Ok(&row.sees) || found.usage != row.usage {
                    let way = if stream { "streamed" } else { "plain" };
                    let expected = (row.sees, row.usage);
                    wrong.push(format!(
                        "{} {way}, pieces of {piece:?}: {found:?} instead of {expected:?}",
                        row.file
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether a file answers by Ollama's own API and not by its OpenAI layer.
fn is_native(provider: &Provider, row: &Row) -> bool {
    matches!(provider.told, Told::Ollama) && !row.file.starts_with("v1_")
}

/// A gateway that chats with an Ollama through its OpenAI layer.
fn gateway_of_layer(told: Told, upstream: &Upstream) -> Option<Gateway> {
    matches!(told, Told::Ollama).then(|| gateway(told, upstream, "openai"))
}

/// A gateway that asks once, in front of this upstream.
fn gateway(told: Told, upstream: &Upstream, chat_api: &str) -> Gateway {
    let retries = ("OPENAI_COMPATIBLE_MAX_RETRIES", "0");
    match told {
        Told::Nothing => Gateway::before(&upstream.base_url(), &[retries]),
        Told::Profile(slug) => Gateway::before(
            &upstream.base_url(),
            &[retries, ("OPENAI_COMPATIBLE_PROFILE", slug)],
        ),
        Told::Ollama => Gateway::start(&[
            ("OLLAMA_BASE_URL", upstream.root_url().as_str()),
            ("OLLAMA_MAX_RETRIES", "0"),
            ("OLLAMA_CHAT_API", chat_api),
        ]),
    }
}

/// Whether a chat that this file answers is streamed: an error answers either.
fn streamed(row: &Row) -> Vec<bool> {
    let name = row.file;
    if name.contains("stream") {
        vec![true]
    } else if name.starts_with("chat") || name.starts_with("api_chat") {
        vec![false]
    } else {
        vec![false, true]
    }
}

fn meet(provider: &Provider, row: &Row, gateway: &Gateway, stream: bool) -> Found {
    let id = format!("{}-{stream}", row.file);
    let mut body = json!({
        "model": format!("replay/{}", row.file), "stream": stream,
        "messages": [{"role": "user", "content": "hello"}],
    });
    if stream {
        // As the recorded ones were asked for, so that nothing of them is kept from the client.
        body["stream_options"] = json!({"include_usage": true});
    }
    let exchange = gateway.request("POST", "/v1/chat/completions");
    let exchange = exchange.header("x-request-id", &id).body(body.to_string());
    let (answer, whole) = exchange.open().finish_anyhow();
    let sent = fs::read(provider.path().join(row.file)).unwrap();
    let sees = if whole {
        sees(provider, row, &answer, &sent)
    } else {
        Err(format!("a cut answer: {:?}", answer.text()))
    };
    Found {
        sees,
        usage: usage(gateway, &id),
    }
}

/// The tokens in the log line of a request.
fn usage(gateway: &Gateway, id: &str) -> Option<(u64, u64)> {
    let mark = format!(" request_id={id} ");
    let line = |output: String| {
        let found = output.lines().find(|line| line.contains(&mark))?;
        Some(found.to_owned())
    };
    let printed = wait_until(Duration::from_secs(10), || line(gateway.output()).is_some());
    assert!(printed, "no line of {id} in {}", gateway.output());
    let line = line(gateway.output()).unwrap();
    // What the provider has not said is estimated.
    if line.contains(" counts=estimated") {
        return None;
    }
    let number = |name: &str| {
        let (_, rest) = line.split_once(&format!(" {name}="))?;
        rest.split(' ').next()?.parse::<u64>().ok()
    };
    Some((number("input_tokens")?, number("output_tokens")?))
}

/// What a client sees; `Err` is what no client should.
fn sees(provider: &Provider, row: &Row, answer: &Response, sent: &[u8]) -> Result<Sees, String> {
    let same = answer.body == sent;
    let is_stream = answer.header("content-type") == Some("text/event-stream");
    if answer.status == 200 && same && !(is_stream && has_error(answer)) {
        return Ok(Sees::Whole);
    }
    if answer.status == 200 && is_native(provider, row) {
        return translated(answer);
    }
    if answer.status == 200 {
        return error_event(answer, sent);
    }
    if same {
        let told = format!("_{}", answer.status);
        if !row.file.contains(&told) {
            return Err(format!("its status became {}", answer.status));
        }
        return recorded_headers(provider, answer).map(|()| Sees::PassedOn);
    }
    let error = &answer.json()["error"];
    let shape = ["message", "type", "param", "code"].map(|field| error.get(field));
    if shape.contains(&None) || error["message"] == "" {
        return Err(format!("not OpenAI's envelope: {}", answer.text()));
    }
    let code = code(&error["code"]);
    if code.starts_with("upstream_") {
        Ok(Sees::Ours(answer.status, code))
    } else {
        Ok(Sees::Unhidden(answer.status, code))
    }
}

/// An answer in OpenAI's shape, or a stream of such chunks that ends in an error.
fn translated(answer: &Response) -> Result<Sees, String> {
    if answer.header("content-type") != Some("text/event-stream") {
        let is_completion = answer.json()["object"] == "chat.completion";
        return is_completion
            .then_some(Sees::Translated)
            .ok_or_else(|| answer.text());
    }
    let mut events = answer.events();
    let last = events.pop().unwrap_or_default();
    let json = |event: &String| serde_json::from_str::<Value>(event).unwrap_or_default();
    let are_chunks = events
        .iter()
        .map(json)
        .all(|chunk| chunk["object"] == "chat.completion.chunk");
    match (are_chunks, last.as_str()) {
        (true, "[DONE]") => Ok(Sees::Translated),
        (true, _) if json(&last)["error"]["message"].is_string() => {
            Ok(Sees::ErrorEvent(code(&json(&last)["error"]["code"])))
        }
        _ => Err(answer.text()),
    }
}

/// The stream holds an error for clients to read.
fn has_error(answer: &Response) -> bool {
    let events = answer.events();
    let json = |event: &String| serde_json::from_str::<Value>(event).unwrap_or_default();
    events.iter().any(|event| json(event)["error"].is_object())
}

/// A stream that ends in an error event; before it stands what the provider sent.
fn error_event(answer: &Response, sent: &[u8]) -> Result<Sees, String> {
    let text = answer.text();
    let odd = |what: &str| Err(format!("{what}: {text:?}"));
    let Some((before, last)) = text
        .strip_suffix("\n\n")
        .and_then(|text| text.rsplit_once("data: "))
    else {
        return odd("a stream that is neither whole nor ends in an event");
    };
    let Ok(json) = serde_json::from_str::<Value>(last) else {
        return odd("the last event is no JSON");
    };
    let message = json["error"]["message"].as_str().unwrap_or_default();
    if message.is_empty() {
        return odd("the last event is no error");
    }
    let before = before.trim_end_matches("event: error\n").trim_end();
    if !sent.starts_with(before.as_bytes()) {
        return odd("what stands before the error is not what the provider sent");
    }
    if content(before) != content(&String::from_utf8_lossy(sent)) {
        return odd("not all that the provider said stands before the error");
    }
    if before.contains("[DONE]") {
        return odd("the stream was done before its error");
    }
    Ok(Sees::ErrorEvent(code(&json["error"]["code"])))
}

/// What a stream says in its deltas.
fn content(stream: &str) -> String {
    let data = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let chunks = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let said = chunks.map(|chunk| chunk["choices"][0]["delta"]["content"].clone());
    said.filter_map(|said| said.as_str().map(str::to_owned))
        .collect()
}

/// The headers that were recorded with answers of this status have come through.
fn recorded_headers(provider: &Provider, answer: &Response) -> Result<(), String> {
    let files = provider.others.iter();
    let heads = files.filter(|file| file.starts_with("headers"));
    let mut heads = heads.map(|file| fs::read_to_string(provider.path().join(file)).unwrap());
    let status = format!("HTTP/1.1 {} ", answer.status);
    let Some(text) = heads.find(|head| head.starts_with(&status)) else {
        return Ok(());
    };
    for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        // The gateway's own request id takes the place of the provider's.
        let name = name
            .to_lowercase()
            .replace("x-request-id", "x-modelport-upstream-request-id");
        if answer.header(&name) != Some(value) {
            return Err(format!("{name} became {:?}", answer.header(&name)));
        }
    }
    Ok(())
}

/// A code to compare with those of the tables, which live as long as the test.
fn code(code: &Value) -> &'static str {
    let text = code
        .as_str()
        .map_or_else(|| code.to_string(), str::to_owned);
    text.leak()
}
