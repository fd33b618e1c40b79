use std::thread;

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// An afternoon in 2026.
const START: u64 = 1_784_000_123_456;

fn rate(amount: u64, per: u64) -> Rate {
    Rate::new(amount, Duration::from_millis(per))
}

/// What the limit and a stretch of time allow, rounded down.
fn allowed(amount: u64, per: u64, elapsed: u64) -> u64 {
    let refilled = u128::from(amount) * u128::from(elapsed) / u128::from(per);
    amount + u64::try_from(refilled).unwrap()
}

#[test]
fn the_whole_amount_may_come_at_once_and_then_what_is_refilled() {
    let rate = rate(100, MINUTE);
    for left in (0..100).rev() {
        let taken = rate.try_take(1, START).unwrap();
        assert_eq!(taken.remaining, left);
    }
    let refusal = Refusal::Spent {
        remaining: 0,
        retry_after: Duration::from_millis(600),
    };
    assert_eq!(rate.try_take(1, START), Err(refusal));
    assert!(rate.try_take(1, START + 599).is_err());
    assert!(rate.try_take(1, START + 600).is_ok());
    assert!(rate.try_take(1, START + 600).is_err());
    assert_eq!(rate.remaining(START + MINUTE), 99);
    assert_eq!(rate.remaining(START + MINUTE + 600), 100);
    assert_eq!(rate.remaining(START + DAY), 100, "never more");
}

#[test]
fn what_is_said_about_time_is_true_to_the_millisecond() {
    for (amount, per) in [(7, MINUTE), (3, SECOND), (1, DAY), (999_999_937, DAY)] {
        let rate = rate(amount, per);
        let weight = amount.div_ceil(3);
        while rate.try_take(weight, START).is_ok() {}
        let wait = rate.retry_after(weight, START).unwrap();
        let at = START + u64::try_from(wait.as_millis()).unwrap();
        assert!(rate.remaining(at - 1) < weight, "{amount}");
        assert!(rate.remaining(at) >= weight, "{amount}");
        let reset = START + u64::try_from(rate.reset(START).as_millis()).unwrap();
        assert!(rate.remaining(reset - 1) < amount, "{amount}");
        assert_eq!(rate.remaining(reset), amount);
        assert_eq!(rate.reset(reset), Duration::ZERO);
    }
}

#[test]
fn more_than_there_ever_is_needs_no_waiting() {
    let rate = rate(10, MINUTE);
    assert_eq!(rate.try_take(11, START), Err(Refusal::TooLarge));
    assert_eq!(rate.retry_after(11, START), None);
    assert_eq!(rate.remaining(START), 10);
    assert_eq!(rate.retry_after(10, START), Some(Duration::ZERO));
}

#[test]
fn a_limit_of_nothing_lets_nothing_pass() {
    let rate = rate(0, MINUTE);
    assert_eq!(rate.try_take(1, START), Err(Refusal::TooLarge));
    assert_eq!(rate.remaining(START), 0);
    assert_eq!(rate.reset(START), Duration::ZERO);
    rate.take_more(5, START);
    rate.give_back(5);
    assert_eq!(rate.try_take(1, START + DAY), Err(Refusal::TooLarge));
}

#[test]
fn what_is_owed_is_paid_by_time() {
    let rate = rate(60, MINUTE);
    rate.try_take(50, START).unwrap();
    rate.take_more(40, START);
    assert_eq!(rate.remaining(START), 0);
    assert!(rate.try_take(1, START + 30 * SECOND).is_err());
    assert!(rate.try_take(1, START + 31 * SECOND).is_ok());
    assert_eq!(rate.reset(START), Duration::from_secs(91));
}

#[test]
fn a_number_that_is_wrong_shuts_it_for_a_bounded_time() {
    let rate = rate(60, MINUTE);
    rate.take_more(u64::MAX, START);
    rate.take_more(u64::MAX, START);
    assert_eq!(rate.reset(START), Duration::from_mins(101));
    rate.take_more(1, START - SECOND);
    assert_eq!(rate.reset(START), Duration::from_mins(101));
}

#[test]
fn what_is_given_back_is_there_again_but_no_more() {
    let rate = rate(100, MINUTE);
    rate.try_take(80, START).unwrap();
    rate.give_back(30);
    assert_eq!(rate.remaining(START), 50);
    rate.give_back(1_000_000);
    assert_eq!(rate.remaining(START), 100);
    assert!(rate.try_take(100, START).is_ok());
    assert!(rate.try_take(1, START).is_err());
}

