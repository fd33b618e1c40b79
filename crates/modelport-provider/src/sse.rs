//! Server-sent events as bytes: where each event ends, so that a stream can be passed on in whole
//! events and read along, without being taken apart and put together again.
//!
//! The rules are those of the HTML standard, "Parsing an event stream": lines end in LF, CRLF or
//! CR, an empty line ends an event, one byte order mark may stand at the very start. What the data
//! of an event means is decided elsewhere.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// The longest event that is waited for: a streamed image in base64 is several MiB.
pub const MAX_EVENT: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An event is longer than [`MAX_EVENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {MAX_EVENT} bytes")]
pub struct TooLong;

/// Cuts a stream into blocks of whole events, whatever pieces it arrives in.
#[derive(Debug, Default)]
pub struct SseReader {
    carried: BytesMut,
}

impl SseReader {
    /// All events completed by `chunk`, as they came, the carried beginning of the first included;
    /// empty if there are none. A chunk that ends where an event does comes back uncopied.
    ///
    /// # Errors
    ///
    /// [`TooLong`] when an unfinished event has outgrown the bound.
    pub fn push(&mut self, chunk: &Bytes) -> Result<Bytes, TooLong> {
        if self.carried.is_empty() {
            let end = last_boundary(chunk);
            self.carry(chunk.get(end..).unwrap_or_default())?;
            return Ok(chunk.slice(..end));
        }
        // The end of the carried part can be half of a boundary, so the search starts a little
        // before the new bytes.
        self.carried.extend_from_slice(chunk);
        let end = last_boundary(&self.carried);
        if end == 0 && self.carried.len() > MAX_EVENT {
            return Err(TooLong);
        }
        Ok(self.carried.split_to(end).freeze())
    }

    /// What has arrived of an event that is not whole yet.
    pub fn unfinished(&self) -> &[u8] {
        &self.carried
    }

    /// What is left when the stream has ended: an event that its sender did not finish.
    pub fn finish(&mut self) -> Bytes {
        self.carried.split().freeze()
    }

    fn carry(&mut self, rest: &[u8]) -> Result<(), TooLong> {
        if rest.len() > MAX_EVENT {
            return Err(TooLong);
        }
        self.carried.extend_from_slice(rest);
        Ok(())
    }
}

/// Where the last whole event ends: behind an empty line. A CR at the very end may be the first
/// half of a CRLF, which makes no difference: what follows is then an empty line by itself.
fn last_boundary(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    while let Some(at) = bytes
        .get(..end)
        .and_then(|head| memchr::memrchr2(b'\n', b'\r', head))
    {
        if ends_empty_line(bytes, at) {
            return at + 1;
        }
        end = at;
    }
    0
}

/// Whether the line end at `at` ends a line that is empty and stands behind another line end.
/// Between the two halves of a CRLF there is no line.
fn ends_empty_line(bytes: &[u8], at: usize) -> bool {
    let byte = |place: usize| bytes.get(place).copied();
    let is_lf = byte(at) == Some(b'\n');
    if !is_lf && byte(at + 1) == Some(b'\n') {
        return false;
    }
    let Some(before) = at.checked_sub(1) else {
        return true;
    };
    match (byte(before), is_lf) {
        (Some(b'\n'), _) | (Some(b'\r'), false) => true,
        // A CRLF: the line it ends is empty if another line end stands before it.
        (Some(b'\r'), true) => match before.checked_sub(1) {
            None => true,
            Some(earlier) => matches!(byte(earlier), Some(b'\n' | b'\r')),
        },
        _ => false,
    }
}

/// One event of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The value of its `event` field, empty if it has none.
    pub name: &'a [u8],
    /// The values of its `data` fields, joined by line feeds.
    pub data: Cow<'a, [u8]>,
    /// Whether it has data at all; without, it is a comment or nothing.
    pub has_data: bool,
    /// All its bytes, the empty line included.
    pub raw: &'a [u8],
}

/// The events of a block, an unfinished last one included.
pub fn events(block: &[u8]) -> Events<'_> {
    Events { rest: block }
}

/// Iterates over the events of a block.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let whole = self.rest;
        let mut event = Event {
            name: b"",
            data: Cow::Borrowed(b""),
            has_data: false,
            raw: whole,
        };
        let mut rest = whole.strip_prefix(BYTE_ORDER_MARK).unwrap_or(whole);
        while !rest.is_empty() {
            let (line, after) = split_line(rest);
            rest = after;
            if line.is_empty() {
                break;
            }
            event.take(line);
        }
        event.raw = whole.get(..whole.len() - rest.len()).unwrap_or_default();
        self.rest = rest;
        Some(event)
    }
}

fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = memchr2(b'\n', b'\r', bytes) else {
        return (bytes, b"");
    };
    let (line, rest) = bytes.split_at(end);
    let rest = rest
        .strip_prefix(b"\r\n")
        .or_else(|| rest.get(1..))
        .unwrap_or_default();
    (line, rest)
}

impl<'a> Event<'a> {
    fn take(&mut self, line: &'a [u8]) {
        if let Some(value) = field(line, b"data") {
            if self.has_data {
                let data = self.data.to_mut();
                data.push(b'\n');
                data.extend_from_slice(value);
            } else {
                self.data = Cow::Borrowed(value);
                self.has_data = true;
            }
        } else if let Some(value) = field(line, b"event") {
            self.name = value;
        }
    }
}

/// The value of a line that has this field: behind the colon, less one space.
fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let value = rest.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests;
