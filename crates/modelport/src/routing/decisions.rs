//! The choices of the last requests on routes, to be looked up by a request's id. Bounded, and written without a lock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::SystemTime,
};

use arc_swap::ArcSwapOption;

use super::choice::{Attempts, Choice, Stop};
use crate::ids::RequestId;

/// How many are kept.
pub const KEPT: usize = 1024;

/// The last of them.
pub struct Decisions {
    kept: Vec<ArcSwapOption<Decision>>,
    next: AtomicUsize,
}

/// One request's choice, and what came of it.
pub struct Decision {
    /// The request.
    pub id: RequestId,
    /// When it was answered.
    pub at: SystemTime,
    /// The model that it asked for.
    pub requested: String,
    /// The choice.
    pub choice: Choice,
    /// The calls that were made.
    pub attempts: Attempts,
    /// Why there are no more of them.
    pub stopped: Option<Stop>,
}

impl Default for Decisions {
    fn default() -> Self {
        Self {
            kept: (0..KEPT).map(|_| ArcSwapOption::empty()).collect(),
            next: AtomicUsize::new(0),
        }
    }
}

impl Decisions {
    /// Keeps one, in place of the oldest.
    pub fn keep(&self, decision: Decision) {
        let place = self.next.fetch_add(1, Relaxed) % KEPT;
        if let Some(slot) = self.kept.get(place) {
            slot.store(Some(Arc::new(decision)));
        }
    }

    /// Those that are kept, in no order.
    pub fn all(&self) -> impl Iterator<Item = Arc<Decision>> {
        self.kept.iter().filter_map(ArcSwapOption::load_full)
    }

    /// The last one of the request with this id. Callers may use an id twice.
    pub fn find(&self, id: &str) -> Option<Arc<Decision>> {
        let newest = self.next.load(Relaxed);
        (1..=KEPT).find_map(|back| {
            let place = newest.wrapping_sub(back) % KEPT;
            let decision = self.kept.get(place)?.load_full()?;
            (decision.id.as_str() == id).then_some(decision)
        })
    }
}