#[test]
fn a_clock_that_stands_or_goes_back_lets_no_more_pass() {
    let rate = rate(10, MINUTE);
    rate.try_take(10, START).unwrap();
    assert!(rate.try_take(1, START - 30 * SECOND).is_err());
    assert!(rate.try_take(1, START + 6 * SECOND).is_ok());
}

#[test]
fn bounds_of_amounts_periods_and_times_do_not_overflow() {
    for amount in [0, 1, 999_999_937, 1 << 40, u64::MAX] {
        for per in [0, 1, 999, DAY, u64::MAX] {
            let rate = rate(amount, per);
            for now in [0, 1, START, u64::MAX] {
                rate.take_more(u64::MAX, now);
                let _ = rate.try_take(rate.limit(), now);
                assert!(rate.remaining(now) <= rate.limit());
                let _ = rate.reset(now);
                rate.give_back(u64::MAX);
                assert_eq!(rate.remaining(now), rate.limit());
            }
        }
    }
}

/// Whether no more has passed than may; where the units are not exact, less than a unit more.
fn is_within(rate: &Rate, per: u64, passed: u64, elapsed: u64) -> bool {
    let [unit, per, amount] = [rate.unit, per, rate.amount].map(u128::from);
    let early = if rate.per == 1 { 0 } else { per };
    let refill = amount * u128::from(elapsed) * unit;
    u128::from(passed.saturating_sub(rate.amount)) * per * unit <= refill + early
}

#[test]
fn units_are_exact_for_usual_limits_and_fine_for_the_others() {
    for per in [SECOND, MINUTE, 60 * MINUTE, DAY, 30 * DAY] {
        for amount in [1, 7, 60, 100, 499, 3_500, 10_000, 250_000, 1_000_000] {
            assert_eq!(rate(amount, per).per, 1, "{amount} per {per}");
        }
        for amount in [999_983, 10_000_019, 999_999_937, 1_000_000_000] {
            let rate = rate(amount, per);
            // A unit is refilled in less than eight nanoseconds.
            assert!(
                rate.per == 1 || 8 * rate.speed >= 1_000_000 * rate.per,
                "{amount} per {per}"
            );
        }
    }
}

/// Takes all that passes, at moments that are not even, and compares with what may pass.
fn run(amount: u64, per: u64, step: u64, steps: u64) {
    let rate = rate(amount, per);
    let mut passed = 0;
    let mut now = START;
    for at in 0..steps {
        let remaining = rate.remaining(now);
        if remaining > 0 {
            rate.try_take(remaining, now).unwrap();
            passed += remaining;
        }
        assert!(rate.try_take(1, now).is_err());
        let allowed = allowed(amount, per, now - START);
        assert!(
            is_within(&rate, per, passed, now - START),
            "{amount} per {per}: {passed} {allowed}"
        );
        assert!(
            passed + 1 >= allowed,
            "{amount} per {per}: {passed} {allowed}"
        );
        now += step + at % 7;
    }
}

#[test]
fn no_error_adds_up_over_years() {
    // No step is so long that a part of what it refills is lost by being full.
    run(3, DAY, 3_500_123, 100_000);
    run(100, MINUTE, 1, 200_000);
    run(7, MINUTE, 50_000, 100_000);
    run(500, MINUTE, 117, 100_000);
    run(1_000_000, MINUTE, 1, 100_000);
    run(10_000_019, MINUTE, 31, 100_000);
    run(1_000_000_000, DAY, 1, 100_000);
    run(1_000_000_000, DAY, 3_500_123, 100_000);
    run(999_999_937, DAY, 3_500_123, 100_000);
    run(999_999_937, DAY, 13, 100_000);
}

#[test]
fn one_a_day_passes_on_the_dot_for_centuries() {
    let rate = rate(1, DAY);
    for day in 0..200_000 {
        let now = START + day * DAY;
        assert!(day == 0 || rate.try_take(1, now - 1).is_err());
        assert!(rate.try_take(1, now).is_ok());
    }
}

#[test]
fn one_at_a_time_costs_no_more_than_many_at_once() {
    let (amount, elapsed) = (1_000_000, 3 * SECOND);
    let rate = rate(amount, MINUTE);
    let mut passed = 0;
    for now in START..=START + elapsed {
        while rate.try_take(1, now).is_ok() {
            passed += 1;
        }
    }
    assert_eq!(passed, allowed(amount, MINUTE, elapsed));
}

