//! The tokens of JSON: strings, numbers, literals and the space between them. How they fit together is the state
//! machine's business.

use std::ops::Range;

use super::machine::Scanner;
use super::text::plain_run;
use super::{Fault, Kind, Problem};

/// What stands between a string's quotes.
pub(super) struct Text {
    pub(super) inner: Range<usize>,
    pub(super) escaped: bool,
}

impl Scanner<'_> {
    /// Reads the string whose opening quote stands here.
    #[expect(
        clippy::inline_always,
        reason = "without it an event takes a tenth longer"
    )]
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text, Fault> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            let (length, seen) = plain_run(self.json.get(self.at..).unwrap_or_default());
            self.at += length;
            self.seen |= seen;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text {
                        inner: start..self.at - 1,
                        escaped,
                    });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.fault(Problem::ControlCharacter)),
                None => return Err(self.fault(Problem::UnexpectedEnd)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let rest = self.json.get(self.at + 1..).unwrap_or_default();
        let length = match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => match rest.get(1..5) {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => 6,
                Some(_) => return Err(self.fault(Problem::BadEscape)),
                None => return Err(self.fault(Problem::UnexpectedEnd)),
            },
            Some(_) => return Err(self.fault(Problem::BadEscape)),
            None => return Err(self.fault(Problem::UnexpectedEnd)),
        };
        self.at += length;
        Ok(())
    }

    pub(super) fn number(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        let bad = Fault {
            offset: start,
            problem: Problem::BadNumber,
        };
        self.take(b'-');
        // A leading zero stands alone.
        if !self.take(b'0') && !self.digits() {
            return Err(bad);
        }
        if self.take(b'.') && !self.digits() {
            return Err(bad);
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            if !self.digits() {
                return Err(bad);
            }
        }
        // `01` and `1x` would read as an odd complaint about a missing comma.
        match self.peek() {
            Some(b'0'..=b'9' | b'.' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-') => Err(bad),
            _ => Ok(Kind::Number),
        }
    }

    /// Past a run of digits; false if there is none.
    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    pub(super) fn literal(&mut self, word: &[u8], kind: Kind) -> Result<Kind, Fault> {
        if !self
            .json
            .get(self.at..)
            .unwrap_or_default()
            .starts_with(word)
        {
            return Err(self.fault(Problem::BadLiteral));
        }
        self.at += word.len();
        Ok(kind)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(super) fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
}
