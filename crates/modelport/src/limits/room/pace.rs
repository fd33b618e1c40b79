//! How fast places become free while somebody waits. It reads no clock.

use std::time::Duration;

use tokio::time::Instant;

/// The average time between two places that become free, of about the last [`WINDOW`] ones.
///
/// Times at which nobody waits do not count: then a place is left for lack of requests, not because it took so long.
pub(super) struct Pace {
    /// The average of before this stretch.
    before: Option<Duration>,
    /// When this stretch began.
    since: Instant,
    /// When the last place of this stretch became free.
    last: Instant,
    /// How many became free in this stretch.
    left: u32,
}

/// The places that make an average, and the weight of the one before in the next.
const WINDOW: u32 = 16;

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            before: None,
            since: now,
            last: now,
            left: 0,
        }
    }

    /// The first begins to wait.
    pub(super) fn begin(&mut self, now: Instant) {
        if self.left > 0 {
            self.before = self.interval(self.last);
        }
        self.since = now;
        self.last = now;
        self.left = 0;
    }

    /// A place became free for somebody who waited.
    pub(super) fn leave(&mut self, now: Instant) {
        self.left += 1;
        self.last = now;
        if self.left >= WINDOW {
            self.begin(now);
        }
    }

    /// The time between two places; `None` when none became free so far.
    pub(super) fn interval(&self, now: Instant) -> Option<Duration> {
        let stretch = now.saturating_duration_since(self.since);
        match self.before {
            Some(before) => {
                let all = before.saturating_mul(WINDOW).saturating_add(stretch);
                all.checked_div(WINDOW + self.left)
            }
            None => stretch.checked_div(self.left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_interval_is_the_average_while_somebody_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        pace.begin(start);
        assert_eq!(pace.interval(start + SECOND), None);
        pace.leave(start + SECOND);
        pace.leave(start + SECOND);
        assert_eq!(pace.interval(start + SECOND), Some(SECOND / 2));

        let later = start + 1000 * SECOND;
        pace.begin(later);
        assert_eq!(pace.interval(later), Some(SECOND / 2), "the pause counts");
        for step in 1..=320 {
            pace.leave(later + step * SECOND);
        }
        let now = later + 320 * SECOND;
        let interval = pace.interval(now).unwrap();
        assert!(interval.abs_diff(SECOND) < SECOND / 100, "{interval:?}");
        assert!(pace.interval(now + 60 * SECOND).unwrap() > 4 * SECOND);
    }
}
