//! Strings inside JSON: finding where a run without special bytes ends, fast, and decoding escapes. It does not
//! look at what stands around a string.

use std::borrow::Cow;

use memchr::memchr;

/// Bytes that are looked at together once a run turns out to be long.
const WIDE: usize = 64;

/// Length of the run at the start of `bytes` that holds no `"`, no `\` and no control character; and a value whose
/// bits at 0x80 are set if a byte in or close behind the run is not ASCII.
#[inline]
pub(super) fn plain_run(bytes: &[u8]) -> (usize, u64) {
    let mut rest = bytes;
    let mut high = 0;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        high |= word;
        let special = special_bytes(word);
        if special != 0 {
            return (
                bytes.len() - rest.len() + special.trailing_zeros() as usize / 8,
                high,
            );
        }
        rest = after;
        // Most strings are over by now; a long one is worth wide steps.
        if bytes.len() - rest.len() == WIDE {
            let (length, wide_high) = wide_run(rest);
            high |= wide_high;
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    for (index, &byte) in rest.iter().enumerate() {
        if is_special(byte) {
            return (bytes.len() - rest.len() + index, high);
        }
        high |= u64::from(byte);
    }
    (bytes.len(), high)
}

/// The same in steps of [`WIDE`] bytes, without the last, partial step. The inner loop compiles to vector
/// instructions, which is why it does not stop early.
fn wide_run(bytes: &[u8]) -> (usize, u64) {
    let mut rest = bytes;
    let mut high = 0;
    while let Some((step, after)) = rest.split_first_chunk::<WIDE>() {
        let (mut special, mut step_high) = (false, 0);
        for &byte in step {
            special |= is_special(byte);
            step_high |= byte;
        }
        if special {
            break;
        }
        high |= step_high;
        rest = after;
    }
    (bytes.len() - rest.len(), u64::from(high))
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

/// Marks special bytes of a word by their top bit. The lowest mark is exact; those above it need not be, since a
/// borrow runs upward.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let quotes = word ^ (ONES * u64::from(b'"'));
    let backslashes = word ^ (ONES * u64::from(b'\\'));
    let zero_in = |word: u64| word.wrapping_sub(ONES) & !word;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (zero_in(quotes) | zero_in(backslashes) | controls) & TOPS
}

/// The text of a scanned JSON string, given with its quotes; borrowed if it has no escapes.
///
/// A `\u` surrogate without its other half reads as U+FFFD. `None` if `json` is no string.
pub fn string_value(json: &[u8]) -> Option<Cow<'_, str>> {
    decode(json.strip_prefix(b"\"")?.strip_suffix(b"\"")?)
}

/// The same for what stands between the quotes.
pub(super) fn decode(inner: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(inner).ok()?;
    let Some(first) = memchr(b'\\', inner) else {
        return Some(Cow::Borrowed(text));
    };
    let (plain, mut rest) = text.split_at_checked(first)?;
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(plain);
    while let Some(escape) = rest.strip_prefix('\\') {
        let (character, after) = unescape(escape)?;
        decoded.push(character);
        let (plain, next) =
            after.split_at_checked(memchr(b'\\', after.as_bytes()).unwrap_or(after.len()))?;
        decoded.push_str(plain);
        rest = next;
    }
    Some(Cow::Owned(decoded))
}

/// The character that an escape stands for, and the text behind it. `escape` begins after the backslash.
fn unescape(escape: &str) -> Option<(char, &str)> {
    let (letter, rest) = escape.split_at_checked(1)?;
    let character = match letter {
        "\"" | "\\" | "/" => letter.chars().next()?,
        "b" => '\u{8}',
        "f" => '\u{c}',
        "n" => '\n',
        "r" => '\r',
        "t" => '\t',
        "u" => return unescape_unicode(rest),
        _ => return None,
    };
    Some((character, rest))
}

fn unescape_unicode(digits: &str) -> Option<(char, &str)> {
    let (first, rest) = hex(digits)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, rest));
    }
    let low_half = rest.strip_prefix("\\u").and_then(hex);
    if let (0xD800..=0xDBFF, Some((second @ 0xDC00..=0xDFFF, after))) = (first, low_half) {
        let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return Some((char::from_u32(code)?, after));
    }
    Some((char::REPLACEMENT_CHARACTER, rest))
}

fn hex(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    // A sign would pass the conversion.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}
