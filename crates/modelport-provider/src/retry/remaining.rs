//! Whether an answer says that nothing is left of a limit, and for how long. Read from good answers, so that the next
//! request need not be refused to find out.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};

use super::{parse_reset, text};

/// The longest time that is believed. Where a limit fills up steadily the reset tells when it is whole again and not
/// when something is left of it: so OpenAI defines it, and so Groq's recorded headers count (30 of 14,400 requests a
/// day used, reset in 180 s). A daily limit would name hours where seconds are right. A refusal tells more exactly.
const MOST: Duration = Duration::from_mins(1);

/// `x-ratelimit-remaining` (OpenRouter, Together), and with `-requests` and `-tokens` behind it (OpenAI, Groq, Azure); the
/// reset has the same ending.
const REMAINING: &str = "x-ratelimit-remaining";
const RESET: &str = "x-ratelimit-reset";

/// `anthropic-ratelimit-requests-remaining` and the same of `tokens`, `input-tokens`, `output-tokens`: Anthropic's own,
/// of which no sample is recorded.
const ANTHROPIC: &str = "anthropic-ratelimit-";
const ANTHROPIC_REMAINING: &str = "-remaining";
const ANTHROPIC_RESET: &str = "-reset";

/// For how long the provider has nothing left of one of its limits: only where it says so in just this way, none
/// remaining and when that is reset. Of several such limits the longest counts, up to a minute.
pub fn remaining_until(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let used_up = headers.keys().filter_map(|name| {
        let limit = Limit::of(name)?;
        let remaining = headers.get(name)?.as_bytes().trim_ascii();
        (remaining == b"0").then_some(limit)
    });
    let resets = used_up.filter_map(|limit| parse_reset(text(headers, &limit.reset())?, now));
    let longest = resets.max()?.min(MOST);
    (!longest.is_zero()).then_some(longest)
}

/// A limit, by what its header of the rest is called.
enum Limit<'a> {
    /// By the ending of the name, which may be empty.
    Usual(&'a str),
    /// By the middle of the name.
    Anthropic(&'a str),
}

impl<'a> Limit<'a> {
    /// Whose rest this header tells, if it does. Most headers tell none, which their first bytes show.
    fn of(name: &'a HeaderName) -> Option<Self> {
        let name = name.as_str();
        if let Some(ending) = name.strip_prefix(REMAINING) {
            return Some(Self::Usual(ending));
        }
        let rest = name.strip_prefix(ANTHROPIC)?;
        rest.strip_suffix(ANTHROPIC_REMAINING).map(Self::Anthropic)
    }

    /// The name of the header that tells when it is reset.
    fn reset(&self) -> String {
        match self {
            Self::Usual(ending) => format!("{RESET}{ending}"),
            Self::Anthropic(middle) => format!("{ANTHROPIC}{middle}{ANTHROPIC_RESET}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
    }

    fn check(pairs: &[(&'static str, &'static str)], seconds: Option<f64>) {
        let pairs_of = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let found = remaining_until(&pairs_of.collect(), now());
        assert_eq!(found.map(|left| left.as_secs_f64()), seconds, "{pairs:?}");
    }

    #[test]
    fn every_form_of_a_limit_that_is_used_up() {
        let requests = "x-ratelimit-remaining-requests";
        let requests_reset = "x-ratelimit-reset-requests";
        let tokens = "x-ratelimit-remaining-tokens";
        let tokens_reset = "x-ratelimit-reset-tokens";
        // OpenAI and Groq.
        check(&[(requests, "0"), (requests_reset, "2s")], Some(2.0));
        check(&[(tokens, " 0 "), (tokens_reset, "7.66s")], Some(7.66));
        check(&[(requests, "0"), (requests_reset, "120ms")], Some(0.12));
        let both = [
            (requests, "0"),
            (requests_reset, "1s"),
            (tokens, "0"),
            (tokens_reset, "9s"),
        ];
        check(&both, Some(9.0));
        // OpenRouter: milliseconds since 1970. Together: seconds.
        let plain = "x-ratelimit-remaining";
        let plain_reset = "x-ratelimit-reset";
        check(&[(plain, "0"), (plain_reset, "1790000030000")], Some(30.0));
        check(&[(plain, "0"), (plain_reset, "1")], Some(1.0));
        // Anthropic: RFC 3339.
        check(
            &[
                ("anthropic-ratelimit-input-tokens-remaining", "0"),
                (
                    "anthropic-ratelimit-input-tokens-reset",
                    "2026-09-21T14:13:30Z",
                ),
                ("anthropic-ratelimit-requests-remaining", "49"),
                ("anthropic-ratelimit-requests-reset", "2026-09-21T14:14:20Z"),
            ],
            Some(10.0),
        );
    }

    #[test]
    fn no_more_than_a_minute_is_believed() {
        let limit = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "23h59m54s"),
        ];
        check(&limit, Some(60.0));
    }

    #[test]
    fn anything_else_says_nothing() {
        check(&[], None);
        let reset = ("x-ratelimit-reset-requests", "2s");
        for remaining in ["1", "9999", "00", "-1", "", "none", "0.5"] {
            check(
                &[("x-ratelimit-remaining-requests", remaining), reset],
                None,
            );
        }
        // The reset of another limit, none, one that is past, and one that makes no sense.
        let used_up = ("x-ratelimit-remaining-tokens", "0");
        check(&[used_up, reset], None);
        check(&[used_up], None);
        for past in ["0s", "0", "1789999999", "2026-09-21T14:13:19Z", "soon"] {
            check(&[used_up, ("x-ratelimit-reset-tokens", past)], None);
        }
        check(&[("anthropic-ratelimit-requests-limit", "0")], None);
    }
}
