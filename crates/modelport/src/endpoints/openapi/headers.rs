//! Every header that the gateway reads or writes by itself.

use serde_json::{Map, Value, json};

/// Those that a request may have which is passed on, beside the id.
pub(super) const OF_PASSED_ON: [&str; 2] = ["x-modelport-timeout", "cache-control"];

/// Those of answers: the name, the JSON type of its value, on which answers it is, and what it says.
const ANSWERS: [(&str, &str, On, &str); 19] = [
    (
        "x-request-id",
        "string",
        On::All,
        "The request's id, as in the log: the caller's own where it sends a usable one.",
    ),
    (
        "retry-after",
        "integer",
        On::Waiting,
        "After how many seconds trying again may help.",
    ),
    (
        "x-should-retry",
        "string",
        On::Failed,
        "`false` where trying again cannot help, over what the status says.",
    ),
    ("www-authenticate", "string", On::Unauthorized, "`Bearer`."),
    (
        "request-id",
        "string",
        On::FromProviders,
        "The same id below `/v1/messages`, where Anthropic's clients look for it.",
    ),
    (
        "x-modelport-provider",
        "string",
        On::FromProviders,
        "The id of the provider that was asked.",
    ),
    (
        "x-modelport-model",
        "string",
        On::FromProviders,
        "The model that the provider was asked for.",
    ),
    (
        "x-modelport-params",
        "string",
        On::FromProviders,
        "Fields that were not simply sent, such as `user=dropped`.",
    ),
    (
        "x-modelport-cost",
        "number",
        On::FromProviders,
        "What a plain answer costs, in US dollars, where that is known.",
    ),
    (
        "x-modelport-queue-ms",
        "integer",
        On::FromProviders,
        "How many milliseconds the request waited for a place at the provider.",
    ),
    (
        "x-modelport-cache",
        "string",
        On::FromProviders,
        "What became of the request where answers are kept, such as `hit` or `miss`.",
    ),
    (
        "x-modelport-upstream-request-id",
        "string",
        On::FromProviders,
        "The provider's own id of the request.",
    ),
    (
        "age",
        "integer",
        On::FromProviders,
        "How many seconds ago a kept answer was made.",
    ),
    (
        "x-ratelimit-limit-requests",
        "integer",
        On::FromProviders,
        "Requests that the limit allows which is nearest its end.",
    ),
    (
        "x-ratelimit-remaining-requests",
        "integer",
        On::FromProviders,
        "Requests that are left of it.",
    ),
    (
        "x-ratelimit-reset-requests",
        "string",
        On::FromProviders,
        "When it is whole again, such as `6m0s`.",
    ),
    (
        "x-ratelimit-limit-tokens",
        "integer",
        On::FromProviders,
        "Tokens that the limit allows which is nearest its end.",
    ),
    (
        "x-ratelimit-remaining-tokens",
        "integer",
        On::FromProviders,
        "Tokens that are left of it.",
    ),
    (
        "x-ratelimit-reset-tokens",
        "string",
        On::FromProviders,
        "When it is whole again, such as `6m0s`.",
    ),
];

/// On which answers a header may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    /// On each.
    All,
    /// Where waiting may help.
    Waiting,
    /// On errors.
    Failed,
    /// With status 401.
    Unauthorized,
    /// On answers to what is passed on.
    FromProviders,
}

impl On {
    /// Whether it is on an answer with this status, or on one with any status.
    fn is_on(self, status: &str, is_passed_on: bool) -> bool {
        match self {
            Self::All => true,
            Self::Waiting => matches!(status, "429" | "503" | "502" | "402" | "default"),
            Self::Failed => is_passed_on && !status.starts_with('2'),
            Self::Unauthorized => status == "401",
            Self::FromProviders => is_passed_on,
        }
    }
}

/// The descriptions of those of answers.
pub(super) fn answers() -> Value {
    let described = ANSWERS.iter().map(|(name, kind, _, meaning)| {
        let header = json!({"description": meaning, "schema": {"type": kind}});
        ((*name).to_owned(), header)
    });
    Value::Object(described.collect())
}

/// Names them in the description of an answer.
pub(super) fn add(status: &str, is_passed_on: bool, response: &mut Value) {
    let there = ANSWERS
        .iter()
        .filter(|(_, _, on, _)| on.is_on(status, is_passed_on));
    let named = there.map(|(name, ..)| {
        let header = json!({"$ref": format!("#/components/headers/{name}")});
        ((*name).to_owned(), header)
    });
    response["headers"] = Value::Object(named.collect::<Map<_, _>>());
}

/// The descriptions of those of requests, but for keys.
pub(super) fn requests() -> Value {
    let header = |name: &str, schema: Value, meaning: &str| json!({"name": name, "in": "header", "required": false, "description": meaning, "schema": schema});
    json!({
        "x-request-id": header(
            "x-request-id",
            json!({"type": "string"}),
            "An id of the caller's own, of up to 128 visible ASCII characters; another value, or none, gets a new id.",
        ),
        "x-modelport-timeout": header(
            "x-modelport-timeout",
            json!({"type": "number", "exclusiveMinimum": 0, "maximum": 86_400}),
            "How many seconds the caller waits for the first output.",
        ),
        "cache-control": header(
            "cache-control",
            json!({"type": "string"}),
            "How a kept answer may be given, where answers are kept: `no-cache`, `no-store`, `only-if-cached`, `max-age=SECONDS` (RFC 9111).",
        ),
    })
}
