//! The waiting room in front of one provider: so many requests are under way at most, the others wait for their turn,
//! fairly and not for ever. Which provider a request goes to is decided elsewhere.
//!
//! All threads share a room. While a place is free and nobody waits, entering and leaving are one exchange of an atomic
//! word. Only those who wait, and those who leave while somebody waits, take the queue's lock. It is a plain mutex: it is
//! held for a few steps in ordered maps, never across an await, and nobody is woken and nothing of others is dropped under
//! it, so no thread ever waits for more than these steps of another one.

mod count;
mod pace;
mod queue;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use self::count::{Count, Joined};
use self::pace::Pace;
use self::queue::{Queue, Spot};
use crate::config::{RoomConfig, limits::Priority};

/// The waiting room.
pub struct Room {
    config: RoomConfig,
    count: Count,
    refused: AtomicU64,
    bench: Mutex<Bench>,
}

/// Whose request it is, and how it stands to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// A hash of the caller's key; 0 for nobody's.
    pub key: u64,
    /// A higher one goes first.
    pub priority: Priority,
}

/// Leave to be under way. Dropping it lets the next one in.
pub struct Place {
    /// `None` once the place is handed on.
    room: Option<Arc<Room>>,
}

/// A place, and what it took to get it.
pub struct Entered {
    /// The place.
    pub place: Place,
    /// How long the request waited.
    pub waited: Duration,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// As many wait as may, and none of them has to make room for this one.
    Full {
        /// After this time those who wait now will probably have had their turns.
        retry_after: Duration,
    },
    /// The deadline or the room's patience passed.
    Late,
}

/// What a room looks like at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Requests under way.
    pub under_way: u32,
    /// Requests that wait.
    pub waiting: u32,
    /// The most requests under way.
    pub limit: u32,
    /// Requests that got no place so far, for whichever reason of [`Refusal`].
    pub refused: u64,
}

/// What the lock guards.
struct Bench {
    queue: Queue<oneshot::Sender<Place>>,
    pace: Pace,
}

/// What became of somebody who found no free place at first sight.
enum Seat {
    Place(Place),
    Spot(Spot, oneshot::Receiver<Place>),
}

/// Frees the spot of somebody who waits no longer, for whichever reason.
struct Waiting<'a> {
    room: &'a Room,
    spot: Spot,
}

/// One spot of so many is kept by each priority once it has it, so that those above it cannot keep all of it out.
const SPARED: u32 = 10;

/// The shortest time after which to come back: HTTP counts it in seconds.
const SOONEST: Duration = Duration::from_secs(1);

impl Room {
    /// An empty one.
    pub fn new(config: RoomConfig) -> Arc<Self> {
        let bench = Bench {
            queue: Queue::new(),
            pace: Pace::new(Instant::now()),
        };
        Arc::new(Self {
            config,
            count: Count::new(),
            refused: AtomicU64::new(0),
            bench: Mutex::new(bench),
        })
    }

    /// A place, if one is free and nobody waits for it.
    pub fn try_enter(self: &Arc<Self>) -> Option<Place> {
        self.count
            .take(self.config.concurrency)
            .then(|| self.place())
    }

    /// A place, as soon as it is this one's turn. Whoever drops this future waits no longer.
    ///
    /// # Errors
    /// When too many wait already, at once; when one that goes before it needs the spot; when the deadline passes.
    pub async fn enter(self: &Arc<Self>, who: Who, deadline: Instant) -> Result<Entered, Refusal> {
        if let Some(place) = self.try_enter() {
            let waited = Duration::ZERO;
            return Ok(Entered { place, waited });
        }
        let arrived = Instant::now();
        let until = arrived
            .checked_add(self.config.patience)
            .map_or(deadline, |patience| patience.min(deadline));
        // Who cannot wait displaces nobody. Where nobody may wait the room is full, whatever its patience.
        if deadline <= arrived {
            return Err(self.refuse(Refusal::Late));
        }
        let place = match self.sit_down(who, arrived)? {
            Seat::Place(place) => place,
            Seat::Spot(spot, called) => {
                let _waiting = Waiting { room: self, spot };
                match timeout_at(until, called).await {
                    Ok(Ok(place)) => place,
                    // The sender is dropped only for somebody who goes before this one, and has the spot now.
                    Ok(Err(_)) => return Err(self.displaced()),
                    Err(_) => return Err(self.refuse(Refusal::Late)),
                }
            }
        };
        let waited = arrived.elapsed();
        Ok(Entered { place, waited })
    }

