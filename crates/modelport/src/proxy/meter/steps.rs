//! What the calls of a request were, for its record: why each was made, when, and what came of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use smallvec::SmallVec;

use crate::{
    accounting::record::{Record, Step, Tried},
    routing::choice::{Attempt, Outcome},
};

/// Of these attempts at a request that `arrived` then, for its record, which says all else already. `name` gives a
/// provider's id by its place.
pub(super) fn of<'a>(
    attempts: &[Attempt],
    arrived: Instant,
    record: &Record,
    name: impl Fn(usize) -> &'a str,
) -> SmallVec<[Tried; 1]> {
    let of_record = record.provider.as_deref();
    let tried = attempts.iter().enumerate().map(|(number, attempt)| {
        let before = attempts.get(..number).unwrap_or_default();
        let provider = Some(name(attempt.provider)).filter(|name| Some(*name) != of_record);
        let began = attempt.began.saturating_duration_since(arrived);
        let (output, ended) = times(attempt, began, record.duration);
        Tried {
            provider: provider.map(Into::into),
            model: (!attempt.model.is_empty()).then(|| Arc::clone(&attempt.model)),
            span: attempt.span,
            key: attempt.key,
            step: step(before, attempt.place, attempt.beside),
            outcome: attempt.outcome.as_str(),
            status: attempt.status,
            began,
            head: attempt.head.map(|head| began + head),
            output,
            ended,
        }
    });
    tried.collect()
}

/// When an attempt had its first output and when it ended, of a request that took so long.
fn times(attempt: &Attempt, began: Duration, whole: Duration) -> (Option<Duration>, Duration) {
    let over = began + attempt.took;
    match attempt.outcome {
        Outcome::Answered => (Some(over), attempt.cut.map_or(whole, |cut| began + cut)),
        Outcome::Failed(_) | Outcome::Cancelled => (None, over),
        Outcome::Left => (None, whole),
    }
}

/// Why an attempt at this place was made, after those before it.
fn step(before: &[Attempt], place: usize, beside: bool) -> Step {
    let again = before.iter().any(|known| known.place == place);
    match (before, again) {
        ([], _) => Step::First,
        (_, true) => Step::Retry,
        _ if beside => Step::Hedge,
        _ => Step::Failover,
    }
}

#[cfg(test)]
mod tests;
