//! Request bodies in chunks (RFC 9112, section 7.1), read as they arrive. Extensions and trailers are skipped.

use bytes::Bytes;

use super::NoRequest;

/// The longest line of the framing: a size with extensions, or a trailer.
const MAX_LINE: usize = 8 * 1024;

/// A chunked body that is being read.
#[derive(Default)]
pub(super) struct Chunked {
    body: Vec<u8>,
    /// How much of the input is understood.
    position: usize,
    /// The last chunk was seen; only trailers can follow.
    ended: bool,
}

impl Chunked {
    /// Reads on in `input`, which starts where the body starts and grows between calls. Returns where the body ends once it
    /// does.
    pub(super) fn advance(
        &mut self,
        input: &[u8],
        max_body: usize,
    ) -> Result<Option<usize>, NoRequest> {
        loop {
            let rest = input.get(self.position..).unwrap_or_default();
            let Some(line_end) = memchr::memmem::find(rest, b"\r\n") else {
                let reasonable = rest.len() <= MAX_LINE;
                return if reasonable {
                    Ok(None)
                } else {
                    Err(NoRequest::Refused(400, "a chunk's size line is too long"))
                };
            };
            let line = rest.get(..line_end).unwrap_or_default();
            let after_line = line_end.saturating_add(2);
            if self.ended {
                self.position = self.position.saturating_add(after_line);
                if line.is_empty() {
                    return Ok(Some(self.position));
                }
                continue;
            }
            let size =
                size(line).ok_or(NoRequest::Refused(400, "a chunk's size is not a number"))?;
            if size == 0 {
                self.ended = true;
                self.position = self.position.saturating_add(after_line);
                continue;
            }
            if self.body.len().saturating_add(size) > max_body {
                return Err(NoRequest::Refused(413, "the body is too large"));
            }
            let end = after_line.saturating_add(size);
            let (Some(content), Some(ending)) = (
                rest.get(after_line..end),
                rest.get(end..end.saturating_add(2)),
            ) else {
                return Ok(None);
            };
            if ending != b"\r\n" {
                return Err(NoRequest::Refused(400, "a chunk is longer than its size"));
            }
            self.body.extend_from_slice(content);
            self.position = self.position.saturating_add(end).saturating_add(2);
        }
    }

    pub(super) fn into_body(self) -> Bytes {
        self.body.into()
    }
}

fn size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| *byte == b';').next()?;
    usize::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: &[u8] = b"5\r\nhello\r\n7;name=value\r\n, world\r\n0\r\ntrailer: x\r\n\r\nNEXT";

    #[test]
    fn a_body_is_the_same_however_it_arrives() {
        for cut in 0..WIRE.len() {
            let mut body = Chunked::default();
            let first = body.advance(&WIRE[..cut], 100).unwrap();
            let end = first.or_else(|| body.advance(WIRE, 100).unwrap());
            assert_eq!(
                (end, &*body.into_body()),
                (Some(WIRE.len() - 4), &b"hello, world"[..]),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn bad_framing_is_refused() {
        for (wire, status) in [
            (&b"x\r\n"[..], 400),
            (b"2\r\nabc\r\n", 400),
            (b"ffffffffffffffffffff\r\n", 400),
            (b"ffff\r\n", 413),
            (b"-1\r\n", 400),
        ] {
            let refused = Chunked::default().advance(wire, 100);
            assert!(
                matches!(refused, Err(NoRequest::Refused(found, _)) if found == status),
                "{wire:?}: {refused:?}"
            );
        }
    }
}
