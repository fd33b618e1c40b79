//! Which version of HTTP a client speaks, told by its first bytes before any of them is taken: a
//! connection of HTTP/1.1 goes on to its server as if nobody had looked, and pays nothing after.

use std::{io, time::Duration};

use tokio::{net::TcpStream, time::sleep};

/// What a connection of HTTP/2 begins with (RFC 9113, section 3.4).
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The first pause before another look at a preface that has begun, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(1));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// Waits for enough bytes to tell; the caller bounds for how long.
///
/// # Errors
///
/// When the connection fails, or ends before its first byte.
pub(super) async fn version(socket: &TcpStream) -> io::Result<Version> {
    let mut first = [0; PREFACE.len()];
    let (mut pause, longest) = PAUSES;
    loop {
        let got = socket.peek(&mut first).await?;
        let first = first.get(..got).unwrap_or_default();
        if first.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(version) = tell(first) {
            return Ok(version);
        }
        // Bytes that are there already wake nobody when more of them come.
        sleep(pause).await;
        pause = longest.min(pause * 2);
    }
}

/// `None` while the bytes are the beginning of a preface.
fn tell(first: &[u8]) -> Option<Version> {
    if first == PREFACE {
        Some(Version::Http2)
    } else if PREFACE.starts_with(first) {
        None
    } else {
        Some(Version::Http1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_as_soon_as_it_can_be() {
        for (first, expected) in [
            (&b"G"[..], Some(Version::Http1)),
            (b"P", None),
            (b"PO", Some(Version::Http1)),
            (b"PRI * HTTP/2.0\r\n\r\n", None),
            (b"PRI * HTTP/1.1\r\n", Some(Version::Http1)),
            (&PREFACE, Some(Version::Http2)),
            (b"\x16\x03\x01", Some(Version::Http1)),
        ] {
            assert_eq!(tell(first), expected, "{first:?}");
        }
    }
}
