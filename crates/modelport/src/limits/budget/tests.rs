use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use proptest::prelude::*;

use super::*;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// Noon of Sunday, 2026-11-29.
const NOON: u64 = 1_795_953_600_000;

const HOURLY: Window = Window::Rolling(Duration::from_hours(1));

const WINDOWS: [Window; 5] = [
    Window::Day,
    Window::Week,
    Window::Month,
    Window::Total,
    HOURLY,
];

fn cents(cents: u64) -> Money {
    Money::from_pico(cents * 10_000_000_000)
}

fn hard(window: Window, limit: u64) -> Budget {
    Budget::new(window, None, Some(cents(limit)))
}

fn soft(window: Window, limit: u64) -> Budget {
    Budget::new(window, Some(cents(limit)), None)
}

/// What is spent and set apart, in cents.
#[track_caller]
fn check(budget: &Budget, now: u64, spent: u64, reserved: u64) {
    let standing = Standing {
        spent: cents(spent),
        reserved: cents(reserved),
    };
    assert_eq!(budget.standing(now), standing);
}

/// Spends so much at once, and says whether the soft limit was reported.
fn spend(budget: &Budget, cost: u64, now: u64) -> bool {
    let reserved = budget.reserve(cents(cost), now).unwrap();
    budget.settle(reserved, cents(cost), now).is_some()
}

#[test]
fn what_is_set_apart_is_not_there_for_others() {
    for window in WINDOWS {
        let budget = hard(window, 100);
        let first = budget.reserve(cents(60), NOON).unwrap();
        let refusal = budget.reserve(cents(41), NOON).unwrap_err();
        assert_eq!(refusal.spent, Money::ZERO);
        assert_eq!(refusal.reserved, cents(60));
        assert_eq!(refusal.limit, cents(100));
        let second = budget.reserve(cents(40), NOON).unwrap();
        check(&budget, NOON, 0, 100);

        assert_eq!(budget.settle(first, cents(10), NOON), None);
        check(&budget, NOON, 10, 40);
        budget.release(second);
        check(&budget, NOON, 10, 0);
        assert!(budget.reserve(cents(91), NOON).is_err());
        assert!(budget.reserve(cents(90), NOON).is_ok());
    }
}

#[test]
fn a_request_may_cost_more_than_was_set_apart() {
    for window in WINDOWS {
        let budget = hard(window, 100);
        let mut reserved = budget.reserve(cents(50), NOON).unwrap();
        budget.reserve_more(&mut reserved, cents(70));
        check(&budget, NOON, 0, 120);
        assert!(budget.reserve(Money::ZERO, NOON).is_err());
        let _ = budget.settle(reserved, cents(150), NOON);
        check(&budget, NOON, 150, 0);
        assert!(budget.reserve(cents(1), NOON).is_err());
    }
}

#[test]
fn a_refusal_says_when_there_is_more() {
    let resets_at = |window, estimate| {
        let budget = hard(window, 100);
        spend(&budget, 100, NOON);
        budget.reserve(cents(estimate), NOON).unwrap_err().resets_at
    };
    let midnight = NOON + 12 * HOUR;
    assert_eq!(resets_at(Window::Day, 1), Some(midnight));
    assert_eq!(resets_at(Window::Week, 1), Some(midnight));
    assert_eq!(resets_at(Window::Month, 1), Some(midnight + DAY));
    assert_eq!(resets_at(Window::Total, 1), None);
    assert_eq!(resets_at(HOURLY, 1), Some(NOON + HOUR + 60_000));
    for window in WINDOWS {
        assert_eq!(resets_at(window, 101), None, "waiting does not help");
    }
}

#[test]
fn another_period_begins_with_nothing_spent() {
    let ends = [
        (Window::Day, NOON + 12 * HOUR),
        (Window::Week, NOON + 12 * HOUR),
        (Window::Month, NOON + 36 * HOUR),
    ];
    for (window, end) in ends {
        let budget = hard(window, 100);
        spend(&budget, 100, NOON);
        assert!(budget.reserve(cents(1), end - 1).is_err());
        assert!(budget.reserve(cents(100), end).is_ok());
        check(&budget, end, 0, 100);
    }
    let total = hard(Window::Total, 100);
    spend(&total, 100, NOON);
    assert!(total.reserve(cents(1), NOON + 10_000 * DAY).is_err());
}

