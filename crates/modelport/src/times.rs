//! Times as people type them.

use std::time::Duration;

use jiff::{Span, Timestamp, tz::TimeZone};

use crate::clock;

/// The past moment that a text means, in milliseconds since 1970.
///
/// # Errors
///
/// What may be typed.
pub fn moment(text: &str) -> Result<u64, String> {
    let ago = |span: Span| now().to_zoned(TimeZone::UTC).checked_sub(span).ok();
    let found = text.parse().ok().and_then(ago);
    let found = found.map_or_else(|| fixed(text), |then| Some(then.timestamp()));
    found
        .and_then(|time| u64::try_from(time.as_millisecond()).ok())
        .ok_or_else(|| {
            "not a time. Use a time ago such as 7d or 12h, a day such as 2026-11-01, or a moment such as 2026-11-01T08:00:00Z".to_owned()
        })
}

/// The moment to come that a text means.
///
/// # Errors
///
/// What may be typed.
pub fn moment_to_come(text: &str) -> Result<Timestamp, String> {
    let hence = |span: Span| now().to_zoned(TimeZone::UTC).checked_add(span).ok();
    let found = text.parse().ok().and_then(hence);
    let found = found.map_or_else(|| fixed(text), |then| Some(then.timestamp()));
    found.ok_or_else(|| {
        "not a time. Use a time from now such as 90d or 12h, a day such as 2027-01-01, or a moment such as 2027-01-01T08:00:00Z".to_owned()
    })
}

/// A length of time.
///
/// # Errors
///
/// What may be typed.
pub fn length(text: &str) -> Result<Duration, String> {
    let wrong = || "not a length of time. Use such as 24h, 7d or 0s".to_owned();
    let span: Span = text.parse().map_err(|_| wrong())?;
    let from = now().to_zoned(TimeZone::UTC);
    let until = from.checked_add(span).map_err(|_| wrong())?;
    Duration::try_from(until.duration_since(&from)).map_err(|_| wrong())
}

fn fixed(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let day: jiff::civil::Date = text.parse().ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// A moment in milliseconds since 1970, for people and programs.
pub fn shown(millis: u64) -> String {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |time| time.to_string())
}

/// The time now.
pub fn now() -> Timestamp {
    Timestamp::try_from(clock::calendar()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_each_form() {
        let day = 86_400_000;
        assert_eq!(moment("1970-01-02"), Ok(day));
        assert_eq!(moment("1970-01-02T00:00:01Z"), Ok(day + 1000));
        let now = u64::try_from(now().as_millisecond()).unwrap();
        let week = now - moment("7d").unwrap();
        assert!((7 * day - 1000..=7 * day).contains(&week), "{week}");
        let week = moment_to_come("7d").unwrap().as_millisecond();
        assert!(u64::try_from(week).unwrap() >= now + 7 * day);
        assert!(moment("soon").is_err() && moment_to_come("soon").is_err());
        assert!(moment("1969-01-01").is_err());
        assert_eq!(length("24h"), Ok(Duration::from_hours(24)));
        assert_eq!(length("0s"), Ok(Duration::ZERO));
        assert!(length("-1h").is_err() && length("x").is_err());
    }
}
