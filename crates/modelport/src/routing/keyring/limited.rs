//! The models for which a credential rests, because nothing is left of a limit there. Limits are mostly of one model, so a
//! credential that is used up for one is still good for the others.
//!
//! There are only so many places, each an atomic word with a mark of a model and the end of its rest, so that nobody waits
//! and nothing grows. If all places of a model are taken, the rest that ends first is forgotten: its model is refused once
//! more, which tells it anew.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::routing::affinity::hash;

/// The places of a credential.
const PLACES: usize = 64;

/// The places that one model may have.
const PROBES: usize = 8;

/// The bits of a moment in milliseconds since the credential was first known: those of a century.
const TIME: u32 = 42;

/// What a model is told apart by: its place, and one of four million marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Model {
    first: usize,
    mark: u64,
}

impl Model {
    pub(super) fn of(name: &str) -> Self {
        let hash = hash(name.as_bytes());
        Self {
            first: usize::try_from(hash % (1 << 16)).unwrap_or_default(),
            mark: hash >> TIME,
        }
    }
}

/// The models for which a credential rests.
pub(super) struct Limited {
    /// The end of the last rest of all, so that it is seen at a glance that there is none.
    last: AtomicU64,
    places: [AtomicU64; PLACES],
}

impl Limited {
    pub(super) fn new() -> Self {
        Self {
            last: AtomicU64::new(0),
            places: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// It rests for this model until then.
    pub(super) fn rest(&self, model: Model, until: u64, now: u64) {
        let packed = model.mark << TIME | until.min((1 << TIME) - 1);
        self.last.fetch_max(until, Relaxed);
        let mut soonest: Option<(u64, &AtomicU64)> = None;
        for place in self.of(model) {
            let seen = place.load(Relaxed);
            if mark(seen) == model.mark && end(seen) > 0 {
                // Should another model have come in between, the later word of both stays, which is as good.
                place.fetch_max(packed, Relaxed);
                return;
            }
            let is_free = end(seen) <= now;
            if is_free
                && place
                    .compare_exchange(seen, packed, Relaxed, Relaxed)
                    .is_ok()
            {
                return;
            }
            if soonest.is_none_or(|(before, _)| end(seen) < before) {
                soonest = Some((end(seen), place));
            }
        }
        if let Some((_, place)) = soonest {
            place.store(packed, Relaxed);
        }
    }

    /// Until when it rests for this model; a moment that is past where it does not.
    pub(super) fn until(&self, model: Model, now: u64) -> u64 {
        if self.last.load(Relaxed) <= now {
            return 0;
        }
        let words = self.of(model).map(|place| place.load(Relaxed));
        let its = words.filter(|word| mark(*word) == model.mark);
        its.map(end).max().unwrap_or(0)
    }

    /// For how many models it rests.
    pub(super) fn count(&self, now: u64) -> usize {
        let places = self.places.iter();
        places
            .filter(|place| end(place.load(Relaxed)) > now)
            .count()
    }

    fn of(&self, model: Model) -> impl Iterator<Item = &AtomicU64> {
        self.places
            .iter()
            .cycle()
            .skip(model.first % PLACES)
            .take(PROBES)
    }
}

fn mark(word: u64) -> u64 {
    word >> TIME
}

fn end(word: u64) -> u64 {
    word & ((1 << TIME) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_rests_for_itself() {
        let limited = Limited::new();
        let (a, b) = (Model::of("a"), Model::of("b"));
        limited.rest(a, 50, 10);
        assert_eq!((limited.until(a, 10), limited.until(b, 10)), (50, 0));
        limited.rest(b, 40, 10);
        limited.rest(a, 30, 10);
        assert_eq!((limited.until(a, 10), limited.until(b, 10)), (50, 40));
        assert_eq!((limited.count(10), limited.count(45)), (2, 1));
        assert_eq!(limited.until(a, 50), 0);
    }

    #[test]
    fn many_models_find_room_and_too_many_forget_the_one_that_is_over_first() {
        let limited = Limited::new();
        let models: Vec<Model> = (0..PLACES / 4)
            .map(|number| Model::of(&format!("model-{number}")))
            .collect();
        for model in &models {
            limited.rest(*model, 100, 0);
        }
        assert!(models.iter().all(|model| limited.until(*model, 0) == 100));
        // So many that have the same places.
        let same = |mark: u64| Model { first: 3, mark };
        let limited = Limited::new();
        for mark in 1..=8 {
            limited.rest(same(mark), 100 + mark, 0);
        }
        limited.rest(same(9), 200, 0);
        assert_eq!(
            (limited.until(same(1), 0), limited.until(same(9), 0)),
            (0, 200)
        );
        assert!((2..=8).all(|mark| limited.until(same(mark), 0) == 100 + mark));
        // Those that are over make room.
        limited.rest(same(10), 300, 103);
        assert_eq!(limited.until(same(10), 103), 300);
        assert_eq!(limited.until(same(4), 103), 104);
    }
}
