//! How many tokens an answer will have, learned from the answers before. One cell is for one key and model; who holds
//! the cells is not its matter.
//!
//! It is kept as the round-trip time is in TCP (RFC 6298): a mean that moves by an eighth of what a new answer is away from
//! it, and a spread that moves by a quarter of what the distance is away from it.

use std::{
    hash::BuildHasher,
    sync::atomic::{AtomicU64, Ordering},
};

use foldhash::quality::RandomState;

/// The mean and the spread of the answers' output tokens, in one atomic word.
#[derive(Debug)]
pub struct Learned(AtomicU64);

/// The two numbers, in parts of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answers {
    mean: u64,
    spread: u64,
}

/// What is expected of a model that has not answered yet, in tokens. It is wrong either way: too little lets a burst of
/// long answers exceed a limit, too much refuses short ones; the first answer corrects it.
pub const PRIOR: u64 = 1000;

/// Parts of a token, so that small differences count.
const PARTS: u64 = 16;

/// The word of a cell that knows nothing; no pair of numbers makes it.
const UNKNOWN: u64 = u64::MAX;

/// The most that is learned from, in parts of a token: 268 million tokens.
const MOST: u64 = (1 << 32) - 2;

impl Learned {
    /// A cell that knows nothing.
    pub fn new() -> Self {
        Self(AtomicU64::new(UNKNOWN))
    }

    /// It knows nothing any more.
    fn forget(&self) {
        self.0.store(UNKNOWN, Ordering::Relaxed);
    }

    /// The output tokens to expect: the mean and the spread, [`PRIOR`] as long as nothing is known, and at most what
    /// the caller has limited the answer to.
    pub fn estimate(&self, max_tokens: Option<u64>) -> u64 {
        let expected = Answers::read(self.0.load(Ordering::Relaxed)).map_or(PRIOR, |answers| {
            (answers.mean + answers.spread).div_ceil(PARTS)
        });
        expected.min(max_tokens.unwrap_or(u64::MAX))
    }

    /// An answer had so many output tokens. Answers that were cut short teach what is not so; leave them out.
    pub fn observe(&self, output_tokens: u64) {
        let seen = output_tokens.saturating_mul(PARTS).min(MOST);
        // A step that is always taken cannot fail.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                let next = match Answers::read(word) {
                    Some(answers) => answers.next(seen),
                    None => Answers::first(seen),
                };
                Some(next.word())
            });
    }
}

impl Default for Learned {
    fn default() -> Self {
        Self::new()
    }
}

impl Answers {
    fn first(seen: u64) -> Self {
        Self {
            mean: seen,
            spread: seen / 2,
        }
    }

    fn next(self, seen: u64) -> Self {
        let distance = seen.abs_diff(self.mean);
        Self {
            mean: toward(self.mean, seen, 8),
            spread: toward(self.spread, distance, 4),
        }
    }

    fn read(word: u64) -> Option<Self> {
        (word != UNKNOWN).then_some(Self {
            mean: word >> 32,
            spread: word & (u64::MAX >> 32),
        })
    }

    fn word(self) -> u64 {
        (self.mean << 32) | self.spread
    }
}

/// From one number toward another by a fraction of the way, rounded up so that it gets there.
fn toward(from: u64, to: u64, fraction: u64) -> u64 {
    let step = from.abs_diff(to).div_ceil(fraction);
    if to < from { from - step } else { from + step }
}

/// What requests are expected to use, for every key and model that asks often enough.
///
/// A table of a fixed size in which each pair has one place. Where two have the same place, the one that asks drives out
/// the other, which is then new again.
#[derive(Debug)]
pub struct Expected {
    places: Box<[Place]>,
    numbers: RandomState,
}

#[derive(Debug, Default)]
struct Place {
    /// Whose it is.
    tag: AtomicU64,
    /// Output tokens of an answer.
    output: Learned,
    /// Input tokens of a request for each byte of its body, in [`RATIO`]ths.
    ratio: Learned,
}

/// Places in the table, a power of two.
const PLACES: usize = 4096;

/// A quarter of a token for each byte is the [`PRIOR`].
const RATIO: u64 = 4 * PRIOR;

impl Default for Expected {
    fn default() -> Self {
        Self {
            places: (0..PLACES).map(|_| Place::default()).collect(),
            numbers: RandomState::default(),
        }
    }
}

impl Expected {
    /// The number of a caller and a model, here.
    pub fn who(&self, caller: u64, model: Option<&str>) -> u64 {
        self.numbers.hash_one((caller, model))
    }