#[test]
fn a_request_over_midnight_is_charged_to_the_day_before() {
    let budget = Budget::new(Window::Day, Some(cents(1)), Some(cents(100)));
    let midnight = NOON + 12 * HOUR;
    let mut first = budget.reserve(cents(60), NOON).unwrap();
    let second = budget.reserve(cents(40), NOON).unwrap();
    let third = budget.reserve(cents(30), midnight).unwrap();
    budget.reserve_more(&mut first, cents(50));
    assert_eq!(budget.settle(first, cents(150), midnight), None);
    budget.release(second);
    check(&budget, midnight, 0, 30);
    assert!(budget.settle(third, cents(20), midnight).is_some());
    check(&budget, midnight, 20, 0);
}

#[test]
fn a_clock_that_goes_back_stays_in_the_period_that_has_begun() {
    let midnight = NOON + 12 * HOUR;
    for window in [Window::Day, HOURLY] {
        let budget = hard(window, 100);
        spend(&budget, 60, midnight);
        assert!(budget.reserve(cents(41), midnight - 1).is_err());
        spend(&budget, 40, midnight - 1);
        check(&budget, midnight, 100, 0);
    }
}

#[test]
fn what_the_ledger_knows_counts_in_its_window() {
    let budget = hard(Window::Day, 100);
    budget.load(cents(70), NOON);
    budget.load(cents(10), NOON - 11 * HOUR);
    budget.load(cents(1000), NOON - 13 * HOUR);
    check(&budget, NOON, 80, 0);

    let budget = hard(HOURLY, 100);
    budget.load(cents(20), NOON);
    budget.load(cents(30), NOON - HOUR / 2);
    budget.load(cents(1000), NOON - 2 * HOUR);
    check(&budget, NOON, 50, 0);
    check(&budget, NOON + HOUR / 2 + 60_000, 20, 0);
}

#[test]
fn the_soft_limit_is_reported_once_a_period() {
    let budget = soft(Window::Day, 100);
    assert!(!spend(&budget, 99, NOON));
    assert!(spend(&budget, 1, NOON));
    assert!(!spend(&budget, 500, NOON));
    assert!(spend(&budget, 100, NOON + DAY));
    assert!(!spend(&budget, 100, NOON + DAY));

    let budget = soft(Window::Day, 100);
    budget.load(cents(100), NOON);
    assert!(!spend(&budget, 1, NOON), "another process reported it");
}

#[test]
fn the_soft_limit_of_a_rolling_window_is_reported_once_in_its_length() {
    let budget = soft(HOURLY, 100);
    assert!(!spend(&budget, 60, NOON));
    assert!(spend(&budget, 40, NOON + HOUR * 3 / 4));
    // The first amount has gone, and the limit is reached again.
    assert!(!spend(&budget, 60, NOON + HOUR * 5 / 4));
    assert!(spend(&budget, 100, NOON + HOUR * 5 / 2));
}

#[test]
fn what_another_process_reported_is_not_reported_again_in_a_rolling_window() {
    let budget = soft(HOURLY, 100);
    budget.load(cents(99), NOON);
    budget.load(cents(1), NOON + HOUR / 2);
    // The first part is gone, and the limit is reached anew, within the hour.
    let later = NOON + HOUR + HOUR / 60 + 1;
    assert!(!spend(&budget, 99, later));
    assert!(spend(&budget, 100, later + HOUR));
}

#[test]
fn an_amount_counts_in_a_rolling_window_for_its_length_and_little_longer() {
    for offset in [0, 1, 59_999, 30_000] {
        let budget = hard(HOURLY, 100);
        let now = NOON + offset;
        spend(&budget, 100, now);
        for later in [0, HOUR / 2, HOUR - 1, HOUR] {
            assert!(budget.reserve(cents(1), now + later).is_err(), "{later}");
        }
        check(&budget, now + HOUR + HOUR / 60, 0, 0);
        assert!(budget.reserve(cents(100), now + HOUR + HOUR / 60).is_ok());
    }
}

#[test]
fn a_rolling_window_survives_pauses_of_any_length() {
    let budget = hard(HOURLY, 100);
    let mut now = NOON;
    for minutes in 0..200 {
        now += minutes * 60_000;
        let reserved = budget.reserve(cents(1), now).unwrap();
        let _ = budget.settle(reserved, cents(1), now);
        assert!(budget.standing(now).spent >= cents(1));
        assert_eq!(budget.standing(now).reserved, Money::ZERO);
    }
    check(&budget, now, 1, 0);
    let late = budget.reserve(cents(50), now).unwrap();
    check(&budget, now + 100 * HOUR, 0, 0);
    let _ = budget.settle(late, cents(30), now + 100 * HOUR);
    check(&budget, now + 100 * HOUR, 30, 0);
}

