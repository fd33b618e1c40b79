//! What the thread that takes finished requests tells of each: it is counted, and its spans are made.

use std::sync::Arc;

use super::{
    metrics::{Metrics, Tally},
    traces::Traces,
};
use crate::accounting::record::Record;

/// Sees every finished request once.
pub struct Observer {
    tally: Tally,
    traces: Option<Arc<Traces>>,
}

impl Observer {
    /// Counts here, and makes spans where they are wanted.
    pub fn new(metrics: Arc<Metrics>, traces: Option<Arc<Traces>>) -> Self {
        let tally = Tally::new(metrics);
        Self { tally, traces }
    }

    /// Takes in a finished request.
    pub fn see(&mut self, record: &Record) {
        self.tally.count(record);
        if let Some(traces) = &self.traces {
            traces.add(record);
        }
    }
}
