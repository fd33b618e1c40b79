//! `Expect: 100-continue`: a client that waits to be told is told to go on when its body is wanted,
//! and hears a refusal without having sent it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::CHAT;
use crate::support::{Gateway, Upstream};

const BODY: &str = r#"{"model":"sim-fast","messages":[]}"#;
const PATIENCE: Duration = Duration::from_secs(10);

/// The connection of a client that has sent no more than a request's head.
struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    fn send_head(addr: SocketAddr, head: &str) -> Self {
        let mut socket = TcpStream::connect(addr).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(head.as_bytes()).unwrap();
        Self {
            reader: BufReader::new(socket),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).unwrap();
    }

    /// The lines of the next head.
    fn head(&mut self) -> Vec<String> {
        let lines = (&mut self.reader).lines();
        lines
            .map(|line| line.unwrap().to_ascii_lowercase())
            .take_while(|line| !line.is_empty())
            .collect()
    }

    /// All that is left until the gateway closes.
    fn rest(mut self) -> String {
        let mut rest = String::new();
        self.reader.read_to_string(&mut rest).unwrap();
        rest
    }
}

fn head(request: &str, more: &str) -> String {
    format!("{request} HTTP/1.1\r\nhost: gateway.test\r\nexpect: 100-continue\r\n{more}\r\n")
}

#[test]
fn a_client_is_told_to_go_on_when_its_body_is_wanted() {
    let upstream = Upstream::start();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    let length = BODY.len();
    let bodies = [
        (format!("content-length: {length}\r\n"), BODY.to_owned()),
        (
            "transfer-encoding: chunked\r\n".to_owned(),
            format!("{length:x}\r\n{BODY}\r\n0\r\n\r\n"),
        ),
    ];
    for (framing, body) in bodies {
        let head = head(&format!("POST {CHAT}"), &framing);
        let mut client = Client::send_head(gateway.addr(), &head);
        assert_eq!(client.head(), ["http/1.1 100 continue"]);
        client.send(body.as_bytes());
        assert_eq!(client.head()[0], "http/1.1 200 ok");
        let seen = upstream.completions().pop().unwrap();
        let mut names = seen.headers.iter().map(|(name, _)| name);
        assert!(!names.any(|name| name.eq_ignore_ascii_case("expect")));
    }
}

#[test]
fn a_refused_client_is_not_asked_for_its_body() {
    let gateway = Gateway::start(&[
        ("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:1/v1"),
        ("OLLAMA_ENABLED", "false"),
        ("MODELPORT_API_KEY", "the-key-of-the-gateway"),
        ("MODELPORT_BODY_LIMIT", "1KiB"),
    ]);
    let key = "authorization: Bearer the-key-of-the-gateway\r\n";
    let long = format!("{key}content-length: 1025\r\n");
    for (request, more, status) in [
        (&*format!("POST {CHAT}"), "content-length: 10\r\n", "401"),
        (
            &*format!("POST {CHAT}"),
            "transfer-encoding: chunked\r\n",
            "401",
        ),
        (&*format!("POST {CHAT}"), &long, "413"),
        ("POST /v1/no/such/path", "content-length: 10\r\n", "404"),
        ("POST /v1/models", "content-length: 10\r\n", "405"),
    ] {
        let mut client = Client::send_head(gateway.addr(), &head(request, more));
        let head = client.head();
        assert!(
            head[0].starts_with(&format!("http/1.1 {status}")),
            "{head:?}"
        );
        // The gateway cannot know whether the body will follow, so the connection ends.
        assert!(head.contains(&"connection: close".to_owned()), "{head:?}");
        assert!(client.rest().contains("\"error\""));
    }
}
