//! How times are spread, in few bytes: counts in buckets, each a quarter longer than the one before.

use std::time::Duration;

use rust_decimal::prelude::ToPrimitive;

/// How much longer a bucket's end is than its begin.
const GROWTH: f64 = 1.25;

/// How many there are; the last is for everything from 20 minutes on.
const BUCKETS: u8 = 64;

/// Counts in buckets from a millisecond on; those that have none take no room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread(Vec<(u8, u32)>);

impl Spread {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.count(bucket(time), 1);
    }

    /// All of another's.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            self.count(*bucket, *count);
        }
    }

    fn count(&mut self, bucket: u8, count: u32) {
        match self.0.binary_search_by_key(&bucket, |(known, _)| *known) {
            Ok(place) => {
                if let Some((_, sum)) = self.0.get_mut(place) {
                    *sum = sum.saturating_add(count);
                }
            }
            Err(place) => self.0.insert(place, (bucket, count)),
        }
    }

    /// The time in milliseconds that this share of them do not exceed, to within an eighth; `None` of nothing.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let sum: u64 = self.0.iter().map(|(_, count)| u64::from(*count)).sum();
        let wanted = (sum.to_f64()? * share).ceil().max(1.0);
        let mut seen = 0.0;
        let found = self.0.iter().find(|(_, count)| {
            seen += f64::from(*count);
            seen >= wanted
        });
        found.map(|(bucket, _)| GROWTH.powf(f64::from(*bucket) - 0.5))
    }
}

/// The bucket of a time: 0 up to a millisecond.
fn bucket(time: Duration) -> u8 {
    let millis = time.as_secs_f64() * 1000.0;
    let place = (millis.max(1.0).ln() / GROWTH.ln()).ceil();
    place.to_u8().unwrap_or(BUCKETS).min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_within_an_eighth() {
        let mut spread = Spread::default();
        assert_eq!(spread.quantile(0.5), None);
        for millis in 1..=1000 {
            spread.add(Duration::from_millis(millis));
        }
        for share in [0.5, 0.95, 0.99] {
            let found = spread.quantile(share).unwrap();
            let ratio = found / (share * 1000.0);
            assert!((0.875..1.125).contains(&ratio), "{share}: {found}");
        }
        let mut twice = spread.clone();
        twice.merge(&spread);
        assert_eq!(twice.quantile(0.95), spread.quantile(0.95));
        spread.add(Duration::MAX);
        spread.add(Duration::ZERO);
        assert!(spread.0.len() <= usize::from(BUCKETS));
    }
}
