//! Counts finished requests. What a request is counted at depends on a few words of its record, and most requests have
//! the same as others before: that is looked up once and then remembered.

use std::{collections::HashMap, sync::Arc, time::Duration};

use modelport_provider::usage::Usage;
use prometheus_client::metrics::{counter::Counter, histogram::Histogram};
use rust_decimal::prelude::ToPrimitive;

use super::{
    Metrics,
    bounded::{Bounded, Buckets, OTHER},
    series::Dollars,
    table::{
        ATTEMPTS, BUDGET_WARNINGS, CACHE_LOOKUPS, COST, DURATION, ERRORS, LIMIT_REFUSALS,
        OVERHEAD_SECONDS, REQUESTS, TIME_PER_TOKEN, TIME_TO_FIRST_TOKEN, TOKEN_USAGE, TOKENS_TOTAL,
        UNPRICED,
    },
};
use crate::{
    accounting::{
        charge::Source,
        record::{Ending, Lookup, Record, Step},
    },
    clock,
    error::Blame,
    telemetry::history::Sample,
};

/// Combinations of words that are remembered; of more than that all are looked up again.
const MAX_KNOWN: usize = 4096;

/// What stands in a label where there is nothing: the request did not get as far.
const NONE: &str = "none";

/// The outcome of an attempt that became the answer.
const ANSWERED: &str = "answered";

type Counts = Bounded<Counter, fn() -> Counter>;
type Sums = Bounded<Dollars, fn() -> Dollars>;
type Spreads = Bounded<Histogram, Buckets>;

/// Counts the records of one thread.
pub struct Tally {
    metrics: Arc<Metrics>,
    /// Listed models and our own words only, so it needs no hash that withstands callers.
    known: HashMap<Words, Series, foldhash::fast::RandomState>,
    places: Places,
}

/// Where is counted.
struct Places {
    token_usage: Spreads,
    duration: Spreads,
    time_to_first_token: Spreads,
    time_per_token: Spreads,
    overhead: Spreads,
    requests: Counts,
    errors: Counts,
    attempts: Counts,
    tokens: Counts,
    cost: Sums,
    unpriced: Counts,
    limit_refusals: Counts,
    budget_warnings: Counts,
    cache_lookups: Counts,
}

/// The words of a record that decide where it is counted.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Words {
    provider: Box<str>,
    model: Arc<str>,
    endpoint: &'static str,
    operation: &'static str,
    stream: bool,
    status_class: &'static str,
    ending: Ending,
    problem: Option<(Blame, &'static str)>,
    source: Source,
    lookup: Option<Lookup>,
}

/// Where the records with the same words are counted, as far as that was needed.
#[derive(Default)]
struct Series {
    requests: Option<Counter>,
    duration: Option<Histogram>,
    time_to_first_token: Option<Histogram>,
    time_per_token: Option<Histogram>,
    overhead: Option<Histogram>,
    errors: Option<Counter>,
    answered: Option<Counter>,
    usage: [Option<Histogram>; 2],
    tokens: [Option<Counter>; TOKEN_TYPES.len()],
    cost: Option<Dollars>,
    unpriced: Option<Counter>,
    lookups: Option<Counter>,
}

