//! The only place that reads the time, so that everything else can be handed one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point for measuring durations.
pub fn now() -> Instant {
    Instant::now()
}

/// The calendar time.
pub fn calendar() -> SystemTime {
    SystemTime::now()
}

/// The time since 1970, zero on a machine whose clock stands before it.
pub fn since_epoch() -> Duration {
    calendar().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Milliseconds since 1970 now.
pub fn unix_millis() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970, 0 on a machine whose clock stands before it.
pub fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
