//! What the gateway counts, for Prometheus. Finished requests are counted from their records by the thread that takes
//! these, so that the threads that serve have nothing to do with it; what there is at a moment is read when somebody asks.

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use arc_swap::ArcSwapOption;
use prometheus_client::{encoding::text, registry::Registry};

mod bounded;
pub(crate) mod gauges;
mod series;
pub mod table;
mod tally;
mod text_format;

pub use tally::Tally;
pub use text_format::plain;

use super::history::History;

/// Whether a provider is known to have a model, by the provider's id and the model's.
type Knows = Box<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// All that is counted from the start of the process.
pub struct Metrics {
    registry: Registry,
    families: series::Families,
    history: Mutex<History>,
    uncounted: AtomicU64,
    knows: ArcSwapOption<Knows>,
}

impl Metrics {
    /// Nothing has been counted.
    pub fn new() -> Self {
        let families = series::Families::default();
        let mut registry = Registry::default();
        families.register(&mut registry);
        Self {
            registry,
            families,
            history: Mutex::default(),
            uncounted: AtomicU64::new(0),
            knows: ArcSwapOption::empty(),
        }
    }

    /// From now on this tells which models become labels by their names. Nobody else's words do: anybody can ask for
    /// models without end.
    pub fn ask(&self, knows: Knows) {
        self.knows.store(Some(std::sync::Arc::new(knows)));
    }

    /// What the last requests came to, step by step. Nobody who serves takes this lock.
    pub fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is not counted, because too many wait for that.
    pub fn miss(&self) {
        self.uncounted.fetch_add(1, Relaxed);
    }

    /// Requests that were not counted.
    pub fn uncounted(&self) -> u64 {
        self.uncounted.load(Relaxed)
    }

    /// What was counted, and what `now` holds besides, in the format of OpenMetrics.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, now: &Registry) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode_registry(&mut page, &self.registry)?;
        text::encode_registry(&mut page, now)?;
        text::encode_eof(&mut page)?;
        Ok(page)
    }

    fn is_known(&self, provider: &str, model: &str) -> bool {
        let knows = self.knows.load();
        knows.as_ref().is_some_and(|knows| knows(provider, model))
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
