//! As much HTTP/1.1 as the benchmark speaks, for both ends: heads with a length or chunks, read
//! from one kept-alive socket. Does not know other transfer codings, trailers or upgrades.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::exchange::wrong;

/// Longest head or chunk line that is read.
const MAX_LINE_BYTES: usize = 64 * 1024;
/// Room made before each read; a large body arrives in pieces of about this size.
const READ_BYTES: usize = 64 * 1024;

/// A socket and what was read from it too early.
pub(crate) struct Connection {
    socket: TcpStream,
    input: BytesMut,
    reads: u64,
}

/// A message's first line, and how its body is delimited.
pub(crate) struct Head {
    pub(crate) first_line: String,
    pub(crate) body: Body,
}

/// What is left of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Length(usize),
    ChunkSize,
    Chunk(usize),
    ChunkEnd,
    LastLine,
    Over,
}

impl Connection {
    /// Wraps a connected socket; small writes leave at once.
    pub(crate) fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            input: BytesMut::with_capacity(READ_BYTES),
            reads: 0,
        })
    }

    /// How often the socket gave bytes.
    pub(crate) fn reads(&self) -> u64 {
        self.reads
    }

    /// Gives the socket up; whatever was read ahead is lost, which is nothing after a whole message.
    pub(crate) fn into_socket(self) -> TcpStream {
        self.socket
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes).await
    }

    /// Reads the next head, or `None` if the peer closed before it.
    pub(crate) async fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = find(&self.input, b"\r\n\r\n") {
                let head = parse_head(self.input.get(..end).unwrap_or_default());
                self.input.advance(end + 4);
                return head.map(Some);
            }
            if self.input.len() > MAX_LINE_BYTES {
                return Err(wrong("a head that does not end", &self.input));
            }
            if !self.fill().await? {
                if self.input.is_empty() {
                    return Ok(None);
                }
                return Err(wrong("closed within a head", &self.input));
            }
        }
    }

    /// Reads `body` to its end, handing each piece of payload to `sink` as it arrives.
    pub(crate) async fn body(
        &mut self,
        mut body: Body,
        mut sink: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        while !body.advance(&mut self.input, &mut sink)? {
            if !self.fill().await? {
                return Err(io::Error::other("closed within a body"));
            }
        }
        Ok(())
    }

    async fn fill(&mut self) -> io::Result<bool> {
        self.input.reserve(READ_BYTES);
        self.reads += 1;
        Ok(self.socket.read_buf(&mut self.input).await? > 0)
    }
}

impl Body {
    /// Takes what it can from `input`; true once the body is over.
    fn advance(
        &mut self,
        input: &mut BytesMut,
        sink: &mut impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        loop {
            *self = match *self {
                Self::Over | Self::Length(0) => return Ok(true),
                Self::Length(left) => match take(input, left, sink)? {
                    0 => return Ok(false),
                    taken => Self::Length(left - taken),
                },
                Self::Chunk(0) => Self::ChunkEnd,
                Self::Chunk(left) => match take(input, left, sink)? {
                    0 => return Ok(false),
                    taken => Self::Chunk(left - taken),
                },
                Self::ChunkSize | Self::ChunkEnd | Self::LastLine => {
                    let Some(end) = find(input, b"\r\n") else {
                        if input.len() <= MAX_LINE_BYTES {
                            return Ok(false);
                        }
                        return Err(wrong("a chunk line that does not end", input));
                    };
                    let next = self.after_line(input.get(..end).unwrap_or_default())?;
                    input.advance(end + 2);
                    next
                }
            };
        }
    }

    fn after_line(self, line: &[u8]) -> io::Result<Self> {
        let size = || {
            let text = std::str::from_utf8(line).ok()?;
            usize::from_str_radix(text.split(';').next()?.trim(), 16).ok()
        };
        match (self, line.is_empty()) {
            (Self::ChunkEnd, true) => Ok(Self::ChunkSize),
            (Self::LastLine, true) => Ok(Self::Over),
            (Self::ChunkSize, false) => match size() {
                Some(0) => Ok(Self::LastLine),
                Some(bytes) => Ok(Self::Chunk(bytes)),
                None => Err(wrong("a chunk size that is no number", line)),
            },
            _ => Err(wrong("a broken chunk", line)),
        }
    }
}

/// Passes on at most `limit` bytes and says how many.
fn take(
    input: &mut BytesMut,
    limit: usize,
    sink: &mut impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<usize> {
    let count = limit.min(input.len());
    if count > 0 {
        sink(input.get(..count).unwrap_or_default())?;
        input.advance(count);
    }
    Ok(count)
}

fn parse_head(head: &[u8]) -> io::Result<Head> {
    let text = std::str::from_utf8(head).map_err(io::Error::other)?;
    let mut lines = text.split("\r\n");
    let first_line = lines.next().unwrap_or_default().to_owned();
    let mut body = Body::Over;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            body = Body::Length(value.trim().parse().map_err(io::Error::other)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = Body::ChunkSize;
        }
    }
    Ok(Head { first_line, body })
}

/// Where `needle` begins in `haystack`.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: Body, pieces: &[&str]) -> io::Result<Option<String>> {
        let (mut body, mut input, mut out) = (body, BytesMut::new(), Vec::new());
        for piece in pieces {
            input.extend_from_slice(piece.as_bytes());
            let mut sink = |bytes: &[u8]| {
                out.extend_from_slice(bytes);
                Ok(())
            };
            if body.advance(&mut input, &mut sink)? {
                return Ok(String::from_utf8(out).ok());
            }
        }
        Ok(None)
    }

    #[test]
    fn bodies_end_where_they_say() {
        let read = |body, pieces: &[&str]| check(body, pieces).unwrap();
        assert_eq!(
            read(Body::Length(4), &["ab", "cdef"]).as_deref(),
            Some("abcd")
        );
        assert_eq!(read(Body::Length(4), &["ab"]), None);
        let whole = "3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(
            read(Body::ChunkSize, &[whole]).as_deref(),
            Some("abc0123456789")
        );
        let bytes: Vec<&str> = whole.split_inclusive(|_| true).collect();
        assert_eq!(
            read(Body::ChunkSize, &bytes).as_deref(),
            Some("abc0123456789")
        );
        assert_eq!(read(Body::ChunkSize, &["3\r\nabc\r\n0\r\n"]), None);
        assert!(check(Body::ChunkSize, &["zz\r\n"]).is_err());
        assert!(check(Body::ChunkSize, &["1\r\nab\r\n"]).is_err());
    }
}
