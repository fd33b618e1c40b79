//! HTTP/2 from clients that begin with it, on the port where HTTP/1.1 is spoken.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use http_body_util::BodyExt;
use modelport_sim::{Options, Outcome};
use serde_json::Value;

use super::CHAT;
use crate::support::{
    Gateway, NOBODY, Scripted, Upstream,
    h2::{H2Client, finish, post, within},
};

/// How soon the provider must have noticed, and the gateway be gone.
const SOON: Duration = Duration::from_secs(5);

fn before(options: Options) -> (Upstream, Gateway) {
    let upstream = Upstream::with(options);
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    (upstream, gateway)
}

#[test]
fn many_requests_share_a_connection() {
    let (upstream, gateway) = before(Options::default());
    within(async {
        let client = H2Client::connect(gateway.addr()).await;
        let asked = (0..50).map(|number| {
            let mut client = client.clone();
            tokio::spawn(async move {
                let stream = number % 2 == 1;
                let answer = client.chat("sim-fast", stream).await.unwrap();
                assert_eq!(answer.status(), 200);
                for name in ["connection", "transfer-encoding", "keep-alive"] {
                    assert!(!answer.headers().contains_key(name), "{name}");
                }
                assert!(answer.headers().contains_key("x-request-id"));
                let (text, _) = finish(answer).await.unwrap();
                if stream {
                    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
                } else {
                    let json: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(json["object"], "chat.completion");
                }
            })
        });
        for one in asked.collect::<Vec<_>>() {
            one.await.unwrap();
        }
    });
    assert_eq!(upstream.completions().len(), 50);
    gateway.wait_for_ending("answered");
}

#[test]
fn bodies_of_megabytes_come_whole() {
    let (upstream, gateway) = before(Options::default());
    let text = "x".repeat(5 << 20);
    let body =
        format!(r#"{{"model":"sim-fast","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        let answer = client.send(post(body.clone())).await.unwrap();
        assert_eq!(answer.status(), 200);
        finish(answer).await.unwrap();
    });
    assert_eq!(upstream.completions()[0].body.len(), body.len());
}

#[test]
fn a_refused_request_is_heard_and_its_connection_stays() {
    let gateway = Gateway::start(&[
        ("OPENAI_COMPATIBLE_BASE_URL", NOBODY),
        ("OLLAMA_ENABLED", "false"),
        ("MODELPORT_API_KEY", "the-key-of-the-gateway"),
        ("MODELPORT_BODY_LIMIT", "1MiB"),
    ]);
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        for (key, status, said) in [
            ("wrong", 401, "invalid_api_key"),
            ("the-key-of-the-gateway", 413, "MODELPORT_BODY_LIMIT"),
        ] {
            let mut request = post(vec![b' '; 5 << 20]);
            let key = format!("Bearer {key}").parse().unwrap();
            request.headers_mut().insert("authorization", key);
            let answer = client.send(request).await.unwrap();
            assert_eq!(answer.status(), status);
            let (text, _) = finish(answer).await.unwrap();
            assert!(text.contains(said), "{text}");
        }
        assert!(!client.is_closed());
    });
}

#[test]
fn trailers_need_no_asking() {
    let upstream = Scripted::start(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n\
         2\r\n{}\r\n0\r\nx-checksum: 7\r\nset-cookie: a=b\r\ncontent-encoding: gzip\r\n\r\n",
    );
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        let answer = client.chat("m", false).await.unwrap();
        let (text, trailers) = finish(answer).await.unwrap();
        assert_eq!(text, "{}");
        assert_eq!(trailers.len(), 1, "{trailers:?}");
        assert_eq!(trailers["x-checksum"], "7");
    });
}

#[test]
fn a_reset_stream_cancels_its_call_and_no_other() {
    let slow = Options {
        tokens_per_second: 10,
        tokens: Some(1000),
        ..Options::default()
    };
    let (upstream, gateway) = before(slow);
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        let mut stays = client.chat("sim-fast", true).await.unwrap();
        let mut leaves = client.chat("sim-fast", true).await.unwrap();
        leaves.body_mut().frame().await.unwrap().unwrap();
        drop(leaves);
        // One that has not been answered at all yet.
        let mut other = client.clone();
        let unanswered = tokio::spawn(async move { other.chat("fault/hang", false).await });
        while upstream.completions().len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        unanswered.abort();
        let gone = |upstream: &Upstream| {
            let seen = upstream.completions().into_iter();
            seen.filter(|seen| matches!(seen.outcome, Outcome::Cancelled { .. }))
                .count()
        };
        let deadline = tokio::time::Instant::now() + SOON;
        while gone(&upstream) < 2 {
            assert!(tokio::time::Instant::now() < deadline);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stays.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(gone(&upstream), 2);
    });
    gateway.wait_for_ending("cancelled");
}

#[test]
fn a_cut_answer_resets_its_stream() {
    let upstream = Scripted::start(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\
         transfer-encoding: chunked\r\n\r\n2\r\n\x1f\u{8b}\r\n",
    );
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        let answer = client.chat("m", false).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(finish(answer).await.is_err());
        assert!(!client.is_closed());
    });
    gateway.wait_for_ending("broken");
}

#[test]
fn a_running_stream_ends_whole_while_the_gateway_stops() {
    let options = Options {
        tokens_per_second: 20,
        tokens: Some(20),
        ..Options::default()
    };
    let (_upstream, mut gateway) = before(options);
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        // Unused connections do not hold up the end.
        let idle = H2Client::connect(gateway.addr()).await;
        let silent = TcpStream::connect(gateway.addr()).unwrap();
        let mut answer = client.chat("sim-fast", true).await.unwrap();
        answer.body_mut().frame().await.unwrap().unwrap();
        gateway.terminate();
        let (text, _) = finish(answer).await.unwrap();
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
        assert!(client.chat("sim-fast", false).await.is_err());
        drop((idle, silent));
    });
    let status = gateway.wait(SOON).expect("an end");
    assert_eq!(status.code(), Some(0));
    let said = "modelport stopped, every request was answered";
    assert!(gateway.wait_for_output(said), "{}", gateway.output());
}

#[test]
fn heads_have_a_bound() {
    let (_upstream, gateway) = before(Options::default());
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        let with_header = |length: usize| {
            let mut request = post(r#"{"model":"sim-fast","messages":[]}"#);
            let long = "x".repeat(length).parse().unwrap();
            request.headers_mut().insert("x-long", long);
            request
        };
        let answer = client.send(with_header(10 << 10)).await.unwrap();
        assert_eq!(answer.status(), 200);
        let answer = client.send(with_header(70 << 10)).await.unwrap();
        assert_eq!(answer.status(), 431);
    });
}

/// Whoever sends its first bytes one by one is understood, whatever they begin.
#[test]
fn first_bytes_may_come_one_by_one() {
    let (_upstream, gateway) = before(Options::default());
    let begin = |bytes: &[u8]| {
        let mut socket = TcpStream::connect(gateway.addr()).unwrap();
        socket.set_nodelay(true).unwrap();
        for byte in bytes {
            socket.write_all(&[*byte]).unwrap();
            std::thread::sleep(Duration::from_millis(2));
        }
        socket
    };
    let body = r#"{"model":"sim-fast","messages":[]}"#;
    let length = body.len();
    let mut socket = begin(b"POST ");
    let rest = format!(
        "{CHAT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    socket.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut socket = begin(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // An empty frame of settings; the gateway's own comes first.
    socket.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
    let mut frame = [0; 9];
    socket.read_exact(&mut frame).unwrap();
    assert_eq!(frame[3], 4, "{frame:?}");
}
