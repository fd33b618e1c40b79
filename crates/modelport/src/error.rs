//! Everything the gateway itself says no with, and in `wire` how each no looks there.
//!
//! An upstream's refusal of the caller's request is not here: it is passed on as it came. Status,
//! type, code, param and headers are decided in one `match`, because clients choose exception and
//! retry by them.

use http::{HeaderName, HeaderValue, StatusCode};

use crate::config::ProviderConfig;

pub mod kinds;
mod wire;

pub use wire::{SHOULD_RETRY, anthropic_body, anthropic_type};

/// In whose words an error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// OpenAI's.
    OpenAi,
    /// Anthropic's.
    Anthropic,
}

/// A no of the gateway's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No key, or one that is not ours.
    #[error("{}", key_message(*presented))]
    Unauthorized {
        /// Whether a key came at all.
        presented: bool,
    },
    /// A key that once opened.
    #[error("The API key {what}. Ask whoever gave it to you for another.")]
    KeyOver {
        /// What became of it.
        what: &'static str,
    },
    /// A key that opens for other addresses.
    #[error("The API key may not be used from {}. Use it from one of its own addresses.", peer.map_or_else(|| "an unknown address".to_owned(), |peer| peer.to_string()))]
    KeyElsewhere {
        /// Where the request came from.
        peer: Option<std::net::IpAddr>,
    },
    /// The keys have not been read yet.
    #[error(
        "modelport cannot check the API key, because the database of its keys does not answer. Try again, or see the log."
    )]
    KeysUnread,
    /// The admin API of a gateway that has no admin key.
    #[error("The admin API is closed. Set MODELPORT_ADMIN_KEY to open it.")]
    AdminClosed,
    /// No admin key.
    #[error("{}", if *presented { "Incorrect admin key provided. Send MODELPORT_ADMIN_KEY as 'Authorization: Bearer KEY'." } else { "No admin key provided. Send MODELPORT_ADMIN_KEY as 'Authorization: Bearer KEY'." })]
    NoAdmin {
        /// Whether a key came at all.
        presented: bool,
    },
    /// Somebody elsewhere who looks at a gateway that has no admin key.
    #[error(
        "Without an admin key only a browser on the gateway's own machine may look, and {why}. Set MODELPORT_ADMIN_KEY and show it, or open the dashboard at http://127.0.0.1 there."
    )]
    NotHere {
        /// What about the request tells that it is from elsewhere.
        why: &'static str,
    },
    /// No key that opens the metrics.
    #[error("{}", if *presented { "The key provided does not open the metrics. Send MODELPORT_ADMIN_KEY, or a key made with `modelport keys create NAME --endpoint /metrics`, as 'Authorization: Bearer KEY', or set MODELPORT_METRICS." } else { "No key for the metrics provided. Send MODELPORT_ADMIN_KEY, or a key made with `modelport keys create NAME --endpoint /metrics`, as 'Authorization: Bearer KEY', or set MODELPORT_METRICS." })]
    NoMetrics {
        /// Whether a key came at all.
        presented: bool,
    },
    /// What was asked for does not fit what is there.
    #[error("{message}")]
    Conflict {
        /// What is there, and what would fit.
        message: String,
    },
    /// The database does not answer.
    #[error("The database does not answer, so nothing was changed. Try again, or see the log.")]
    StoreAway,
    /// A key that opens other things.
    #[error("{message}")]
    Forbidden {
        /// What the key does not open, and what it does.
        message: String,
        /// The field, where one is to blame.
        param: Option<&'static str>,
        /// A word for programs.
        code: &'static str,
    },
    /// The body is not a request that can be acted on.
    #[error("{message}")]
    BadRequest {
        /// What is wrong with which field, and what would be right.
        message: String,
        /// The field, where one is to blame.
        param: Option<String>,
        /// A word for programs.
        code: &'static str,
    },
    /// The body is over the limit.
    #[error(
        "The request body is larger than {limit} bytes. Send a smaller one, or raise {variable}."
    )]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
        /// The variable that sets it.
        variable: &'static str,
    },
    /// The body stopped arriving.
    #[error("The request body ended before it was complete.")]
    BodyCut,
    /// No such URL.
    #[error("Unknown URL: {method} {path}. The API is under /v1; GET /v1/models lists the models.")]
    UnknownUrl {
        /// The request's method.
        method: String,
        /// The request's path.
        path: String,
    },
    /// The URL exists, but not with this method.
    #[error("{method} is not allowed on {path}.")]
    MethodNotAllowed {
        /// The request's method.
        method: String,
        /// The request's path.
        path: String,
    },
    /// A model or provider that does not exist here.
    #[error("{message}")]
    NotFound {
        /// What was looked for, and how to find what there is.
        message: String,
        /// The field that named it.
        param: &'static str,
        /// A word for programs.
        code: &'static str,
    },
    /// The provider cannot be reached, or broke off before it answered.
    #[error(
        "{provider} could not be reached: {cause}. Check {variable}, and that the provider is up."
    )]
    Unreachable {
        /// The provider's display name.
        provider: String,
        /// What happened, as the transport tells it.
        cause: String,
        /// The variable that says where the provider is.
        variable: String,
    },
    /// The provider stayed silent for too long.
    #[error(
        "{provider} stayed silent for {seconds} s ({variable}={seconds}): {what}. Stream the answer (\"stream\": true) so that it arrives in pieces, or raise {variable}."
    )]
    Silent {
        /// The provider's display name.
        provider: String,
        /// The silence allowed, in seconds, as configured.
        seconds: String,
        /// The variable that sets it.
        variable: String,
        /// What was waited for.
        what: &'static str,
    },
    /// The provider refuses the gateway's credential.
    #[error("{provider} refused modelport's credential with {status}: {said} Check {variable}.")]
    Credential {
        /// The provider's display name.
        provider: String,
        /// The provider's status.
        status: u16,
        /// The provider's own words.
        said: String,
        /// The variable that holds the credential.
        variable: String,
    },
    /// The provider's account is out of money or quota.
    #[error(
        "{provider} refused with {status}, the account behind modelport is out of credit: {said}"
    )]
    OutOfCredit {
        /// The provider's display name.
        provider: String,
        /// The provider's status.
        status: u16,
        /// The provider's own words.
        said: String,
    },
    /// The provider failed, and what it said cannot be passed on as it is.
    #[error("{provider} failed: {what}")]
    Upstream {
        /// The provider's display name.
        provider: String,
        /// What went wrong.
        what: String,
        /// The status to answer with: 502, or the provider's own 5xx or 429.
        status: StatusCode,
        /// Seconds that the provider asked to wait.
        retry_after: Option<u64>,
    },
    /// The time that a request was given is over.
    #[error(
        "The request had no output within {seconds} s, the time given by {given_by}. Give it more, or ask a faster model."
    )]
    Deadline {
        /// The time, in seconds.
        seconds: String,
        /// Who gave it: a header or a route's setting.
        given_by: &'static str,
    },
    /// Nothing is kept for a caller who wants nothing else.
    #[error(
        "No answer to this request is kept, and its cache-control says only-if-cached. Leave that out to have a provider asked."
    )]
    NotKept,
    /// Every place of a provider is taken, and the waiting room is full or the wait was too long.
    #[error("{provider} is busy: {what}. Come back later, or raise its concurrency or queue.")]
    Busy {
        /// The provider's display name.
        provider: String,
        /// What there was no place in.
        what: String,
        /// Seconds after which a place is likely.
        retry_after: u64,
    },
    /// A limit or a budget does not allow the request.
    #[error("{message}")]
    Limited {
        /// What kind of limit.
        limit: Limit,
        /// Whose it is, in a word.
        owner: &'static str,
        /// What it is called.
        name: &'static str,
        /// Whose, how far it is used, and when there is more.
        message: String,
        /// Seconds after which there may be enough.
        retry_after: Option<u64>,
        /// Headers that say where the caller stands.
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    /// The server through which limits are shared does not answer.
    #[error(
        "modelport cannot check the limits of the request, because the server that keeps them does not answer. Try again, or see the log."
    )]
    LimitsAway,
    /// A fault of ours.
    #[error("modelport failed inside. The request id finds it in the log.")]
    Internal,
}

