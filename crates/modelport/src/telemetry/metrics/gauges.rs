//! The rows of the table for what there is when the page is asked for.

use super::table::{Metric, PROVIDER};

pub(crate) const BUILD: Metric = Metric::gauge(
    "modelport_build_info",
    &["version"],
    "1, with the version of modelport that runs",
);
pub(crate) const START_TIME: Metric = Metric::gauge(
    "process_start_time_seconds",
    &[],
    "When the process started, in seconds since 1970",
);
pub(crate) const DRAINING: Metric = Metric::gauge(
    "modelport_draining",
    &[],
    "1 while the gateway lets running requests end before it stops",
);
pub(crate) const UNCOUNTED: Metric = Metric::counter(
    "modelport_uncounted_requests",
    &[],
    "Finished requests that are in no other metric and in no log, because too many waited to be written",
);
pub(crate) const SPANS: Metric = Metric::counter(
    "modelport_spans",
    &["result"],
    "Spans of traces: sent, rejected (by the receiver), failed (it was away for too long) or dropped (too many waited for it); only where there are traces",
);
pub(crate) const EDITION: Metric = Metric::gauge(
    "modelport_configuration_edition",
    &[],
    "Which configuration counts: 1 at the start, and one more with each that is taken up",
);
pub(crate) const EDITION_TIME: Metric = Metric::gauge(
    "modelport_configuration_loaded_timestamp_seconds",
    &[],
    "When it was taken up, in seconds since 1970",
);
pub(crate) const REFUSALS: Metric = Metric::counter(
    "modelport_configuration_refusals",
    &[],
    "Changed configurations that were not taken up, because they have faults",
);
pub(crate) const REFUSED: Metric = Metric::gauge(
    "modelport_configuration_refused",
    &[],
    "1 while the configuration that counts is older than one with faults",
);
pub(crate) const LEDGER_WAITING: Metric = Metric::gauge(
    "modelport_ledger_waiting_requests",
    &[],
    "Finished requests that wait in memory because the journal cannot be written",
);
pub(crate) const LEDGER_LOST: Metric = Metric::counter(
    "modelport_ledger_lost_requests",
    &[],
    "Finished requests that the ledger will never know of",
);
pub(crate) const JOURNAL_FAILING: Metric = Metric::gauge(
    "modelport_ledger_journal_failing",
    &[],
    "1 while the journal cannot be written",
);
pub(crate) const DATABASE_FAILING: Metric = Metric::gauge(
    "modelport_ledger_database_failing",
    &[],
    "1 while the database of the ledger cannot be written; requests wait in the journal",
);
pub(crate) const LIMITS_AWAY: Metric = Metric::gauge(
    "modelport_shared_limits_away",
    &[],
    "1 while the server of shared limits does not answer",
);
pub(crate) const CACHE_AWAY: Metric = Metric::gauge(
    "modelport_cache_away",
    &[],
    "1 while the server in which answers are kept does not answer, where they are kept in one",
);
pub(crate) const CACHE_FAILURES: Metric = Metric::counter(
    "modelport_cache_failures",
    &[],
    "How often that server did not find or keep an answer in time, said no, or gave what is no answer",
);
pub(crate) const HEALTH: Metric = Metric::gauge(
    "modelport_provider_health",
    &[PROVIDER, "state"],
    "1 for the state that the provider is in: healthy, degraded, unhealthy, unknown or disabled",
);
pub(crate) const LISTED_MODELS: Metric = Metric::gauge(
    "modelport_listing_models",
    &[PROVIDER],
    "Models that the provider is known to have",
);
pub(crate) const LISTING_AGE: Metric = Metric::gauge(
    "modelport_listing_age_seconds",
    &[PROVIDER],
    "How old the provider's listing is, where it was fetched",
);
pub(crate) const LISTING_FAILING: Metric = Metric::gauge(
    "modelport_listing_failing",
    &[PROVIDER],
    "1 where the provider's listing was not fetched when it was tried last",
);
pub(crate) const LISTING_FAILURES: Metric = Metric::counter(
    "modelport_listing_failures",
    &[PROVIDER],
    "How often it was not fetched, since the provider was configured",
);
pub(crate) const CALLS: Metric = Metric::gauge(
    "modelport_calls_in_flight",
    &["target"],
    "Calls under way at a provider, or at one of its models that a route names",
);
pub(crate) const SILENT_CALLS: Metric = Metric::gauge(
    "modelport_calls_without_output",
    &["target"],
    "Those among them that have shown nothing yet",
);
pub(crate) const BREAKER: Metric = Metric::gauge(
    "modelport_breaker_state",
    &["target", "state"],
    "1 for the state that the target's breaker is in: closed, half_open or open",
);
pub(crate) const PAUSE: Metric = Metric::gauge(
    "modelport_cooldown_seconds",
    &["target"],
    "For how much longer the target is not asked, because it is over a limit",
);
pub(crate) const CREDENTIAL_PAUSE: Metric = Metric::gauge(
    "modelport_credential_cooldown_seconds",
    &[PROVIDER, "credential"],
    "For how much longer a credential of the provider is not used, by its place from 0",
);
pub(crate) const ROOM_LIMIT: Metric = Metric::gauge(
    "modelport_room_limit",
    &[PROVIDER],
    "How many requests the provider gets at once",
);
pub(crate) const ROOM_UNDER_WAY: Metric =
    Metric::gauge("modelport_room_under_way", &[PROVIDER], "How many it has");
pub(crate) const ROOM_WAITING: Metric = Metric::gauge(
    "modelport_room_waiting",
    &[PROVIDER],
    "How many wait for their turn in its waiting room",
);
pub(crate) const ROOM_REFUSALS: Metric = Metric::counter(
    "modelport_room_refusals",
    &[PROVIDER],
    "How many got no place there, since the room has its size",
);

/// All of them, in the order of the documentation.
pub(super) const ALL: [&Metric; 30] = [
    &BUILD,
    &START_TIME,
    &DRAINING,
    &UNCOUNTED,
    &SPANS,
    &EDITION,
    &EDITION_TIME,
    &REFUSALS,
    &REFUSED,
    &LEDGER_WAITING,
    &LEDGER_LOST,
    &JOURNAL_FAILING,
    &DATABASE_FAILING,
    &LIMITS_AWAY,
    &CACHE_AWAY,
    &CACHE_FAILURES,
    &HEALTH,
    &LISTED_MODELS,
    &LISTING_AGE,
    &LISTING_FAILING,
    &LISTING_FAILURES,
    &CALLS,
    &SILENT_CALLS,
    &BREAKER,
    &PAUSE,
    &CREDENTIAL_PAUSE,
    &ROOM_LIMIT,
    &ROOM_UNDER_WAY,
    &ROOM_WAITING,
    &ROOM_REFUSALS,
];
