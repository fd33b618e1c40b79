use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use proptest::prelude::*;

use super::{
    super::{
        budget::Budget,
        cell::{Owner, Per},
        concurrency::Concurrency,
        money::Money,
        window::Window,
    },
    *,
};

/// Noon of a day in 2026.
const NOW: u64 = 1_795_953_600_000;

fn cell(owner: Owner, limit: Limit) -> Arc<Cell> {
    Arc::new(Cell::new(owner, "it", limit))
}

fn bounds(cells: &[Arc<Cell>]) -> Bounds {
    smallvec![cells.into()]
}

fn per_minute(amount: u64, dimension: Dimension) -> Arc<Cell> {
    cell(Owner::Key, Limit::rate(amount, dimension, Per::Minute))
}

fn places(max: u64) -> Arc<Cell> {
    cell(Owner::Provider, Limit::Concurrency(Concurrency::new(max)))
}

fn budget(soft: u64, hard: u64) -> Arc<Cell> {
    let [soft, hard] = [soft, hard].map(|pico| Some(Money::from_pico(pico)));
    cell(
        Owner::Team,
        Limit::Budget(Budget::new(Window::Day, soft, hard)),
    )
}

fn tokens(input_tokens: u64, output_tokens: u64, pico: u64) -> Use {
    Use {
        input_tokens,
        output_tokens,
        cost: Money::from_pico(pico),
    }
}

/// All that can be known of a cell: what remains and when it is whole, or who is inside, or what is spent and set apart.
fn state(cell: &Cell, now: u64) -> (u64, u64) {
    match &cell.limit {
        Limit::Rate(_, _, rate) => {
            let reset = rate.reset(now).as_millis();
            (rate.remaining(now), u64::try_from(reset).unwrap())
        }
        Limit::Concurrency(places) => (places.under_way(), 0),
        Limit::Budget(budget) => {
            let standing = budget.standing(now);
            (standing.spent.pico(), standing.reserved.pico())
        }
    }
}

fn remaining(cell: &Cell) -> u64 {
    state(cell, NOW).0
}

/// One of each kind, with room for ten of `tokens(10, 20, 30)`.
fn ten_of_each() -> Vec<Arc<Cell>> {
    vec![
        per_minute(10, Dimension::Requests),
        per_minute(100, Dimension::InputTokens),
        per_minute(200, Dimension::OutputTokens),
        per_minute(300, Dimension::Tokens),
        places(10),
        budget(150, 300),
    ]
}

#[test]
fn a_permit_holds_what_was_asked_for_and_settles_with_what_was_used() {
    let cells = ten_of_each();
    let permit = admit(&cells, tokens(10, 20, 30), NOW).unwrap();
    let taken: Vec<u64> = cells.iter().map(|cell| remaining(cell)).collect();
    assert_eq!(taken, [9, 90, 180, 270, 1, 0]);

    let reached = permit.settle(tokens(12, 5, 7), NOW);
    assert!(reached.is_empty());
    let taken: Vec<u64> = cells.iter().map(|cell| remaining(cell)).collect();
    assert_eq!(taken, [9, 88, 195, 283, 0, 7]);
}

#[test]
fn a_permit_that_is_dropped_gives_back_all_but_the_request() {
    let cells = ten_of_each();
    let mut permit = admit(&cells, tokens(10, 20, 30), NOW).unwrap();
    permit.grow(tokens(0, 90, 95), NOW);
    drop(permit);
    let taken: Vec<u64> = cells.iter().map(|cell| remaining(cell)).collect();
    assert_eq!(taken, [9, 100, 200, 300, 0, 0]);
}

#[test]
fn a_permit_that_is_withdrawn_gives_back_the_request_too() {
    let cells = ten_of_each();
    admit(&cells, tokens(10, 20, 30), NOW).unwrap().withdraw();
    let taken: Vec<u64> = cells.iter().map(|cell| remaining(cell)).collect();
    assert_eq!(taken, [10, 100, 200, 300, 0, 0]);
}

