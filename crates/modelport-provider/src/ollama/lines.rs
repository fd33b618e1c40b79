//! Cuts a stream of bytes into lines, however it arrives. It knows nothing of what stands in them.

use crate::{error::Error, sse::MAX_EVENT};

/// The longest line, as the longest event elsewhere.
const MAX_LINE: usize = MAX_EVENT;

/// Holds the line that is not whole yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
}

impl Lines {
    /// Takes the next piece and gives each whole line to `each`, without its end. Blank lines are left out.
    ///
    /// # Errors
    ///
    /// What `each` fails with, or a line that is too long.
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end);
            rest = behind.get(1..).unwrap_or_default();
            if self.held.is_empty() {
                give(line, &mut each)?;
            } else {
                self.hold(line)?;
                let held = std::mem::take(&mut self.held);
                give(&held, &mut each)?;
            }
        }
        self.hold(rest)
    }

    /// What is left at the end: a last line may come without its end.
    pub(super) fn finish(
        &mut self,
        mut each: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let held = std::mem::take(&mut self.held);
        give(&held, &mut each)
    }

    fn hold(&mut self, part: &[u8]) -> Result<(), Error> {
        if self.held.len() + part.len() > MAX_LINE {
            return Err(Error::malformed(format_args!(
                "its stream holds a line of more than {MAX_LINE} bytes"
            )));
        }
        self.held.extend_from_slice(part);
        Ok(())
    }
}

fn give(line: &[u8], each: &mut impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(());
    }
    each(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut lines = Lines::default();
        let mut each = |line: &[u8]| {
            found.push(line.to_vec());
            Ok(())
        };
        for piece in pieces {
            lines.push(piece, &mut each).unwrap();
        }
        lines.finish(&mut each).unwrap();
        found
    }

    #[test]
    fn ends_of_all_sorts() {
        assert_eq!(lines(&[b"a\n\r\n  \nb\r\nc"]), [b"a", b"b", b"c"]);
        assert!(lines(&[b"\n\n", b""]).is_empty());
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut lines = Lines::default();
        let piece = vec![b'x'; 1 << 20];
        let mut results = (0..17).map(|_| lines.push(&piece, |_| Ok(())));
        assert!(results.any(|result| result.is_err_and(|error| error.is_malformed())));
    }

    proptest! {
        #[test]
        fn cuts_make_no_difference(
            text in "[ab\n\r ]{0,60}",
            cuts in prop::collection::vec(0_usize..60, 0..6),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut start = 0;
            for cut in cuts {
                pieces.push(&bytes[start..cut]);
                start = cut;
            }
            pieces.push(&bytes[start..]);
            prop_assert_eq!(lines(&pieces), lines(&[bytes]));
        }
    }
}
