use proptest::prelude::*;

use super::*;

fn who(key: u64, priority: u8) -> Who {
    Who { key, priority }
}

/// All who wait, in the order in which they are called.
fn called<W>(queue: &mut Queue<W>) -> Vec<W> {
    std::iter::from_fn(|| queue.pop()).collect()
}

#[test]
fn keys_take_turns_and_each_is_served_in_the_order_of_coming() {
    let mut queue = Queue::new();
    for name in ["a1", "a2", "a3", "b1", "c1", "b2"] {
        let key = u64::from(name.as_bytes()[0]);
        queue.push(who(key, 0), name);
    }
    assert_eq!(called(&mut queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
    assert!(queue.levels.is_empty());
}

#[test]
fn a_higher_priority_goes_first() {
    let mut queue = Queue::new();
    for (name, priority) in [("low", 0), ("high", 9), ("middle", 5), ("high too", 9)] {
        queue.push(who(1, priority), name);
    }
    assert_eq!(called(&mut queue), ["high", "high too", "middle", "low"]);
}

#[test]
fn the_newest_of_the_lowest_priority_is_displaced() {
    let mut queue = Queue::new();
    for (name, key, priority) in [("old", 1, 1), ("new", 2, 1), ("high", 3, 2)] {
        queue.push(who(key, priority), name);
    }
    assert_eq!(queue.displace(1), None);
    assert_eq!(queue.displace(2), Some("new"));
    assert_eq!(queue.displace(2), Some("old"));
    assert_eq!(queue.displace(2), None);
    assert_eq!(queue.displace(3), Some("high"));
    assert_eq!(queue.displace(3), None);
}

/// The same rules, as plainly as they can be written.
#[derive(Default)]
struct Plain {
    waiters: Vec<(Who, u32)>,
    turns: Vec<Who>,
}

impl Plain {
    fn push(&mut self, who: Who, waiter: u32) {
        self.waiters.push((who, waiter));
        if !self.turns.contains(&who) {
            self.turns.push(who);
        }
    }

    fn pop(&mut self) -> Option<u32> {
        let highest = self.turns.iter().map(|who| who.priority).max()?;
        let turn = self.turns.iter().position(|who| who.priority == highest)?;
        let who = self.turns.remove(turn);
        let at = self.waiters.iter().position(|waiter| waiter.0 == who)?;
        self.turns.push(who);
        Some(self.remove_at(at))
    }

    fn displace(&mut self, priority: u8) -> Option<u32> {
        let lowest = self.turns.iter().map(|who| who.priority).min()?;
        let newest = |waiter: &(Who, u32)| waiter.0.priority == lowest;
        let at = self.waiters.iter().rposition(newest)?;
        (lowest < priority).then(|| self.remove_at(at))
    }

    fn remove(&mut self, waiter: u32) -> Option<u32> {
        let at = self.waiters.iter().position(|other| other.1 == waiter)?;
        Some(self.remove_at(at))
    }

    fn remove_at(&mut self, at: usize) -> u32 {
        let (_, waiter) = self.waiters.remove(at);
        let waiters = &self.waiters;
        self.turns
            .retain(|turn| waiters.iter().any(|other| other.0 == *turn));
        waiter
    }
}

proptest! {
    #[test]
    fn it_keeps_the_plain_rules(script in proptest::collection::vec((0_u8..6, 0_u64..4, 0_u8..3, any::<prop::sample::Index>()), 0..200)) {
        let mut queue = Queue::new();
        let mut plain = Plain::default();
        let mut spots = Vec::new();
        for (step, key, priority, index) in script {
            match step {
                0..=2 => {
                    let waiter = u32::try_from(spots.len()).unwrap();
                    spots.push(queue.push(who(key, priority), waiter));
                    plain.push(who(key, priority), waiter);
                }
                3 => prop_assert_eq!(queue.pop(), plain.pop()),
                4 => prop_assert_eq!(queue.displace(priority), plain.displace(priority)),
                _ if spots.is_empty() => {}
                _ => {
                    let at = index.index(spots.len());
                    let waiter = u32::try_from(at).unwrap();
                    prop_assert_eq!(queue.remove(spots[at]), plain.remove(waiter));
                }
            }
            let held: usize = queue.levels.values().map(|level| level.arrivals.len()).sum();
            let lines: usize = queue.levels.values().map(|level| level.lines.len()).sum();
            let turns: usize = queue.levels.values().map(|level| level.turns.len()).sum();
            prop_assert_eq!((held, lines, turns), (plain.waiters.len(), plain.turns.len(), plain.turns.len()));
        }
        while let Some(waiter) = plain.pop() {
            prop_assert_eq!(queue.pop(), Some(waiter));
        }
        prop_assert!(queue.is_empty());
    }
}
