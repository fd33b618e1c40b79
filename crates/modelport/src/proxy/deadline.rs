//! How long a request may take to its first output: as its caller says, or as its route does.

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName};
use modelport_provider::failure::FailureKind;

use super::{failure::Failure, plan::Plan};
use crate::error::Error;

/// The header in which a caller says how many seconds it waits.
pub const TIMEOUT: HeaderName = HeaderName::from_static("x-modelport-timeout");

/// The longest time that can be given.
const MAX_TIMEOUT: f64 = 86_400.0;

/// When a request has to have its first output.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// The moment.
    pub at: Instant,
    /// How long that is after its arrival.
    limit: Duration,
    given_by: Giver,
}

/// Who gave a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Giver {
    Caller,
    Route,
}

/// When a request that arrived then has to have its first output; the sooner counts where both say.
///
/// # Errors
/// [`Error::BadRequest`] when the header is no time.
pub fn of(headers: &HeaderMap, plan: &Plan, arrived: Instant) -> Result<Option<Deadline>, Error> {
    // Looking through the few is cheaper than looking one up, and hardly any caller has it.
    let header = if headers.keys().any(|name| *name == TIMEOUT) {
        Some((read(headers)?, Giver::Caller))
    } else {
        None
    };
    let route = plan.choice.as_ref().and_then(|choice| choice.route.timeout);
    let route = route.map(|limit| (limit, Giver::Route));
    let sooner = header.into_iter().chain(route).min_by_key(|given| given.0);
    Ok(sooner.and_then(|(limit, given_by)| {
        Some(Deadline {
            at: arrived.checked_add(limit)?,
            limit,
            given_by,
        })
    }))
}

fn read(headers: &HeaderMap) -> Result<Duration, Error> {
    let text = headers.get(TIMEOUT).and_then(|value| value.to_str().ok());
    let seconds = text.and_then(|text| text.trim().parse::<f64>().ok());
    seconds
        .filter(|seconds| *seconds > 0.0 && *seconds <= MAX_TIMEOUT)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| Error::BadRequest {
            message: format!(
                "The header {TIMEOUT} is not a time. Give the seconds to wait for the first output, such as 30 or 2.5, at most {MAX_TIMEOUT}."
            ),
            param: None,
            code: "invalid_timeout",
        })
}

impl Deadline {
    /// Whether a target that misses it is at fault: the operator's time is what a target must keep, a caller may be
    /// as impatient as it likes.
    pub fn is_the_routes(&self) -> bool {
        self.given_by == Giver::Route
    }

    /// The failure of a request whose time is over.
    pub fn passed(&self) -> Failure {
        Failure::own(FailureKind::Timeout, self.error())
    }

    /// What its caller is told.
    pub fn error(&self) -> Error {
        Error::Deadline {
            seconds: self.limit.as_secs_f64().to_string(),
            given_by: match self.given_by {
                Giver::Caller => "the header x-modelport-timeout",
                Giver::Route => "its route's timeout",
            },
        }
    }
}