/// What tokens are told apart by, and how many of them a request used.
type TokenType = (&'static str, fn(&Usage) -> u64);

const TOKEN_TYPES: [TokenType; 5] = [
    ("input", |usage| usage.input_tokens),
    ("output", |usage| usage.output_tokens),
    ("cached_input", |usage| usage.cached_input_tokens),
    ("cache_write", |usage| usage.cache_write_tokens),
    ("reasoning", |usage| usage.reasoning_tokens),
];

impl Tally {
    /// Nothing is counted yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        let families = &metrics.families;
        let places = Places {
            token_usage: Bounded::of(families.token_usage.clone()),
            duration: Bounded::of(families.duration.clone()),
            time_to_first_token: Bounded::of(families.time_to_first_token.clone()),
            time_per_token: Bounded::of(families.time_per_token.clone()),
            overhead: Bounded::of(families.overhead.clone()),
            requests: Bounded::of(families.requests.clone()),
            errors: Bounded::of(families.errors.clone()),
            attempts: Bounded::of(families.attempts.clone()),
            tokens: Bounded::of(families.tokens.clone()),
            cost: Bounded::of(families.cost.clone()),
            unpriced: Bounded::of(families.unpriced.clone()),
            limit_refusals: Bounded::of(families.limit_refusals.clone()),
            budget_warnings: Bounded::of(families.budget_warnings.clone()),
            cache_lookups: Bounded::of(families.cache_lookups.clone()),
        };
        Self {
            metrics,
            known: HashMap::default(),
            places,
        }
    }

    /// Counts a finished request.
    pub fn count(&mut self, record: &Record) {
        let words = self.words(record);
        if self.known.len() >= MAX_KNOWN && !self.known.contains_key(&words) {
            self.known.clear();
        }
        self.remember(&words, record);
        let series = self.known.entry(words.clone()).or_default();
        let places = &mut self.places;
        places.count_request(series, &words, record);
        places.count_times(series, &words, record);
        places.count_use(series, &words, record);
        places.count_attempts(series, &words, record);
        places.count_rare(record);
    }

    /// Adds it to the history.
    fn remember(&self, words: &Words, record: &Record) {
        let usage = record.usage.as_ref();
        let sample = Sample {
            names: [
                &words.provider,
                &words.model,
                record.key.as_deref().unwrap_or(NONE),
            ],
            is_failed: record.ending != Ending::Answered,
            tokens: usage.map_or((0, 0), |usage| (usage.input_tokens, usage.output_tokens)),
            dollars: match record.charge.source {
                Source::None => Some(0.0),
                _ => record.charge.amount.and_then(|amount| amount.to_f64()),
            },
            duration: record.duration,
            first_output: record.first_output.filter(|_| record.stream),
        };
        let now = clock::unix_millis() / 1000;
        self.metrics.history().add(&sample, now);
    }

    fn words(&self, record: &Record) -> Words {
        let provider = record.provider.as_deref().unwrap_or(NONE);
        let model = match &record.upstream_model {
            None => NONE.into(),
            Some(model) if self.metrics.is_known(provider, model) => Arc::clone(model),
            Some(_) => OTHER.into(),
        };
        let said = record.problem.as_ref();
        let problem = said.map(|problem| (problem.blame, problem.class));
        Words {
            provider: provider.into(),
            model,
            endpoint: record.endpoint,
            operation: record.operation,
            stream: record.stream,
            status_class: class(record.status.as_u16()),
            ending: record.ending,
            // The connection to the provider ended, or the provider ended it.
            problem: problem.or((record.ending == Ending::Broken)
                .then_some((Blame::Upstream, Ending::Broken.as_str()))),
            source: record.charge.source,
            lookup: record.lookup,
        }
    }
}

impl Places {
    fn count_request(&mut self, series: &mut Series, words: &Words, record: &Record) {
        let Words {
            provider,
            model,
            endpoint,
            ..
        } = words;
        let stream = switch(words.stream);
        let ending = words.ending.as_str();
        let labels = [
            endpoint,
            &**provider,
            &**model,
            words.status_class,
            ending,
            stream,
        ];
        let requests = &mut self.requests;
        at(&mut series.requests, || requests.get(&REQUESTS, labels)).inc();
        if let Some((blame, class)) = words.problem {
            let labels = [endpoint, &**provider, blame.as_str(), class];
            let errors = &mut self.errors;
            at(&mut series.errors, || errors.get(&ERRORS, labels)).inc();
        }
        if let Some(found) = record.lookup {
            let lookups = &mut self.cache_lookups;
            at(&mut series.lookups, || {
                lookups.get(&CACHE_LOOKUPS, [found.as_str()])
            })
            .inc();
        }
    }

    fn count_times(&mut self, series: &mut Series, words: &Words, record: &Record) {
        let labels = [words.operation, &*words.provider, &*words.model];
        let [operation, provider, model] = labels;
        let error = match (words.problem, words.ending) {
            (Some((_, class)), _) => class,
            (None, Ending::Answered) => "",
            (None, ending) => ending.as_str(),
        };
        let duration = &mut self.duration;
        at(&mut series.duration, || {
            duration.get(&DURATION, [operation, provider, model, error])
        })
        .observe(record.duration.as_secs_f64());
        if record.attempts > 0 && record.ending != Ending::Cancelled {
            let overhead = &mut self.overhead;
            let labels = [words.endpoint, switch(words.stream)];
            let took = record.duration.saturating_sub(record.waited);
            at(&mut series.overhead, || {
                overhead.get(&OVERHEAD_SECONDS, labels)
            })
            .observe(took.as_secs_f64());
        }
        let Some(first) = record.first_output.filter(|_| record.stream) else {
            return;
        };
        let firsts = &mut self.time_to_first_token;
        at(&mut series.time_to_first_token, || {
            firsts.get(&TIME_TO_FIRST_TOKEN, labels)
        })
        .observe(first.as_secs_f64());
        if let Some(each) = per_token(record, first) {
            let times = &mut self.time_per_token;
            at(&mut series.time_per_token, || {
                times.get(&TIME_PER_TOKEN, labels)
            })
            .observe(each);
        }
    }

