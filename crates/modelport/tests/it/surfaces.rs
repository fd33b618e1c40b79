//! The endpoints beside chat: each is passed on as it came, and answered as it was answered.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use modelport_sim::Seen;
use serde_json::{Value, json};

use crate::support::{Exchange, Gateway, Response, Upstream};

fn pair() -> (Upstream, Gateway) {
    let upstream = Upstream::start();
    let gateway = Gateway::before(
        &upstream.base_url(),
        &[("OPENAI_COMPATIBLE_MAX_RETRIES", "1")],
    );
    (upstream, gateway)
}

/// What has arrived, listings aside: they are fetched in the background.
fn posts(upstream: &Upstream) -> Vec<Seen> {
    let all = upstream.requests().into_iter();
    all.filter(|seen| seen.method == "POST").collect()
}

fn last(upstream: &Upstream) -> Seen {
    posts(upstream).pop().unwrap()
}

fn post(gateway: &Gateway, path: &str, body: &Value) -> Response {
    gateway.request("POST", path).body(body.to_string()).send()
}

const BOUNDARY: &str = "----modelport-test";

/// A form with these fields around a file of `size` bytes.
fn form(before: &[(&str, &str)], size: usize, after: &[(&str, &str)]) -> Vec<u8> {
    let field = |(name, value): &(&str, &str)| {
        format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let mut form: Vec<u8> = before.iter().map(field).collect::<String>().into_bytes();
    form.extend_from_slice(format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\ncontent-type: audio/mpeg\r\n\r\n").as_bytes());
    form.extend((0..size).map(|at| u8::try_from(at % 251).unwrap()));
    form.extend_from_slice(b"\r\n");
    form.extend(after.iter().map(field).collect::<String>().into_bytes());
    form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    form
}

fn send_form(gateway: &Gateway, path: &str, form: Vec<u8>) -> Exchange {
    let label = format!("multipart/form-data; boundary={BOUNDARY}");
    gateway
        .request("POST", path)
        .raw_body(form)
        .header("content-type", &label)
}

#[test]
fn json_surfaces_arrive_as_they_were_sent() {
    let (upstream, gateway) = pair();
    for (path, body) in [
        (
            "/embeddings",
            json!({"model": "text-embedding-sim", "input": "x", "unknown": 1}),
        ),
        (
            "/completions",
            json!({"model": "sim-fast", "prompt": "x", "logprobs": 3}),
        ),
        ("/moderations", json!({"input": "x", "model": "m"})),
        (
            "/rerank",
            json!({"model": "m", "query": "q", "documents": ["a", "b"], "top_n": 1}),
        ),
        ("/images/generations", json!({"model": "m", "prompt": "x"})),
        ("/images/edits", json!({"model": "m", "prompt": "x"})),
        (
            "/audio/speech",
            json!({"model": "m", "input": "x", "voice": "v"}),
        ),
    ] {
        for prefix in ["/v1", ""] {
            let answer = post(&gateway, &format!("{prefix}{path}"), &body);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert_eq!(
                answer.header("x-modelport-provider"),
                Some("openai_compatible")
            );
            let seen = last(&upstream);
            assert_eq!(seen.path, format!("/v1{path}"));
            assert_eq!(seen.body, body.to_string().as_bytes());
        }
    }
}

#[test]
fn a_prefix_is_taken_off_and_faults_are_told_on_every_surface() {
    let (upstream, gateway) = pair();
    for path in ["/v1/embeddings", "/v1/moderations", "/v1/audio/speech"] {
        let body = json!({"model": "openai_compatible:m", "input": "x"});
        assert_eq!(post(&gateway, path, &body).status, 200);
        let seen = last(&upstream);
        assert_eq!(
            serde_json::from_slice::<Value>(&seen.body).unwrap()["model"],
            "m"
        );
        let refused = post(
            &gateway,
            path,
            &json!({"model": "fault/status-400", "input": "x"}),
        );
        assert_eq!(refused.status, 400);
        assert!(refused.json()["error"]["message"].is_string());
        let before = posts(&upstream).len();
        let failed = post(
            &gateway,
            path,
            &json!({"model": "fault/status-503", "input": "x"}),
        );
        assert_eq!(failed.status, 503);
        assert_eq!(posts(&upstream).len(), before + 2, "retried once");
    }
}

#[test]
fn a_missing_model_is_the_providers_to_choose_where_ours_would_not_fit() {
    let (upstream, gateway) = pair();
    let moderated = post(&gateway, "/v1/moderations", &json!({"input": "violence"}));
    assert_eq!(moderated.json()["results"][0]["flagged"], true);
    assert_eq!(moderated.header("x-modelport-model"), None);
    assert_eq!(last(&upstream).body, r#"{"input":"violence"}"#.as_bytes());
    let completed = post(&gateway, "/v1/completions", &json!({"prompt": "x"}));
    assert_eq!(
        completed.header("x-modelport-model"),
        Some("anthropic/claude-3.5-sonnet")
    );
}

#[test]
fn sound_and_subtitles_come_as_they_are() {
    let (_upstream, gateway) = pair();
    let speech = post(
        &gateway,
        "/v1/audio/speech",
        &json!({"model": "m", "input": "x"}),
    );
    assert_eq!(speech.header("content-type"), Some("audio/mpeg"));
    assert_eq!(speech.body, vec![0; 4096]);
    let fields = [("model", "m"), ("response_format", "srt")];
    let text = send_form(&gateway, "/v1/audio/transcriptions", form(&fields, 10, &[])).send();
    assert_eq!(text.header("content-type"), Some("text/plain"));
    assert_eq!(text.text(), "10 bytes of sound");
    let fields = [("model", "m"), ("stream", "true")];
    let events = send_form(&gateway, "/v1/audio/transcriptions", form(&fields, 10, &[])).send();
    assert!(
        events.text().contains("transcript.text.done"),
        "{}",
        events.text()
    );
    assert!(gateway.wait_for_output("/audio/transcriptions answered"));
    assert!(gateway.wait_for_output("output_tokens="));
}

#[test]
fn a_form_arrives_as_it_was_sent_but_for_the_model() {
    let (upstream, gateway) = pair();
    let named = [("model", "openai_compatible:whisper-1"), ("language", "de")];
    let plain = [("model", "whisper-1"), ("language", "de")];
    for size in [100, 9 << 20] {
        for (sent, expected) in [
            (form(&named, size, &[]), form(&plain, size, &[])),
            (form(&[], size, &named), form(&[], size, &plain)),
        ] {
            let answer = send_form(&gateway, "/v1/audio/transcriptions", sent.clone()).send();
            assert_eq!(answer.json()["text"], format!("{size} bytes of sound"));
            assert_eq!(answer.header("x-modelport-model"), Some("whisper-1"));
            let seen = last(&upstream);
            assert!(seen.body == expected, "{size}");
            assert_eq!(
                seen.header("content-length"),
                Some(expected.len().to_string().as_str())
            );
            let chunked = send_form(&gateway, "/v1/audio/translations", sent)
                .chunked()
                .send();
            assert_eq!(chunked.status, 200);
            assert!(last(&upstream).body == expected, "{size}");
        }
    }
}

#[test]
fn bad_forms_are_refused() {
    let (upstream, gateway) = pair();
    let message = |answer: &Response| {
        answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let twice = [("model", "a"), ("model", "b")];
    let small = send_form(&gateway, "/v1/audio/transcriptions", form(&twice, 10, &[])).send();
    assert_eq!(
        (small.status, message(&small).contains("model")),
        (400, true)
    );
    let split = form(&[("model", "a")], 9 << 20, &[("model", "b")]);
    let large = send_form(&gateway, "/v1/audio/transcriptions", split).send();
    assert_eq!(
        (large.status, message(&large).contains("model")),
        (400, true),
        "{}",
        large.text()
    );
    let no_boundary = gateway
        .request("POST", "/v1/audio/transcriptions")
        .raw_body(b"x".to_vec())
        .header("content-type", "multipart/form-data")
        .send();
    assert_eq!(
        (
            no_boundary.status,
            message(&no_boundary).contains("boundary")
        ),
        (400, true)
    );
    assert!(
        upstream
            .requests()
            .iter()
            .all(|seen| !seen.path.contains("audio"))
    );

    let limited = Gateway::before(&upstream.base_url(), &[("MODELPORT_UPLOAD_LIMIT", "6MiB")]);
    for (fields, chunked) in [([("model", "a")], false), ([("model", "a")], true)] {
        let sent = send_form(
            &limited,
            "/v1/audio/transcriptions",
            form(&fields, 9 << 20, &[]),
        );
        let sent = if chunked { sent.chunked() } else { sent };
        let refused = sent.send();
        assert_eq!(refused.status, 413, "{}", refused.text());
        assert!(message(&refused).contains("MODELPORT_UPLOAD_LIMIT"));
    }
}

/// Resident memory of a process, in KiB, at its highest.
fn peak_memory(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A provider that counts a request's bytes and answers with their number.
fn counting() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for socket in listener.incoming() {
            let socket = socket.unwrap();
            thread::spawn(move || count(socket));
        }
    });
    url
}

fn count(mut socket: TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if socket.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let Some(length) = length.and_then(|length| length.parse::<u64>().ok()) else {
        let _ = socket
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        return;
    };
    let counted = std::io::copy(&mut (&socket).take(length), &mut std::io::sink()).unwrap();
    let body = json!({"text": counted.to_string()}).to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = socket.write_all(answer.as_bytes());
}

#[test]
fn a_large_upload_takes_no_memory_of_its_own() {
    const SIZE: usize = 200 << 20;
    const EXTRA: usize = 20 << 10;
    let url = counting();
    for (before, after) in [
        (&[("model", "openai_compatible:m")][..], &[][..]),
        (&[][..], &[("model", "openai_compatible:m")][..]),
    ] {
        let gateway = Gateway::before(&url, &[]);
        let small = send_form(
            &gateway,
            "/v1/audio/transcriptions",
            form(before, 100, after),
        )
        .send();
        assert_eq!(small.status, 200);
        let idle = peak_memory(gateway.pid());
        let sent = form(before, SIZE, after);
        let arrives = sent.len() - "openai_compatible:".len();
        let answer = send_form(&gateway, "/v1/audio/transcriptions", sent).send();
        assert_eq!(
            answer.json()["text"],
            arrives.to_string(),
            "{}",
            answer.text()
        );
        let extra = peak_memory(gateway.pid()) - idle;
        assert!(extra < EXTRA, "{extra} KiB more than {idle} KiB");
    }
}