/// How many of many threads' takes pass.
fn hammer(rate: &Rate, takes: u64, weight: u64, now: u64) -> u64 {
    let passed = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mine = (0..takes).filter(|_| rate.try_take(weight, now).is_ok());
                passed.fetch_add(u64::try_from(mine.count()).unwrap(), Ordering::Relaxed);
            });
        }
    });
    passed.into_inner()
}

#[test]
fn threads_at_once_get_exactly_what_there_is() {
    for _ in 0..50 {
        assert_eq!(hammer(&rate(100, MINUTE), 125, 1, START), 100);
        assert_eq!(hammer(&rate(100, MINUTE), 125, 7, START), 14);
    }
    let large = rate(100_000, MINUTE);
    assert_eq!(hammer(&large, 30_000, 1, START), 100_000);
    assert_eq!(hammer(&large, 30_000, 1, START + MINUTE / 2), 50_000);
}

#[test]
fn threads_that_give_back_leave_nothing_behind() {
    let rate = rate(1000, MINUTE);
    thread::scope(|scope| {
        for weight in 1..=8 {
            let rate = &rate;
            scope.spawn(move || {
                for _ in 0..10_000 {
                    if rate.try_take(weight, START).is_ok() {
                        rate.take_more(3, START);
                        rate.give_back(weight + 3);
                    }
                }
            });
        }
    });
    assert_eq!(rate.remaining(START), 1000);
}

#[derive(Debug, Clone)]
enum Step {
    Take(u64),
    More(u64),
    Back(u64),
    Wait(u64),
}

fn steps(amount: u64, per: u64) -> impl Strategy<Value = Vec<Step>> {
    let most = amount.min(1_000_000) + 1;
    let step = prop_oneof![
        4 => (1..=most).prop_map(Step::Take),
        1 => (1..=most).prop_map(Step::More),
        1 => (1..=most).prop_map(Step::Back),
        3 => (0..=per / 2).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..120)
}

/// Limits whose units are exact.
fn limits() -> impl Strategy<Value = (u64, u64)> {
    let amounts = prop_oneof![
        1_u64..50,
        1_u64..100_000,
        Just(1_000_000),
        Just(1_000_000_000)
    ];
    let periods = prop_oneof![Just(SECOND), Just(MINUTE), Just(60 * MINUTE), Just(DAY)];
    (amounts, periods)
}

proptest! {
    /// What is given back may only be what was taken before, as with permits.
    #[test]
    fn no_stretch_of_time_lets_more_pass_than_it_may(
        ((amount, per), steps) in limits().prop_flat_map(|limit| (Just(limit), steps(limit.0, limit.1)))
    ) {
        let rate = rate(amount, per);
        let mut now = START;
        // For each moment at which something passed, what was taken since, less what was given back since.
        let mut since: Vec<(u64, i128)> = Vec::new();
        let add = |since: &mut Vec<(u64, i128)>, now: u64, weight: i128| {
            since.push((now, 0));
            for (_, net) in since.iter_mut() {
                *net += weight;
            }
        };
        for step in steps {
            match step {
                Step::Take(weight) => {
                    let before = rate.remaining(now);
                    let taken = rate.try_take(weight, now);
                    prop_assert_eq!(taken.is_ok(), weight <= before);
                    if taken.is_ok() {
                        prop_assert_eq!(rate.remaining(now), before - weight);
                        add(&mut since, now, i128::from(weight));
                        for &(start, net) in &since {
                            let refilled = i128::from(amount) * i128::from(now - start);
                            prop_assert!((net - i128::from(amount)) * i128::from(per) <= refilled);
                        }
                    }
                }
                Step::More(weight) => {
                    rate.take_more(weight, now);
                    add(&mut since, now, i128::from(weight));
                }
                Step::Back(weight) => {
                    rate.give_back(weight);
                    for (_, net) in &mut since {
                        *net -= i128::from(weight);
                    }
                }
                Step::Wait(time) => now += time,
            }
            prop_assert!(rate.remaining(now) <= amount);
        }
    }

    #[test]
    fn taking_and_giving_back_at_once_changes_nothing(
        (amount, per) in limits(), used in 0_u64..1000, weight in 1_u64..1000, wait in 0..DAY
    ) {
        let rate = rate(amount, per);
        rate.take_more(used, START);
        let now = START + wait;
        let before = (rate.remaining(now), rate.reset(now));
        if rate.try_take(weight, now).is_ok() {
            rate.give_back(weight);
        }
        prop_assert_eq!((rate.remaining(now), rate.reset(now)), before);
    }
}
