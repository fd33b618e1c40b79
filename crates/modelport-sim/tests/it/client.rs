//! A raw HTTP client that reports how an answer ended, whatever was sent.

use std::io;
use std::time::Duration;

use modelport_sim::{Options, Sim};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing for so long counts as silence.
const SILENCE: Duration = Duration::from_millis(300);

/// Room for an answer, so that reads are as long as what has come.
const ROOM: usize = 1 << 20;

pub(crate) const PLAIN: &str =
    r#"{"model":"sim-fast","messages":[{"role":"user","content":"Say something, please."}]}"#;
pub(crate) const STREAM: &str = r#"{"model":"sim-fast","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Say something, please."}]}"#;

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As its head promised.
    Complete,
    /// The connection closed; complete only for an answer without length.
    Closed,
    Reset,
    /// Nothing more came, and the connection stayed open.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The last head, in lower case; empty when none was complete.
    pub(crate) head: String,
    /// The body without chunks.
    pub(crate) body: Vec<u8>,
    pub(crate) raw: Vec<u8>,
    pub(crate) end: End,
    /// Socket reads that brought bytes.
    pub(crate) reads: usize,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// The data of each event.
    pub(crate) fn events(&self) -> Vec<String> {
        events(&self.text())
    }
}

/// The data of each complete event in a stream.
pub(crate) fn events(stream: &str) -> Vec<String> {
    let lines = stream
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let mut events = Vec::new();
    let mut data: Vec<&str> = Vec::new();
    for line in lines.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some("") if data.is_empty() => {}
            Some("") => events.push(std::mem::take(&mut data).join("\n")),
            Some(line) => data.extend(
                line.strip_prefix("data:")
                    .map(|data| data.strip_prefix(' ').unwrap_or(data)),
            ),
            None => {}
        }
    }
    events
}

pub(crate) struct Client {
    stream: TcpStream,
}

impl Client {
    pub(crate) async fn new(sim: &Sim) -> Self {
        Self {
            stream: TcpStream::connect(sim.addr()).await.unwrap(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn request(&mut self, line: &str, headers: &str, body: &str) {
        let request = format!(
            "{line} HTTP/1.1\r\nhost: sim\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        self.send(request.as_bytes()).await;
    }

    /// Reads one answer as far as it goes.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.answer_until(|_| false).await
    }

    /// Reads one answer as far as it goes, or until enough of it has come.
    pub(crate) async fn answer_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> Answer {
        let mut raw = Vec::with_capacity(ROOM);
        let mut reads = 0;
        let end = loop {
            if enough(&raw) {
                break End::Silent;
            }
            match timeout(SILENCE, self.stream.read_buf(&mut raw)).await {
                Err(_) => break End::Silent,
                Ok(Ok(0)) => break End::Closed,
                Ok(Ok(_)) => reads += 1,
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => {
                    break End::Reset;
                }
                Ok(Err(error)) => panic!("{error}"),
            }
            if parse(&raw).is_some_and(|(_, _, complete)| complete) {
                break End::Complete;
            }
        };
        let (head, body, _) = parse(&raw).unwrap_or_default();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Answer {
            status,
            head,
            body,
            raw,
            end,
            reads,
        }
    }
}

/// The head, the body so far, and whether it is complete.
fn parse(raw: &[u8]) -> Option<(String, Vec<u8>, bool)> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8(raw[..end].to_vec()).ok()?.to_lowercase();
    if !head.starts_with("http/1.") {
        return None;
    }
    let rest = &raw[end..];
    if head.starts_with("http/1.1 1") {
        return parse(rest);
    }
    if head.contains("transfer-encoding: chunked") {
        let (body, complete) = unchunked(rest);
        return Some((head, body, complete));
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let body = rest[..length.unwrap_or(rest.len()).min(rest.len())].to_vec();
    let complete = length == Some(body.len());
    Some((head, body, complete))
}

fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        rest = &rest[line + 2..];
        if size == 0 {
            return (body, rest.starts_with(b"\r\n"));
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        let Some(after) = rest.get(size + 2..) else {
            break;
        };
        rest = after;
    }
    (body, false)
}

pub(crate) async fn sim() -> Sim {
    Sim::start(Options::default()).await.unwrap()
}

/// One request on a connection of its own.
pub(crate) async fn ask(sim: &Sim, line: &str, headers: &str, body: &str) -> Answer {
    let mut client = Client::new(sim).await;
    client.request(line, headers, body).await;
    client.answer().await
}

/// One chat completion with a fault.
pub(crate) async fn chat(sim: &Sim, fault: &str, body: &str) -> Answer {
    ask(
        sim,
        "POST /v1/chat/completions",
        &format!("X-Sim-Fault: {fault}\r\n"),
        body,
    )
    .await
}
