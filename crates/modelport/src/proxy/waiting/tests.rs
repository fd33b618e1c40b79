use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use tokio::time::{Instant, sleep};

use super::*;

fn id() -> RequestId {
    let mut headers = HeaderMap::new();
    headers.insert(REQUEST_ID, HeaderValue::from_static("test-1"));
    RequestId::of(&headers)
}

fn answer(status: u16, label: &'static str, body: &'static str) -> Reply {
    let mut reply = Response::new(Body::from(body));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap();
    let label = HeaderValue::from_static(label);
    reply.headers_mut().insert(header::CONTENT_TYPE, label);
    reply
}

fn after(seconds: u64, result: Result<Reply, Error>) -> Work {
    Box::pin(async move {
        sleep(Duration::from_secs(seconds)).await;
        result
    })
}

async fn held(work: Work) -> Result<Reply, Error> {
    let mut head = HeaderMap::new();
    let events = HeaderValue::from_static("text/event-stream");
    head.insert(header::CONTENT_TYPE, events);
    hold(work, head, id(), Envelope::OpenAi).await
}

/// The pieces of a body, each with the second at which it came.
async fn pieces(start: Instant, mut body: Body) -> Vec<(u64, String)> {
    let mut pieces = Vec::new();
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        let text = String::from_utf8(data.to_vec()).unwrap();
        pieces.push((start.elapsed().as_secs(), text));
    }
    pieces
}

/// An answer that comes after 40 seconds goes out as comments, and then as `expected`.
async fn check(result: Result<Reply, Error>, expected: &str) {
    let start = Instant::now();
    let reply = held(after(40, result)).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 15);
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut pieces = pieces(start, reply.into_body()).await;
    let (at, last) = pieces.pop().unwrap();
    let comment = ": waiting for the provider\n\n".to_owned();
    assert_eq!(pieces, [(15, comment.clone()), (30, comment)]);
    assert_eq!(at, 40);
    if expected.ends_with('\n') {
        assert_eq!(last, expected);
    } else {
        assert!(last.contains(expected), "{last}");
    }
    assert!(
        last.starts_with("data: {") && last.ends_with("}\n\n"),
        "{last}"
    );
    assert_eq!(last.trim_end().lines().count(), 1, "{last}");
}

#[tokio::test(start_paused = true)]
async fn within_the_grace_an_answer_is_left_as_it_is() {
    let refusal = answer(429, "application/json", "{}");
    let reply = held(after(14, Ok(refusal))).await.unwrap();
    assert_eq!(reply.status(), 429);
    let error = held(after(14, Err(Error::Internal))).await.unwrap_err();
    assert_eq!(error, Error::Internal);
}

#[tokio::test(start_paused = true)]
async fn after_the_grace_comments_keep_the_stream_alive_until_it_begins() {
    let events = "data: {\"choices\":[]}\n\n";
    check(Ok(answer(200, "text/event-stream", events)), events).await;
}

#[tokio::test(start_paused = true)]
async fn after_the_grace_a_refusal_is_said_in_the_stream() {
    check(Err(Error::Internal), "\"code\":\"internal_error\"").await;
    check(Err(Error::Internal), "\"request_id\":\"test-1\"").await;
    let refusal = answer(
        429,
        "application/json",
        "{\n \"error\": {\r\n\"code\": \"slow\"}}",
    );
    check(
        Ok(refusal),
        "data: {  \"error\": {  \"code\": \"slow\"}}\n\n",
    )
    .await;
    let page = answer(400, "text/html", "<html>\n\ndata: x");
    check(Ok(page), "upstream_failed").await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_the_stream_is_an_error_in_it() {
    let whole = answer(200, "application/json", "{\"choices\":[]}");
    check(Ok(whole), "in one piece").await;
    let mut compressed = answer(200, "text/event-stream", "\u{1f}\u{8b}");
    let gzip = HeaderValue::from_static("gzip");
    compressed
        .headers_mut()
        .insert(header::CONTENT_ENCODING, gzip);
    check(Ok(compressed), "compressed").await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_waiting_ends_the_work() {
    struct Flag(Arc<AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    let ended = Arc::new(AtomicBool::new(false));
    let flag = Flag(Arc::clone(&ended));
    let work = Box::pin(async move {
        let _flag = flag;
        std::future::pending().await
    });
    let mut body = held(work).await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    assert!(!ended.load(SeqCst));
    drop(body);
    assert!(ended.load(SeqCst));
}
