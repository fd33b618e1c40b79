//! HTTP/2 to providers: off unless it is asked for, then many calls a connection.

use std::thread;

use http::Version;
use serde_json::json;

use crate::support::{
    Exchange, Gateway, Response,
    gateway::run,
    h2::{H2Client, finish, within},
    h2_upstream::{H2Upstream, PLAIN, Setup},
};

const HTTP2: &str = "OPENAI_COMPATIBLE_HTTP2";

/// A gateway that speaks HTTP/2 to a plain upstream, once it has looked for a listing there.
fn before(upstream: &H2Upstream, more: &[(&str, &str)]) -> Gateway {
    let mut settings = vec![(HTTP2, "prior-knowledge")];
    settings.extend_from_slice(more);
    Gateway::before(&upstream.base_url(), &settings)
}

fn ask(gateway: &Gateway, model: &str, stream: bool) -> Exchange {
    let body = json!({"model": model, "messages": [], "stream": stream}).to_string();
    gateway.request("POST", super::CHAT).body(body)
}

fn answered(response: &Response) {
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.text(), PLAIN);
}

#[test]
fn requests_and_answers_are_the_same_as_ever() {
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &[]);
    answered(&ask(&gateway, "plain", false).header("x-mine", "1").send());
    gateway.wait_for_ending("answered");
    assert!(gateway.output().contains("input_tokens=19 output_tokens=4"));
    let stream = ask(&gateway, "stream", true)
        .header("te", "trailers")
        .send();
    assert_eq!(stream.events().last().map(String::as_str), Some("[DONE]"));

    let came = upstream.came();
    assert_eq!(came[0].version, Version::HTTP_2);
    let authority = upstream.base_url()[7..].replace("/v1", "");
    assert_eq!(came[0].authority, Some(authority));
    let headers = &came[0].headers;
    assert_eq!(headers["x-mine"], "1");
    assert_eq!(headers["authorization"], "Bearer sk-upstream-secret");
    assert_eq!(headers["content-length"], came[0].body.len().to_string());
    for name in ["host", "connection", "te", "transfer-encoding"] {
        assert!(!headers.contains_key(name), "{name}");
    }
    assert_eq!(upstream.connections(), 1);
    // Its trailers reach a client that speaks HTTP/2 too.
    within(async {
        let mut client = H2Client::connect(gateway.addr()).await;
        let answer = client.chat("stream", true).await.unwrap();
        let (_, trailers) = finish(answer).await.unwrap();
        assert_eq!(trailers["x-checksum"], "7");
    });
}

#[test]
fn large_bodies_come_whole() {
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &[]);
    let text = "x".repeat(5 << 20);
    let body = json!({"model": "plain", "messages": [{"role": "user", "content": text}]});
    answered(&gateway.chat(&body));
    assert_eq!(upstream.came()[0].body, body.to_string());
}

#[test]
fn a_form_that_is_sent_while_it_arrives_comes_whole() {
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &[]);
    let file = "x".repeat(9 << 20);
    let form = format!(
        "--b\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nplain\r\n\
         --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n{file}\r\n--b--\r\n"
    );
    let sent = gateway
        .request("POST", "/v1/audio/transcriptions")
        .raw_body(form.clone().into_bytes())
        .header("content-type", "multipart/form-data; boundary=b")
        .send();
    answered(&sent);
    let came = &upstream.came()[0];
    assert_eq!(came.version, Version::HTTP_2);
    assert!(came.body == form.as_bytes());
}

#[test]
fn a_full_connection_gets_another_beside_it() {
    let upstream = H2Upstream::start(Setup {
        max_streams: Some(5),
        ..Setup::default()
    });
    let gateway = before(&upstream, &[]);
    // The limit is known once an answer has come.
    answered(&ask(&gateway, "plain", false).send());
    thread::scope(|scope| {
        let asked: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| answered(&ask(&gateway, "wait", false).send())))
            .collect();
        upstream.wait_for(13);
        upstream.release();
        for one in asked {
            one.join().unwrap();
        }
    });
    assert_eq!(upstream.connections(), 3);
    gateway.wait_for_ending("answered");
}

