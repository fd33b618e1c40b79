//! The library alone: its typed chats go the same way, and what became of a request's fields is on the answer.

use bytes::Bytes;
use futures_util::StreamExt;
use http::HeaderMap;
use modelport_provider::{
    OllamaProvider, Provider, chat::ChatRequest, failure::FailureKind, provider::Call,
    receipt::Receipt, splice::Spliced,
};
use serde_json::{Value, json};

use super::{MODELS, last, options};
use crate::support::Upstream;

/// Does `work` with a provider over this upstream.
fn with<T>(upstream: &Upstream, work: impl AsyncFnOnce(OllamaProvider) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let provider = OllamaProvider::new(&upstream.root_url()).unwrap();
    runtime.block_on(work(provider))
}

fn request() -> ChatRequest {
    ChatRequest::new(MODELS[1])
        .user("Hello")
        .field("reasoning_effort", "low")
}

#[test]
fn a_typed_chat_is_native() {
    let upstream = Upstream::with(options());
    let answer = with(&upstream, async |provider| provider.chat(request()).await).unwrap();
    assert!(answer.text().starts_with("You said: Hello"));
    assert!(answer.usage().is_some());
    let (path, body) = last(&upstream);
    assert_eq!(
        (path.as_str(), &body["stream"]),
        ("/api/chat", &json!(false))
    );
}

#[test]
fn a_typed_stream_is_native_and_tells_the_truth() {
    let upstream = Upstream::with(options());
    let read = async |provider: OllamaProvider| {
        let mut chunks = provider.chat_stream(request()).await.unwrap();
        let (mut text, mut thought) = (String::new(), String::new());
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            text.push_str(chunk.content().unwrap_or_default());
            let choice = chunk.choices.first();
            thought.push_str(
                choice
                    .and_then(|choice| choice.delta.reasoning.as_deref())
                    .unwrap_or_default(),
            );
        }
        Ok::<_, modelport_provider::Error>((text, thought))
    };
    let (text, thought) = with(&upstream, read).unwrap();
    assert!(text.starts_with("You said: Hello"), "{text}");
    assert_eq!(thought, "Let me see.");
    upstream.set_fault(Some("error-event-3"));
    let error = with(&upstream, read).unwrap_err();
    assert_eq!(error.failure(), FailureKind::Server, "{error}");
    upstream.set_fault(Some("cut-3"));
    assert!(with(&upstream, read).unwrap_err().is_cut());
}

/// Sends a body byte for byte.
async fn send(provider: &OllamaProvider, path: &str, body: &Value) -> http::Response<Value> {
    let call = Call {
        path,
        model: MODELS[0],
        headers: &HeaderMap::new(),
        body: &Spliced::from(Bytes::from(body.to_string())),
    };
    let (parts, mut answer) = provider.send(call).await.unwrap().into_parts();
    let body = answer.collect(1 << 20).await.unwrap();
    http::Response::from_parts(parts, serde_json::from_slice(&body).unwrap())
}

#[test]
fn the_receipt_says_what_became_of_the_fields() {
    let upstream = Upstream::with(options());
    let body = json!({"model": MODELS[0], "messages": [], "max_tokens": 5, "user": "u"});
    let answer = with(&upstream, async |provider| {
        send(&provider, "/chat/completions?trace=1", &body).await
    });
    let receipt = answer.extensions().get::<Receipt>().unwrap();
    assert_eq!(
        receipt.to_string(),
        "max_tokens=mapped:num_predict, user=dropped"
    );
    assert_eq!(answer.body()["object"], "chat.completion");
}

#[test]
fn other_endpoints_stay_at_the_openai_layer() {
    let upstream = Upstream::with(options());
    let body = json!({"model": MODELS[3], "input": "x"});
    let answer = with(&upstream, async |provider| {
        send(&provider, "/embeddings", &body).await
    });
    assert!(answer.body()["data"][0]["embedding"].is_array());
    assert!(answer.extensions().get::<Receipt>().is_none());
    let seen = upstream.requests().pop().unwrap();
    assert_eq!(seen.path, "/v1/embeddings");
    assert_eq!(seen.body, body.to_string().as_bytes());
}
