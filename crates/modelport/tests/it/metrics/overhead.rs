//! The time that the gateway itself takes, against what a client and a provider measure between them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::chat;
use crate::support::{Gateway, Metrics};

/// How long the provider takes to begin its answer.
const LATENCY: Duration = Duration::from_millis(50);

/// Requests of one kind.
const REQUESTS: u32 = 15;

/// How often is looked at the most.
const LOOKS: u32 = 4;

/// What a plain answer ends with.
const END: &str = r#""finish_reason":"stop"}]}"#;

/// A provider that says how long it took: from the last byte of a request to the last byte of its answer.
struct Timed {
    addr: SocketAddr,
    took: Arc<Mutex<Duration>>,
}

impl Timed {
    /// Answers completions with these in turn, the last again and again, each after the latency.
    fn start(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let took = Arc::new(Mutex::new(Duration::ZERO));
        let sum = Arc::clone(&took);
        let answers = Arc::new(Mutex::new(answers));
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (answers, sum) = (Arc::clone(&answers), Arc::clone(&sum));
                thread::spawn(move || serve(socket, &answers, &sum));
            }
        });
        Self { addr, took }
    }
}

fn serve(socket: TcpStream, answers: &Mutex<Vec<Vec<u8>>>, sum: &Mutex<Duration>) {
    socket.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(socket);
    loop {
        let mut head = String::new();
        while reader.read_line(&mut head).is_ok_and(|got| got > 2) {}
        if head.is_empty() {
            return;
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let read = Instant::now();
        let missing = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec();
        let is_completion = head.starts_with("POST");
        let answer = if is_completion {
            thread::sleep(LATENCY);
            let mut answers = answers.lock().unwrap();
            if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0].clone()
            }
        } else {
            missing
        };
        if reader.get_mut().write_all(&answer).is_err() {
            return;
        }
        if is_completion {
            *sum.lock().unwrap() += read.elapsed();
        }
    }
}

fn with_head(status: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// An answer that takes the gateway some time to look over.
fn plain() -> Vec<u8> {
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": "word"}, "finish_reason": "stop"});
    let numbers = vec![0; 200_000];
    let body = json!({"id": "c", "model": "m", "numbers": numbers, "choices": [choice]});
    with_head("200 OK", "application/json", &body.to_string())
}

fn streamed() -> Vec<u8> {
    let chunk =
        json!({"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": null}]});
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let chunks = format!("data: {chunk}\n\n").repeat(5000);
    let body = format!("{chunks}data: {last}\n\ndata: [DONE]\n\n");
    with_head("200 OK", "text/event-stream", &body)
}

fn overhead(metrics: &Metrics) -> f64 {
    metrics.sum("modelport_overhead_seconds_sum", &[])
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Sends a chat over a connection that stays, and reads its answer up to this end; how long that took.
fn ask(socket: &mut TcpStream, stream: bool, end: &str) -> Duration {
    let body = chat("m", stream).to_string();
    let length = body.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a.test\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let (mut answer, mut piece) = (Vec::new(), vec![0; 1 << 20]);
    let started = Instant::now();
    socket.write_all(request.as_bytes()).unwrap();
    while !answer.ends_with(end.as_bytes()) {
        let got = socket.read(&mut piece).unwrap();
        assert!(got > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..got]);
    }
    let took = started.elapsed();
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    took
}

/// The overhead of a usual request after the first, as the gateway tells it and as client and provider do.
fn measure(answers: Vec<Vec<u8>>, requests: u32, stream: bool) -> (f64, f64) {
    let end = if stream { "0\r\n\r\n" } else { END };
    let provider = Timed::start(answers);
    let base_url = format!("http://{}/v1", provider.addr);
    let gateway = Gateway::before(&base_url, &[("LOG_LEVEL", "WARN")]);
    let mut socket = TcpStream::connect(gateway.addr()).unwrap();
    socket.set_nodelay(true).unwrap();
    ask(&mut socket, stream, end);
    let mut before = overhead(&gateway.metrics_after(1));
    let (mut told, mut seen) = (Vec::new(), Vec::new());
    for number in 0..requests {
        *provider.took.lock().unwrap() = Duration::ZERO;
        let took = ask(&mut socket, stream, end);
        // The provider notes its time when its last byte has gone, and the client may be faster than that.
        thread::sleep(Duration::from_millis(5));
        let at_provider = *provider.took.lock().unwrap();
        seen.push(took.saturating_sub(at_provider).as_secs_f64());
        let now = overhead(&gateway.metrics_after(number + 2));
        told.push(now - before);
        before = now;
    }
    (median(told), median(seen))
}

/// What is told is what is measured, give or take a tenth. Other work of the machine comes between client and gateway
/// now and then, so that it may take several looks.
fn check(answers: &[Vec<u8>], requests: u32, stream: bool) -> String {
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        let (told, seen) = measure(answers.to_vec(), requests, stream);
        let text = format!("{:.2} ms told, {:.2} ms measured", told * 1e3, seen * 1e3);
        if (told - seen).abs() / seen < 0.1 {
            return text;
        }
        looks.push(text);
    }
    panic!("{looks:?}");
}

#[test]
fn the_overhead_of_a_plain_answer_is_what_client_and_provider_measure() {
    println!("{}", check(&[plain()], REQUESTS, false));
}

#[test]
fn the_overhead_of_a_stream_is_what_client_and_provider_measure() {
    println!("{}", check(&[streamed()], REQUESTS, true));
}

#[test]
fn a_pause_before_a_retry_is_overhead_and_both_attempts_are_not() {
    let failure = with_head("500 Internal Server Error", "application/json", "{}");
    println!("{}", check(&[plain(), failure, plain()], 1, false));
}
