//! HTTP/1.1 by hand: reads whole requests from a socket and writes bytes to it. Written out because the simulator must be able
//! to send what HTTP libraries refuse to: wrong lengths, half a head, resets. It knows nothing of models or faults.

mod chunked;
mod request;

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use chunked::Chunked;
use request::{Head, Length};

pub(crate) use request::{Request, Version};

/// The longest request head.
const MAX_HEAD: usize = 64 * 1024;
/// The largest request body.
const MAX_BODY: usize = 512 * 1024 * 1024;
/// Space that is made for reading the socket.
const READ: usize = 16 * 1024;
/// When less space than this is left, more is made: small reads cost system calls.
const MIN_READ: usize = 4 * 1024;

/// The reason phrase of a status; some word for statuses outside the standard.
pub(crate) fn reason(status: u16) -> &'static str {
    let known = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    known.unwrap_or("Unknown")
}

/// A connection: the socket and what was read from it but not used yet.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
}

/// Why no request came.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The client is gone.
    Gone,
    /// What it sent cannot be read; the status says why.
    Refused(u16, &'static str),
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// Reads the next request with its whole body.
    pub(crate) async fn read_request(&mut self) -> Result<Request, NoRequest> {
        let head_end = self.read_head().await?;
        let head = Head::parse(self.buffer.get(..head_end).unwrap_or_default())?;
        if head.expects_continue && self.buffer.len() == head_end {
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                .await
                .map_err(|_| NoRequest::Gone)?;
        }
        match head.length {
            Length::Exact(length) if length > MAX_BODY => {
                Err(NoRequest::Refused(413, "the body is too large"))
            }
            Length::Exact(length) => {
                let end = head_end.saturating_add(length);
                while self.buffer.len() < end {
                    self.buffer
                        .reserve(end.saturating_sub(self.buffer.len()).max(READ));
                    self.read().await?;
                }
                let frame = self.buffer.split_to(end).freeze();
                Ok(Request::new(
                    head,
                    frame.slice(..head_end),
                    frame.slice(head_end..),
                ))
            }
            Length::Chunked => {
                let mut body = Chunked::default();
                let end = loop {
                    if let Some(end) =
                        body.advance(self.buffer.get(head_end..).unwrap_or_default(), MAX_BODY)?
                    {
                        break head_end.saturating_add(end);
                    }
                    self.read().await?;
                };
                let frame = self.buffer.split_to(end).freeze();
                Ok(Request::new(
                    head,
                    frame.slice(..head_end),
                    body.into_body(),
                ))
            }
        }
    }

    /// Reads until a whole head is in the buffer and returns where it ends.
    async fn read_head(&mut self) -> Result<usize, NoRequest> {
        let mut searched = 0_usize;
        loop {
            let unseen = self.buffer.get(searched..).unwrap_or_default();
            if let Some(at) = memchr::memmem::find(unseen, b"\r\n\r\n") {
                return Ok(searched.saturating_add(at).saturating_add(4));
            }
            if self.buffer.len() > MAX_HEAD {
                return Err(NoRequest::Refused(431, "the head is too large"));
            }
            searched = self.buffer.len().saturating_sub(3);
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), NoRequest> {
        if self.buffer.capacity().saturating_sub(self.buffer.len()) < MIN_READ {
            self.buffer.reserve(READ);
        }
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(NoRequest::Gone),
            Ok(_) => Ok(()),
        }
    }

    /// Returns when the client is gone. What it sends in the meantime is kept for the next request, up to the size of a head;
    /// a client that sends more while it is owed an answer counts as gone. Safe to cancel.
    pub(crate) async fn client_gone(&mut self) {
        while self.buffer.len() <= MAX_HEAD && self.read().await.is_ok() {}
    }

    /// Writes all of it; an error means that the client is gone.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Ends the connection cleanly.
    pub(crate) async fn close(mut self) {
        // A client that is gone already has what it wanted.
        let _ = self.stream.shutdown().await;
    }

    /// Ends the connection with a TCP reset.
    pub(crate) fn reset(self) {
        // Without the option the close is a clean one; there is nobody to tell.
        let _ = self.stream.set_zero_linger();
    }
}
