//! Answers kept to be given again to the same request: in memory, each process its own, or in a Redis server that several
//! gateways share. It asks no provider and knows no request but by its fingerprint.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter, sync};

pub mod answer;
mod canonical;
pub mod control;
pub mod fingerprint;
pub mod gate;
pub mod server;
mod shelf;

use crate::{
    clock,
    config::{CacheConfig, Config, Scope},
};
use answer::Answer;
use fingerprint::Fingerprint;
use gate::{Gates, Turn};
use server::Server;
use shelf::{Away, MAX_SHARED, Shelf};

/// The longest answer that is kept in memory.
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
    kept: Kept,
    gates: Arc<Gates>,
    ttl: Duration,
    scope: Scope,
}

/// Where answers are.
enum Kept {
    Here(sync::Cache<Fingerprint, Arc<Answer>, Bytes>),
    There(Shelf),
}

/// What became of looking for an answer.
pub enum Found {
    /// There is one that is young enough.
    Answer(Arc<Answer>),
    /// There is none.
    Nothing,
    /// It cannot be told, and nothing is kept now.
    Away,
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
    /// An empty one, in so much memory.
    pub fn in_memory(config: &CacheConfig, max_bytes: u64) -> Self {
        let expected = (max_bytes / USUAL_ANSWER).clamp(1, MAX_EXPECTED);
        let parts = (max_bytes / PART).clamp(1, MAX_PARTS);
        let options = OptionsBuilder::new()
            .weight_capacity(max_bytes)
            .estimated_items_capacity(usize::try_from(expected).unwrap_or(1))
            .shards(usize::try_from(parts).unwrap_or(1))
            .build();
        let hasher = DefaultHashBuilder::default();
        let answers = match options {
            Ok(options) => {
                sync::Cache::with_options(options, Bytes, hasher, sync::DefaultLifecycle::default())
            }
            // It fails only where the amounts above are left out.
            Err(_) => sync::Cache::with_weighter(1, max_bytes, Bytes),
        };
        Self::of(Kept::Here(answers), config)
    }

    /// One in a server, with what gateways keep there that make the same of a request as this configuration.
    pub fn in_server(config: &CacheConfig, all: &Config, server: &Arc<Server>) -> Self {
        Self::of(Kept::There(Shelf::new(server, all)), config)
    }

    fn of(kept: Kept, config: &CacheConfig) -> Self {
        Self {
            kept,
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

    /// The answer to a request. Only where answers are in a server does it wait, and there no longer than
    /// [`server::PATIENCE`].
    pub async fn find(&self, of: &Fingerprint, max_age: Option<Duration>) -> Found {
        let found = match &self.kept {
            Kept::Here(_) => self.look(of, max_age, clock::now()),
            Kept::There(there) => match there.take(of).await {
                Ok(found) => {
                    let now = clock::now();
                    let found = found.filter(|found| self.is_young(found, max_age, now));
                    found.map(Arc::new)
                }
                Err(Away) => return Found::Away,
            },
        };
        found.map_or(Found::Nothing, Found::Answer)
    }

    /// The answer to a request, if there is one in memory.
    pub fn look(
        &self,
        of: &Fingerprint,
        max_age: Option<Duration>,
        now: Instant,
    ) -> Option<Arc<Answer>> {
        let Kept::Here(answers) = &self.kept else {
            return None;
        };
        let found = answers.get(of)?;
        if found.age(now) >= self.ttl {
            // Another may have come in its place meanwhile.
            answers.remove_if(of, |answer| Arc::ptr_eq(answer, &found));
            return None;
        }
        self.is_young(&found, max_age, now).then_some(found)
    }

    /// Whether an answer may still be given again.
    pub fn is_young(&self, answer: &Answer, max_age: Option<Duration>, now: Instant) -> bool {
        let age = answer.age(now);
        age < self.ttl && max_age.is_none_or(|most| age <= most)
    }

    /// Whether answers can be neither found nor kept now.
    pub fn is_away(&self) -> bool {
        match &self.kept {
            Kept::Here(_) => false,
            Kept::There(there) => there.is_away(),
        }
    }

    /// Where answers are, in a word.
    pub fn word(&self) -> &'static str {
        match &self.kept {
            Kept::Here(_) => "memory",
            Kept::There(there) if there.is_away() => "away",
            Kept::There(_) => "redis",
        }
    }

    /// The longest answer that is kept.
    pub fn max_answer(&self) -> usize {
        match &self.kept {
            Kept::Here(_) => MAX_ANSWER,
            Kept::There(_) => MAX_SHARED,
        }
    }

    /// Keeps an answer, and lets others go for it.
    pub fn keep(&self, of: Fingerprint, answer: &Arc<Answer>) {
        match &self.kept {
            Kept::Here(answers) => answers.insert(of, Arc::clone(answer)),
            Kept::There(there) => there.put(&of, answer, self.ttl),
        }
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
    use crate::config::CachePlace;

    fn cache(max_bytes: u64) -> Cache {
        let config = CacheConfig {
            place: CachePlace::Memory(max_bytes),
            ttl: Duration::from_secs(10),
            scope: Scope::Key,
        };
        Cache::in_memory(&config, max_bytes)
    }

    fn answers(cache: &Cache) -> &sync::Cache<Fingerprint, Arc<Answer>, Bytes> {
        match &cache.kept {
            Kept::Here(answers) => answers,
            Kept::There(_) => unreachable!("it is in memory"),
        }
    }

    fn answer(length: usize, at: Instant) -> Arc<Answer> {
        Arc::new(Answer::new(HeaderMap::new(), vec![b'x'; length], at))
    }

    #[test]
    fn an_answer_is_found_until_it_is_too_old() {
        let (cache, of, start) = (cache(1 << 20), Fingerprint::numbered(1), Instant::now());
        let later = |seconds| start + Duration::from_secs_f64(seconds);
        let is_found = |max_age: Option<f64>, seconds| {
            let max_age = max_age.map(Duration::from_secs_f64);
            cache.look(&of, max_age, later(seconds)).is_some()
        };
        assert!(!is_found(None, 0.0));
        cache.keep(of, &answer(10, start));
        assert!(is_found(None, 0.0));
        assert!(is_found(None, 9.9));
        assert!(is_found(Some(5.0), 5.0));
        assert!(!is_found(Some(5.0), 5.1));
        assert!(is_found(None, 9.9));
        assert!(!is_found(None, 10.0));
        assert!(answers(&cache).is_empty());
    }

    #[test]
    fn the_memory_is_bounded_whatever_comes() {
        let bound = 64 << 20;
        let (cache, now) = (cache(bound), Instant::now());
        for number in 0..400 {
            let length = if number % 3 == 0 { MAX_ANSWER } else { 500 };
            cache.keep(Fingerprint::numbered(number), &answer(length, now));
            assert!(answers(&cache).weight() <= bound);
        }
        assert!(answers(&cache).weight() > bound / 2);
    }

    #[test]
    fn the_longest_answer_fits_a_small_cache() {
        let cache = cache(PART);
        let (of, now) = (Fingerprint::numbered(1), Instant::now());
        cache.keep(of, &answer(MAX_ANSWER, now));
        assert!(cache.look(&of, None, now).is_some());
    }
}
