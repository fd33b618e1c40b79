//! An answer as bytes: a word, a checksum of what follows it, when the answer was given, its headers, its body. Whatever
//! else is found in a server is no answer.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{super::answer::Answer, MAX_SHARED};

/// What an answer begins with; the digit is that of this form.
const WORD: &[u8; 4] = b"MPA1";

/// The most bytes of an answer with its headers.
pub(super) const MAX: usize = MAX_SHARED + (16 << 10);

/// As bytes; `None` for one that is too long.
pub(super) fn write(answer: &Answer, now: Instant, unix_ms: u64) -> Option<Vec<u8>> {
    let age = u64::try_from(answer.age(now).as_millis()).ok()?;
    let (headers, body) = (answer.headers(), answer.body());
    let mut whole = Vec::with_capacity(body.len() + 512);
    whole.extend_from_slice(WORD);
    whole.extend_from_slice(&[0; 4]);
    whole.extend_from_slice(&unix_ms.saturating_sub(age).to_le_bytes());
    whole.extend_from_slice(&u16::try_from(headers.len()).ok()?.to_le_bytes());
    for (name, value) in headers {
        for text in [name.as_str().as_bytes(), value.as_bytes()] {
            whole.extend_from_slice(&u16::try_from(text.len()).ok()?.to_le_bytes());
            whole.extend_from_slice(text);
        }
    }
    whole.extend_from_slice(body);
    let sum = crc32fast::hash(whole.get(8..)?);
    whole.get_mut(4..8)?.copy_from_slice(&sum.to_le_bytes());
    (whole.len() <= MAX).then_some(whole)
}

/// From bytes; `None` for those that are no answer.
pub(super) fn read(bytes: &[u8], now: Instant, unix_ms: u64) -> Option<Answer> {
    if bytes.len() > MAX {
        return None;
    }
    let (word, mut rest) = bytes.split_first_chunk::<4>()?;
    let sum = u32::from_le_bytes(number(&mut rest)?);
    if word != WORD || sum != crc32fast::hash(rest) {
        return None;
    }
    let given = u64::from_le_bytes(number(&mut rest)?);
    let count = u16::from_le_bytes(number(&mut rest)?);
    let mut headers = HeaderMap::new();
    for _ in 0..count {
        let name = HeaderName::from_bytes(text(&mut rest)?).ok()?;
        let value = HeaderValue::from_bytes(text(&mut rest)?).ok()?;
        headers.try_append(name, value).ok()?;
    }
    // The clock of the gateway that wrote it may be ahead.
    let age = Duration::from_millis(unix_ms.saturating_sub(given));
    let since = now.checked_sub(age)?;
    Some(Answer::new(headers, rest.to_vec(), since))
}

fn number<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (number, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*number)
}

fn text<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::from(u16::from_le_bytes(number(rest)?));
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(text)
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    fn answer(body: &[u8], now: Instant) -> Answer {
        let label = HeaderValue::from_static("text/event-stream");
        let params = HeaderName::from_static("x-modelport-params");
        let params = [(params, HeaderValue::from_static("seed=dropped"))];
        let headers = [(header::CONTENT_TYPE, label)].into_iter().chain(params);
        Answer::new(headers.collect(), body.to_vec(), now)
    }

    #[test]
    fn what_is_written_is_read_with_its_age() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let kept = answer(b"data: 1\n\n", start);
        let bytes = write(&kept, after(3000), 10_000).unwrap();
        let found = read(&bytes, after(60_000), 12_500).unwrap();
        assert_eq!(found.headers(), kept.headers());
        assert_eq!(found.body(), kept.body());
        assert_eq!(found.age(after(60_000)), Duration::from_millis(5500));
        // By a clock that is behind it is new.
        let early = read(&bytes, after(60_000), 10).unwrap();
        assert_eq!(early.age(after(60_000)), Duration::ZERO);
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        let now = Instant::now();
        let written = |length| write(&answer(&vec![b'x'; length], now), now, 1);
        assert!(written(MAX_SHARED).is_some());
        assert!(written(MAX).is_none());
    }

    #[test]
    fn whatever_else_is_there_is_no_answer() {
        let now = Instant::now();
        let bytes = write(&answer(b"abc", now), now, 1).unwrap();
        assert!(read(&bytes, now, 1).is_some());
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at], now, 1).is_none(), "{at}");
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(read(&other, now, 1).is_none(), "{at}");
        }
        // A right checksum alone makes none.
        for length in 0..40 {
            let rest = vec![0xff; length];
            let sum = crc32fast::hash(&rest).to_le_bytes();
            let whole = [&WORD[..], &sum, &rest].concat();
            assert!(read(&whole, now, 1).is_none(), "{length}");
        }
    }
}
