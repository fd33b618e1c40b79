//! How the gateway stands at one moment, as metrics: read from what requests leave behind anyway.

use std::{
    sync::atomic::AtomicU64,
    time::{Instant, SystemTime},
};

use modelport_provider::provider::HealthState;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use rust_decimal::prelude::ToPrimitive;

use crate::{
    app::App,
    clock,
    config::{CachePlace, ProviderConfig},
    routing::target::{BreakerState, Reading, Target},
    telemetry::metrics::{
        gauges::{
            BREAKER, BUILD, CACHE_AWAY, CACHE_FAILURES, CALLS, CREDENTIAL_PAUSE, DATABASE_FAILING,
            DRAINING, EDITION, EDITION_TIME, HEALTH, JOURNAL_FAILING, LEDGER_LOST, LEDGER_WAITING,
            LIMITS_AWAY, LISTED_MODELS, LISTING_AGE, LISTING_FAILING, LISTING_FAILURES, PAUSE,
            REFUSALS, REFUSED, ROOM_LIMIT, ROOM_REFUSALS, ROOM_UNDER_WAY, ROOM_WAITING,
            SILENT_CALLS, SPANS, START_TIME, UNCOUNTED,
        },
        table::{Labels, Metric},
    },
};

/// What is there, metric by metric. How many label sets there are is bounded by the configuration.
#[derive(Default)]
struct Page(Registry);