#[test]
fn what_was_set_apart_longer_ago_than_the_window_is_not_taken_out_twice() {
    for cost in [0, 30] {
        let budget = hard(HOURLY, 100);
        let first = budget.reserve(cents(50), NOON).unwrap();
        let second = budget.reserve(cents(50), NOON).unwrap();
        let later = NOON + HOUR + HOUR / 60;
        spend(&budget, 60, later);
        let _ = budget.settle(first, cents(cost), later);
        budget.release(second);
        check(&budget, later, 60 + cost, 0);
        assert!(budget.reserve(cents(41 - cost), later).is_err());
        assert!(budget.reserve(cents(40 - cost), later).is_ok());
    }
}

#[test]
fn clocks_and_lengths_out_of_bounds_do_not_overflow() {
    for length in [0, 1, u64::MAX] {
        let budget = hard(Window::Rolling(Duration::from_millis(length)), 100);
        for now in [0, 1, NOON, u64::MAX] {
            if let Ok(reserved) = budget.reserve(cents(100), now) {
                let _ = budget.settle(reserved, cents(100), now);
            }
            assert!(budget.reserve(cents(100), now).is_err());
        }
    }
    for window in [Window::Day, Window::Week, Window::Month] {
        let budget = hard(window, 100);
        spend(&budget, 100, u64::MAX);
        assert!(budget.reserve(cents(1), u64::MAX).is_err());
    }
}