#[test]
fn a_permit_grows_with_its_answer_and_never_shrinks() {
    let cells = ten_of_each();
    let mut permit = admit(&cells, tokens(10, 20, 30), NOW).unwrap();
    permit.grow(tokens(1, 15, 2), NOW);
    assert_eq!(remaining(&cells[3]), 270);
    permit.grow(tokens(10, 120, 250), NOW);
    permit.grow(tokens(10, 120, 250), NOW);
    let taken: Vec<u64> = cells.iter().map(|cell| remaining(cell)).collect();
    assert_eq!(taken, [9, 90, 80, 170, 1, 0]);
    assert_eq!(state(&cells[5], NOW), (0, 250));
    permit.grow(tokens(10, 500, 400), NOW);
    assert_eq!(remaining(&cells[2]), 0);
    assert!(admit(&cells, tokens(0, 1, 0), NOW).is_err());

    let reached = permit.settle(tokens(10, 100, 200), NOW);
    assert_eq!(reached.len(), 1);
    assert!(Arc::ptr_eq(&reached[0].cell, &cells[5]));
    assert_eq!(reached[0].soft.spent, Money::from_pico(200));
    let taken: Vec<u64> = cells.iter().map(|cell| remaining(cell)).collect();
    assert_eq!(taken, [9, 90, 100, 190, 0, 200]);
}

#[test]
fn a_guess_above_the_whole_amount_takes_all_of_it() {
    let cells = [per_minute(60, Dimension::Tokens)];
    let permit = admit(&cells, tokens(10, 1000, 0), NOW).unwrap();
    assert_eq!(remaining(&cells[0]), 0);
    assert!(permit.settle(tokens(10, 5, 0), NOW).is_empty());
    assert_eq!(remaining(&cells[0]), 45);
    // Given up, it gives back what it has taken and no more.
    drop(admit(&cells, tokens(10, 35, 0), NOW).unwrap());
    assert_eq!(remaining(&cells[0]), 45);
    assert!(admit(&cells, tokens(10, 1000, 0), NOW).is_err());
}

#[test]
fn a_refusal_names_the_limit_and_when_to_come_again() {
    let check = |limit: Arc<Cell>, ask: Use, retry_after: Option<u64>| {
        let cells = [per_minute(1000, Dimension::Tokens), limit];
        let refused = loop {
            match admit(&cells, ask, NOW) {
                // It stays under way.
                Ok(permit) => std::mem::forget(permit),
                Err(refused) => break refused,
            }
        };
        assert!(Arc::ptr_eq(&refused.cell, &cells[1]));
        let retry_after = retry_after.map(Duration::from_millis);
        assert_eq!(refused.retry_after(NOW), retry_after);
        refused.reason
    };
    let reason = check(
        per_minute(3, Dimension::Requests),
        tokens(1, 1, 1),
        Some(20_000),
    );
    let spent = Reason::Spent {
        limit: 3,
        remaining: 0,
        asked: 1,
        retry_after: Duration::from_secs(20),
    };
    assert_eq!(reason, spent);
    let reason = check(
        per_minute(60, Dimension::InputTokens),
        tokens(61, 0, 0),
        None,
    );
    assert_eq!(
        reason,
        Reason::TooLarge {
            limit: 60,
            asked: 61
        }
    );
    let reason = check(places(2), tokens(1, 1, 1), None);
    assert_eq!(reason, Reason::Busy { limit: 2 });
    let reason = check(budget(0, 10), tokens(1, 1, 4), Some(12 * 3_600_000));
    assert!(matches!(reason, Reason::Budget(_)), "{reason:?}");
}

#[test]
fn a_caller_stands_where_least_remains() {
    let cells = [
        per_minute(100, Dimension::Requests),
        cell(Owner::Team, Limit::rate(50, Dimension::Requests, Per::Day)),
        per_minute(100_000, Dimension::Tokens),
        per_minute(300, Dimension::OutputTokens),
        places(1),
        budget(1, 1),
    ];
    let permit = admit(&cells, tokens(1000, 30, 1), NOW).unwrap();
    let standing = permit.standing(NOW);
    let requests = Level {
        limit: 50,
        remaining: 49,
        reset: Duration::from_secs(1728),
    };
    assert_eq!(standing.requests, Some(requests));
    let tokens = Level {
        limit: 300,
        remaining: 270,
        reset: Duration::from_secs(6),
    };
    assert_eq!(standing.tokens, Some(tokens));
    assert_eq!(
        super::standing(&bounds(&cells[4..]), NOW),
        Standing::default()
    );
    assert_eq!(super::standing(&bounds(&cells), NOW), standing);
}

