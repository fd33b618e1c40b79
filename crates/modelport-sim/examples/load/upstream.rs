//! The cheapest upstream that a proxy can be measured against: a fixed answer or a scripted stream
//! per chat request, and a model list. Reads as little of a request as it can and plays no faults;
//! the simulated provider does that.

use std::io;
use std::net::Ipv4Addr;

use clap::Args;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::exchange::{self, Script};
use crate::http::{Connection, find};
use crate::pacer::Pacer;

/// Connections the kernel may hold for us.
const BACKLOG: u32 = 4096;
/// How much of the end of a request body is looked at; a small one is seen whole.
const KEPT_BYTES: usize = 4096;

const MODELS: &str =
    r#"{"object":"list","data":[{"id":"bench-model","object":"model","owned_by":"bench"}]}"#;
const STREAM_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";

#[derive(Args)]
pub(crate) struct Options {
    /// Port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// Events of a stream whose request does not say.
    #[arg(long, default_value_t = 20)]
    events: u32,
    /// Microseconds between the events of such a stream.
    #[arg(long, default_value_t = 5000)]
    interval_us: u64,
    /// Length of each event of such a stream.
    #[arg(long, default_value_t = 300)]
    event_bytes: usize,
}

/// Serves until killed.
pub(crate) async fn serve(options: Options) -> io::Result<()> {
    let default = Script {
        events: options.events,
        interval: std::time::Duration::from_micros(options.interval_us),
        event_bytes: options.event_bytes,
    };
    let pacer = Pacer::start()?;
    let listener = listen(options.port)?;
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                open.spawn(answer_all(socket, pacer.clone(), default));
            }
            // Failed connections are the client's to report.
            Some(_) = open.join_next() => {}
        }
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

async fn answer_all(socket: TcpStream, pacer: Pacer, default: Script) -> io::Result<()> {
    let mut connection = Connection::new(socket)?;
    while let Some(head) = connection.head().await? {
        let (mut received, mut kept) = (0, Vec::new());
        let sink = |piece: &[u8]| {
            received += piece.len();
            keep_end(&mut kept, piece);
            Ok(())
        };
        connection.body(head.body, sink).await?;
        if head.first_line.starts_with("GET ") {
            connection.write(json(MODELS).as_bytes()).await?;
        } else if wants_stream(&kept) {
            connection.write(STREAM_HEAD).await?;
            let script = Script::find(&String::from_utf8_lossy(&kept)).unwrap_or(default);
            let socket = pacer.play(connection.into_socket(), script).await?;
            connection = Connection::new(socket)?;
        } else {
            let answer = json(&exchange::answer(received));
            connection.write(answer.as_bytes()).await?;
        }
    }
    Ok(())
}

fn keep_end(kept: &mut Vec<u8>, piece: &[u8]) {
    let (_, end) = piece.split_at(piece.len().saturating_sub(KEPT_BYTES));
    kept.drain(
        ..(kept.len() + end.len())
            .saturating_sub(KEPT_BYTES)
            .min(kept.len()),
    );
    kept.extend_from_slice(end);
}

fn wants_stream(body: &[u8]) -> bool {
    find(body, b"\"stream\":true").is_some() || find(body, b"\"stream\": true").is_some()
}

fn json(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_body_is_kept() {
        let body: Vec<u8> = (0..20_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        for size in [1, 100, KEPT_BYTES - 1, KEPT_BYTES, 9000, 20_000] {
            let mut kept = Vec::new();
            body.chunks(size)
                .for_each(|piece| keep_end(&mut kept, piece));
            assert_eq!(kept, body[body.len() - KEPT_BYTES..], "pieces of {size}");
        }
    }
}
