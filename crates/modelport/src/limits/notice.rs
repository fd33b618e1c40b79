//! Notices that a budget has reached the amount at which it warns: a line in the log, and word to whoever passes it on.
//! They are queued where requests end, so queueing waits for nobody.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{budget::SoftReached, cell::Cell};

/// Notices that may wait to be passed on; there is one for each budget and window.
const MAX_WAITING: usize = 256;

/// A budget has reached the amount at which it warns.
#[derive(Debug)]
pub struct Notice {
    /// The budget.
    pub cell: Arc<Cell>,
    /// How far it is spent.
    pub soft: SoftReached,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// Takes notices.
#[derive(Debug, Clone)]
pub struct Notices {
    sender: Sender<Notice>,
    /// Taken by the task that passes them on.
    waiting: Arc<Mutex<Option<Receiver<Notice>>>>,
}

impl Default for Notices {
    fn default() -> Self {
        let (sender, waiting) = channel(MAX_WAITING);
        Self {
            sender,
            waiting: Arc::new(Mutex::new(Some(waiting))),
        }
    }
}

impl Notices {
    /// A budget has reached the amount at which it warns.
    pub fn reached(&self, cell: &Arc<Cell>, soft: SoftReached, at: u64) {
        tracing::warn!(
            target: "modelport",
            owner = ?cell.owner,
            name = &*cell.name,
            spent = %soft.spent,
            warn_at = %soft.limit,
            "a budget has reached the amount at which it warns"
        );
        let cell = Arc::clone(cell);
        if self.sender.try_send(Notice { cell, soft, at }).is_err() {
            tracing::warn!(target: "modelport", waiting = MAX_WAITING, "the webhook of budgets is not told of this one, because too much waits to be told");
        }
    }

    /// What waits to be passed on, for the first who asks.
    pub fn take(&self) -> Option<Receiver<Notice>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }
}