impl Page {
    fn levels<'v, const N: usize>(
        &mut self,
        metric: &Metric,
        values: impl IntoIterator<Item = ([&'v str; N], f64)>,
    ) {
        let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
        for (labels, value) in values {
            family.get_or_create(&metric.with(labels)).set(value);
        }
        self.0.register(metric.name, metric.help, family);
    }

    fn counts<'v, const N: usize>(
        &mut self,
        metric: &Metric,
        values: impl IntoIterator<Item = ([&'v str; N], u64)>,
    ) {
        let family = Family::<Labels, Counter>::default();
        for (labels, value) in values {
            family.get_or_create(&metric.with(labels)).inc_by(value);
        }
        self.0.register(metric.name, metric.help, family);
    }

    fn level(&mut self, metric: &Metric, value: f64) {
        self.levels(metric, [([], value)]);
    }
}

/// How everything stands now.
pub(super) fn of(app: &App) -> Registry {
    let mut page = Page::default();
    let now = clock::now();
    process(&mut page, app);
    ledger(&mut page, app);
    providers(&mut page, app);
    targets(&mut page, app, now);
    credentials(&mut page, app, now);
    rooms(&mut page, app);
    page.0
}

fn process(page: &mut Page, app: &App) {
    page.levels(&BUILD, [([env!("CARGO_PKG_VERSION")], 1.0)]);
    page.level(&START_TIME, since_1970(app.started()));
    page.level(&DRAINING, switch(app.is_draining()));
    page.counts(&UNCOUNTED, [([], app.records.metrics().uncounted())]);
    if let Some(traces) = app.records.traces() {
        let counts = traces.counts();
        page.counts(
            &SPANS,
            counts.iter().map(|(result, count)| ([*result], *count)),
        );
    }
    page.level(&EDITION, number(app.edition.number));
    page.level(&EDITION_TIME, since_1970(app.edition.since));
    page.counts(&REFUSALS, [([], app.refusals())]);
    page.level(&REFUSED, switch(app.refused().is_some()));
    if let Some(shared) = &app.shared {
        page.level(&LIMITS_AWAY, switch(shared.is_away()));
    }
    if app
        .config
        .cache
        .is_some_and(|kept| kept.place == CachePlace::Redis)
        && let Some(server) = &app.cache_server
    {
        page.level(&CACHE_AWAY, switch(server.is_away()));
        page.counts(&CACHE_FAILURES, [([], server.failures())]);
    }
}

fn ledger(page: &mut Page, app: &App) {
    let Some(standing) = app.records.standing() else {
        return;
    };
    page.level(&LEDGER_WAITING, number(standing.waiting));
    page.counts(&LEDGER_LOST, [([], standing.lost)]);
    page.level(&JOURNAL_FAILING, switch(standing.is_journal_failing));
    page.level(&DATABASE_FAILING, switch(standing.is_database_failing));
}

fn providers(page: &mut Page, app: &App) {
    let states = [
        HealthState::Healthy,
        HealthState::Degraded,
        HealthState::Unhealthy,
        HealthState::Unknown,
        HealthState::Disabled,
    ];
    let all = app.config.providers.iter().zip(&app.signals);
    let health = all.flat_map(|(config, signals)| {
        let is = signals.read().health.state;
        states.map(|state| ([config.id.as_str(), state.as_str()], switch(is == state)))
    });
    page.levels(&HEALTH, health);
    let now = clock::calendar();
    let listed =
        places(app).filter_map(|(place, config)| Some((place, config, app.models.shelf(place)?)));
    let models = listed.clone();
    page.levels(
        &LISTED_MODELS,
        models.map(|(_, config, shelf)| ([config.id.as_str()], number(shelf.models.len()))),
    );
    let ages = listed.filter_map(|(_, config, shelf)| {
        let age = now.duration_since(shelf.fetched?).unwrap_or_default();
        Some(([config.id.as_str()], age.as_secs_f64()))
    });
    page.levels(&LISTING_AGE, ages);
    let failing = places(app).map(|(place, config)| {
        let is_failing = app.models.problem(place).is_some();
        ([config.id.as_str()], switch(is_failing))
    });
    page.levels(&LISTING_FAILING, failing);
    let failures =
        places(app).map(|(place, config)| ([config.id.as_str()], app.models.failures(place)));
    page.counts(&LISTING_FAILURES, failures);
}

fn targets(page: &mut Page, app: &App, now: Instant) {
    let read = |(name, target): (_, &std::sync::Arc<Target>)| (name, target.reading(now));
    let all: Vec<(&str, Reading)> = app.targets.all().map(read).collect();
    let each = |value: fn(&Reading) -> f64| {
        let all = all.iter();
        all.map(move |(name, reading)| ([*name], value(reading)))
    };
    page.levels(&CALLS, each(|reading| number(reading.in_flight)));
    page.levels(&SILENT_CALLS, each(|reading| number(reading.waiting)));
    let states = [
        (BreakerState::Closed, "closed"),
        (BreakerState::HalfOpen, "half_open"),
        (BreakerState::Open, "open"),
    ];
    let breakers = all.iter().flat_map(|(name, reading)| {
        states.map(|(state, word)| ([*name, word], switch(reading.breaker == state)))
    });
    page.levels(&BREAKER, breakers);
    page.levels(
        &PAUSE,
        each(|reading| number(reading.paused_ms.unwrap_or(0)) / 1000.0),
    );
}

fn credentials(page: &mut Page, app: &App, now: Instant) {
    let all = app.config.providers.iter().zip(&app.keyrings);
    let rests: Vec<(&str, String, f64)> = all
        .flat_map(|(config, keyring)| {
            let rests = keyring.rests(now).into_iter().enumerate();
            rests.map(|(number, rest)| (config.id.as_str(), number.to_string(), rest.as_secs_f64()))
        })
        .collect();
    let rests = rests.iter();
    let rests = rests.map(|(provider, credential, rest)| ([*provider, credential.as_str()], *rest));
    page.levels(&CREDENTIAL_PAUSE, rests);
}

fn rooms(page: &mut Page, app: &App) {
    let all = app.config.providers.iter().zip(&app.rooms);
    let all: Vec<_> = all
        .filter_map(|(config, room)| Some(([config.id.as_str()], room.as_ref()?.reading())))
        .collect();
    if all.is_empty() {
        return;
    }
    let each = |value: fn(&crate::limits::room::Reading) -> u32| {
        let all = all.iter();
        all.map(move |(provider, reading)| (*provider, number(value(reading))))
    };
    page.levels(&ROOM_LIMIT, each(|reading| reading.limit));
    page.levels(&ROOM_UNDER_WAY, each(|reading| reading.under_way));
    page.levels(&ROOM_WAITING, each(|reading| reading.waiting));
    let refused = all.iter();
    page.counts(
        &ROOM_REFUSALS,
        refused.map(|(provider, reading)| (*provider, reading.refused)),
    );
}

fn places(app: &App) -> impl Iterator<Item = (usize, &ProviderConfig)> + Clone {
    app.config.providers.iter().enumerate()
}

fn switch(on: bool) -> f64 {
    f64::from(u8::from(on))
}

fn number(count: impl ToPrimitive + Copy) -> f64 {
    count.to_f64().unwrap_or_default()
}

fn since_1970(time: SystemTime) -> f64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}
