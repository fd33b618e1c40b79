//! Over which stretch of time a budget goes. Calendar windows are those of UTC.

use std::{ops::Range, time::Duration};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub use crate::config::limits::Window;

/// A day in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

impl Window {
    /// The stretch that counts at this moment, in milliseconds since 1970. It contains the moment. What was spent in it is
    /// what a budget has to be told when the process starts.
    pub fn period(self, now: u64) -> Range<u64> {
        match self {
            Self::Day => days(now / DAY, 1),
            // 1970 began on a Thursday, three days into its week. Those three days are a week of their own.
            Self::Week => {
                let monday = (now / DAY + 3) / 7 * 7;
                monday.saturating_sub(3) * DAY..(monday + 4).saturating_mul(DAY)
            }
            Self::Month => month(now).unwrap_or(0..u64::MAX),
            Self::Total => 0..u64::MAX,
            Self::Rolling(length) => now.saturating_sub(millis(length))..now.saturating_add(1),
        }
    }
}

/// In whole milliseconds, at least one.
pub(super) fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).map_or(u64::MAX, |millis| millis.max(1))
}

fn days(first: u64, count: u64) -> Range<u64> {
    first * DAY..(first + count).saturating_mul(DAY)
}

/// The month of a moment; `None` past the year 9999.
fn month(now: u64) -> Option<Range<u64>> {
    let now = Timestamp::from_millisecond(i64::try_from(now).ok()?).ok()?;
    let date = TimeZone::UTC.to_datetime(now).date();
    let next = date.last_of_month().tomorrow().ok()?;
    Some(midnight(date.first_of_month())?..midnight(next)?)
}

fn midnight(date: Date) -> Option<u64> {
    let at = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(time: &str) -> u64 {
        let at: Timestamp = time.parse().unwrap();
        u64::try_from(at.as_millisecond()).unwrap()
    }

    #[test]
    fn windows_begin_and_end_with_the_calendar() {
        let check = |window: Window, now: &str, start: &str, end: &str| {
            let period = window.period(at(now));
            assert_eq!(period, at(start)..at(end), "{window:?} {now}");
        };
        let day = |now, start, end| check(Window::Day, now, start, end);
        day(
            "2026-11-29T00:00:00Z",
            "2026-11-29T00:00:00Z",
            "2026-11-30T00:00:00Z",
        );
        day(
            "2026-11-29T23:59:59.999Z",
            "2026-11-29T00:00:00Z",
            "2026-11-30T00:00:00Z",
        );
        day(
            "2024-02-29T12:00:00Z",
            "2024-02-29T00:00:00Z",
            "2024-03-01T00:00:00Z",
        );

        let week = |now, start, end| check(Window::Week, now, start, end);
        // 2026-11-29 is a Sunday.
        week(
            "2026-11-29T23:59:59.999Z",
            "2026-11-23T00:00:00Z",
            "2026-11-30T00:00:00Z",
        );
        week(
            "2026-11-30T00:00:00Z",
            "2026-11-30T00:00:00Z",
            "2026-12-07T00:00:00Z",
        );
        week(
            "2027-01-01T00:00:00Z",
            "2026-12-28T00:00:00Z",
            "2027-01-04T00:00:00Z",
        );
        week(
            "1970-01-02T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "1970-01-05T00:00:00Z",
        );
        week(
            "1970-01-05T00:00:00Z",
            "1970-01-05T00:00:00Z",
            "1970-01-12T00:00:00Z",
        );

        let month = |now, start, end| check(Window::Month, now, start, end);
        month(
            "2026-11-30T23:59:59.999Z",
            "2026-11-01T00:00:00Z",
            "2026-12-01T00:00:00Z",
        );
        month(
            "2026-12-31T23:59:59.999Z",
            "2026-12-01T00:00:00Z",
            "2027-01-01T00:00:00Z",
        );
        month(
            "2024-02-29T23:59:59.999Z",
            "2024-02-01T00:00:00Z",
            "2024-03-01T00:00:00Z",
        );
        month(
            "2025-02-28T23:59:59.999Z",
            "2025-02-01T00:00:00Z",
            "2025-03-01T00:00:00Z",
        );
        month(
            "2000-02-29T00:00:00Z",
            "2000-02-01T00:00:00Z",
            "2000-03-01T00:00:00Z",
        );
        month(
            "2100-02-28T23:00:00Z",
            "2100-02-01T00:00:00Z",
            "2100-03-01T00:00:00Z",
        );
        month(
            "2100-03-01T00:00:00Z",
            "2100-03-01T00:00:00Z",
            "2100-04-01T00:00:00Z",
        );
    }

    #[test]
    fn a_clock_out_of_bounds_has_windows_too() {
        for window in [Window::Day, Window::Week, Window::Month, Window::Total] {
            for now in [0, u64::MAX - 1] {
                assert!(window.period(now).contains(&now), "{window:?} {now}");
            }
        }
    }

    proptest! {
        #[test]
        fn windows_follow_one_another(now in 0_u64..32_503_680_000_000) {
            for window in [Window::Day, Window::Week, Window::Month] {
                let period = window.period(now);
                prop_assert!(period.contains(&now));
                prop_assert_eq!(window.period(period.start), period.clone());
                prop_assert_eq!(window.period(period.end - 1), period.clone());
                prop_assert_eq!(window.period(period.end).start, period.end);
            }
        }
    }
}
