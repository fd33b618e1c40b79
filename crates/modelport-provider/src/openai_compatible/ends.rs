//! The usage of an answer that is too long to be held, from its two ends. Most providers write it
//! behind the choices; Mistral writes it before them (its API reference, chat completion, 2026-11).

use memchr::memmem;

use super::look::Look;
use crate::{
    scan,
    usage::{Usage, read_usage},
};

/// The most places in the end of an answer that are tried.
const MAX_TRIES: usize = 8;

/// The usage among the last members of an answer of which only the end is known.
pub fn usage_at_end(end: &[u8]) -> Option<Usage> {
    let mut before = end;
    for _ in 0..MAX_TRIES {
        let place = memmem::rfind(before, b"\"usage\"")?;
        if let Some(usage) = end.get(place..).and_then(as_members) {
            return Some(usage);
        }
        before = before.get(..place)?;
    }
    None
}

/// The last members of an answer, up to its end, with what makes an object of them put before: it
/// is one only if they are members of the whole, and not of something in it or words of a text.
fn as_members(rest: &[u8]) -> Option<Usage> {
    let object = [b"{", rest].concat();
    Look::at(&object).ok()?.usage()
}

/// The usage among the first members of an answer of which only the beginning is known.
pub fn usage_at_start(start: &[u8]) -> Option<Usage> {
    let mut usage = None;
    // The fault is that the rest is missing; the members before it have been seen.
    let _ = scan::members(start, |member| {
        if member.key == "usage" {
            usage = start.get(member.value).and_then(read_usage);
        }
    });
    usage
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: &str = r#""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#;

    fn at_end(text: &str) -> Option<u64> {
        usage_at_end(text.as_bytes()).map(|usage| usage.output_tokens)
    }

    fn at_start(text: &str) -> Option<u64> {
        usage_at_start(text.as_bytes()).map(|usage| usage.output_tokens)
    }

    #[test]
    fn the_end_tells_what_the_whole_would() {
        for (end, expected) in [
            (format!(r#"ds of a text"}}}}],{USAGE}}}"#), Some(4)),
            (
                format!("… words\"}}],{USAGE} , \"a\":[1,{{\"b\":2}}] }}\r\n"),
                Some(4),
            ),
            (
                format!(r#"x"}}],{USAGE},"timings":{{"cache_n":2}}}}"#),
                Some(4),
            ),
            // Not a member of the whole.
            (format!(r#"x","inner":{{{USAGE}}}}}"#), None),
            (format!(r#"x","choices":[{{{USAGE}}}]}}"#), None),
            // Words of a text.
            (
                r#"is \"usage\":{\"completion_tokens\":9}"}]}"#.to_owned(),
                None,
            ),
            (
                r#"say \"usage","a":{"completion_tokens":9}}"#.to_owned(),
                None,
            ),
            (
                format!(r#"],{USAGE},"a":["usage","x\"usage","usage"]}}"#),
                Some(4),
            ),
            // The end is missing.
            (format!(r#"x"}}],{USAGE}"#), None),
            (r#"x"}],"usage":null}"#.to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(at_end(&end), expected, "{end}");
        }
    }

    #[test]
    fn the_start_tells_what_stands_before_the_choices() {
        assert_eq!(
            at_start(&format!(r#"{{"id":"x",{USAGE},"choices":[{{"mes"#)),
            Some(4)
        );
        assert_eq!(
            at_start(&format!(r#"{{"choices":[{{{USAGE}}}],"x":"#)),
            None
        );
        assert_eq!(at_start(r#"{"usage":{"completion_tokens":4"#), None);
        assert_eq!(at_start("[1,2"), None);
    }
}
