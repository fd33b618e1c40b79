//! The average of the times to first output that believes bad news at once and good news slowly (a peak-sensitive,
//! exponentially weighted moving average): a target that gets slow must be seen by the very next request, while one
//! fast answer of a slow target proves little.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::halves::{join, split};

/// How long newer samples take to outweigh older ones.
const SETTLING: Duration = Duration::from_secs(10);

/// Samples older than this say nothing. Long, so that on a route with few requests the faster target stays known;
/// on a busy one the policy looks at slow targets again much sooner.
const FORGOTTEN: Duration = Duration::from_mins(10);

/// One tick of the times that are kept, so that they fit in 32 bits for two years.
const TICK_MS: u64 = 16;

/// The average in microseconds and the tick of its last sample, in one number so that they change together. 0 if there
/// was no sample.
#[derive(Default)]
pub(super) struct Average(AtomicU64);

impl Average {
    /// A sample, at this many milliseconds.
    pub(super) fn note(&self, sample: Duration, now: u64) {
        let sample = u64::try_from(sample.as_micros()).unwrap_or(u64::MAX);
        let sample = sample.clamp(1, u64::from(u32::MAX));
        let tick = now / TICK_MS;
        self.0.update(Relaxed, Relaxed, |cell| {
            let (average, last) = split(cell);
            join(
                blend(average, sample, tick.saturating_sub(last)),
                tick.max(last),
            )
        });
    }

    /// The average, at this many milliseconds.
    pub(super) fn read(&self, now: u64) -> Option<Duration> {
        let (average, last) = split(self.0.load(Relaxed));
        let age = Duration::from_millis(now.saturating_sub(last * TICK_MS));
        (average > 0 && age < FORGOTTEN).then(|| Duration::from_micros(average))
    }
}

/// The average after a sample that comes so many ticks after the last one.
fn blend(average: u64, sample: u64, ticks: u64) -> u64 {
    if sample >= average {
        return sample;
    }
    // A good stand-in for 1 - e^(-age / settling) that needs no floating point.
    let age = u128::from(ticks) * u128::from(TICK_MS);
    let step = u128::from(average - sample) * age / (SETTLING.as_millis() + age);
    average - u64::try_from(step).unwrap_or(0)
}
