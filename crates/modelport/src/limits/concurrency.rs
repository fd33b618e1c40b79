//! So many at the same time, in one atomic word. Nobody waits here: the waiting room of a provider is [`super::room`]'s.

use std::sync::atomic::{AtomicU64, Ordering};

/// A limit of how many may be under way.
#[derive(Debug)]
pub struct Concurrency {
    max: u64,
    under_way: AtomicU64,
}

impl Concurrency {
    /// A limit with nobody under way.
    pub fn new(max: u64) -> Self {
        Self {
            max,
            under_way: AtomicU64::new(0),
        }
    }

    /// How many may be under way.
    pub fn limit(&self) -> u64 {
        self.max
    }

    /// How many are.
    pub fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Takes a place, if one is free. Who gets one must [`leave`](Self::leave) once.
    #[must_use]
    pub fn try_enter(&self) -> bool {
        self.step(|count| count.checked_add(1).filter(|&count| count <= self.max))
    }

    /// As [`Concurrency::try_enter`], where this is one of so many that share the limit; one place is always its own.
    #[must_use]
    pub fn try_enter_among(&self, gateways: u64) -> bool {
        let share = (self.max / gateways.max(1)).max(1).min(self.max);
        self.step(|count| count.checked_add(1).filter(|&count| count <= share))
    }

    /// Gives a place back.
    pub fn leave(&self) {
        self.step(|count| count.checked_sub(1));
    }

    fn step(&self, step: impl Fn(u64) -> Option<u64>) -> bool {
        self.under_way
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_more_are_under_way_than_may_be() {
        let places = Concurrency::new(2);
        assert!(places.try_enter());
        assert!(places.try_enter());
        assert!(!places.try_enter());
        places.leave();
        assert!(places.try_enter());
        assert_eq!(places.under_way(), 2);
        assert!(!Concurrency::new(0).try_enter());
    }

    #[test]
    fn leaving_an_empty_place_makes_no_room() {
        let places = Concurrency::new(1);
        places.leave();
        assert!(places.try_enter());
        assert!(!places.try_enter());
    }

    #[test]
    fn threads_that_come_and_go_never_exceed_it() {
        let places = Concurrency::new(3);
        let most = AtomicU64::new(0);
        let inside = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        if places.try_enter() {
                            let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                            most.fetch_max(now, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                            places.leave();
                        }
                    }
                });
            }
        });
        assert!(most.into_inner() <= 3);
        assert_eq!(places.under_way(), 0);
    }
}
