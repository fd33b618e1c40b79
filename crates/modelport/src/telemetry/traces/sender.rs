//! Sends spans in batches, on a thread of its own with a runtime of its own, so that a receiver that hangs or is away
//! holds up nothing but this.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc::{Receiver, error::TryRecvError},
    time::sleep,
};

use super::{
    Counts, Order,
    call::{Failed, Line},
    wire::{Export, Resource, ResourceSpans, Scope, ScopeSpans, Span},
};

/// The most spans that are sent at once.
const MAX_BATCH: usize = 512;

/// How long spans may wait to be sent together.
const BATCH: Duration = Duration::from_millis(200);

/// Empty batches after which the thread sleeps until it is woken.
const QUIET_BATCHES: u32 = 10;

/// The pauses before a batch is tried again, unless the receiver says otherwise.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// The longest pause that a receiver may ask for.
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// What the sending thread holds.
pub(super) struct Sender {
    pub(super) line: Line,
    pub(super) resource: Resource,
    pub(super) spans: Receiver<Vec<Span>>,
    pub(super) orders: Receiver<Order>,
    pub(super) counts: Arc<Counts>,
    /// Spans that are not sent yet.
    pub(super) batch: Vec<Span>,
    /// Is dropped when all is sent that there is to send.
    pub(super) order: Option<Order>,
    pub(super) is_failing: bool,
}

impl Sender {
    /// Sends until nobody can give it spans any more.
    pub(super) async fn run(mut self) {
        let mut quiet = 0;
        loop {
            let is_open = self.gather();
            if self.batch.is_empty() {
                self.order = None;
                if !is_open {
                    return;
                }
                quiet += 1;
                self.rest(quiet).await;
            } else {
                quiet = 0;
                self.deliver().await;
                if self.spans.is_empty() && self.order.is_none() {
                    self.pause(BATCH).await;
                }
            }
        }
    }

    /// Takes what waits into the batch. False says that nothing more will come.
    fn gather(&mut self) -> bool {
        while self.batch.len() < MAX_BATCH {
            match self.spans.try_recv() {
                Ok(mut spans) => self.batch.append(&mut spans),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        true
    }

    /// Sleeps by the clock for a while, so that whoever gives spans has nobody to wake, and then until there are some.
    async fn rest(&mut self, quiet: u32) {
        if quiet < QUIET_BATCHES {
            return self.pause(BATCH).await;
        }
        tokio::select! {
            Some(mut spans) = self.spans.recv() => {
                self.batch.append(&mut spans);
                self.pause(BATCH).await;
            }
            order = self.orders.recv() => self.order = order,
        }
    }

    /// Sleeps, unless all is wanted to be sent.
    async fn pause(&mut self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            Some(order) = self.orders.recv() => self.order = Some(order),
        }
    }

    /// Sends the batch, with as many tries as it takes and as there may be.
    async fn deliver(&mut self) {
        let spans = std::mem::take(&mut self.batch);
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let message = self.line.encode(&self.message(spans));
        let mut pauses = PAUSES.into_iter();
        loop {
            let failed = match self.line.send(&message).await {
                Ok(unwanted) => {
                    self.note_taken();
                    let unwanted = unwanted.min(count);
                    self.counts.add(count - unwanted, unwanted, 0);
                    return;
                }
                Err(failed) => failed,
            };
            self.note_failed(&failed);
            let pause = pauses.next().filter(|_| failed.may_repeat);
            // The last words are tried once.
            let Some(pause) = pause.filter(|_| self.order.is_none()) else {
                self.counts.add(0, 0, count);
                return;
            };
            self.pause(failed.after.unwrap_or(pause).min(MAX_PAUSE))
                .await;
        }
    }

    fn message(&self, spans: Vec<Span>) -> Export {
        let scope = Scope {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Export {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(scope),
                    spans,
                }],
            }],
        }
    }

    /// Says once that something is wrong.
    fn note_failed(&mut self, failed: &Failed) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let problem = &failed.problem;
            tracing::warn!(target: "modelport", problem, "traces cannot be sent to the receiver that OTEL_EXPORTER_OTLP_ENDPOINT names: requests are served, and their spans are lost after some tries");
        }
    }

    fn note_taken(&mut self) {
        if std::mem::take(&mut self.is_failing) {
            tracing::warn!(target: "modelport", "traces can be sent again");
        }
    }
}
