//! Every kind of no: the words and the status by which programs tell them apart. How each looks on the wire beside that
//! is in `wire`.

/// A kind of no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The HTTP status.
    pub status: u16,
    /// OpenAI's word for its class, the envelope's `type`.
    pub class: &'static str,
    /// The word for programs.
    pub code: &'static str,
    /// What it means, for documents.
    pub meaning: &'static str,
}

impl Kind {
    const fn new(
        status: u16,
        class: &'static str,
        code: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            status,
            class,
            code,
            meaning,
        }
    }

    /// One whose code is chosen where the request is read.
    const fn carried(status: u16, code: &'static str, meaning: &'static str) -> Self {
        let class = if status == 403 { DENIED } else { INVALID };
        Self::new(status, class, code, meaning)
    }
}

/// The class of requests that make no sense.
pub(super) const INVALID: &str = "invalid_request_error";
/// The class of what a key does not open.
pub(super) const DENIED: &str = "permission_error";
pub(super) const INVALID_API_KEY: Kind = Kind::new(
    401,
    "authentication_error",
    "invalid_api_key",
    "No key was shown, or one that is not known.",
);
pub(super) const KEY_NOT_ACTIVE: Kind = Kind::new(
    401,
    "authentication_error",
    "key_not_active",
    "The key has expired, was revoked, or was replaced.",
);
pub(super) const INVALID_ADMIN_KEY: Kind = Kind::new(
    401,
    "authentication_error",
    "invalid_admin_key",
    "No admin key was shown, or one that is not known.",
);
pub(super) const INVALID_METRICS_KEY: Kind = Kind::new(
    401,
    "authentication_error",
    "invalid_metrics_key",
    "No key was shown that opens the metrics.",
);
pub(super) const ADMIN_CLOSED: Kind = Kind::new(
    403,
    DENIED,
    "admin_closed",
    "The gateway has no admin key, so that nobody may do this.",
);
pub(super) const VIEWER_NOT_HERE: Kind = Kind::new(
    403,
    DENIED,
    "viewer_not_here",
    "The gateway has no admin key, and the request is not from its own machine.",
);
pub(super) const ADDRESS_NOT_ALLOWED: Kind = Kind::new(
    403,
    DENIED,
    "address_not_allowed",
    "The key may not be used from this address.",
);
pub(super) const CONFLICT: Kind = Kind::new(
    409,
    INVALID,
    "conflict",
    "What is asked for does not fit what is there.",
);
pub(super) const REQUEST_TOO_LARGE: Kind = Kind::new(
    413,
    INVALID,
    "request_too_large",
    "The body is larger than the gateway takes.",
);
pub(super) const INCOMPLETE_BODY: Kind = Kind::new(
    400,
    INVALID,
    "incomplete_body",
    "The body ended before it was complete.",
);
pub(super) const UNKNOWN_URL: Kind =
    Kind::new(404, INVALID, "unknown_url", "There is no such URL.");
pub(super) const METHOD_NOT_ALLOWED: Kind = Kind::new(
    405,
    INVALID,
    "method_not_allowed",
    "The URL has no such method.",
);
pub(super) const RATE_LIMIT_EXCEEDED: Kind = Kind::new(
    429,
    "rate_limit_error",
    "rate_limit_exceeded",
    "A limit is reached; retry-after says when there is more.",
);
pub(super) const REQUEST_OVER_LIMIT: Kind = Kind::new(
    429,
    "rate_limit_error",
    "request_over_limit",
    "The request alone is more than a limit allows; waiting does not help.",
);
pub(super) const PROVIDER_BUSY: Kind = Kind::new(
    429,
    "rate_limit_error",
    "provider_busy",
    "All places at the provider are taken, and so is its queue.",
);
pub(super) const BUDGET_EXCEEDED: Kind = Kind::new(
    402,
    "insufficient_quota",
    "budget_exceeded",
    "The request could cost more than is left of a budget.",
);
pub(super) const INTERNAL_ERROR: Kind = Kind::new(
    500,
    "server_error",
    "internal_error",
    "A fault of the gateway; the request id finds it in the log.",
);
pub(super) const UPSTREAM_UNREACHABLE: Kind = Kind::new(
    502,
    "upstream_error",
    "upstream_unreachable",
    "The provider cannot be reached, or broke off before it answered.",
);
pub(super) const UPSTREAM_CREDENTIAL: Kind = Kind::new(
    502,
    "upstream_error",
    "upstream_credential",
    "The provider refuses the gateway's credential.",
);
pub(super) const UPSTREAM_OUT_OF_CREDIT: Kind = Kind::new(
    502,
    "upstream_error",
    "upstream_out_of_credit",
    "The account behind the gateway is out of credit at the provider.",
);
pub(super) const UPSTREAM_FAILED: Kind = Kind::new(
    502,
    "upstream_error",
    "upstream_failed",
    "The provider failed; the status is 502, or the provider's own 5xx or 429.",
);
pub(super) const DATABASE_UNAVAILABLE: Kind = Kind::new(
    503,
    "server_error",
    "database_unavailable",
    "The database does not answer.",
);
pub(super) const KEYS_UNAVAILABLE: Kind = Kind::new(
    503,
    "server_error",
    "keys_unavailable",
    "The keys have not been read yet, because their database does not answer.",
);
pub(super) const LIMITS_UNAVAILABLE: Kind = Kind::new(
    503,
    "server_error",
    "limits_unavailable",
    "The server that keeps shared limits does not answer.",
);
pub(super) const UPSTREAM_TIMEOUT: Kind = Kind::new(
    504,
    "upstream_error",
    "upstream_timeout",
    "The provider stayed silent for too long.",
);
pub(super) const DEADLINE_EXCEEDED: Kind = Kind::new(
    504,
    "timeout_error",
    "deadline_exceeded",
    "There was no output within the time that the request was given.",
);
pub(super) const NOT_CACHED: Kind = Kind::new(
    504,
    INVALID,
    "not_cached",
    "No answer to this request is kept, and its cache-control wants nothing else.",
);

