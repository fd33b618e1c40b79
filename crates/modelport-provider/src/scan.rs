//! Reads JSON without building it: one pass that validates a whole document and names the few members the caller
//! acts on by their byte ranges, so that a body can be passed on as it came. It keeps no tree, converts no numbers
//! and never recurses. Grammar: RFC 8259.

mod fault;
mod machine;
mod nesting;
mod text;
mod token;

use std::borrow::Cow;
use std::ops::Range;

pub use fault::{Fault, Problem};
use machine::Scanner;
pub use text::string_value;

/// Deepest nesting of arrays and objects that is read; anything deeper is a [`Problem::TooDeep`].
pub const MAX_DEPTH: usize = 1024;

/// What sort of value stands somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number, in any of JSON's spellings.
    Number,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

impl Kind {
    /// The kind with its article, for a message to a person: `an array`.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Object => "an object",
            Kind::Array => "an array",
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::True => "true",
            Kind::False => "false",
            Kind::Null => "null",
        }
    }
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key with its escapes decoded; borrowed if it has none.
    pub key: Cow<'a, str>,
    /// Where the key stands, quotes included.
    pub name: Range<usize>,
    /// Where the value stands, without the space around it.
    pub value: Range<usize>,
    /// What the value is.
    pub kind: Kind,
}

/// One key met on a walk, at any depth; its value has not been read yet.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    /// How many arrays and objects are open around the key: 1 for a member of the outermost object.
    pub depth: usize,
    /// The key with its escapes decoded; borrowed if it has none.
    pub key: Cow<'a, [u8]>,
    /// Where the value begins.
    pub value: usize,
}

/// Validates `json` and visits the members of its outermost object in their order.
///
/// Members before a fault have been visited when the fault is returned.
///
/// # Errors
/// A [`Fault`] if the bytes are not one valid JSON document, or if that is not an object.
pub fn members<'a>(json: &'a [u8], mut visit: impl FnMut(Member<'a>)) -> Result<(), Fault> {
    let mut scanner = Scanner::start(json)?;
    if scanner.peek() == Some(b'{') {
        scanner.object(&mut visit)?;
        return scanner.finish();
    }
    let offset = scanner.offset();
    let kind = scanner.value(&mut |_| {})?;
    scanner.finish()?;
    Err(Fault {
        offset,
        problem: Problem::NotAnObject(kind),
    })
}

/// Validates `json` and visits the elements of its outermost array: where each stands, and what it is.
///
/// # Errors
/// A [`Fault`] if the bytes are not one valid JSON document, or if that is not an array.
pub fn elements(json: &[u8], mut visit: impl FnMut(Range<usize>, Kind)) -> Result<(), Fault> {
    let mut scanner = Scanner::start(json)?;
    if scanner.peek() == Some(b'[') {
        scanner.array(&mut visit)?;
        return scanner.finish();
    }
    let offset = scanner.offset();
    let kind = scanner.value(&mut |_| {})?;
    scanner.finish()?;
    Err(Fault {
        offset,
        problem: Problem::NotAnArray(kind),
    })
}

/// Validates `json` as one document of any kind, and says which.
///
/// # Errors
/// A [`Fault`] with the place of the first thing that is wrong.
pub fn validate(json: &[u8]) -> Result<Kind, Fault> {
    walk(json, |_| {})
}

/// Validates `json` and shows `step` every key in it, in the order of the bytes.
pub(crate) fn walk<'a>(json: &'a [u8], mut step: impl FnMut(Step<'a>)) -> Result<Kind, Fault> {
    let mut scanner = Scanner::start(json)?;
    let kind = scanner.value(&mut step)?;
    scanner.finish()?;
    Ok(kind)
}

#[cfg(test)]
mod tests;
