//! When to try again: what a provider's headers ask for, and the back-off where they ask for
//! nothing. Whether trying again can help at all is the failure's business.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue};

mod remaining;

pub use remaining::remaining_until;

/// The longest wait that is sat out. A longer one is the caller's decision: it is told at once.
pub const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// The first wait without a hint, in seconds; it doubles with each retry. These two and the jitter
/// are the official client's (openai-python 3.54.0, `_base_client.py`).
const FIRST_DELAY: f64 = 0.5;

/// The longest wait without a hint, in seconds.
const MAX_DELAY: f64 = 8.0;

/// How much of a wait without a hint is left to chance.
const JITTER: f64 = 0.25;

/// How often a request may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries after the first attempt.
    pub max_retries: u32,
}

impl RetryPolicy {
    /// How long to wait before the next retry; `None` when there is none, because they are used
    /// up or the provider wants to be left alone for longer than [`MAX_RETRY_AFTER`].
    ///
    /// `hint` is honoured as it is; `random` is from 0 to 1.
    pub fn delay(
        self,
        retries_so_far: u32,
        hint: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        if retries_so_far >= self.max_retries {
            return None;
        }
        if let Some(hint) = hint {
            return (hint <= MAX_RETRY_AFTER).then_some(hint);
        }
        let doubled = FIRST_DELAY * 2_f64.powi(i32::try_from(retries_so_far).unwrap_or(i32::MAX));
        let delay = doubled.min(MAX_DELAY) * (1.0 - JITTER * random.clamp(0.0, 1.0));
        Duration::try_from_secs_f64(delay).ok()
    }
}

/// How long the provider asks to wait: `retry-after-ms` and Azure's `x-ms-retry-after-ms` in
/// milliseconds, `retry-after` in seconds or as a date. What makes no sense is ignored.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let number = |name| text(headers, name).and_then(|text| text.trim().parse::<f64>().ok());
    let milliseconds = number("retry-after-ms").or_else(|| number("x-ms-retry-after-ms"));
    if let Some(wait) = milliseconds.and_then(|ms| duration(ms / 1000.0)) {
        return Some(wait);
    }
    if let Some(wait) = number("retry-after").and_then(duration) {
        return Some(wait);
    }
    let date = httpdate::parse_http_date(text(headers, "retry-after")?.trim()).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

/// The provider's own word on whether to try again, `x-should-retry`.
pub fn should_retry(headers: &HeaderMap) -> Option<bool> {
    match text(headers, "x-should-retry")?.trim() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// How long until a limit is reset: seconds, a time in seconds or milliseconds since 1970, a
/// duration as Go writes it (`6m0s`, `12ms`), RFC 3339 or an HTTP date.
pub fn parse_reset(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(number) = value.parse::<f64>() {
        return number_reset(number, now);
    }
    go_duration(value).or_else(|| {
        let date = httpdate::parse_http_date(value).ok().or_else(|| {
            let time: jiff::Timestamp = value.parse().ok()?;
            Some(SystemTime::from(time))
        });
        Some(date?.duration_since(now).unwrap_or(Duration::ZERO))
    })
}

fn number_reset(number: f64, now: SystemTime) -> Option<Duration> {
    let since_epoch = if number > 1e12 {
        duration(number / 1000.0)?
    } else if number > 1e9 {
        duration(number)?
    } else {
        return duration(number);
    };
    let at = SystemTime::UNIX_EPOCH.checked_add(since_epoch)?;
    Some(at.duration_since(now).unwrap_or(Duration::ZERO))
}

fn go_duration(value: &str) -> Option<Duration> {
    /// Longer units first where one begins with the other.
    const UNITS: [(&str, f64); 7] = [
        ("ms", 1e-3),
        ("us", 1e-6),
        ("µs", 1e-6),
        ("ns", 1e-9),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
    ];
    let mut rest = value;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let (unit, factor) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        seconds += number.parse::<f64>().ok()? * factor;
        rest = after.strip_prefix(unit)?;
    }
    if value.is_empty() {
        None
    } else {
        duration(seconds)
    }
}

fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(HeaderValue::to_str)?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + NOW
    }

    fn wait(pairs: &[(&'static str, &str)]) -> Option<f64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        retry_after(&headers, now()).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn every_form_of_retry_after() {
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "2")]), Some(2.0));
        assert_eq!(wait(&[("retry-after", " 0.5 ")]), Some(0.5));
        assert_eq!(wait(&[("retry-after-ms", "1532")]), Some(1.532));
        assert_eq!(wait(&[("x-ms-retry-after-ms", "250")]), Some(0.25));
        assert_eq!(
            wait(&[("retry-after-ms", "250"), ("retry-after", "9")]),
            Some(0.25)
        );
        assert_eq!(
            wait(&[("retry-after-ms", "x"), ("retry-after", "9")]),
            Some(9.0)
        );
        let date = httpdate::fmt_http_date(now() + Duration::from_secs(7));
        assert_eq!(wait(&[("retry-after", &date)]), Some(7.0));
        let past = httpdate::fmt_http_date(now() - Duration::from_secs(7));
        assert_eq!(wait(&[("retry-after", &past)]), Some(0.0));
        for nonsense in ["soon", "-1", "NaN", "inf", ""] {
            assert_eq!(wait(&[("retry-after", nonsense)]), None, "{nonsense:?}");
        }
    }

    #[test]
    fn every_form_of_a_reset() {
        let check = |value: &str, seconds: Option<f64>| {
            let found = parse_reset(value, now()).map(|wait| wait.as_secs_f64());
            assert_eq!(found, seconds, "{value:?}");
        };
        check("1s", Some(1.0));
        check("6m0s", Some(360.0));
        check("120ms", Some(0.12));
        check("2m59.56s", Some(179.56));
        check("1h1m", Some(3660.0));
        check("12", Some(12.0));
        check("1790000060", Some(60.0));
        check("1790000060000", Some(60.0));
        check("2026-09-21T14:14:20Z", Some(60.0));
        check("", None);
        check("5 parsecs", None);
        check("-3", None);
    }

    #[test]
    fn recorded_headers() {
        let check = |file: &str, header: &'static str, seconds: f64| {
            let path = format!("{}/tests/recorded/{file}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            let mut headers = HeaderMap::new();
            for (name, value) in text.lines().filter_map(|line| line.split_once(": ")) {
                let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
                headers.insert(name, HeaderValue::from_str(value.trim()).unwrap());
            }
            let found = if header == "wait" {
                retry_after(&headers, now())
            } else {
                parse_reset(headers[header].to_str().unwrap(), now())
            };
            assert_eq!(
                found,
                Some(Duration::from_secs_f64(seconds)),
                "{file} {header}"
            );
        };
        check("groq/headers_429.txt", "x-ratelimit-reset-requests", 179.56);
        check("openai/headers_429.txt", "x-ratelimit-reset-requests", 0.12);
        check("openai/headers_429.txt", "x-ratelimit-reset-tokens", 360.0);
        check("openai/headers_429.txt", "wait", 1.532);
        check("azure/headers_429.txt", "wait", 6.48);
        check("openrouter/headers_429_platform.txt", "wait", 60.0);
        check(
            "openrouter/headers_429_platform.txt",
            "x-ratelimit-reset",
            60.0,
        );
    }

    #[test]
    fn hints_are_honoured_and_back_off_is_bounded() {
        let policy = RetryPolicy { max_retries: 3 };
        let seconds = |n, hint, random| {
            policy
                .delay(n, hint, random)
                .map(|wait: Duration| wait.as_secs_f64())
        };
        assert_eq!(seconds(0, None, 0.0), Some(0.5));
        assert_eq!(seconds(1, None, 0.0), Some(1.0));
        assert_eq!(seconds(2, None, 1.0), Some(1.5));
        assert_eq!(seconds(3, None, 0.0), None);
        assert_eq!(seconds(0, Some(Duration::from_secs(7)), 1.0), Some(7.0));
        assert_eq!(seconds(0, Some(Duration::ZERO), 1.0), Some(0.0));
        assert_eq!(seconds(0, Some(Duration::from_secs(61)), 0.0), None);
        let patient = RetryPolicy {
            max_retries: u32::MAX,
        };
        assert_eq!(
            patient.delay(u32::MAX - 1, None, 0.0),
            Some(Duration::from_secs(8))
        );
        assert_eq!(RetryPolicy { max_retries: 0 }.delay(0, None, 0.0), None);
    }

    #[test]
    fn a_providers_own_word() {
        let word = |value| {
            let mut headers = HeaderMap::new();
            headers.insert("x-should-retry", HeaderValue::from_static(value));
            should_retry(&headers)
        };
        assert_eq!(word("true"), Some(true));
        assert_eq!(word("false"), Some(false));
        assert_eq!(word("maybe"), None);
    }
}