    /// Counts tokens and money.
    fn count_use(&mut self, series: &mut Series, words: &Words, record: &Record) {
        let (provider, model) = (&*words.provider, &*words.model);
        if let Some(usage) = &record.usage {
            let counts = if record.estimated {
                "estimated"
            } else {
                "told"
            };
            for ((word, of), slot) in TOKEN_TYPES.into_iter().zip(&mut series.tokens) {
                let used = of(usage);
                if used > 0 {
                    let labels = [provider, model, word, counts];
                    let tokens = &mut self.tokens;
                    at(slot, || tokens.get(&TOKENS_TOTAL, labels)).inc_by(used);
                }
            }
            // OpenTelemetry wants this of counts only that providers have told, and of embeddings no output.
            if !record.estimated {
                for ((word, of), slot) in TOKEN_TYPES.into_iter().zip(&mut series.usage) {
                    let used = of(usage);
                    if used > 0 {
                        let labels = [words.operation, provider, model, word];
                        let usage = &mut self.token_usage;
                        let used = used.to_f64().unwrap_or_default();
                        at(slot, || usage.get(&TOKEN_USAGE, labels)).observe(used);
                    }
                }
            }
        }
        match (record.charge.source, record.charge.amount) {
            (source, Some(amount)) => {
                let labels = [provider, model, source.as_str()];
                let cost = &mut self.cost;
                let dollars = amount.to_f64().unwrap_or_default().max(0.0);
                at(&mut series.cost, || cost.get(&COST, labels)).inc_by(dollars);
            }
            (Source::Unknown, None) => {
                let unpriced = &mut self.unpriced;
                at(&mut series.unpriced, || {
                    unpriced.get(&UNPRICED, [provider, model])
                })
                .inc();
            }
            (Source::Reported | Source::Computed | Source::Estimated | Source::None, None) => {}
        }
    }

    fn count_attempts(&mut self, series: &mut Series, words: &Words, record: &Record) {
        let attempts = &mut self.attempts;
        if let [only] = &*record.tried
            && only.outcome == ANSWERED
        {
            let labels = [&*words.provider, Step::First.as_str(), ANSWERED];
            at(&mut series.answered, || attempts.get(&ATTEMPTS, labels)).inc();
            return;
        }
        for tried in &record.tried {
            let provider = record.provider_of(tried);
            let labels = [provider, tried.step.as_str(), tried.outcome];
            attempts.get(&ATTEMPTS, labels).inc();
        }
    }

    /// Counts what most requests have nothing of.
    fn count_rare(&mut self, record: &Record) {
        let problem = record.problem.as_ref();
        if let Some((owner, limit)) = problem.and_then(|problem| problem.limit) {
            let labels = [owner, limit];
            self.limit_refusals.get(&LIMIT_REFUSALS, labels).inc();
        }
        for owner in &record.warned {
            self.budget_warnings.get(&BUDGET_WARNINGS, [owner]).inc();
        }
    }
}

/// What is in a slot, which is filled when it is first needed.
fn at<M>(slot: &mut Option<M>, find: impl FnOnce() -> M) -> &M {
    slot.get_or_insert_with(find)
}

fn switch(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

/// A status without its last two digits.
fn class(status: u16) -> &'static str {
    match status {
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

/// Seconds for each token behind the first, of a stream that came to its end.
fn per_token(record: &Record, first: Duration) -> Option<f64> {
    let usage = record.usage.as_ref().filter(|_| !record.estimated)?;
    let further = usage
        .output_tokens
        .checked_sub(1)
        .filter(|more| *more > 0)?;
    let time = record.duration.saturating_sub(first).as_secs_f64();
    (record.ending == Ending::Answered).then(|| time / further.to_f64().unwrap_or(f64::MAX))
}
