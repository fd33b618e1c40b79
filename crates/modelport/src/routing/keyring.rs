//! A provider's credentials: which one the next request shows, and which rest because the provider refused them, or has
//! nothing left for them. A limit is taken for that of the model that met it, and lets the credential rest for that one
//! alone; no provider is known whose headers tell of a limit that all models share.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use modelport_provider::failure::FailureKind;

use crate::config::ProviderConfig;

mod limited;

use limited::{Limited, Model};

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
    /// The models for which it rests.
    limited: Limited,
}

impl Key {
    fn new(weight: u32) -> Self {
        Self {
            weight: weight.max(1),
            rests_until: AtomicU64::new(0),
            limited: Limited::new(),
        }
    }

    fn rest(&self, rest: Duration, now: u64) {
        self.rests_until
            .fetch_max(now.saturating_add(millis(rest)), Relaxed);
    }

    fn rest_for(&self, model: Model, rest: Duration, now: u64) {
        let until = now.saturating_add(millis(rest));
        self.limited.rest(model, until, now);
    }

    /// Until when it is not to be shown for this model; a moment that is past for one that is good.
    fn until(&self, model: Model, now: u64) -> u64 {
        let whole = self.rests_until.load(Relaxed);
        whole.max(self.limited.until(model, now))
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
            keys: weights.map(Key::new).collect(),
        }
    }

    /// The credential to show first for this model, by its place; it counts as tried. One that rests is taken only when
    /// all do, and then the one that is done first.
    pub fn first(&self, model: &str, tried: &mut Tried, random: u64, now: Instant) -> usize {
        if let Some(good) = self.next_good(model, tried, random, now) {
            return good;
        }
        let (model, now) = (Model::of(model), self.millis(now));
        let keys = self.keys.iter().enumerate();
        let soonest = keys.min_by_key(|(_, key)| key.until(model, now));
        let soonest = soonest.map_or(0, |(place, _)| place);
        tried.add(soonest);
        soonest
    }

    /// One that does not rest and was not tried, if there is one; it counts as tried.
    pub fn next_good(
        &self,
        model: &str,
        tried: &mut Tried,
        random: u64,
        now: Instant,
    ) -> Option<usize> {
        let chosen = self.drawn(Model::of(model), *tried, random, self.millis(now))?;
        tried.add(chosen);
        Some(chosen)
    }

    fn drawn(&self, model: Model, tried: Tried, random: u64, now: u64) -> Option<usize> {
        let good = || {
            self.keys
                .iter()
                .enumerate()
                .filter(move |(place, key)| !tried.has(*place) && key.until(model, now) <= now)
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

    /// Lets a credential rest if a failure with this model is its own; whether it is. A limit is one of the model, what is
    /// wrong with a credential is so for all.
    pub fn blames(
        &self,
        key: usize,
        model: &str,
        kind: FailureKind,
        retry_after: Option<Duration>,
        now: Instant,
    ) -> bool {
        let Some(usual) = rest(kind) else {
            return false;
        };
        if let Some(key) = self.keys.get(key) {
            let (rest, now) = (retry_after.unwrap_or(usual).min(LONGEST), self.millis(now));
            if kind == FailureKind::RateLimited {
                key.rest_for(Model::of(model), rest, now);
            } else {
                key.rest(rest, now);
            }
        }
        true
    }

    /// A credential has nothing left of a limit of this model, as an answer's headers say: it rests there for so long. For
    /// how long all of them rest for the model now, if they do.
    pub fn used_up(
        &self,
        key: usize,
        model: &str,
        rest: Duration,
        now: Instant,
    ) -> Option<Duration> {
        if let Some(key) = self.keys.get(key) {
            key.rest_for(Model::of(model), rest, self.millis(now));
        }
        self.used_up_for(model, now)
    }

    /// For how long there is no credential with anything left for this model; `None` if there is one, and where they rest
    /// for other reasons alone.
    pub fn used_up_for(&self, model: &str, now: Instant) -> Option<Duration> {
        let (model, now) = (Model::of(model), self.millis(now));
        let mut keys = self.keys.iter();
        if !keys.any(|key| key.limited.until(model, now) > now) {
            return None;
        }
        let first = self.keys.iter().map(|key| key.until(model, now)).min()?;
        (first > now).then(|| Duration::from_millis(first - now))
    }

    /// Whether one of several does not rest for this model.
    pub fn has_good(&self, model: &str, now: Instant) -> bool {
        let (model, now) = (Model::of(model), self.millis(now));
        let mut keys = self.keys.iter();
        self.has_others() && keys.any(|key| key.until(model, now) <= now)
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

    /// For how many models each credential rests beside that, in their order.
    pub fn limited(&self, now: Instant) -> Vec<usize> {
        let now = self.millis(now);
        let keys = self.keys.iter();
        keys.map(|key| key.limited.count(now)).collect()
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
        let key = || Key::new(1);
        let two = Keyring {
            start,
            keys: vec![key(), key()],
        };
        let seconds = Duration::from_secs;
        assert_eq!(two.used_up(0, "m", seconds(9), start), None);
        assert_eq!(two.first("m", &mut Tried::default(), 0, start), 1);
        assert_eq!(two.used_up(1, "m", seconds(2), start), Some(seconds(2)));
        assert_eq!(
            two.used_up(1, "m", seconds(1), start + seconds(3)),
            Some(seconds(1))
        );
        let one = Keyring {
            start,
            keys: vec![key()],
        };
        assert_eq!(one.used_up(0, "m", seconds(5), start), Some(seconds(5)));
        assert_eq!(one.first("m", &mut Tried::default(), 0, start), 0);
    }

    #[test]
    fn a_limit_is_the_models_and_a_refusal_is_the_credentials() {
        let start = Instant::now();
        let two = Keyring {
            start,
            keys: vec![Key::new(1), Key::new(1)],
        };
        let limited = FailureKind::RateLimited;
        let rest = Some(Duration::from_secs(9));
        assert!(two.blames(0, "m", limited, rest, start));
        assert!(two.blames(1, "m", limited, rest, start));
        assert_eq!(two.used_up_for("m", start), rest);
        assert_eq!(two.used_up_for("n", start), None);
        assert!(!two.has_good("m", start) && two.has_good("n", start));
        assert_eq!(two.limited(start), [1, 1]);
        assert_eq!(two.rests(start), [Duration::ZERO; 2]);
        // One that is refused is so for every model, and what is left then is the other one's limit.
        assert!(two.blames(0, "n", FailureKind::Credential, None, start));
        let mut tried = Tried::default();
        assert_eq!(two.first("n", &mut tried, 0, start), 1);
        assert_eq!(two.next_good("n", &mut tried, 0, start), None);
        assert_eq!(two.used_up_for("n", start), None);
        assert_eq!(two.used_up_for("m", start), rest);
    }
}
