//! What the calls of a request were, for its record: why each was made, and what came of it.

use crate::{
    accounting::record::{Step, Tried},
    routing::choice::{Attempt, Outcome},
};

/// Of these attempts, and of those that were begun and are not among them, because the caller left. Nothing of a single
/// one that was answered: the rest of the record says everything. `name` gives a provider's id by its place, `last` is the
/// place in the plan of the deployment that was asked last, and that of its provider.
pub(super) fn of<'a>(
    attempts: &[Attempt],
    begun: u32,
    name: impl Fn(usize) -> &'a str,
    last: Option<(usize, usize)>,
) -> Vec<Tried> {
    let begun = usize::try_from(begun).unwrap_or(usize::MAX);
    if let [only] = attempts
        && only.outcome == Outcome::Answered
        && begun == 1
    {
        return Vec::new();
    }
    let over = attempts.iter().enumerate().map(|(number, attempt)| Tried {
        provider: name(attempt.provider).into(),
        step: step(
            attempts.get(..number).unwrap_or_default(),
            attempt.place,
            attempt.beside,
        ),
        outcome: attempt.outcome.as_str(),
    });
    let (place, provider) = last.unwrap_or_default();
    let left = (attempts.len()..begun).map(|number| Tried {
        provider: last.map_or("", |_| name(provider)).into(),
        step: if number > attempts.len() {
            Step::Retry
        } else {
            step(attempts, place, false)
        },
        outcome: Outcome::Cancelled.as_str(),
    });
    over.chain(left).collect()
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
mod tests {
    use std::time::Duration;

    use modelport_provider::failure::FailureKind;

    use super::*;

    const FAILED: Outcome = Outcome::Failed(FailureKind::Server);

    fn attempt(place: usize, outcome: Outcome, beside: bool) -> Attempt {
        Attempt {
            place,
            provider: place,
            key: 0,
            outcome,
            took: Duration::ZERO,
            waited: Duration::ZERO,
            beside,
        }
    }

    fn words(attempts: &[Attempt], begun: u32, last: usize) -> Vec<String> {
        let name = |place| ["a", "b"][place];
        of(attempts, begun, name, Some((last, last)))
            .into_iter()
            .map(|tried| {
                format!(
                    "{} {} {}",
                    tried.provider,
                    tried.step.as_str(),
                    tried.outcome
                )
            })
            .collect()
    }

    #[test]
    fn every_call_has_its_reason() {
        let answered = |place| attempt(place, Outcome::Answered, false);
        let failed = |place| attempt(place, FAILED, false);
        let check = |attempts: &[Attempt], begun, expected: &[&str]| {
            assert_eq!(words(attempts, begun, 0), expected);
        };
        check(&[], 0, &[]);
        check(&[answered(0)], 1, &[]);
        check(&[failed(0)], 1, &["a first server"]);
        check(
            &[failed(0), failed(0), answered(1)],
            3,
            &["a first server", "a retry server", "b failover answered"],
        );
        check(
            &[
                attempt(0, Outcome::Cancelled, false),
                attempt(1, Outcome::Answered, true),
            ],
            2,
            &["a first cancelled", "b hedge answered"],
        );
        check(&[], 1, &["a first cancelled"]);
        check(&[failed(0)], 2, &["a first server", "a retry cancelled"]);
        assert_eq!(
            words(&[failed(0)], 2, 1),
            ["a first server", "b failover cancelled"]
        );
    }
}