/// Those whose code a [`BadRequest`](super::Error::BadRequest), a [`Forbidden`](super::Error::Forbidden) or a
/// [`NotFound`](super::Error::NotFound) carries with it.
pub const CARRIED: [Kind; 26] = [
    Kind::carried(
        400,
        "duplicate_field",
        "A field that the gateway acts on is given twice.",
    ),
    Kind::carried(
        400,
        "invalid_body",
        "The body is not what is expected here.",
    ),
    Kind::carried(400, "invalid_form", "The form cannot be read."),
    Kind::carried(400, "invalid_id", "The id in the URL is not UTF-8."),
    Kind::carried(400, "invalid_json", "The body is not valid JSON."),
    Kind::carried(
        400,
        "invalid_model",
        "The model's name cannot be one, or none is named and there is no default.",
    ),
    Kind::carried(
        400,
        "invalid_parameter",
        "A parameter of the query has a value that is not known.",
    ),
    Kind::carried(400, "invalid_timeout", "x-modelport-timeout is not a time."),
    Kind::carried(
        400,
        "invalid_type",
        "A field has a value of the wrong type.",
    ),
    Kind::carried(
        400,
        "invalid_value",
        "A field has a value that makes no sense.",
    ),
    Kind::carried(
        400,
        "missing_field",
        "A field that is needed is missing, in Anthropic's API.",
    ),
    Kind::carried(
        400,
        "missing_required_parameter",
        "A field that is needed is missing.",
    ),
    Kind::carried(
        400,
        "no_target",
        "No target of the route can take this request.",
    ),
    Kind::carried(400, "not_an_object", "The body is JSON, but not an object."),
    Kind::carried(
        400,
        "thread_unsupported_request",
        "`thread` keeps the conversation at Anthropic, and another provider does not know it.",
    ),
    Kind::carried(
        400,
        "unsupported",
        "Chat completions, by which the provider is asked, cannot say this.",
    ),
    Kind::carried(
        400,
        "unsupported_parameter",
        "The provider does not take a field, and the policy is strict; or chat completions cannot say it.",
    ),
    Kind::carried(
        400,
        "unsupported_value",
        "The provider's chat completions cannot say this value.",
    ),
    Kind::carried(
        403,
        "endpoint_not_allowed",
        "The key does not open this endpoint.",
    ),
    Kind::carried(
        403,
        "model_not_allowed",
        "The key does not open this model.",
    ),
    Kind::carried(
        403,
        "provider_not_allowed",
        "The key does not open a provider that has this model.",
    ),
    Kind::carried(
        404,
        "decision_not_found",
        "No decision about this request is kept.",
    ),
    Kind::carried(404, "model_not_found", "No such model is served here."),
    Kind::carried(404, "not_found", "There is no such key or team."),
    Kind::carried(404, "provider_not_found", "There is no such provider."),
    Kind::carried(
        404,
        "request_not_found",
        "No such finished request is known.",
    ),
];

/// All others.
pub const OWN: [Kind; 27] = [
    INVALID_API_KEY,
    KEY_NOT_ACTIVE,
    INVALID_ADMIN_KEY,
    INVALID_METRICS_KEY,
    ADMIN_CLOSED,
    VIEWER_NOT_HERE,
    ADDRESS_NOT_ALLOWED,
    CONFLICT,
    REQUEST_TOO_LARGE,
    INCOMPLETE_BODY,
    UNKNOWN_URL,
    METHOD_NOT_ALLOWED,
    RATE_LIMIT_EXCEEDED,
    REQUEST_OVER_LIMIT,
    PROVIDER_BUSY,
    BUDGET_EXCEEDED,
    INTERNAL_ERROR,
    UPSTREAM_UNREACHABLE,
    UPSTREAM_CREDENTIAL,
    UPSTREAM_OUT_OF_CREDIT,
    UPSTREAM_FAILED,
    DATABASE_UNAVAILABLE,
    KEYS_UNAVAILABLE,
    LIMITS_UNAVAILABLE,
    UPSTREAM_TIMEOUT,
    DEADLINE_EXCEEDED,
    NOT_CACHED,
];
