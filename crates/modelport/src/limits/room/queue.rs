//! Who waits, and who is next: the highest priority first, within it each key in its turn, within a key first come, first
//! served. It holds no clock and no lock, and how many may wait is not its matter.
//!
//! Every step costs the logarithm of how many wait, and what has become empty is removed, so its size is that of who waits.

use std::collections::BTreeMap;

use super::Who;

/// Those who wait.
pub(super) struct Queue<W> {
    /// Those of one priority each; none is empty.
    levels: BTreeMap<u8, Level<W>>,
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
    /// The keys of all waiters, by the waiters' numbers.
    arrivals: BTreeMap<u64, u64>,
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
        let mut level = self.levels.last_entry()?;
        let waiter = level.get_mut().pop(turn);
        if level.get().lines.is_empty() {
            level.remove();
        }
        waiter
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

    /// Takes out the newest of the lowest priority, if that one is below this.
    pub(super) fn displace(&mut self, priority: u8) -> Option<W> {
        let (&lowest, level) = self.levels.first_key_value()?;
        let (&number, &key) = level.arrivals.last_key_value()?;
        let who = Who {
            key,
            priority: lowest,
        };
        (lowest < priority).then(|| self.remove(Spot { who, number }))?
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
            arrivals: BTreeMap::new(),
        }
    }

    fn push(&mut self, key: u64, number: u64, waiter: W) {
        self.arrivals.insert(number, key);
        let line = self.lines.entry(key).or_insert_with(|| {
            self.turns.insert(number, key);
            Line {
                turn: number,
                waiters: BTreeMap::new(),
            }
        });
        line.waiters.insert(number, waiter);
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
        self.arrivals.remove(&number);
        if line.waiters.is_empty() {
            self.turns.remove(&line.turn);
            self.lines.remove(&key);
        }
        Some(waiter)
    }
}

#[cfg(test)]
mod tests;
