//! The state machine behind a scan: a position, one bit for each open array or object, and no recursion. What is
//! done with the members belongs to the functions of `scan`.

use std::borrow::Cow;
use std::ops::Range;

use super::nesting::{Container, Nesting};
use super::text::decode;
use super::token::Text;
use super::{Fault, Kind, Member, Problem, Step};

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// Top bit of every byte of a word: set where a byte is not ASCII.
const NOT_ASCII: u64 = 0x8080_8080_8080_8080;

/// Reads one document from its start to its end.
pub(super) struct Scanner<'a> {
    pub(super) json: &'a [u8],
    pub(super) at: usize,
    /// Every byte of every string, or-ed together: most documents are ASCII and need no look at their UTF-8.
    pub(super) seen: u64,
    open: Nesting,
}

impl<'a> Scanner<'a> {
    /// At the first byte of the document that is not space.
    pub(super) fn start(json: &'a [u8]) -> Result<Self, Fault> {
        let mut scanner = Self::at(json, 0);
        if json.starts_with(BOM) {
            return Err(scanner.fault(Problem::ByteOrderMark));
        }
        scanner.space();
        if scanner.peek().is_none() {
            return Err(scanner.fault(Problem::Empty));
        }
        Ok(scanner)
    }

    /// At a byte inside a document.
    pub(super) fn at(json: &'a [u8], at: usize) -> Self {
        Self {
            json,
            at,
            seen: 0,
            open: Nesting::new(),
        }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    /// Nothing but space may follow, and strings must have been UTF-8. Outside strings everything is ASCII, or it
    /// would have been refused.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        self.space();
        if self.peek().is_some() {
            return Err(self.fault(Problem::TrailingData));
        }
        if self.seen & NOT_ASCII == 0 {
            return Ok(());
        }
        match std::str::from_utf8(self.json) {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault {
                offset: error.valid_up_to(),
                problem: Problem::NotUtf8,
            }),
        }
    }

    /// Reads the object that begins here, and visits its members.
    pub(super) fn object(&mut self, visit: &mut impl FnMut(Member<'a>)) -> Result<(), Fault> {
        if !self.enter(Container::Object)? {
            return Ok(());
        }
        loop {
            let quote = self.at;
            let key = self.key()?;
            let start = self.at;
            let kind = self.value(&mut |_| {})?;
            visit(Member {
                key: self.decoded(&key)?,
                name: quote..key.inner.end + 1,
                value: start..self.at,
                kind,
            });
            if !self.next_or_close()? {
                return Ok(());
            }
        }
    }

    /// Reads the array that begins here, and visits its elements.
    pub(super) fn array(
        &mut self,
        visit: &mut impl FnMut(Range<usize>, Kind),
    ) -> Result<(), Fault> {
        if !self.enter(Container::Array)? {
            return Ok(());
        }
        loop {
            let start = self.at;
            let kind = self.value(&mut |_| {})?;
            visit(start..self.at, kind);
            if !self.next_or_close()? {
                return Ok(());
            }
        }
    }

    /// Reads the value that begins here, whatever it holds, and shows `step` each key inside.
    pub(super) fn value(&mut self, step: &mut impl FnMut(Step<'a>)) -> Result<Kind, Fault> {
        let around = self.open.depth;
        let mut outermost = None;
        loop {
            let kind = match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    Kind::String
                }
                Some(b'{') => {
                    if self.enter(Container::Object)? {
                        outermost.get_or_insert(Kind::Object);
                        self.step(step)?;
                        continue;
                    }
                    Kind::Object
                }
                Some(b'[') => {
                    if self.enter(Container::Array)? {
                        outermost.get_or_insert(Kind::Array);
                        continue;
                    }
                    Kind::Array
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true", Kind::True)?,
                Some(b'f') => self.literal(b"false", Kind::False)?,
                Some(b'n') => self.literal(b"null", Kind::Null)?,
                Some(_) => return Err(self.fault(Problem::ExpectedValue)),
                None => return Err(self.fault(Problem::UnexpectedEnd)),
            };
            let kind = *outermost.get_or_insert(kind);
            if !self.next_value(around, step)? {
                return Ok(kind);
            }
        }
    }

    /// After a value: on to the next one inside the container that was entered since `around`, closing those that
    /// end. False when all of them are closed.
    #[inline]
    fn next_value(
        &mut self,
        around: usize,
        step: &mut impl FnMut(Step<'a>),
    ) -> Result<bool, Fault> {
        while self.open.depth > around {
            if self.next_or_close()? {
                if self.open.innermost() == Container::Object {
                    self.step(step)?;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// True past a comma, at what follows it; false past the bracket that closes the innermost container.
    #[inline]
    fn next_or_close(&mut self) -> Result<bool, Fault> {
        self.space();
        let (close, problem) = match self.open.innermost() {
            Container::Object => (b'}', Problem::ExpectedCommaOrBrace),
            Container::Array => (b']', Problem::ExpectedCommaOrBracket),
        };
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                self.open.leave();
                Ok(false)
            }
            Some(_) => Err(self.fault(problem)),
            None => Err(self.fault(Problem::UnexpectedEnd)),
        }
    }

    /// Past the opening bracket; false if the container is empty, and then past the closing one too.
    #[inline]
    fn enter(&mut self, container: Container) -> Result<bool, Fault> {
        if !self.open.enter(container) {
            return Err(self.fault(Problem::TooDeep));
        }
        self.at += 1;
        self.space();
        let close = match container {
            Container::Object => b'}',
            Container::Array => b']',
        };
        let is_empty = self.peek() == Some(close);
        if is_empty {
            self.at += 1;
            self.open.leave();
        }
        Ok(!is_empty)
    }

    #[inline]
    fn step(&mut self, step: &mut impl FnMut(Step<'a>)) -> Result<(), Fault> {
        let key = self.key()?;
        let key = if key.escaped {
            Cow::Owned(self.decoded(&key)?.into_owned().into_bytes())
        } else {
            Cow::Borrowed(self.json.get(key.inner).unwrap_or_default())
        };
        step(Step {
            depth: self.open.depth,
            key,
            value: self.at,
        });
        Ok(())
    }

    /// Reads a key and its colon, up to the value.
    #[inline]
    fn key(&mut self) -> Result<Text, Fault> {
        match self.peek() {
            Some(b'"') => {}
            Some(_) => return Err(self.fault(Problem::ExpectedKey)),
            None => return Err(self.fault(Problem::UnexpectedEnd)),
        }
        let key = self.string()?;
        self.space();
        match self.peek() {
            Some(b':') => {}
            Some(_) => return Err(self.fault(Problem::ExpectedColon)),
            None => return Err(self.fault(Problem::UnexpectedEnd)),
        }
        self.at += 1;
        self.space();
        Ok(key)
    }

    fn decoded(&self, text: &Text) -> Result<Cow<'a, str>, Fault> {
        let inner = self.json.get(text.inner.clone()).unwrap_or_default();
        let decoded = if text.escaped {
            decode(inner)
        } else {
            std::str::from_utf8(inner).ok().map(Cow::Borrowed)
        };
        decoded.ok_or(Fault {
            offset: text.inner.start,
            problem: Problem::NotUtf8,
        })
    }

    #[cold]
    pub(super) fn fault(&self, problem: Problem) -> Fault {
        Fault {
            offset: self.at,
            problem,
        }
    }
}
