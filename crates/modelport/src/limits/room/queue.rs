//! Who waits, and who is next: the highest priority first, within it each key in its turn, within a key first come, first
//! served. A lower priority is passed over only so many times in a row. It holds no clock and no lock, and how many may wait
//! is not its matter.
//!
//! Every step costs the logarithm of how many wait, and what has become empty is removed, so its size is that of who waits.

use std::collections::{BTreeMap, BTreeSet};

use super::Who;
use crate::config::limits::Priority;

/// So many places in a row go to higher priorities, and then one to the priority that was passed over.
const MOST_PASSED: u32 = 9;

/// Those who wait.
pub(super) struct Queue<W> {
    /// Those of one priority each; none is empty.
    levels: BTreeMap<Priority, Level<W>>,
    /// The next number. It orders waiters by their coming, and keys by their turns.
    next: u64,
}

/// Where somebody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    who: Who,
    number: u64,
}

/// Those of one priority.
struct Level<W> {
    /// Those of one key each; none is empty.
    lines: BTreeMap<u64, Line<W>>,
    /// The keys, by their turns.
    turns: BTreeMap<u64, u64>,
    /// The keys with the lengths of their lines, the longest last.
    lengths: BTreeSet<(usize, u64)>,
    /// How many wait in all lines.
    waiting: usize,
    /// How many places in a row went to higher priorities while somebody waited here.
    passed: u32,
}

/// Those of one key, by their numbers.
struct Line<W> {
    turn: u64,
    waiters: BTreeMap<u64, W>,
}

impl<W> Queue<W> {
    pub(super) fn new() -> Self {
        Self {
            levels: BTreeMap::new(),
            next: 0,
        }
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Puts somebody at the end of its key's line. A key that had no line gets the last turn.
    pub(super) fn push(&mut self, who: Who, waiter: W) -> Spot {
        let number = self.number();
        let level = self.levels.entry(who.priority).or_insert_with(Level::new);
        level.push(who.key, number, waiter);
        Spot { who, number }
    }

    /// Takes out who is next.
    pub(super) fn pop(&mut self) -> Option<W> {
        let turn = self.number();
        let priority = self.next_priority()?;
        for (_, lower) in self.levels.range_mut(..priority) {
            lower.passed += 1;
        }
        let level = self.levels.get_mut(&priority)?;
        level.passed = 0;
        let waiter = level.pop(turn);
        if level.lines.is_empty() {
            self.levels.remove(&priority);
        }
        waiter
    }

    /// Whose turn it is: that of the highest priority, unless another has been passed over too often.
    fn next_priority(&self) -> Option<Priority> {
        // Of several that were passed over as often this is the highest.
        let (passed, level) = self.levels.iter().max_by_key(|(_, level)| level.passed)?;
        let (highest, _) = self.levels.last_key_value()?;
        Some(*if level.passed < MOST_PASSED {
            highest
        } else {
            passed
        })
    }

    /// Takes out the one who waits there, if that one still does.
    pub(super) fn remove(&mut self, spot: Spot) -> Option<W> {
        let Spot { who, number } = spot;
        let level = self.levels.get_mut(&who.priority)?;
        let waiter = level.remove(who.key, number);
        if level.lines.is_empty() {
            self.levels.remove(&who.priority);
        }
        waiter
    }

    /// Takes out who has to make room for this one, the newest of the longest line: of the lowest priority below its own
    /// that has more than `spared` waiting, or of its own, where that line is longer than its key's would become.
    pub(super) fn displace(&mut self, who: Who, spared: usize) -> Option<W> {
        let mut lower = self.levels.range(..who.priority);
        let spot = if let Some((&priority, level)) = lower.find(|(_, level)| level.waiting > spared)
        {
            level.newest(priority)?
        } else {
            let level = self.levels.get(&who.priority)?;
            let newest = level.newest(who.priority)?;
            let is_longer = level.length(newest.who.key) > level.length(who.key) + 1;
            is_longer.then_some(newest)?
        };
        self.remove(spot)
    }

    /// A number that was never given before; at one each nanosecond they last for centuries.
    fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        number
    }
}

impl<W> Level<W> {
    fn new() -> Self {
        Self {
            lines: BTreeMap::new(),
            turns: BTreeMap::new(),
            lengths: BTreeSet::new(),
            waiting: 0,
            passed: 0,
        }
    }

