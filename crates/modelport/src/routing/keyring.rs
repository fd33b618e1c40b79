//! A provider's credentials: which one the next request shows, and which rest because the provider refused them.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use modelport_provider::failure::FailureKind;

use crate::config::ProviderConfig;

/// How long a credential rests that was refused as wrong or has no credit left: people mend that, not time.
const REFUSED: Duration = Duration::from_mins(5);

/// How long a credential rests that is over its limit where the provider does not say.
const LIMITED: Duration = Duration::from_secs(1);

/// The longest rest, whatever the provider asks for: a wrong answer must not lose a credential for good.
const LONGEST: Duration = Duration::from_hours(1);

/// The most credentials that one request is tried with.
pub const MAX_KEYS: usize = 64;

/// One provider's credentials.
pub struct Keyring {
    start: Instant,
    keys: Vec<Key>,
}

struct Key {
    weight: u32,
    /// Milliseconds from `start` until when it rests.
    rests_until: AtomicU64,
}

impl Key {
    fn rest(&self, rest: Duration, now: u64) {
        self.rests_until
            .fetch_max(now.saturating_add(millis(rest)), Relaxed);
    }
}

/// Which credentials a request was tried with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried(u64);

impl Tried {
    fn has(self, key: usize) -> bool {
        key < MAX_KEYS && self.0 & (1 << key) != 0
    }

    /// How many.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    fn add(&mut self, key: usize) {
        if key < MAX_KEYS {
            self.0 |= 1 << key;
        }
    }
}

impl Keyring {
    /// All are good.
    pub fn new(config: &ProviderConfig, start: Instant) -> Self {
        let weights = std::iter::once(config.key_weight)
            .chain(config.further_keys.iter().map(|further| further.weight));
        Self {
            start,
            keys: weights
                .map(|weight| Key {
                    weight: weight.max(1),
                    rests_until: AtomicU64::new(0),
                })
                .collect(),
        }
    }

    /// The credential to show first, by its place; it counts as tried. One that rests is taken only when all do, and
    /// then the one that is done first.
    pub fn first(&self, tried: &mut Tried, random: u64, now: Instant) -> usize {
        if let Some(good) = self.next_good(tried, random, now) {
            return good;
        }
        let keys = self.keys.iter().enumerate();
        let soonest = keys.min_by_key(|(_, key)| key.rests_until.load(Relaxed));
        let soonest = soonest.map_or(0, |(place, _)| place);
        tried.add(soonest);
        soonest
    }

    /// One that does not rest and was not tried, if there is one; it counts as tried.
    pub fn next_good(&self, tried: &mut Tried, random: u64, now: Instant) -> Option<usize> {
        let chosen = self.drawn(*tried, random, self.millis(now))?;
        tried.add(chosen);
        Some(chosen)
    }

    fn drawn(&self, tried: Tried, random: u64, now: u64) -> Option<usize> {
        let good = || {
            self.keys.iter().enumerate().filter(move |(place, key)| {
                !tried.has(*place) && key.rests_until.load(Relaxed) <= now
            })
        };
        let sum: u64 = good().map(|(_, key)| u64::from(key.weight)).sum();
        let mut left = random.checked_rem(sum)?;
        for (place, key) in good() {
            let weight = u64::from(key.weight);
            if left < weight {
                return Some(place);
            }
            left -= weight;
        }
        None
    }

    /// Whether a failure may be a credential's own, so that another may do better.
    pub fn may_blame(kind: FailureKind) -> bool {
        rest(kind).is_some()
    }

    /// Lets a credential rest if a failure is its own; whether it is.
    pub fn blames(
        &self,
        key: usize,
        kind: FailureKind,
        retry_after: Option<Duration>,
        now: Instant,
    ) -> bool {
        let Some(usual) = rest(kind) else {
            return false;
        };
        if let Some(key) = self.keys.get(key) {
            key.rest(retry_after.unwrap_or(usual).min(LONGEST), self.millis(now));
        }
        true
    }

    /// A credential has nothing left of a limit, as an answer's headers say: it rests for so long. For how long all of
    /// them rest now, if they do.
    pub fn used_up(&self, key: usize, rest: Duration, now: Instant) -> Option<Duration> {
        if let Some(key) = self.keys.get(key) {
            key.rest(rest, self.millis(now));
        }
        let shortest = self.rests(now).into_iter().min()?;
        (!shortest.is_zero()).then_some(shortest)
    }

    /// Whether one of several does not rest.
    pub fn has_good(&self, now: Instant) -> bool {
        let now = self.millis(now);
        let mut keys = self.keys.iter();
        self.has_others() && keys.any(|key| key.rests_until.load(Relaxed) <= now)
    }

    /// Whether there is more than one.
    pub fn has_others(&self) -> bool {
        self.keys.len() > 1
    }

    /// For how much longer each credential rests, in their order; zero for one that is good.
    pub fn rests(&self, now: Instant) -> Vec<Duration> {
        let now = self.millis(now);
        let rest = |key: &Key| key.rests_until.load(Relaxed).saturating_sub(now);
        let rests = self.keys.iter().map(rest);
        rests.map(Duration::from_millis).collect()
    }

    fn millis(&self, now: Instant) -> u64 {
        millis(now.saturating_duration_since(self.start))
    }
}

/// How long a credential rests after a failure that is its own.
fn rest(kind: FailureKind) -> Option<Duration> {
    match kind {
        FailureKind::Credential | FailureKind::Permission | FailureKind::OutOfCredit => {
            Some(REFUSED)
        }
        FailureKind::RateLimited => Some(LIMITED),
        FailureKind::BadRequest
        | FailureKind::ContextOverflow
        | FailureKind::ContentFilter
        | FailureKind::NotFound
        | FailureKind::Timeout
        | FailureKind::Conflict
        | FailureKind::Overloaded
        | FailureKind::Server
        | FailureKind::Connect
        | FailureKind::Truncated
        | FailureKind::Malformed => None,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_rests_once_all_its_credentials_do() {
        let start = Instant::now();
        let key = || Key {
            weight: 1,
            rests_until: AtomicU64::new(0),
        };
        let two = Keyring {
            start,
            keys: vec![key(), key()],
        };
        let seconds = Duration::from_secs;
        assert_eq!(two.used_up(0, seconds(9), start), None);
        assert_eq!(two.first(&mut Tried::default(), 0, start), 1);
        assert_eq!(two.used_up(1, seconds(2), start), Some(seconds(2)));
        assert_eq!(
            two.used_up(1, seconds(1), start + seconds(3)),
            Some(seconds(1))
        );
        let one = Keyring {
            start,
            keys: vec![key()],
        };
        assert_eq!(one.used_up(0, seconds(5), start), Some(seconds(5)));
        assert_eq!(one.first(&mut Tried::default(), 0, start), 0);
    }
}
