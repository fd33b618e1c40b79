//! What can be wrong with a JSON document, and how a person is told. It does not decide who is told.

use std::fmt;

use super::{Kind, MAX_DEPTH};

/// The first thing that is wrong with a document, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Bytes from the start of the document.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at the place of a [`Fault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Nothing but space.
    Empty,
    /// The document stops in the middle.
    UnexpectedEnd,
    /// The document starts with U+FEFF, which RFC 8259 forbids senders.
    ByteOrderMark,
    /// Something else than a value where one must stand.
    ExpectedValue,
    /// Something else than a string where an object's key must stand.
    ExpectedKey,
    /// No colon between key and value.
    ExpectedColon,
    /// Neither `,` nor `}` after a member.
    ExpectedCommaOrBrace,
    /// Neither `,` nor `]` after an element.
    ExpectedCommaOrBracket,
    /// A number that JSON does not know, such as `01`, `.5` or `1.`.
    BadNumber,
    /// A word other than `true`, `false` and `null`.
    BadLiteral,
    /// A backslash followed by something that is no escape.
    BadEscape,
    /// A byte below 0x20 inside a string.
    ControlCharacter,
    /// The text is not UTF-8.
    NotUtf8,
    /// More than [`MAX_DEPTH`] arrays and objects inside each other.
    TooDeep,
    /// Something other than space after the end.
    TrailingData,
    /// Valid, but not the object it has to be.
    NotAnObject(Kind),
    /// Valid, but not the array it has to be.
    NotAnArray(Kind),
}

impl Fault {
    /// The fault with its place as a person counts it: `line 3, column 14: expected ':' after a key`.
    ///
    /// `json` is the document that was scanned; columns count characters.
    pub fn describe(&self, json: &[u8]) -> String {
        let before = json.get(..self.offset).unwrap_or(json);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        let is_continuation = |byte: &&u8| **byte & 0xC0 == 0x80;
        let column = in_line.len() - in_line.iter().filter(is_continuation).count() + 1;
        format!("line {line}, column {column}: {}", self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Problem::Empty => "there is nothing here; expected a JSON value",
            Problem::UnexpectedEnd => "the text ends in the middle of the document",
            Problem::ByteOrderMark => {
                "the text starts with a byte order mark, which JSON does not allow"
            }
            Problem::ExpectedValue => "expected a value",
            Problem::ExpectedKey => "expected a key in double quotes",
            Problem::ExpectedColon => "expected ':' after a key",
            Problem::ExpectedCommaOrBrace => "expected ',' or '}' after a member",
            Problem::ExpectedCommaOrBracket => "expected ',' or ']' after an element",
            Problem::BadNumber => "not a number that JSON knows",
            Problem::BadLiteral => "expected true, false or null",
            Problem::BadEscape => "not an escape that JSON knows",
            Problem::ControlCharacter => "a control character in a string must be escaped",
            Problem::NotUtf8 => "the text is not valid UTF-8",
            Problem::TooDeep => return write!(out, "nested deeper than {MAX_DEPTH} levels"),
            Problem::TrailingData => "expected nothing more after the end of the document",
            Problem::NotAnObject(kind) => {
                return write!(out, "expected an object, found {}", kind.describe());
            }
            Problem::NotAnArray(kind) => {
                return write!(out, "expected an array, found {}", kind.describe());
            }
        };
        out.write_str(text)
    }
}