    /// What it looks like now.
    pub fn reading(&self) -> Reading {
        let seen = self.count.seen();
        Reading {
            under_way: seen.under_way,
            waiting: seen.waiting,
            limit: self.config.concurrency,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Takes a place that became free in the meantime, or a spot in the queue, if need be from somebody who has
    /// to make room.
    fn sit_down(self: &Arc<Self>, who: Who, now: Instant) -> Result<Seat, Refusal> {
        let (sender, called) = oneshot::channel();
        let mut bench = self.bench();
        let displaced = match self.count.join(self.config.concurrency, self.config.queue) {
            Joined::Enters => return Ok(Seat::Place(self.place())),
            Joined::Waits => None,
            Joined::Full => match bench.queue.displace(who, self.spared()) {
                Some(displaced) => Some(displaced),
                None => return Err(self.refuse(self.full(&bench))),
            },
        };
        if bench.queue.is_empty() && displaced.is_none() {
            bench.pace.begin(now);
        }
        let spot = bench.queue.push(who, sender);
        drop(bench);
        drop(displaced);
        Ok(Seat::Spot(spot, called))
    }

    /// Whom the place of somebody who leaves goes to. When nobody waits it is free.
    fn next(&self) -> Option<oneshot::Sender<Place>> {
        if self.count.leave() {
            return None;
        }
        let now = Instant::now();
        let mut bench = self.bench();
        if let Some(next) = bench.queue.pop() {
            self.count.stop_waiting();
            bench.pace.leave(now);
            return Some(next);
        }
        // The last one went away before the lock was taken, and nobody can begin to wait while it is held.
        let left = self.count.leave();
        debug_assert!(left, "somebody waits who is not in the queue");
        None
    }

    /// Gives the place to whoever is next, and gives it back if that one went away just now.
    fn hand_on(self: Arc<Self>) -> Option<Arc<Self>> {
        let next = self.next()?;
        let place = Place { room: Some(self) };
        next.send(place).err()?.room.take()
    }

    /// How many spots of the queue those of one priority keep, whoever else comes.
    fn spared(&self) -> usize {
        usize::try_from(self.config.queue.div_ceil(SPARED)).unwrap_or(usize::MAX)
    }

    fn place(self: &Arc<Self>) -> Place {
        Place {
            room: Some(Arc::clone(self)),
        }
    }

    /// Nobody who waits now does so for longer than the room's patience, so nobody need stay away for longer.
    fn full(&self, bench: &Bench) -> Refusal {
        let turns = self.count.seen().waiting;
        let retry_after = bench
            .pace
            .interval(Instant::now())
            .map_or(self.config.patience, |each| each.saturating_mul(turns))
            .min(self.config.patience)
            .max(SOONEST);
        Refusal::Full { retry_after }
    }

    fn displaced(&self) -> Refusal {
        let bench = self.bench();
        let full = self.full(&bench);
        drop(bench);
        self.refuse(full)
    }

    fn refuse(&self, refusal: Refusal) -> Refusal {
        self.refused.fetch_add(1, Ordering::Relaxed);
        refusal
    }

    /// A panic under the lock could come only from a map's memory running out, which ends the process.
    fn bench(&self) -> MutexGuard<'_, Bench> {
        self.bench.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut leaving = self.room.take();
        while let Some(room) = leaving {
            leaving = room.hand_on();
        }
    }
}

impl Drop for Waiting<'_> {
    /// Who is not in the queue any more has been called or displaced. A place that was sent and not taken is dropped with
    /// the channel, which hands it on.
    fn drop(&mut self) {
        let mut bench = self.room.bench();
        let sender = bench.queue.remove(self.spot);
        if sender.is_some() {
            self.room.count.stop_waiting();
        }
        drop(bench);
        drop(sender);
    }
}

#[cfg(test)]
mod tests;