    fn push(&mut self, key: u64, number: u64, waiter: W) {
        let line = self.lines.entry(key).or_insert_with(|| {
            self.turns.insert(number, key);
            Line {
                turn: number,
                waiters: BTreeMap::new(),
            }
        });
        self.lengths.remove(&(line.waiters.len(), key));
        line.waiters.insert(number, waiter);
        self.lengths.insert((line.waiters.len(), key));
        self.waiting += 1;
    }

    /// The first of the key whose turn it is. That key's next turn is this one.
    fn pop(&mut self, turn: u64) -> Option<W> {
        let (_, key) = self.turns.pop_first()?;
        let line = self.lines.get_mut(&key)?;
        self.turns.insert(turn, key);
        line.turn = turn;
        let (&number, _) = line.waiters.first_key_value()?;
        self.remove(key, number)
    }

    fn remove(&mut self, key: u64, number: u64) -> Option<W> {
        let line = self.lines.get_mut(&key)?;
        let waiter = line.waiters.remove(&number)?;
        let length = line.waiters.len();
        self.lengths.remove(&(length + 1, key));
        self.waiting -= 1;
        if length == 0 {
            self.turns.remove(&line.turn);
            self.lines.remove(&key);
        } else {
            self.lengths.insert((length, key));
        }
        Some(waiter)
    }

    /// How many of this key wait.
    fn length(&self, key: u64) -> usize {
        self.lines.get(&key).map_or(0, |line| line.waiters.len())
    }

    /// Where the newest of the longest line waits.
    fn newest(&self, priority: Priority) -> Option<Spot> {
        let &(_, key) = self.lengths.last()?;
        let (&number, _) = self.lines.get(&key)?.waiters.last_key_value()?;
        let who = Who { key, priority };
        Some(Spot { who, number })
    }
}

#[cfg(test)]
mod tests {
    use std::iter::{self, repeat_n};

    use super::*;
    use Priority::{High, Low, Normal};

    fn waiting(all: impl IntoIterator<Item = (Priority, u64)>) -> Queue<(Priority, u64)> {
        let mut queue = Queue::new();
        for (priority, key) in all {
            queue.push(Who { key, priority }, (priority, key));
        }
        queue
    }

    #[test]
    fn a_lower_priority_gets_one_place_of_ten() {
        let mut queue = waiting(repeat_n((High, 1), 60).chain(repeat_n((Low, 2), 6)));
        for _ in 0..6 {
            let ten: Vec<_> = iter::from_fn(|| queue.pop()).take(10).collect();
            assert_eq!(ten[..9], [(High, 1); 9]);
            assert_eq!(ten[9], (Low, 2));
        }
        let all = repeat_n((High, 1), 40).chain(repeat_n((Normal, 2), 4));
        let mut queue = waiting(all.chain(repeat_n((Low, 3), 4)));
        for _ in 0..4 {
            let eleven: Vec<_> = iter::from_fn(|| queue.pop()).take(11).collect();
            assert_eq!(eleven[8..], [(High, 1), (Normal, 2), (Low, 3)]);
        }
    }

    #[test]
    fn the_place_of_a_lower_priority_goes_to_its_keys_in_turn() {
        let lows = repeat_n((Low, 2), 5).chain(repeat_n((Low, 3), 5));
        let mut queue = waiting(repeat_n((High, 1), 90).chain(lows));
        let served = iter::from_fn(|| queue.pop());
        let lows: Vec<u64> = served
            .filter_map(|(priority, key)| (priority == Low).then_some(key))
            .collect();
        assert_eq!(lows[..4], [2, 3, 2, 3]);
    }

    #[test]
    fn a_short_line_takes_the_spot_of_a_long_ones_newest() {
        let mut queue = waiting(repeat_n((Normal, 1), 4));
        let who = Who {
            key: 2,
            priority: Normal,
        };
        for _ in 0..2 {
            assert_eq!(queue.displace(who, 1), Some((Normal, 1)));
            queue.push(who, (Normal, 2));
        }
        assert_eq!(queue.displace(who, 1), None, "two each");
    }

    #[test]
    fn each_priority_keeps_some_spots() {
        let all = repeat_n((Low, 1), 3).chain(repeat_n((Normal, 2), 3));
        let mut queue = waiting(all);
        let who = Who {
            key: 3,
            priority: High,
        };
        let displaced: Vec<_> = iter::from_fn(|| queue.displace(who, 2)).collect();
        assert_eq!(displaced, [(Low, 1), (Normal, 2)]);
    }
}
