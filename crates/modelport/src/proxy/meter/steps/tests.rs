use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use modelport_provider::failure::FailureKind;

use super::*;
use crate::ids::RequestId;

const FAILED: Outcome = Outcome::Failed(FailureKind::Server);

fn attempt(arrived: Instant, place: usize, outcome: Outcome, began: u64) -> Attempt {
    let began = arrived + Duration::from_millis(began);
    let mut attempt = Attempt::begin(place, (place, 0), &Arc::from("m"), began);
    attempt.outcome = outcome;
    attempt
}

/// A record of a request that took a second and whose last provider was this.
fn record(provider: &str) -> Record {
    let id = RequestId::of(&HeaderMap::new());
    Record {
        provider: Some(provider.into()),
        duration: Duration::from_secs(1),
        ..Record::new(id, SystemTime::UNIX_EPOCH, "/chat/completions", "chat")
    }
}

fn tried(attempts: &[Attempt], arrived: Instant) -> SmallVec<[Tried; 1]> {
    let name = |place| ["a", "b"][place];
    let last = attempts.last().map_or("", |last| name(last.provider));
    of(attempts, arrived, &record(last), name)
}

#[test]
fn every_call_has_its_reason() {
    let at = Instant::now();
    let check = |calls: &[(usize, Outcome, bool)], expected: &[&str]| {
        let attempts = calls.iter().map(|&(place, outcome, beside)| {
            let mut attempt = attempt(at, place, outcome, 0);
            attempt.beside = beside;
            attempt
        });
        let attempts: Vec<Attempt> = attempts.collect();
        let last = attempts.last().map_or("", |last| ["a", "b"][last.place]);
        let words = tried(&attempts, at).into_iter().map(|tried| {
            let provider = tried.provider.as_deref().unwrap_or(last).to_owned();
            format!("{provider} {} {}", tried.step.as_str(), tried.outcome)
        });
        assert_eq!(words.collect::<Vec<_>>(), expected);
    };
    let (answered, left) = (Outcome::Answered, Outcome::Left);
    check(&[], &[]);
    check(&[(0, answered, false)], &["a first answered"]);
    check(&[(0, FAILED, false)], &["a first server"]);
    check(
        &[(0, FAILED, false), (0, FAILED, false), (1, answered, false)],
        &["a first server", "a retry server", "b failover answered"],
    );
    check(
        &[(0, Outcome::Cancelled, false), (1, answered, true)],
        &["a first cancelled", "b hedge answered"],
    );
    check(&[(0, left, false)], &["a first cancelled"]);
    check(
        &[(0, FAILED, false), (0, left, false)],
        &["a first server", "a retry cancelled"],
    );
    check(
        &[(0, FAILED, false), (1, left, false)],
        &["a first server", "b failover cancelled"],
    );
}

#[test]
fn every_call_has_its_times() {
    let at = Instant::now();
    let ms = Duration::from_millis;
    let mut failed = attempt(at, 0, FAILED, 10);
    failed.heard(StatusCode::BAD_GATEWAY, at + ms(30));
    failed.took = ms(25);
    let mut answered = attempt(at, 1, Outcome::Answered, 100);
    answered.heard(StatusCode::OK, at + ms(300));
    answered.took = ms(400);
    let both = tried(&[failed.clone(), answered.clone()], at);
    let of = |tried: &Tried| (tried.began, tried.head, tried.output, tried.ended);
    let [first, second] = &*both else {
        panic!("{both:?}")
    };
    assert_eq!(of(first), (ms(10), Some(ms(30)), None, ms(35)));
    assert_eq!(first.status, Some(StatusCode::BAD_GATEWAY));
    assert_eq!(first.provider.as_deref(), Some("a"));
    // Its provider is the record's, and it ends when the answer does.
    assert_eq!(
        of(second),
        (ms(100), Some(ms(300)), Some(ms(500)), ms(1000))
    );
    assert_eq!(second.provider, None);

    answered.cut = Some(ms(600));
    let cut = tried(&[answered, attempt(at, 0, Outcome::Left, 720)], at);
    let ended: Vec<_> = cut.iter().map(|tried| tried.ended).collect();
    assert_eq!(ended, [ms(700), ms(1000)]);
}
