//! How the times to first output are spread: counts in buckets whose widths grow with the time, of the last five to ten
//! minutes.

use std::{
    array,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The unit of the buckets: 2^7 microseconds.
const UNIT_BITS: u32 = 7;

/// Each power of two is cut into 2^3 buckets, so that a bucket's end is at most an eighth over its start.
const FINE_BITS: u32 = 3;

/// Enough for 2^24 units, which is over half an hour; longer times count as that.
const BUCKETS: usize = 22 << FINE_BITS;

/// How long one of the two halves is written before the other one is emptied and takes over.
const TURN_MS: u64 = 300_000;

/// Fewer samples than this have no 95th percentile worth the name.
const FEWEST: u64 = 20;

/// The two halves, which are written in turns.
#[derive(Default)]
pub(super) struct Histogram([Half; 2]);

struct Half {
    /// The number of the turn that it holds.
    turn: AtomicU64,
    counts: [AtomicU32; BUCKETS],
}

impl Default for Half {
    fn default() -> Self {
        Self {
            turn: AtomicU64::new(0),
            counts: array::from_fn(|_| AtomicU32::new(0)),
        }
    }
}

impl Histogram {
    /// A sample, at this many milliseconds.
    pub(super) fn note(&self, sample: Duration, now: u64) {
        let turn = 1 + now / TURN_MS;
        let [even, odd] = &self.0;
        let half = if turn.is_multiple_of(2) { even } else { odd };
        // Whoever moves it on empties it; what others count meanwhile may be lost.
        if half.turn.swap(turn, Relaxed) != turn {
            for count in &half.counts {
                count.store(0, Relaxed);
            }
        }
        if let Some(count) = half.counts.get(bucket(sample)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// The time within which 95 of 100 first outputs came.
    pub(super) fn p95(&self) -> Option<Duration> {
        let newest = self.0.iter().map(|half| half.turn.load(Relaxed)).max()?;
        let counts = |bucket: usize| {
            let halves = self.0.iter();
            let live = halves.filter(|half| half.turn.load(Relaxed) + 1 >= newest);
            live.filter_map(|half| half.counts.get(bucket))
                .map(|count| u64::from(count.load(Relaxed)))
                .sum::<u64>()
        };
        let total: u64 = (0..BUCKETS).map(counts).sum();
        if total < FEWEST {
            return None;
        }
        let mut above = total / 20;
        for bucket in (0..BUCKETS).rev() {
            match above.checked_sub(counts(bucket)) {
                Some(rest) => above = rest,
                None => return Some(end(bucket)),
            }
        }
        None
    }
}

/// The bucket of a time: linear below 2^3 units, then 2^3 of them for each power of two.
fn bucket(sample: Duration) -> usize {
    let micros = u64::try_from(sample.as_micros()).unwrap_or(u64::MAX);
    let units = micros >> UNIT_BITS;
    let power = units.checked_ilog2().unwrap_or(0).saturating_sub(FINE_BITS);
    let index = (u64::from(power) << FINE_BITS) + (units >> power);
    usize::try_from(index).map_or(BUCKETS - 1, |index| index.min(BUCKETS - 1))
}

/// The time at which a bucket ends.
fn end(bucket: usize) -> Duration {
    let next = u64::try_from(bucket).unwrap_or(u64::MAX).saturating_add(1);
    let fine = 1_u64 << FINE_BITS;
    let power = (next >> FINE_BITS).saturating_sub(1);
    let units = (next - (power << FINE_BITS)).max(next.min(fine)) << power;
    Duration::from_micros(units << UNIT_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_its_bucket() {
        for micros in (0..3_000_000).step_by(61) {
            let time = Duration::from_micros(micros);
            let bucket = bucket(time);
            assert!(
                time < end(bucket),
                "{time:?} is not before {:?}",
                end(bucket)
            );
            let is_after_start = bucket == 0 || time >= end(bucket - 1);
            assert!(is_after_start, "{time:?} is before {:?}", end(bucket - 1));
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
        assert!(end(BUCKETS - 1) > Duration::from_mins(30));
    }

    #[test]
    fn the_percentile_is_that_of_the_last_minutes() {
        let histogram = Histogram::default();
        for _ in 0..19 {
            histogram.note(Duration::from_millis(900), 0);
        }
        assert_eq!(histogram.p95(), None);
        for _ in 0..200 {
            histogram.note(Duration::from_millis(100), TURN_MS - 1);
        }
        let is_near = |wanted: u64| {
            let wanted = Duration::from_millis(wanted);
            let p95 = histogram.p95().unwrap();
            p95 >= wanted && p95 <= wanted + wanted / 8
        };
        assert!(is_near(900));
        for _ in 0..400 {
            histogram.note(Duration::from_millis(100), TURN_MS);
        }
        assert!(is_near(100), "19 of 619 are slow");
        for _ in 0..20 {
            histogram.note(Duration::from_millis(300), 3 * TURN_MS);
        }
        assert!(is_near(300), "the older turns are forgotten");
    }
}
