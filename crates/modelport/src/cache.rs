//! Answers kept in memory, to be given again to the same request. It asks nobody and knows no request but by its
//! fingerprint. Each process keeps its own; answers shared by several would lie behind [`Cache::find`] and
//! [`Cache::keep`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter, sync};

pub mod answer;
mod canonical;
pub mod control;
pub mod fingerprint;
pub mod gate;

use crate::config::{CacheConfig, Scope};
use answer::Answer;
use fingerprint::Fingerprint;
use gate::{Gates, Turn};

/// The longest answer that is kept.
pub const MAX_ANSWER: usize = 4 << 20;

/// The memory that one of the independent parts of the cache has at least: a few of the longest answers.
const PART: u64 = 16 << 20;

/// The most of these parts.
const MAX_PARTS: u64 = 16;

/// The length of a usual answer. It only sizes tables, and those grow.
const USUAL_ANSWER: u64 = 4 << 10;

/// The most answers for which there is room from the start.
const MAX_EXPECTED: u64 = 1 << 14;

/// Answers by the fingerprints of their requests.
pub struct Cache {
    answers: sync::Cache<Fingerprint, Arc<Answer>, Bytes>,
    gates: Arc<Gates>,
    ttl: Duration,
    scope: Scope,
}

/// Weighs answers by the memory that they take.
#[derive(Clone)]
struct Bytes;

impl Weighter<Fingerprint, Arc<Answer>> for Bytes {
    fn weight(&self, _: &Fingerprint, answer: &Arc<Answer>) -> u64 {
        answer.weight()
    }
}

impl Cache {
    /// An empty one.
    pub fn new(config: &CacheConfig) -> Self {
        let expected = (config.max_bytes / USUAL_ANSWER).clamp(1, MAX_EXPECTED);
        let parts = (config.max_bytes / PART).clamp(1, MAX_PARTS);
        let options = OptionsBuilder::new()
            .weight_capacity(config.max_bytes)
            .estimated_items_capacity(usize::try_from(expected).unwrap_or(1))
            .shards(usize::try_from(parts).unwrap_or(1))
            .build();
        let hasher = DefaultHashBuilder::default();
        let answers = match options {
            Ok(options) => {
                sync::Cache::with_options(options, Bytes, hasher, sync::DefaultLifecycle::default())
            }
            // It fails only where the amounts above are left out.
            Err(_) => sync::Cache::with_weighter(1, config.max_bytes, Bytes),
        };
        Self {
            answers,
            gates: Arc::default(),
            ttl: config.ttl,
            scope: config.scope,
        }
    }

    /// Whom a caller of this number shares answers with.
    pub fn circle(&self, caller: u64) -> u64 {
        match self.scope {
            Scope::Key => caller,
            Scope::Shared => 0,
        }
    }

    /// The answer to a request, if there is one that is young enough.
    pub fn find(
        &self,
        of: &Fingerprint,
        max_age: Option<Duration>,
        now: Instant,
    ) -> Option<Arc<Answer>> {
        let found = self.answers.get(of)?;
        let age = found.age(now);
        if age >= self.ttl {
            // Another may have come in its place meanwhile.
            self.answers
                .remove_if(of, |answer| Arc::ptr_eq(answer, &found));
            return None;
        }
        max_age.is_none_or(|most| age <= most).then_some(found)
    }

    /// Keeps an answer, and lets others go for it.
    pub fn keep(&self, of: Fingerprint, answer: Answer) {
        self.answers.insert(of, Arc::new(answer));
    }

    /// A place among those who have the same request.
    pub fn queue(&self, of: Fingerprint) -> Turn {
        self.gates.at(of)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn cache(max_bytes: u64) -> Cache {
        Cache::new(&CacheConfig {
            max_bytes,
            ttl: Duration::from_secs(10),
            scope: Scope::Key,
        })
    }

    fn answer(length: usize, at: Instant) -> Answer {
        Answer::new(HeaderMap::new(), vec![b'x'; length], at)
    }

    #[test]
    fn an_answer_is_found_until_it_is_too_old() {
        let (cache, of, start) = (cache(1 << 20), Fingerprint::numbered(1), Instant::now());
        let later = |seconds| start + Duration::from_secs_f64(seconds);
        let is_found = |max_age: Option<f64>, seconds| {
            let max_age = max_age.map(Duration::from_secs_f64);
            cache.find(&of, max_age, later(seconds)).is_some()
        };
        assert!(!is_found(None, 0.0));
        cache.keep(of, answer(10, start));
        assert!(is_found(None, 0.0));
        assert!(is_found(None, 9.9));
        assert!(is_found(Some(5.0), 5.0));
        assert!(!is_found(Some(5.0), 5.1));
        assert!(is_found(None, 9.9));
        assert!(!is_found(None, 10.0));
        assert!(cache.answers.is_empty());
    }

    #[test]
    fn the_memory_is_bounded_whatever_comes() {
        let bound = 64 << 20;
        let (cache, now) = (cache(bound), Instant::now());
        for number in 0..400 {
            let length = if number % 3 == 0 { MAX_ANSWER } else { 500 };
            cache.keep(Fingerprint::numbered(number), answer(length, now));
            assert!(cache.answers.weight() <= bound);
        }
        assert!(cache.answers.weight() > bound / 2);
    }

    #[test]
    fn the_longest_answer_fits_a_small_cache() {
        let cache = cache(PART);
        let (of, now) = (Fingerprint::numbered(1), Instant::now());
        cache.keep(of, answer(MAX_ANSWER, now));
        assert!(cache.find(&of, None, now).is_some());
    }
}
