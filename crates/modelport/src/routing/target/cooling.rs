//! The pause that a target asked for. A rate limit is not an error of the target: counting it as one would open the
//! breaker of a healthy target whenever it is fully used, and keep it open for longer than the limit asks. So it parks
//! the target for exactly the time that it says, or where it says none for one second, and longer each time that no
//! answer came since the last pause began.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The first pause where the target names none.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause where the target names none.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// The longest pause that a target can ask for. Daily limits name longer ones, but so do mistaken units, and asking once
/// an hour costs nothing.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// The end of the last pause in milliseconds, above 3 bits for how often its length was doubled. 0 if there was none
/// since the last answer.
#[derive(Default)]
pub(super) struct Cooling(AtomicU64);

/// What the pauses were when a call began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen(u64);

impl Cooling {
    pub(super) fn seen(&self) -> Seen {
        Seen(self.0.load(Relaxed))
    }

    /// The time that is left of the pause.
    pub(super) fn left(&self, now: u64) -> Option<Duration> {
        let (until, _) = unpack(self.0.load(Relaxed));
        (until > now).then(|| Duration::from_millis(until - now))
    }

    /// A pause until then, if it is later than that of now.
    pub(super) fn until(&self, until: u64, now: u64) {
        let until = until.min(now.saturating_add(super::millis(LONGEST_ASKED)));
        self.0.update(Relaxed, Relaxed, |packed| {
            let (last, doublings) = unpack(packed);
            pack(last.max(until), doublings)
        });
    }

    /// A pause of unsaid length, unless there is one: the refusals of calls that were under way at the same time are one
    /// sign, not many.
    pub(super) fn begin(&self, now: u64) {
        self.0.update(Relaxed, Relaxed, |packed| {
            let (last, doublings) = unpack(packed);
            if last > now {
                return packed;
            }
            let pause = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
            let until = now.saturating_add(super::millis(pause));
            pack(until, (doublings + 1).min(MOST_DOUBLINGS))
        });
    }

    /// A call was answered. If it began in the pause of now, because there was no other target, it shows that the pause is
    /// over before its time. If it began earlier, the target is only fully used, and the next pause need not be longer.
    pub(super) fn answered(&self, seen: Seen) {
        if self.0.load(Relaxed) == 0 {
            return;
        }
        self.0.update(Relaxed, Relaxed, |packed| {
            let (until, _) = unpack(packed);
            if packed == seen.0 { 0 } else { pack(until, 0) }
        });
    }
}

/// After as many the pause is longer than the longest.
const MOST_DOUBLINGS: u64 = 6;

fn pack(until: u64, doublings: u64) -> u64 {
    (until << 3) | doublings
}

fn unpack(packed: u64) -> (u64, u64) {
    (packed >> 3, packed & 7)
}
