//! The families of metrics that are counted from finished requests.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{self, Registry},
};

use super::{
    bounded::Buckets,
    table::{
        ATTEMPTS, BUDGET_WARNINGS, CACHE_LOOKUPS, COST, DURATION, ERRORS, Kind, LIMIT_REFUSALS,
        Labels, Metric, OVERHEAD_SECONDS, REQUESTS, TIME_PER_TOKEN, TIME_TO_FIRST_TOKEN,
        TOKEN_USAGE, TOKENS_TOTAL, UNPRICED,
    },
};

/// US dollars; a sum of parts of cents.
pub(super) type Dollars = Counter<f64, AtomicU64>;

pub(super) type Counters = Family<Labels, Counter>;
pub(super) type Sums = Family<Labels, Dollars>;
pub(super) type Histograms = Family<Labels, Histogram, Buckets>;

/// All of them.
pub(super) struct Families {
    pub(super) token_usage: Histograms,
    pub(super) duration: Histograms,
    pub(super) time_to_first_token: Histograms,
    pub(super) time_per_token: Histograms,
    pub(super) overhead: Histograms,
    pub(super) requests: Counters,
    pub(super) errors: Counters,
    pub(super) attempts: Counters,
    pub(super) tokens: Counters,
    pub(super) cost: Sums,
    pub(super) unpriced: Counters,
    pub(super) limit_refusals: Counters,
    pub(super) budget_warnings: Counters,
    pub(super) cache_lookups: Counters,
}

impl Default for Families {
    fn default() -> Self {
        Self {
            token_usage: histograms(&TOKEN_USAGE),
            duration: histograms(&DURATION),
            time_to_first_token: histograms(&TIME_TO_FIRST_TOKEN),
            time_per_token: histograms(&TIME_PER_TOKEN),
            overhead: histograms(&OVERHEAD_SECONDS),
            requests: Family::default(),
            errors: Family::default(),
            attempts: Family::default(),
            tokens: Family::default(),
            cost: Family::default(),
            unpriced: Family::default(),
            limit_refusals: Family::default(),
            budget_warnings: Family::default(),
            cache_lookups: Family::default(),
        }
    }
}

impl Families {
    /// Has them written on the page.
    pub(super) fn register(&self, registry: &mut Registry) {
        add(registry, &TOKEN_USAGE, &self.token_usage);
        add(registry, &DURATION, &self.duration);
        add(registry, &TIME_TO_FIRST_TOKEN, &self.time_to_first_token);
        add(registry, &TIME_PER_TOKEN, &self.time_per_token);
        add(registry, &OVERHEAD_SECONDS, &self.overhead);
        add(registry, &REQUESTS, &self.requests);
        add(registry, &ERRORS, &self.errors);
        add(registry, &ATTEMPTS, &self.attempts);
        add(registry, &TOKENS_TOTAL, &self.tokens);
        add(registry, &COST, &self.cost);
        add(registry, &UNPRICED, &self.unpriced);
        add(registry, &LIMIT_REFUSALS, &self.limit_refusals);
        add(registry, &BUDGET_WARNINGS, &self.budget_warnings);
        add(registry, &CACHE_LOOKUPS, &self.cache_lookups);
    }
}

fn add(registry: &mut Registry, of: &Metric, family: &(impl registry::Metric + Clone)) {
    registry.register(of.name, of.help, family.clone());
}

fn histograms(of: &Metric) -> Histograms {
    let buckets: &[f64] = match of.kind {
        Kind::Histogram(buckets) => buckets,
        Kind::Counter | Kind::Gauge => &[],
    };
    Family::new_with_constructor(Buckets(buckets))
}