#[test]
fn calls_at_once_wait_for_one_connection() {
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &[]);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| answered(&ask(&gateway, "plain", false).send()));
        }
    });
    assert_eq!(upstream.came().len(), 20);
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn leaving_resets_the_stream_and_no_other() {
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &[]);
    // Before an answer, in a plain one, in a stream.
    let socket = ask(&gateway, "hang", false).write();
    upstream.wait_for(1);
    drop(socket);
    upstream.wait_for_cancelled(1);
    let mut stream = ask(&gateway, "stall", true).open();
    assert!(stream.read_until("content"));
    drop(stream);
    upstream.wait_for_cancelled(2);
    gateway.wait_for_ending("cancelled");
    answered(&ask(&gateway, "plain", false).send());
    assert_eq!(upstream.connections(), 1);
}

#[test]
fn a_silent_stream_is_given_up_and_its_connection_with_it() {
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &[("OPENAI_COMPATIBLE_TIMEOUT", "0.3")]);
    let answer = ask(&gateway, "hang", false).send();
    assert_eq!(answer.status, 504, "{}", answer.text());
    upstream.wait_for_cancelled(1);
    let stalled = ask(&gateway, "stall", true).send();
    assert!(stalled.text().contains("the stream began and then stopped"));
    upstream.wait_for_cancelled(2);
    answered(&ask(&gateway, "plain", false).send());
    assert_eq!(upstream.connections(), 3);
}

#[test]
fn a_stream_that_ends_too_soon_is_told() {
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &[]);
    let cut = ask(&gateway, "cut", true).send();
    assert!(
        cut.text()
            .contains("its stream ended before the answer was finished")
    );
}

#[test]
fn a_call_that_was_not_looked_at_goes_over_another_connection() {
    let none = [("OPENAI_COMPATIBLE_MAX_RETRIES", "0")];
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &none);
    answered(&ask(&gateway, "refuse-first", false).send());
    assert_eq!(upstream.came().len(), 2);
    // The same, but after it may have been worked on.
    let answer = ask(&gateway, "reset", false).send();
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(upstream.came().len(), 3);
    gateway.wait_for_output(" attempts=1 ");
}

#[test]
fn a_connection_that_the_provider_ends_is_replaced() {
    let none = [("OPENAI_COMPATIBLE_MAX_RETRIES", "0")];
    let upstream = H2Upstream::plain();
    let gateway = before(&upstream, &none);
    for _ in 0..20 {
        answered(&ask(&gateway, "leave", false).send());
    }
    assert_eq!(upstream.came().len(), 20);
    // One that is about to end may still take the next call.
    assert!(upstream.connections() > 1);
}

#[test]
fn an_encrypted_connection_speaks_what_the_provider_chooses() {
    for (mode, versions, spoken) in [
        ("auto", &["h2", "http/1.1"][..], Version::HTTP_2),
        ("auto", &["http/1.1"], Version::HTTP_11),
        ("off", &["h2", "http/1.1"], Version::HTTP_11),
    ] {
        let upstream = H2Upstream::start(Setup {
            versions,
            ..Setup::default()
        });
        let settings = [(HTTP2, mode), ("SSL_CERT_FILE", upstream.certificate())];
        let gateway = Gateway::before(&upstream.base_url(), &settings);
        for _ in 0..3 {
            answered(&ask(&gateway, "plain", false).send());
        }
        let stream = ask(&gateway, "stream", true).send();
        assert_eq!(stream.events().last().map(String::as_str), Some("[DONE]"));
        for came in upstream.came() {
            assert_eq!(came.version, spoken, "{mode} {versions:?}");
        }
        assert_eq!(upstream.connections(), 1, "{mode} {versions:?}");
    }
}

#[test]
fn a_provider_that_does_not_speak_it_is_told() {
    let upstream = crate::support::Upstream::start();
    let settings = [
        (HTTP2, "prior-knowledge"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
    ];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let answer = ask(&gateway, "sim-fast", false).send();
    assert_eq!(answer.status, 502, "{}", answer.text());
    let (status, said) = run(&["check"], &[(HTTP2, "h3")]);
    assert_eq!(status.code(), Some(2));
    assert!(said.contains("OPENAI_COMPATIBLE_HTTP2"), "{said}");
    assert!(said.contains("Use off, auto"), "{said}");
    let (status, said) = run(&["check"], &[(HTTP2, "prior-knowledge")]);
    assert_eq!(status.code(), Some(2));
    assert!(said.contains("Use auto"), "{said}");
    let (status, said) = run(&["check"], &[(HTTP2, "auto")]);
    assert_eq!(status.code(), Some(0), "{said}");
}
