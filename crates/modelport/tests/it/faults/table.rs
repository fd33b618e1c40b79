//! What is expected of every fault.

/// How long the provider may stay silent, in seconds.
pub(super) const SILENCE: f64 = 0.5;

/// The pause before the first retry, in seconds, where the provider asks for none.
const PAUSE: f64 = 0.5;

/// One fault.
pub(super) struct Row {
    pub(super) spec: &'static str,
    pub(super) plain: Cell,
    pub(super) streamed: Cell,
}

/// What a client sees, what it took at the provider, and how long.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) outcome: Outcome,
    pub(super) attempts: usize,
    pub(super) seconds: f64,
}

/// What a client sees.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// The whole answer.
    Whole,
    /// An error in place of an answer: its status and its code.
    Refused(u16, String),
    /// An error event after output: its code.
    ErrorEvent(String),
    /// The connection ends before the answer does.
    Cut,
}

impl Cell {
    /// So many attempts in place of one.
    fn tries(self, attempts: usize) -> Self {
        Self { attempts, ..self }
    }

    /// So many seconds of waiting in place of none.
    fn takes(self, seconds: f64) -> Self {
        Self { seconds, ..self }
    }
}

fn cell(outcome: Outcome) -> Cell {
    Cell {
        outcome,
        attempts: 1,
        seconds: 0.0,
    }
}

fn whole() -> Cell {
    cell(Outcome::Whole)
}

fn refused(status: u16, code: &str) -> Cell {
    cell(Outcome::Refused(status, code.to_owned()))
}

fn error_event(code: &str) -> Cell {
    cell(Outcome::ErrorEvent(code.to_owned()))
}

fn row(spec: &'static str, plain: Cell, streamed: Cell) -> Row {
    Row {
        spec,
        plain,
        streamed,
    }
}

/// A fault that comes out the same either way.
fn same(spec: &'static str, both: Cell) -> Row {
    row(spec, both.clone(), both)
}

/// The table, in the order in which the simulated provider lists its faults.
pub(super) fn rows() -> Vec<Row> {
    vec![
        same("status-400", refused(400, "invalid_value")),
        same("status-401", refused(502, "upstream_credential")),
        same("status-402", refused(502, "upstream_out_of_credit")),
        same("status-403", refused(502, "upstream_credential")),
        same("status-404", refused(404, "model_not_found")),
        same(
            "status-408",
            refused(408, "request_timeout").tries(2).takes(SILENCE),
        ),
        same("status-409", refused(409, "conflict").tries(2).takes(PAUSE)),
        same("status-413", refused(413, "request_too_large")),
        same("status-422", refused(422, "unprocessable_entity")),
        same(
            "status-429",
            refused(429, "rate_limit_exceeded").tries(2).takes(PAUSE),
        ),
        same(
            "status-500",
            refused(500, "server_error").tries(2).takes(PAUSE),
        ),
        same(
            "status-502",
            refused(502, "server_error").tries(2).takes(PAUSE),
        ),
        same(
            "status-503",
            refused(503, "service_unavailable").tries(2).takes(PAUSE),
        ),
        same(
            "status-504",
            refused(504, "timeout").tries(2).takes(SILENCE),
        ),
        same(
            "status-524",
            refused(524, "timeout").tries(2).takes(SILENCE),
        ),
        same(
            "status-529",
            refused(529, "overloaded").tries(2).takes(PAUSE),
        ),
        same(
            "status-503@2",
            refused(503, "service_unavailable").tries(2).takes(PAUSE),
        ),
        same("quota", refused(502, "upstream_out_of_credit")),
        same("context-length", refused(400, "context_length_exceeded")),
        same(
            "retry-after-2",
            refused(429, "rate_limit_exceeded").tries(2).takes(2.0),
        ),
        same(
            "retry-after-date-2",
            refused(429, "rate_limit_exceeded").tries(2).takes(1.0),
        ),
        same(
            "retry-after-ms-1500",
            refused(429, "rate_limit_exceeded").tries(2).takes(1.5),
        ),
        same(
            "retry-after-garbage",
            refused(429, "rate_limit_exceeded").tries(2).takes(PAUSE),
        ),
        same(
            "retry-after-2-503",
            refused(503, "service_unavailable").tries(2).takes(2.0),
        ),
        same(
            "should-retry-true",
            refused(400, "invalid_value").tries(2).takes(PAUSE),
        ),
        same("should-retry-false", refused(503, "service_unavailable")),
        same("hang", refused(504, "upstream_timeout").takes(SILENCE)),
        same("hang-head", refused(504, "upstream_timeout").takes(SILENCE)),
        same(
            "reset",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "refuse-mid-head",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "cut-head",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "close",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same("close-idle", whole()),
        same("slow-head-50", whole()),
        same("continue", whole()),
        same("http10", whole()),
        row(
            "short",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            whole(),
        ),
        row(
            "long",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        same(
            "not-http",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        row(
            "stall-3",
            refused(504, "upstream_timeout").takes(SILENCE),
            error_event("upstream_timeout").takes(SILENCE),
        ),
        row(
            "cut-3",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        row(
            "reset-3",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        row(
            "cut-half-3",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        row(
            "eof-3",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        row(
            "malformed-3",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        row(
            "error-event-3",
            refused(502, "server_error").tries(2).takes(PAUSE),
            error_event("server_error"),
        ),
        row(
            "error-event-done-3",
            refused(502, "server_error").tries(2).takes(PAUSE),
            error_event("server_error"),
        ),
        row(
            "error-named-3",
            refused(502, "server_error").tries(2).takes(PAUSE),
            error_event("server_error"),
        ),
        row(
            "error-finish-3",
            refused(502, "502").tries(2).takes(PAUSE),
            error_event("502"),
        ),
        row(
            "swallowed-3",
            refused(502, "server_error").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        same(
            "preamble-error",
            refused(502, "server_error").tries(2).takes(PAUSE),
        ),
        same(
            "preamble-cut",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same("no-done", whole()),
        same("error-choice", refused(502, "502").tries(2).takes(PAUSE)),
        same(
            "error-200",
            refused(502, "server_error").tries(2).takes(PAUSE),
        ),
        same(
            "html",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "html-502",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "empty",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "empty-stream",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "garbage",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        same(
            "redirect",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
        ),
        row(
            "truncated-json",
            refused(502, "upstream_failed").tries(2).takes(PAUSE),
            error_event("upstream_failed"),
        ),
        same("gzip", whole()),
        same("crlf", whole()),
        same("cr", whole()),
        same("comments", whole()),
        same("bom", whole()),
        same("no-space", whole()),
        same("multiline", whole()),
        same("split-7", whole()),
        same("one-write", whole()),
        same("leading-blank", whole()),
        same("usage-each", whole()),
        same("usage-none", whole()),
        same("wrong-type", whole()),
    ]
}
