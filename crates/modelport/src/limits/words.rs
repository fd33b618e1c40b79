//! How a time is written in the headers that tell a client where it stands. Their names are the API's.

use std::{fmt, time::Duration};

/// A time until something, as OpenAI writes it in `x-ratelimit-reset-requests`: `6m0s`, `1.5s`, `17ms`. Whole
/// milliseconds, and never less than the time.
///
/// The form is that of Go's `Duration.String`, which the samples in OpenAI's documentation agree with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset(pub Duration);

impl Reset {
    /// Writes it behind a text.
    pub fn push_to(self, text: &mut String) {
        let mut buffer = itoa::Buffer::new();
        let mut number = |text: &mut String, number: u64, unit: &str| {
            text.push_str(buffer.format(number));
            text.push_str(unit);
        };
        let part = u64::from(self.0.subsec_nanos().div_ceil(1_000_000));
        let millis = self.0.as_secs().saturating_mul(1000).saturating_add(part);
        if (1..1000).contains(&millis) {
            return number(text, millis, "ms");
        }
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        if hours > 0 {
            number(text, hours, "h");
        }
        if hours > 0 || minutes > 0 {
            number(text, minutes, "m");
        }
        number(text, millis / 1000 % 60, "");
        let thousandths = millis % 1000;
        if thousandths > 0 {
            // The 1 in front keeps the zeros behind the point and is replaced by it; those at the end say nothing.
            let point = text.len();
            number(text, 1000 + thousandths, "");
            text.replace_range(point..=point, ".");
            text.truncate(text.trim_end_matches('0').len());
        }
        text.push('s');
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_openai_does() {
        let check = |millis: u64, written: &str| {
            assert_eq!(Reset(Duration::from_millis(millis)).to_string(), written);
        };
        check(0, "0s");
        check(17, "17ms");
        check(999, "999ms");
        check(1000, "1s");
        check(1500, "1.5s");
        check(8640, "8.64s");
        check(59_001, "59.001s");
        check(60_000, "1m0s");
        check(86_400, "1m26.4s");
        check(360_000, "6m0s");
        check(3_600_000, "1h0m0s");
        check(3_660_005, "1h1m0.005s");
        check(86_400_000, "24h0m0s");
    }

    #[test]
    fn a_part_of_a_millisecond_counts_as_one() {
        assert_eq!(Reset(Duration::from_nanos(1)).to_string(), "1ms");
        assert_eq!(Reset(Duration::from_nanos(999_000_001)).to_string(), "1s");
    }
}