#[test]
fn the_names_of_limits_are_those_of_the_configuration() {
    let limit = Limit::rate(1, Dimension::InputTokens, Per::Hour);
    assert_eq!(limit.as_str(), "input_tokens_per_hour");
    assert_eq!(places(1).limit.as_str(), "concurrency");
}

#[test]
fn without_limits_everything_passes() {
    let permit = admit(&[], tokens(u64::MAX, u64::MAX, u64::MAX), NOW).unwrap();
    assert!(permit.settle(tokens(1, 1, 1), NOW).is_empty());
}

#[test]
fn threads_at_once_get_exactly_what_all_limits_have() {
    for _ in 0..20 {
        let cells = ten_of_each();
        let (passed, told) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..125 {
                        if let Ok(permit) = admit(&cells, tokens(10, 20, 30), NOW) {
                            passed.fetch_add(1, Ordering::Relaxed);
                            let reached = permit.settle(tokens(10, 20, 30), NOW).len();
                            told.fetch_add(u64::try_from(reached).unwrap(), Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), 10);
        assert_eq!(told.into_inner(), 1);
        let taken: Vec<u64> = cells.iter().map(|cell| remaining(cell)).collect();
        assert_eq!(taken, [0, 0, 0, 0, 0, 300]);
    }
}

#[test]
fn threads_that_are_refused_or_drop_leave_nothing_behind() {
    let cells = ten_of_each();
    let before: Vec<_> = cells.iter().map(|cell| state(cell, NOW)).collect();
    thread::scope(|scope| {
        for thread in 1..=8 {
            let cells = &cells;
            scope.spawn(move || {
                for turn in 0..5000 {
                    let ask = tokens(thread * 3, turn % 70, thread * 40);
                    if let Ok(mut permit) = admit(cells, ask, NOW) {
                        permit.grow(tokens(turn % 50, turn % 300, turn), NOW);
                        permit.withdraw();
                    }
                }
            });
        }
    });
    let after: Vec<_> = cells.iter().map(|cell| state(cell, NOW)).collect();
    assert_eq!(after, before);
}

fn any_cell() -> impl Strategy<Value = Arc<Cell>> {
    let dimension = prop::sample::select(vec![
        Dimension::Requests,
        Dimension::InputTokens,
        Dimension::OutputTokens,
        Dimension::Tokens,
    ]);
    let per = prop::sample::select(vec![Per::Minute, Per::Hour, Per::Day]);
    prop_oneof![
        4 => (1_u64..1000, dimension, per).prop_map(|(amount, dimension, per)| {
            cell(Owner::Key, Limit::rate(amount, dimension, per))
        }),
        1 => (0_u64..5).prop_map(places),
        1 => (0_u64..300).prop_map(|hard| budget(hard, hard)),
    ]
}

fn any_use() -> impl Strategy<Value = Use> {
    (0_u64..100, 0_u64..100, 0_u64..100)
        .prop_map(|(input, output, pico)| tokens(input, output, pico))
}

proptest! {
    #[test]
    fn a_refusal_leaves_every_limit_as_it_was(
        cells in prop::collection::vec(any_cell(), 0..12),
        asks in prop::collection::vec((any_use(), any_use(), 0_u64..5000), 1..40),
    ) {
        let mut now = NOW;
        let mut open = Vec::new();
        for (ask, used, wait) in asks {
            let before: Vec<_> = cells.iter().map(|cell| state(cell, now)).collect();
            match admit(&cells, ask, now) {
                Err(_) => {
                    let after: Vec<_> = cells.iter().map(|cell| state(cell, now)).collect();
                    prop_assert_eq!(after, before);
                }
                Ok(permit) if wait % 3 == 0 => {
                    permit.withdraw();
                    let after: Vec<_> = cells.iter().map(|cell| state(cell, now)).collect();
                    prop_assert_eq!(after, before);
                }
                Ok(permit) => open.push((permit, used)),
            }
            now += wait;
            if open.len() > 3 {
                let (mut permit, used) = open.swap_remove(0);
                permit.grow(used, now);
                let _ = permit.settle(used, now);
            }
        }
        drop(open);
        for cell in &cells {
            match &cell.limit {
                Limit::Rate(_, _, rate) => prop_assert!(rate.remaining(now) <= rate.limit()),
                Limit::Concurrency(places) => prop_assert_eq!(places.under_way(), 0),
                Limit::Budget(_) => prop_assert_eq!(state(cell, now).1, 0),
            }
        }
    }
}
