//! SIGTERM: nobody new is let in, whoever is being answered is answered, within a limit.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use modelport_sim::Options;
use serde_json::json;

use crate::support::{Gateway, Stream, Upstream, wait_until};

/// Far less than the 30 s that open answers get.
const SOON: Duration = Duration::from_secs(5);

fn stream(gateway: &Gateway, model: &str) -> Stream {
    let body =
        json!({"model": model, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let exchange = gateway.request("POST", "/v1/chat/completions");
    let mut stream = exchange.body(body.to_string()).open();
    assert!(stream.read_until("\"content\":\"You"));
    stream
}

#[test]
fn a_running_stream_ends_whole_while_new_connections_are_refused() {
    let options = Options {
        tokens_per_second: 20,
        tokens: Some(20),
        ..Options::default()
    };
    let upstream = Upstream::with(options);
    let mut gateway = Gateway::before(&upstream.base_url(), &[]);
    let stream = stream(&gateway, "sim-fast");
    gateway.terminate();
    let refused = || TcpStream::connect(gateway.addr()).is_err();
    assert!(wait_until(SOON, refused));
    let answer = stream.finish();
    assert_eq!(answer.events().last().map(String::as_str), Some("[DONE]"));
    let status = gateway.wait(SOON).expect("an end");
    assert_eq!(status.code(), Some(0));
    let said = "modelport stopped, every request was answered";
    assert!(gateway.wait_for_output(said), "{}", gateway.output());
    gateway.wait_for_ending("answered");
}

#[test]
fn a_stream_without_end_is_cut_when_the_time_is_up() {
    let upstream = Upstream::start();
    let settings = [("SHUTDOWN_TIMEOUT", "1")];
    let mut gateway = Gateway::before(&upstream.base_url(), &settings);
    let stream = stream(&gateway, "fault/stall-3");
    let start = Instant::now();
    gateway.terminate();
    let status = gateway.wait(SOON).expect("an end");
    assert!(
        start.elapsed() >= Duration::from_millis(900),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(status.code(), Some(0));
    let (answer, whole) = stream.finish_anyhow();
    assert!(!whole, "{}", answer.text());
    assert!(gateway.wait_for_output("were cut"), "{}", gateway.output());
    assert_eq!(gateway.completions(), 1, "{}", gateway.output());
}

/// A connection that stays open after its request was answered.
fn kept(gateway: &Gateway) -> TcpStream {
    let mut socket = TcpStream::connect(gateway.addr()).unwrap();
    socket
        .write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut answer = [0; 1024];
    let got = socket.read(&mut answer).unwrap();
    assert!(answer[..got].starts_with(b"HTTP/1.1 200"));
    socket
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::before(&upstream.base_url(), &[]);
    let idle = kept(&gateway);
    let unused = TcpStream::connect(gateway.addr()).unwrap();
    // One more answer, after which the connections before it have been taken up.
    drop(kept(&gateway));
    gateway.terminate();
    let status = gateway.wait(SOON).expect("an end");
    assert_eq!(status.code(), Some(0));
    drop((idle, unused));
}
