//! What a caller's `cache-control` says (RFC 9111, section 5.2.1).

use std::time::Duration;

use http::{HeaderMap, header};

/// How a request may be answered from kept answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Whether a kept answer will do.
    pub reads: bool,
    /// Whether the answer may be kept.
    pub writes: bool,
    /// Whether nothing but a kept answer will do.
    pub only_if_kept: bool,
    /// How old a kept answer may be.
    pub max_age: Option<Duration>,
}

impl Control {
    /// What is said in these headers. Words that are not known say nothing.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut control = Self {
            reads: true,
            writes: true,
            only_if_kept: false,
            max_age: None,
        };
        for value in headers.get_all(header::CACHE_CONTROL) {
            for word in value.as_bytes().split(|byte| *byte == b',') {
                control.read(word.trim_ascii());
            }
        }
        control
    }

    fn read(&mut self, word: &[u8]) {
        let mut parts = word.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default().trim_ascii();
        let value = parts.next().unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"no-store") {
            self.reads = false;
            self.writes = false;
        } else if name.eq_ignore_ascii_case(b"no-cache") {
            self.reads = false;
        } else if name.eq_ignore_ascii_case(b"only-if-cached") {
            self.only_if_kept = true;
        } else if name.eq_ignore_ascii_case(b"max-age") {
            match seconds(value) {
                // No kept answer is as young as that.
                None | Some(Duration::ZERO) => self.reads = false,
                Some(most) => {
                    let before = self.max_age.unwrap_or(Duration::MAX);
                    self.max_age = Some(before.min(most));
                }
            }
        }
    }
}

/// Seconds, perhaps in quotes; `None` for what is no number of them.
fn seconds(text: &[u8]) -> Option<Duration> {
    let inner = text.strip_prefix(b"\"");
    let inner = inner.and_then(|text| text.strip_suffix(b"\""));
    let digits = std::str::from_utf8(inner.unwrap_or(text)).ok()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number that is too large is as good as the largest (RFC 9111, section 1.2.2).
    Some(Duration::from_secs(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const FREE: Control = Control {
        reads: true,
        writes: true,
        only_if_kept: false,
        max_age: None,
    };

    fn said(values: &[&'static str]) -> Control {
        let values = values.iter().copied().map(HeaderValue::from_static);
        let headers = values.map(|value| (header::CACHE_CONTROL, value));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        Control::of(&map)
    }

    #[test]
    fn words_are_read_as_the_standard_has_them() {
        let unread = Control {
            reads: false,
            ..FREE
        };
        let unkept = Control {
            writes: false,
            ..unread
        };
        let only = Control {
            only_if_kept: true,
            ..FREE
        };
        let within = |seconds| Control {
            max_age: Some(Duration::from_secs(seconds)),
            ..FREE
        };
        let check = |values: &[&'static str], expected| assert_eq!(said(values), expected);
        check(&[], FREE);
        check(&["no-transform, max-stale=5,, =, x"], FREE);
        check(&["no-cache"], unread);
        check(&["No-Store"], unkept);
        check(&["no-store, no-cache"], unkept);
        check(&["max-age=60"], within(60));
        check(&["max-age = \"60\""], within(60));
        check(&["max-age=60", "max-age=5, max-age=9"], within(5));
        check(&["max-age=99999999999999999999"], within(u64::MAX));
        check(&["max-age=0"], unread);
        check(&["max-age=soon"], unread);
        check(&["max-age"], unread);
        check(&["only-if-cached"], only);
    }
}
