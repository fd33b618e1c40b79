//! How long a future waits for others, beside what it does itself.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use crate::clock;

/// Sums the time in which a future has nothing to do: from each time it says so to the time it is asked again. What
/// passes between the arrival of what it waits for and that is among it.
pub(super) struct Waited<'f, F> {
    work: Pin<&'f mut F>,
    /// Since when it waits, while it does.
    since: Option<Instant>,
    total: Duration,
}

impl<'f, F> Waited<'f, F> {
    /// Of a future that has not begun.
    pub(super) fn of(work: Pin<&'f mut F>) -> Self {
        Self {
            work,
            since: None,
            total: Duration::ZERO,
        }
    }

    /// The time up to now.
    pub(super) fn total(&self) -> Duration {
        let now = self.since.map(|since| clock::now() - since);
        self.total + now.unwrap_or_default()
    }
}

impl<F: Future> Future for Waited<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.total = self.total();
        self.since = None;
        let done = self.work.as_mut().poll(cx);
        if done.is_pending() {
            self.since = Some(clock::now());
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn what_is_waited_for_counts_and_work_does_not() {
        let pause = Duration::from_millis(30);
        let work = pin!(async {
            std::thread::sleep(pause);
            tokio::time::sleep(pause).await;
            std::thread::sleep(pause);
            tokio::time::sleep(pause).await;
        });
        let mut waited = Waited::of(work);
        let started = clock::now();
        (&mut waited).await;
        let took = started.elapsed();
        assert!(waited.total() >= pause * 2);
        assert!(took >= waited.total() + pause * 2);
    }

    #[tokio::test]
    async fn what_is_given_up_has_waited_until_then() {
        let never = pin!(std::future::pending::<()>());
        let mut waited = Waited::of(never);
        let pause = Duration::from_millis(20);
        assert!(tokio::time::timeout(pause, &mut waited).await.is_err());
        assert!(waited.total() >= pause);
    }
}
