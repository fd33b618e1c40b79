//! Every metric: its name, its labels and what it says. The page, its documentation and the checks of dashboard and
//! alerts are made from this table.

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name; samples of a counter have `_total` behind it.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, without a full stop.
    pub help: &'static str,
}

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A sum that only grows.
    Counter,
    /// What there is now.
    Gauge,
    /// How many values there were up to each of these.
    Histogram(&'static [f64]),
}

impl Kind {
    /// Prometheus' word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// Labels with their values.
pub type Labels = Vec<(&'static str, String)>;

impl Metric {
    pub(super) const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind: Kind::Counter,
            labels,
            help,
        }
    }

    pub(super) const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind: Kind::Gauge,
            labels,
            help,
        }
    }

    const fn histogram(
        name: &'static str,
        buckets: &'static [f64],
        labels: &'static [&'static str],
        help: &'static str,
    ) -> Self {
        Self {
            name,
            kind: Kind::Histogram(buckets),
            labels,
            help,
        }
    }

    /// What its samples are called, histograms' suffixes aside.
    pub fn sample(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge | Kind::Histogram(_) => self.name.to_owned(),
        }
    }

    /// Its labels with these values, in the same order.
    pub fn with<const N: usize>(&self, values: [&str; N]) -> Labels {
        debug_assert_eq!(self.labels.len(), N, "{}", self.name);
        let values = values.into_iter().map(str::to_owned);
        self.labels.iter().copied().zip(values).collect()
    }
}

/// OpenTelemetry's words (semantic conventions for generative AI, 2026-11).
const OPERATION: &str = "gen_ai_operation_name";
pub(super) const PROVIDER: &str = "gen_ai_provider_name";
const MODEL: &str = "gen_ai_request_model";
const TOKEN_TYPE: &str = "gen_ai_token_type";
const ERROR_TYPE: &str = "error_type";

/// The label that says which model, whose values are bounded.
pub(super) const MODEL_LABEL: &str = MODEL;

/// The buckets that OpenTelemetry gives for each of its metrics.
const TOKENS: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
const SECONDS: &[f64] = &[
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const FIRST_TOKEN: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
const PER_TOKEN: &[f64] = &[
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5,
];

/// From what a request costs by itself to a pause before a retry.
const OVERHEAD: &[f64] = &[
    0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 10.0,
];

pub(super) const TOKEN_USAGE: Metric = Metric::histogram(
    "gen_ai_client_token_usage",
    TOKENS,
    &[OPERATION, PROVIDER, MODEL, TOKEN_TYPE],
    "Tokens of a request, as its provider counted them: gen_ai_token_type is input or output",
);
pub(super) const DURATION: Metric = Metric::histogram(
    "gen_ai_server_request_duration_seconds",
    SECONDS,
    &[OPERATION, PROVIDER, MODEL, ERROR_TYPE],
    "From a request's arrival to the end of its answer; error_type is empty where nothing went wrong",
);
pub(super) const TIME_TO_FIRST_TOKEN: Metric = Metric::histogram(
    "gen_ai_server_time_to_first_token_seconds",
    FIRST_TOKEN,
    &[OPERATION, PROVIDER, MODEL],
    "From the arrival of a streamed request to the first output",
);
pub(super) const TIME_PER_TOKEN: Metric = Metric::histogram(
    "gen_ai_server_time_per_output_token_seconds",
    PER_TOKEN,
    &[OPERATION, PROVIDER, MODEL],
    "The time of a streamed answer behind its first output, for each token behind the first",
);
pub(super) const REQUESTS: Metric = Metric::counter(
    "modelport_requests",
    &[
        "endpoint",
        PROVIDER,
        MODEL,
        "status_class",
        "ending",
        "stream",
    ],
    "Finished requests: status_class is what the caller got, ending is answered, refused (by the provider), failed (by modelport), broken (inside a stream) or cancelled (by the caller)",
);
pub(super) const ERRORS: Metric = Metric::counter(
    "modelport_errors",
    &["endpoint", PROVIDER, "blame", ERROR_TYPE],
    "Requests that went wrong: blame is caller, upstream or gateway, error_type the class of a provider's refusal or the code of an error of modelport",
);
pub(super) const ATTEMPTS: Metric = Metric::counter(
    "modelport_attempts",
    &[PROVIDER, "step", "outcome"],
    "Calls of providers for finished requests: step is first, retry, failover or hedge, outcome is answered (its output began), cancelled or the class of the failure",
);
pub(super) const OVERHEAD_SECONDS: Metric = Metric::histogram(
    "modelport_overhead_seconds",
    OVERHEAD,
    &["endpoint", "stream"],
    "The time of a request that was not spent waiting for providers, of requests that were sent to one and that their caller did not leave",
);
pub(super) const TOKENS_TOTAL: Metric = Metric::counter(
    "modelport_tokens",
    &[PROVIDER, MODEL, TOKEN_TYPE, "counts"],
    "Tokens: cached_input and cache_write are parts of input, reasoning of output; counts is told (by the provider) or estimated",
);
pub(super) const COST: Metric = Metric::counter(
    "modelport_cost_usd",
    &[PROVIDER, MODEL, "source"],
    "What requests cost in US dollars: source is reported (by the provider), computed (from its counts) or estimated",
);
pub(super) const UNPRICED: Metric = Metric::counter(
    "modelport_unpriced_requests",
    &[PROVIDER, MODEL],
    "Requests that may cost something, and nobody knows how much",
);
pub(super) const LIMIT_REFUSALS: Metric = Metric::counter(
    "modelport_limit_refusals",
    &["owner", "limit"],
    "Requests that a limit or a budget refused: owner is gateway, key, team, model or provider",
);
pub(super) const BUDGET_WARNINGS: Metric = Metric::counter(
    "modelport_budget_warnings",
    &["owner"],
    "Budgets that reached the amount at which they warn",
);
pub(super) const CACHE_LOOKUPS: Metric = Metric::counter(
    "modelport_cache_lookups",
    &["result"],
    "Requests that an answer was looked for among those that are kept: hit, miss or bypass",
);

/// What is counted from finished requests.
const COUNTED: [&Metric; 14] = [
    &TOKEN_USAGE,
    &DURATION,
    &TIME_TO_FIRST_TOKEN,
    &TIME_PER_TOKEN,
    &REQUESTS,
    &ERRORS,
    &ATTEMPTS,
    &OVERHEAD_SECONDS,
    &TOKENS_TOTAL,
    &COST,
    &UNPRICED,
    &LIMIT_REFUSALS,
    &BUDGET_WARNINGS,
    &CACHE_LOOKUPS,
];

/// Every metric, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    COUNTED.into_iter().chain(super::gauges::ALL)
}
