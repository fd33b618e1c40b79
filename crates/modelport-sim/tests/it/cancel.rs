//! Clients that go away: it is noticed soon, wherever the answer is.

use std::time::{Duration, Instant};

use modelport_sim::{Outcome, Sim};

use crate::client::{Client, PLAIN, STREAM, sim};

/// A client's leaving must be noticed within this.
const SOON: Duration = Duration::from_secs(1);

/// The events sent to a client that left, once it is noticed.
async fn cancelled(sim: &Sim) -> usize {
    let started = Instant::now();
    while started.elapsed() < SOON {
        if let Some(Outcome::Cancelled {
            events_sent,
            after_ms,
        }) = sim.requests().first().map(|seen| seen.outcome)
        {
            assert!(after_ms < 5_000);
            return events_sent;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it was not noticed: {:?}", sim.requests());
}

async fn leave(headers: &str, body: &str, enough: &str) -> usize {
    let sim = sim().await;
    let mut client = Client::new(&sim).await;
    client
        .request("POST /v1/chat/completions", headers, body)
        .await;
    client
        .answer_until(|raw| !enough.is_empty() && String::from_utf8_lossy(raw).contains(enough))
        .await;
    assert_eq!(sim.requests()[0].outcome, Outcome::Running);
    drop(client);
    cancelled(&sim).await
}

#[tokio::test]
async fn while_it_hangs() {
    assert_eq!(leave("x-sim-fault: hang\r\n", PLAIN, "").await, 0);
    assert_eq!(leave("x-sim-fault: hang-head\r\n", PLAIN, "200").await, 0);
}

#[tokio::test]
async fn while_it_waits() {
    assert_eq!(leave("x-sim-latency-ms: 60000\r\n", PLAIN, "").await, 0);
    assert_eq!(
        leave("x-sim-ttft-ms: 60000\r\n", STREAM, "assistant").await,
        1
    );
}

#[tokio::test]
async fn while_it_streams() {
    assert!(leave("x-sim-tps: 20\r\nx-sim-tokens: 1000\r\n", STREAM, "said").await >= 2);
    assert_eq!(leave("x-sim-fault: stall-3\r\n", STREAM, "said").await, 3);
}

#[tokio::test]
async fn while_it_streams_as_fast_as_it_can() {
    assert!(
        leave(
            "x-sim-tokens: 100000\r\n",
            r#"{"model":"m","stream":true,"messages":[]}"#,
            "Hello"
        )
        .await
            >= 1
    );
}
