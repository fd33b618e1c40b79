//! What arrived and what became of it: a bounded ring that tests look at. It remembers; it decides nothing.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use crate::http::Request;

/// The most bytes of requests that are remembered, whatever their number.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// One request that arrived.
#[derive(Clone)]
pub struct Seen {
    /// Counts the requests of a simulator from 1; also in the `x-request-id` of its answer.
    pub id: u64,
    /// Counts the connections of a simulator from 1: requests with the same number shared one.
    pub connection: u64,
    /// The method, as it was sent.
    pub method: String,
    /// Path and query, as they were sent.
    pub path: String,
    /// All headers in the order in which they came, with the names as they were written.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte, without transfer coding.
    pub body: Bytes,
    /// What became of it.
    pub outcome: Outcome,
    /// When it had arrived whole.
    pub at: SystemTime,
}

impl Seen {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }
}

impl fmt::Debug for Seen {
    /// Leaves out headers and body: they hold keys and prompts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("id", &self.id)
            .field("connection", &self.connection)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body_bytes", &self.body.len())
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is being answered, or kept waiting.
    Running,
    /// It was answered in full.
    Answered,
    /// It got a fault, to the end of it.
    Faulted,
    /// The client went away before the answer, or the fault, was complete.
    Cancelled {
        /// Milliseconds from the arrival of the whole request to the client's leaving.
        after_ms: u64,
        /// Events of a stream that were written in full.
        events_sent: usize,
    },
}

/// The last requests.
pub(crate) struct Ring {
    size: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    bytes: usize,
    entries: VecDeque<Entry>,
}

struct Entry {
    id: u64,
    connection: u64,
    request: Arc<Request>,
    outcome: Outcome,
    at: SystemTime,
}

impl Ring {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            state: Mutex::default(),
        }
    }

    /// Remembers a request and gives it a number.
    pub(crate) fn arrived(&self, connection: u64, request: &Arc<Request>) -> u64 {
        let mut state = self.lock();
        state.next = state.next.saturating_add(1);
        let id = state.next;
        if self.size == 0 {
            return id;
        }
        state.bytes = state.bytes.saturating_add(request.size());
        let entry = Entry {
            id,
            connection,
            request: Arc::clone(request),
            outcome: Outcome::Running,
            at: SystemTime::now(),
        };
        state.entries.push_back(entry);
        while state.entries.len() > self.size
            || (state.bytes > MAX_BYTES && state.entries.len() > 1)
        {
            let oldest = state.entries.pop_front();
            state.bytes = state
                .bytes
                .saturating_sub(oldest.map_or(0, |entry| entry.request.size()));
        }
        id
    }

    /// Notes what became of a request, if it is still remembered.
    pub(crate) fn finished(&self, id: u64, outcome: Outcome) {
        let mut state = self.lock();
        // Ids are consecutive, so that the place of an entry follows from the first one's.
        let first = state.entries.front().map_or(u64::MAX, |entry| entry.id);
        let place = id
            .checked_sub(first)
            .and_then(|place| usize::try_from(place).ok());
        if let Some(entry) = place.and_then(|place| state.entries.get_mut(place)) {
            entry.outcome = outcome;
        }
    }

    /// All that is remembered, oldest first.
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.lock().entries.iter().map(Entry::seen).collect()
    }

    /// Forgets all of it; numbers go on counting.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        state.entries.clear();
        state.bytes = 0;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn seen(&self) -> Seen {
        let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Seen {
            id: self.id,
            connection: self.connection,
            method: self.request.method().to_owned(),
            path: self.request.target().to_owned(),
            headers: self.request.headers().map(text).collect(),
            body: self.request.body().clone(),
            outcome: self.outcome,
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_last_requests_and_their_outcomes() {
        let ring = Ring::new(2);
        let request = Arc::new(Request::default());
        for id in 1..=3 {
            assert_eq!(ring.arrived(1, &request), id);
        }
        ring.finished(1, Outcome::Answered);
        ring.finished(3, Outcome::Faulted);
        let outcomes: Vec<_> = ring
            .all()
            .iter()
            .map(|seen| (seen.id, seen.outcome))
            .collect();
        assert_eq!(outcomes, [(2, Outcome::Running), (3, Outcome::Faulted)]);
        ring.clear();
        assert_eq!(ring.arrived(1, &request), 4);
        ring.finished(3, Outcome::Answered);
        ring.finished(4, Outcome::Answered);
        assert_eq!(
            ring.all()
                .iter()
                .map(|seen| seen.outcome)
                .collect::<Vec<_>>(),
            [Outcome::Answered]
        );
    }

    #[test]
    fn a_ring_without_room_still_counts() {
        let ring = Ring::new(0);
        let request = Arc::new(Request::default());
        assert_eq!(
            (ring.arrived(1, &request), ring.arrived(1, &request)),
            (1, 2)
        );
        ring.finished(2, Outcome::Answered);
        assert!(ring.all().is_empty());
    }
}
