//! One of those who have the same request at the same time asks for its answer, and the others wait for that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};

use super::{answer::Answer, fingerprint::Fingerprint};

/// The requests that somebody asks for. There are no more of them than requests under way.
#[derive(Default)]
pub(super) struct Gates(Mutex<HashMap<Fingerprint, Arc<Gate<Left>>>>);

/// What the one who went before has left for those behind, if anything.
type Left = Option<Arc<Answer>>;

/// A place among those who have the same request. Dropped, it lets the next one go.
pub struct Turn {
    gates: Arc<Gates>,
    of: Fingerprint,
    /// `None` once it is given back.
    gate: Option<Arc<Gate<Left>>>,
    /// Held by the one whose turn it is.
    passed: Option<OwnedMutexGuard<Left>>,
}

impl Gates {
    /// A place at the gate of this request.
    pub(super) fn at(self: &Arc<Self>, of: Fingerprint) -> Turn {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gate = Arc::clone(gates.entry(of).or_default());
        Turn {
            gates: Arc::clone(self),
            of,
            gate: Some(gate),
            passed: None,
        }
    }
}

impl Turn {
    /// Waits until it is this one's turn; the first to wait is the first to go.
    pub async fn come(&mut self) {
        if let Some(gate) = &self.gate {
            self.passed = Some(Arc::clone(gate).lock_owned().await);
        }
    }

    /// The answer that somebody who went before has left.
    pub fn left(&self) -> Option<&Arc<Answer>> {
        self.passed.as_ref()?.as_ref()
    }

    /// Leaves an answer for those behind.
    pub fn leave(&mut self, answer: &Arc<Answer>) {
        if let Some(passed) = &mut self.passed {
            **passed = Some(Arc::clone(answer));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.passed = None;
        let mut gates = self.gates.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.gate = None;
        // Others come to a gate under this lock only, so one that nobody else has is nobody's.
        if gates
            .get(&self.of)
            .is_some_and(|gate| Arc::strong_count(gate) == 1)
        {
            gates.remove(&self.of);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn one_goes_at_a_time_and_nothing_stays_behind() {
        let gates = Arc::new(Gates::default());
        let of = Fingerprint::numbered(1);
        let mut first = gates.at(of);
        first.come().await;
        let mut other = gates.at(Fingerprint::numbered(2));
        other.come().await;
        let (mut second, mut third) = (gates.at(of), gates.at(of));
        let soon = Duration::from_millis(5);
        assert!(tokio::time::timeout(soon, second.come()).await.is_err());
        assert!(tokio::time::timeout(soon, third.come()).await.is_err());
        drop(second);
        assert!(tokio::time::timeout(soon, third.come()).await.is_err());
        assert!(first.left().is_none());
        let (headers, now) = (http::HeaderMap::new(), std::time::Instant::now());
        let answer = Arc::new(Answer::new(headers, Vec::new(), now));
        first.leave(&answer);
        drop(first);
        third.come().await;
        assert!(Arc::ptr_eq(third.left().unwrap(), &answer));
        drop(other);
        assert_eq!(gates.0.lock().unwrap().len(), 1);
        drop(third);
        assert!(gates.0.lock().unwrap().is_empty());
    }
}
