//! HTTP itself: connections that are used again, bodies in every form, requests that cannot be read.

use std::time::{Duration, Instant};

use modelport_sim::{Options, Outcome, Sim};

use crate::client::{Client, End, PLAIN, STREAM, ask, sim};

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    for body in [PLAIN, STREAM, PLAIN] {
        client.request("POST /v1/chat/completions", "", body).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.end), (200, End::Complete));
    }
    client
        .request("GET /v1/models", "connection: close\r\n", "")
        .await;
    assert_eq!(client.answer().await.header("connection"), Some("close"));
    assert_eq!(client.answer().await.end, End::Closed);
    let seen = sim.requests();
    assert!(
        seen.iter()
            .all(|seen| seen.connection == 1 && seen.outcome == Outcome::Answered),
        "{seen:?}"
    );
    assert_eq!(
        seen.iter().map(|seen| seen.id).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}

#[tokio::test]
async fn bodies_arrive_in_every_form() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    let (start, end) = PLAIN.split_at(30);
    let head = "POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    client
        .send(format!("{head}{:x}\r\n{start}\r\n", start.len()).as_bytes())
        .await;
    client
        .send(format!("{:X};x=y\r\n{end}\r\n0\r\n\r\n", end.len()).as_bytes())
        .await;
    assert_eq!(client.answer().await.status, 200);

    client.send(format!("POST /v1/chat/completions HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", PLAIN.len()).as_bytes()).await;
    let interim = client.answer_until(|raw| raw.ends_with(b"\r\n\r\n")).await;
    assert_eq!(interim.raw, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send(PLAIN.as_bytes()).await;
    assert_eq!(client.answer().await.status, 200);

    client
        .send(
            format!(
                "POST /v1/chat/completions HTTP/1.0\r\nContent-Length: {}\r\n\r\n{STREAM}",
                STREAM.len()
            )
            .as_bytes(),
        )
        .await;
    let old = client.answer().await;
    assert!(
        old.end == End::Closed && !old.head.contains("transfer-encoding"),
        "{}",
        old.head
    );
    assert_eq!(old.events().last().map(String::as_str), Some("[DONE]"));

    let bodies: Vec<_> = sim
        .requests()
        .iter()
        .map(|seen| seen.body.clone())
        .collect();
    assert_eq!(bodies, [PLAIN, PLAIN, STREAM]);
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let sim = sim().await;
    let image = "A".repeat(3_000_000);
    let body = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":[{{"type":"text","text":"see"}},{{"type":"image_url","image_url":{{"url":"{image}"}}}}]}}]}}"#
    );
    let answer = ask(&sim, "POST /v1/chat/completions", "", &body).await;
    assert!(answer.text().contains("You said: see"), "{}", answer.text());
    assert_eq!(sim.requests()[0].body, body);
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let endless = vec![b'a'; 70_000];
    for (bytes, status) in [
        (&b"nonsense\r\n\r\n"[..], 400),
        (b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n", 400),
        (
            b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
            413,
        ),
        (
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            400,
        ),
        (endless.as_slice(), 431),
    ] {
        let sim = sim().await;
        let mut client = Client::new(&sim).await;
        client.send(bytes).await;
        let answer = client.answer().await;
        assert_eq!(
            (answer.status, answer.header("connection")),
            (status, Some("close"))
        );
        assert_eq!(client.answer().await.end, End::Closed);
        assert!(sim.requests().is_empty());
    }
}

#[tokio::test]
async fn timings_are_kept() {
    let options = Options {
        latency_ms: 60,
        ttft_ms: 60,
        tokens_per_second: 100,
        tokens: Some(7),
        ..Options::default()
    };
    let sim = Sim::start(options).await.unwrap();
    let started = Instant::now();
    let answer = ask(&sim, "POST /v1/chat/completions", "", STREAM).await;
    // Latency, first token, and six tokens at 10 ms.
    assert!(
        started.elapsed() >= Duration::from_millis(60 + 60 + 60),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(answer.events().len(), 1 + 7 + 3);
    let started = Instant::now();
    let faster = "x-sim-latency-ms: 0\r\nx-sim-ttft-ms: 0\r\nx-sim-tps: 0\r\nx-sim-tokens: 3\r\n";
    let answer = ask(&sim, "POST /v1/chat/completions", faster, STREAM).await;
    assert!(
        started.elapsed() < Duration::from_millis(60),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(answer.events().len(), 1 + 3 + 3);
    assert_eq!(
        ask(
            &sim,
            "POST /v1/chat/completions",
            "x-sim-tps: many\r\n",
            STREAM
        )
        .await
        .status,
        400
    );
}

#[tokio::test]
async fn a_stopped_simulator_frees_its_port_and_cuts_its_clients() {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    client
        .request(
            "POST /v1/chat/completions",
            "x-sim-fault: stall-1\r\n",
            STREAM,
        )
        .await;
    client.answer_until(|raw| raw.ends_with(b"\n\n\r\n")).await;
    let port = sim.addr().port();
    sim.stop().await;
    assert_eq!(client.answer().await.end, End::Closed);
    let again = Sim::start(Options {
        port,
        ..Options::default()
    })
    .await
    .unwrap();
    assert_eq!(again.addr().port(), port);
}