    /// The input and output tokens to expect of a request with a body of so many bytes, whose answer is limited to
    /// `max_tokens`. `who` is the [number](Self::who) of the key and the model.
    pub fn tokens(&self, who: u64, bytes: usize, max_tokens: Option<u64>) -> (u64, u64) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let place = self.place(who);
        let known = place.filter(|place| place.tag.load(Ordering::Relaxed) == who);
        let (ratio, output) = match known {
            Some(place) => (
                place.ratio.estimate(None),
                place.output.estimate(max_tokens),
            ),
            None => (PRIOR, PRIOR.min(max_tokens.unwrap_or(u64::MAX))),
        };
        (bytes.saturating_mul(ratio).div_ceil(RATIO), output)
    }

    /// A whole answer to a request with a body of so many bytes has used so many tokens.
    pub fn observe(&self, who: u64, bytes: usize, input_tokens: u64, output_tokens: u64) {
        let Some(place) = self.place(who) else { return };
        if place.tag.swap(who, Ordering::Relaxed) != who {
            place.output.forget();
            place.ratio.forget();
        }
        place.output.observe(output_tokens);
        if let Ok(bytes @ 1..) = u64::try_from(bytes) {
            place
                .ratio
                .observe(input_tokens.saturating_mul(RATIO).div_ceil(bytes));
        }
    }

    fn place(&self, who: u64) -> Option<&Place> {
        let place = usize::try_from(who >> 40).unwrap_or(0) % PLACES;
        self.places.get(place)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_known_means_the_prior() {
        let learned = Learned::new();
        assert_eq!(learned.estimate(None), PRIOR);
        assert_eq!(learned.estimate(Some(20)), 20);
        assert_eq!(learned.estimate(Some(5000)), PRIOR);
    }

    #[test]
    fn the_first_answer_is_the_mean_and_half_of_it_the_spread() {
        let learned = Learned::new();
        learned.observe(200);
        assert_eq!(learned.estimate(None), 300);
        assert_eq!(learned.estimate(Some(250)), 250);
    }

    #[test]
    fn answers_without_tokens_are_known_to_have_none() {
        let learned = Learned::new();
        learned.observe(0);
        assert_eq!(learned.estimate(None), 0);
    }

    #[test]
    fn like_answers_narrow_the_spread() {
        let learned = Learned::new();
        for _ in 0..100 {
            learned.observe(500);
        }
        assert!((500..=501).contains(&learned.estimate(None)));
    }

    #[test]
    fn a_change_is_followed() {
        let learned = Learned::new();
        for _ in 0..100 {
            learned.observe(100);
        }
        for _ in 0..50 {
            learned.observe(4000);
        }
        let estimate = learned.estimate(None);
        assert!((3900..4200).contains(&estimate), "{estimate}");
    }

    #[test]
    fn absurd_answers_do_not_overflow() {
        let learned = Learned::new();
        for tokens in [u64::MAX, 0, u64::MAX, 3, u64::MAX] {
            learned.observe(tokens);
        }
        assert!(learned.estimate(None) <= 2 * MOST / PARTS);
    }

    #[test]
    fn threads_leave_a_word_that_one_of_them_wrote() {
        let learned = Learned::new();
        thread::scope(|scope| {
            for thread in 0..8 {
                let learned = &learned;
                scope.spawn(move || (0..5000).for_each(|_| learned.observe(100 + thread)));
            }
        });
        let estimate = learned.estimate(None);
        assert!((100..=120).contains(&estimate), "{estimate}");
    }

    proptest! {
        #[test]
        fn the_estimate_stays_near_what_was_seen(
            seen in prop::collection::vec(0_u64..100_000, 1..200),
            max_tokens in prop::option::of(0_u64..100_000),
        ) {
            let learned = Learned::new();
            for &tokens in &seen {
                learned.observe(tokens);
            }
            let most = seen.iter().max().copied().unwrap_or_default();
            let estimate = learned.estimate(max_tokens);
            prop_assert!(estimate <= 2 * most + 1);
            prop_assert!(estimate <= max_tokens.unwrap_or(u64::MAX));
        }
    }

    #[test]
    fn what_was_used_is_expected_again() {
        let expected = Expected::default();
        assert_eq!(expected.tokens(7 << 40, 400, None), (100, PRIOR));
        for _ in 0..50 {
            expected.observe(7 << 40, 400, 20, 5);
        }
        assert_eq!(expected.tokens(7 << 40, 400, None), (20, 5));
        assert_eq!(expected.tokens(7 << 40, 800, Some(3)), (40, 3));
        // Another in the same place.
        let other = (7 << 40) + 1;
        assert_eq!(expected.tokens(other, 400, None), (100, PRIOR));
        expected.observe(other, 400, 40, 9);
        assert_eq!(expected.tokens(7 << 40, 400, None), (100, PRIOR));
    }
}
