//! Figures, and words from elsewhere, as a person at a terminal reads them.

use std::time::Duration;

/// A number with its digits in threes.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length of time, in milliseconds below a second.
pub(super) fn time(length: Duration) -> String {
    if length < Duration::from_secs(1) {
        format!("{} ms", length.as_millis())
    } else {
        format!("{:.1} s", length.as_secs_f64())
    }
}

/// A text without control characters other than line breaks and tabs, which could steer a terminal.
pub(super) fn harmless(text: &str) -> String {
    let is_harmless = |letter: &char| matches!(letter, '\n' | '\t') || !letter.is_control();
    text.chars().filter(is_harmless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(123), "123");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(time(Duration::from_micros(999_900)), "999 ms");
        assert_eq!(time(Duration::from_millis(12_340)), "12.3 s");
    }

    #[test]
    fn what_comes_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\x1b[2J\tb\r\n\u{9b}1mü\x07"), "a[2J\tb\n1mü");
    }
}
