//! Refusals that need not read the body: the client hears them all the same, and its connection
//! is good for the next request.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::support::Gateway;

/// Far more than fits in the sockets' buffers.
const LARGE: usize = 8 << 20;

fn gateway() -> Gateway {
    Gateway::start(&[
        ("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:1/v1"),
        ("OLLAMA_ENABLED", "false"),
        ("MODELPORT_API_KEY", "the-key-of-the-gateway"),
    ])
}

/// Sends a request as clients do, its head before its body, and gives the answer's status.
fn ask(socket: &mut TcpStream, request: &str, size: usize) -> u16 {
    let head =
        format!("{request} HTTP/1.1\r\nhost: gateway.test\r\ncontent-length: {size}\r\n\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    // The answer would be on its way before the body, if it did not wait for it.
    std::thread::sleep(Duration::from_millis(5));
    socket.write_all(&vec![b' '; size]).unwrap();
    let mut reader = BufReader::new(socket);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.to_ascii_lowercase());
    }
    let length = lines
        .iter()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map(|length| length.trim().parse().unwrap());
    let mut body = vec![0; length.unwrap()];
    reader.read_exact(&mut body).unwrap();
    lines[0].split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_refused_client_hears_it_and_keeps_its_connection() {
    let gateway = gateway();
    let mut socket = TcpStream::connect(gateway.addr()).unwrap();
    socket.set_nodelay(true).unwrap();
    for size in [10, LARGE, 10] {
        for (request, status) in [
            ("POST /v1/chat/completions", 401),
            ("POST /v1/no/such/path", 404),
            ("POST /v1/models", 405),
        ] {
            assert_eq!(ask(&mut socket, request, size), status, "{request} {size}");
            assert_eq!(ask(&mut socket, "GET /v1/models", 0), 401);
        }
    }
}