/// A kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many in a time, or at once.
    Rate,
    /// The request alone is more than it allows.
    TooLarge,
    /// Money.
    Budget,
}

fn key_message(presented: bool) -> &'static str {
    if presented {
        "Incorrect API key provided. Send one of modelport's keys (MODELPORT_API_KEY, or `modelport keys create`) as 'Authorization: Bearer KEY'."
    } else {
        "No API key provided. Send one of modelport's keys (MODELPORT_API_KEY, or `modelport keys create`) as 'Authorization: Bearer KEY'."
    }
}

/// Whose fault an error is, which is how loud it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The caller's.
    Caller,
    /// A provider's, or of the credentials we have there.
    Upstream,
    /// Ours.
    Gateway,
}

impl Blame {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Upstream => "upstream",
            Self::Gateway => "gateway",
        }
    }
}

impl Error {
    /// The provider stayed silent; `what` says in which state.
    pub fn silent(provider: &ProviderConfig, what: &'static str) -> Self {
        Self::Silent {
            provider: provider.name.clone(),
            seconds: provider.timeout.as_secs_f64().to_string(),
            variable: provider.timeout_variable.clone(),
            what,
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unauthorized { .. }
            | Self::AdminClosed
            | Self::NoAdmin { .. }
            | Self::NotHere { .. }
            | Self::NoMetrics { .. }
            | Self::Conflict { .. }
            | Self::KeyOver { .. }
            | Self::Limited { .. }
            | Self::NotKept
            | Self::KeyElsewhere { .. }
            | Self::Forbidden { .. }
            | Self::BadRequest { .. }
            | Self::TooLarge { .. }
            | Self::BodyCut
            | Self::UnknownUrl { .. }
            | Self::MethodNotAllowed { .. }
            | Self::NotFound { .. } => Blame::Caller,
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Credential { .. }
            | Self::OutOfCredit { .. }
            | Self::Deadline { .. }
            | Self::Busy { .. }
            | Self::Upstream { .. } => Blame::Upstream,
            Self::KeysUnread | Self::StoreAway | Self::LimitsAway | Self::Internal => {
                Blame::Gateway
            }
        }
    }
}
