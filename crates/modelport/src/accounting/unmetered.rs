//! A call of which the provider has not said what it used: what is needed to estimate that, away from the request path.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use modelport_provider::usage::Usage;

use super::{charge::Charge, tokens};

/// What a use costs.
pub type Price = Arc<dyn Fn(&Usage) -> Charge + Send + Sync>;

/// A call of which the provider has not said, or not to its end, what it used.
#[derive(Clone)]
pub struct Unmetered {
    /// Its body.
    pub body: Bytes,
    /// Events of its answer that arrived. At most providers each is a token.
    pub events: u64,
    /// What the provider did say.
    pub told: Option<Usage>,
    /// What its use costs.
    pub price: Price,
}

impl Unmetered {
    /// What it has used, as far as can be told, and what that costs.
    pub fn estimate(&self) -> (Usage, Charge) {
        let usage = self.told.clone().unwrap_or_else(|| Usage {
            input_tokens: tokens::of_request(&self.body),
            output_tokens: self.events,
            ..Usage::default()
        });
        let charge = (self.price)(&usage);
        (usage, charge)
    }
}

/// Without the prompt that it holds.
impl fmt::Debug for Unmetered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unmetered")
            .field("bytes", &self.body.len())
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