/// How many of many threads' requests pass, each done before that thread's next; and how often a soft limit is told of.
fn hammer(budget: &Budget, each: usize, now: impl Fn(usize) -> u64 + Sync) -> (u64, u64) {
    let (passed, told) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for turn in 0..each {
                    let now = now(turn);
                    if let Ok(reserved) = budget.reserve(cents(1), now) {
                        passed.fetch_add(1, Ordering::Relaxed);
                        let reached = budget.settle(reserved, cents(1), now);
                        told.fetch_add(u64::from(reached.is_some()), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    (passed.into_inner(), told.into_inner())
}

#[test]
fn threads_at_once_spend_exactly_what_there_is() {
    for window in WINDOWS {
        for _ in 0..30 {
            let budget = Budget::new(window, Some(cents(80)), Some(cents(100)));
            assert_eq!(hammer(&budget, 125, |_| NOON), (100, 1), "{window:?}");
            check(&budget, NOON, 100, 0);
        }
    }
}

#[test]
fn threads_that_reserve_and_release_leave_nothing_behind() {
    for window in WINDOWS {
        let budget = hard(window, 100);
        thread::scope(|scope| {
            for amount in 1..=8 {
                let budget = &budget;
                scope.spawn(move || {
                    for _ in 0..5000 {
                        if let Ok(mut reserved) = budget.reserve(cents(amount * 3), NOON) {
                            budget.reserve_more(&mut reserved, cents(amount));
                            budget.release(reserved);
                        }
                    }
                });
            }
        });
        check(&budget, NOON, 0, 0);
    }
}

#[test]
fn each_of_many_days_gets_exactly_its_budget_from_threads() {
    let budget = Budget::new(Window::Day, Some(cents(50)), Some(cents(100)));
    // The days are of the threads' own turns, so some are ahead of others; each spends its share of a day that it finds.
    let days = 400;
    let each = 50;
    let now = |turn: usize| NOON + DAY * u64::try_from(turn / each).unwrap();
    let (passed, told) = hammer(&budget, days * each, now);
    let days = u64::try_from(days).unwrap();
    assert!(passed <= 100 * days, "{passed}");
    assert!(told <= days, "{told}");
    let last = NOON + DAY * (days - 1);
    assert!(budget.standing(last).spent <= cents(100));
    assert_eq!(budget.standing(last).reserved, Money::ZERO);
}

#[test]
fn threads_in_a_rolling_window_that_moves_leave_nothing_behind() {
    let budget = hard(HOURLY, 100);
    let now = |turn: usize| NOON + u64::try_from(turn).unwrap() * 7_013;
    // In rounds of a fifth of the window: no thread stands still for a whole one, as none does while an hour passes.
    for round in 0..200 {
        hammer(&budget, 100, |turn| now(100 * round + turn));
    }
    let last = now(20_000);
    assert!(budget.standing(last).spent <= cents(100));
    assert_eq!(budget.standing(last).reserved, Money::ZERO);
    check(&budget, last + HOUR + HOUR / 60, 0, 0);
}

#[derive(Debug, Clone)]
enum Step {
    Reserve(u64),
    Settle(usize, u64),
    Release(usize),
    More(usize, u64),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u64..60).prop_map(Step::Reserve),
        3 => (any::<usize>(), 0_u64..80).prop_map(|(which, cost)| Step::Settle(which, cost)),
        1 => any::<usize>().prop_map(Step::Release),
        1 => (any::<usize>(), 0_u64..20).prop_map(|(which, more)| Step::More(which, more)),
        1 => prop_oneof![0..60_000_u64, 0..2 * HOUR, 0..40 * DAY].prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..200)
}

proptest! {
    /// A model that remembers every request, for the windows of the calendar.
    #[test]
    fn a_calendar_window_is_as_if_each_request_were_remembered(
        window in prop::sample::select(&WINDOWS[..4]), steps in steps()
    ) {
        let budget = hard(window, 100);
        let mut now = NOON;
        let mut open: Vec<(Reserved, u64, u64)> = Vec::new();
        let mut spent: Vec<(u64, u64)> = Vec::new();
        for step in steps {
            let start = window.period(now).start;
            match step {
                Step::Reserve(amount) => {
                    let committed = open.iter().filter(|o| o.1 == start).map(|o| o.2).sum::<u64>()
                        + spent.iter().filter(|s| s.0 == start).map(|s| s.1).sum::<u64>();
                    let reserved = budget.reserve(cents(amount), now);
                    prop_assert_eq!(reserved.is_ok(), committed + amount <= 100);
                    open.extend(reserved.map(|reserved| (reserved, start, amount)));
                }
                Step::Settle(which, cost) if !open.is_empty() => {
                    let (reserved, start, _) = open.swap_remove(which % open.len());
                    let _ = budget.settle(reserved, cents(cost), now);
                    spent.push((start, cost));
                }
                Step::Release(which) if !open.is_empty() => {
                    budget.release(open.swap_remove(which % open.len()).0);
                }
                Step::More(which, more) if !open.is_empty() => {
                    let which = which % open.len();
                    budget.reserve_more(&mut open[which].0, cents(more));
                    open[which].2 += more;
                }
                Step::Wait(time) => now += time,
                Step::Settle(..) | Step::Release(_) | Step::More(..) => {}
            }
            let start = window.period(now).start;
            let standing = Standing {
                spent: cents(spent.iter().filter(|s| s.0 == start).map(|s| s.1).sum()),
                reserved: cents(open.iter().filter(|o| o.1 == start).map(|o| o.2).sum()),
            };
            prop_assert_eq!(budget.standing(now), standing);
        }
    }

    /// What was spent in the last hour is all counted, and nothing that is older by more than a bucket.
    #[test]
    fn a_rolling_window_counts_its_length_and_at_most_a_sixtieth_more(steps in steps()) {
        let budget = Budget::new(HOURLY, None, None);
        let mut now = NOON;
        let mut open: Vec<Reserved> = Vec::new();
        let mut spent: Vec<(u64, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Reserve(amount) => open.extend(budget.reserve(cents(amount), now)),
                Step::Settle(which, cost) if !open.is_empty() => {
                    let reserved = open.swap_remove(which % open.len());
                    let _ = budget.settle(reserved, cents(cost), now);
                    spent.push((now, cost));
                }
                Step::Release(which) if !open.is_empty() => {
                    budget.release(open.swap_remove(which % open.len()));
                }
                Step::More(which, more) if !open.is_empty() => {
                    let which = which % open.len();
                    budget.reserve_more(&mut open[which], cents(more));
                }
                Step::Wait(time) => now += time,
                Step::Settle(..) | Step::Release(_) | Step::More(..) => {}
            }
            let since = |age: u64| {
                cents(spent.iter().filter(|s| now - s.0 <= age).map(|s| s.1).sum())
            };
            let standing = budget.standing(now);
            prop_assert!(standing.spent >= since(HOUR));
            prop_assert!(standing.spent <= since(HOUR + HOUR / 60));
            if open.is_empty() {
                prop_assert_eq!(standing.reserved, Money::ZERO);
            }
        }
    }
}
