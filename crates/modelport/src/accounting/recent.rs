//! The last finished requests, with what the ledger has no place for: their attempts, what became of their fields, what
//! went wrong. The thread that takes the records moves that here out of each, so that the threads that serve have nothing
//! to do with it. Kept in memory: a restart forgets them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use smallvec::SmallVec;

use super::{
    entry::{Entry, Texts},
    record::{Lookup, Problem, Record, Tried},
};
use crate::clock;

/// How many are kept; about a kilobyte each.
pub const KEPT: usize = 512;

/// One finished request.
#[derive(Debug)]
pub struct Finished {
    /// Its row in the ledger.
    pub row: Entry,
    /// The route that was for it, whose decision is kept under the request's id.
    pub route: Option<Arc<str>>,
    /// What `x-modelport-params` told: the fields that were not simply sent.
    pub params: Option<Box<str>>,
    /// Its attempts.
    pub tried: SmallVec<[Tried; 1]>,
    /// How much of its time was spent waiting for providers.
    pub waited: Duration,
    /// Whether its tokens are an estimate of ours.
    pub is_estimated: bool,
    /// What was found among the answers that are kept, where any are.
    pub lookup: Option<Lookup>,
    /// What went wrong.
    pub problem: Option<Problem>,
}

/// The last of them. They are numbered in the order in which they end, from the microseconds between 1970 and the start
/// of the process on: a number that another process gave is before all of this one's.
pub struct Recent(Mutex<Ring>);

struct Ring {
    kept: VecDeque<Arc<Finished>>,
    /// The number of the first one of this process.
    first: u64,
    /// The number of the one that ends next.
    next: u64,
    /// What most rows have is kept once.
    texts: Texts,
}

/// Those that ended after some moment.
#[derive(Debug)]
pub struct Tail {
    /// Those of them that are kept, oldest first.
    pub kept: Vec<Arc<Finished>>,
    /// How many of them are not kept any more.
    pub missed: u64,
    /// The number of the one that ends next.
    pub next: u64,
}

impl Default for Recent {
    fn default() -> Self {
        let start = clock::since_epoch().as_micros();
        let first = u64::try_from(start).unwrap_or(0);
        Self(Mutex::new(Ring {
            kept: VecDeque::with_capacity(KEPT),
            first,
            next: first,
            texts: Texts::default(),
        }))
    }
}

impl Recent {
    /// Keeps a finished request in place of the oldest, and takes out of its record what nobody else needs. Gives its row.
    pub fn keep(&self, record: &mut Record) -> Entry {
        let mut ring = self.lock();
        let row = Entry::of(record, &mut ring.texts);
        if ring.kept.len() == KEPT {
            ring.kept.pop_front();
        }
        ring.kept.push_back(Arc::new(Finished {
            row: row.clone(),
            route: record.route.take(),
            params: record.params.take(),
            tried: std::mem::take(&mut record.tried),
            waited: record.waited,
            is_estimated: record.estimated,
            lookup: record.lookup,
            problem: record.problem.clone(),
        }));
        ring.next += 1;
        row
    }

    /// All that are kept, newest first.
    pub fn all(&self) -> Vec<Arc<Finished>> {
        self.lock().kept.iter().rev().cloned().collect()
    }

    /// The last one that is so.
    pub fn find(&self, is_it: impl Fn(&Finished) -> bool) -> Option<Arc<Finished>> {
        let ring = self.lock();
        ring.kept.iter().rev().find(|each| is_it(each)).cloned()
    }

    /// The number of the one that ends next.
    pub fn next(&self) -> u64 {
        self.lock().next
    }

    /// Those from a number on. Of another process's number all are, and nothing is missed that this one knows of.
    pub fn since(&self, number: u64) -> Tail {
        let ring = self.lock();
        let count = u64::try_from(ring.kept.len()).unwrap_or(0);
        let wanted = ring.next.saturating_sub(number).min(ring.next - ring.first);
        let kept = wanted.min(count);
        let passed = usize::try_from(count - kept).unwrap_or(0);
        Tail {
            kept: ring.kept.iter().skip(passed).cloned().collect(),
            missed: wanted - kept,
            next: ring.next,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use http::HeaderMap;

    use super::*;
    use crate::ids::RequestId;

    fn keep(recent: &Recent, times: usize) {
        for _ in 0..times {
            let id = RequestId::of(&HeaderMap::new());
            let mut record = Record::new(id, SystemTime::UNIX_EPOCH, "/chat/completions", "chat");
            record.params = Some("user=dropped".into());
            recent.keep(&mut record);
            assert_eq!(record.params, None);
        }
    }

    #[test]
    fn who_reads_slowly_learns_how_many_it_missed() {
        let recent = Recent::default();
        let start = recent.next();
        keep(&recent, 3);
        let tail = recent.since(start);
        assert_eq!((tail.kept.len(), tail.missed, tail.next), (3, 0, start + 3));
        assert_eq!(tail.kept[0].params.as_deref(), Some("user=dropped"));
        keep(&recent, KEPT);
        let tail = recent.since(start);
        assert_eq!((tail.kept.len(), tail.missed), (KEPT, 3));
        let tail = recent.since(tail.next - 2);
        assert_eq!((tail.kept.len(), tail.missed), (2, 0));
        assert_eq!(recent.since(tail.next).kept.len(), 0);
        assert_eq!(recent.all().len(), KEPT);
    }

    #[test]
    fn a_number_of_another_process_is_before_all() {
        let recent = Recent::default();
        keep(&recent, 2);
        for other in [0, recent.next() - 3] {
            let tail = recent.since(other);
            assert_eq!((tail.kept.len(), tail.missed), (2, 0));
        }
        assert_eq!(recent.since(u64::MAX).kept.len(), 0);
    }
}
