use std::{
    cell::RefCell,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use proptest::{prelude::*, test_runner::TestRunner};
use rust_decimal::Decimal;
use smallvec::smallvec;

use super::{script::Lua, *};
use crate::limits::{
    budget::Budget,
    cell::{Cell, Dimension, Limit, Owner, Per},
    concurrency::Concurrency,
    money::Money,
    rate::{Rate, Refusal},
    window::Window,
};
use redis_server::Redis;

#[path = "../../../tests/it/support/redis.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "it is there for the integration tests, which use all of it"
)]
mod redis_server;

/// An afternoon in 2026.
const START: u64 = 1_784_000_123_456;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;
const PERIODS: [u64; 3] = [MINUTE, 60 * MINUTE, DAY];

/// Reads the time from a key in place of the server's.
const CLOCK: &str = "local now = tonumber(redis.call('GET', 'clock'))\n";

/// Amounts that divide their periods, and some that do not.
const AMOUNTS: [u64; 8] = [1, 7, 60, 100, 1440, 200_000, 1_000_003, 4_294_967_295];

/// A server whose scripts read a clock that the test sets.
struct Bench {
    runtime: tokio::runtime::Runtime,
    connection: RefCell<MultiplexedConnection>,
    admit: Lua,
    settle: Lua,
    refresh: Lua,
    _server: Redis,
}

impl Bench {
    fn new() -> Self {
        let server = Redis::start();
        let runtime = runtime();
        let client = redis::Client::open(server.url()).unwrap();
        let connection = runtime.block_on(client.get_multiplexed_async_connection());
        Self {
            runtime,
            connection: RefCell::new(connection.unwrap()),
            admit: Lua::new(CLOCK, include_str!("admit.lua")),
            settle: Lua::new(CLOCK, include_str!("settle.lua")),
            refresh: Lua::new(CLOCK, include_str!("refresh.lua")),
            _server: server,
        }
    }

    fn at(&self, now: u64) {
        let mut set = redis::cmd("SET");
        set.arg("clock").arg(now);
        self.command::<()>(&set);
    }

    fn command<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        let connection = &mut *self.connection.borrow_mut();
        self.runtime
            .block_on(command.query_async(connection))
            .unwrap()
    }

    fn run(&self, call: &script::Call<'_>) -> Vec<i64> {
        let connection = &mut *self.connection.borrow_mut();
        self.runtime.block_on(call.run(connection)).unwrap()
    }

    /// Asks for so much of a rate: whether it was refused, and what is in use.
    fn take(&self, key: &Arc<str>, rate: &Rate, weight: u64) -> (bool, u64) {
        let mut call = self.admit.with(&"p".into());
        call.number(MINUTE);
        ask_rate(&mut call, key, rate, weight, 0);
        let answer = self.run(&call);
        (answer[0] == 1, answer[2].unsigned_abs())
    }

    fn correct(&self, key: &Arc<str>, rate: &Rate, more: u64, less: u64) {
        let mut call = self.settle.with(&"p".into());
        let scale = rate.scale();
        call.key(key).word("r").number(more * scale.unit);
        call.number(less * scale.unit).number(scale.whole);
        call.number(scale.speed).number(scale.per).number(0);
        let _ = self.run(&call);
    }

    /// Asks for so much of a budget: whether it was refused, what is spent, set apart, and when there is more.
    fn reserve(&self, budget: &Account, permit: &str, cost: u64) -> (bool, u64, u64, u64) {
        let mut call = self.admit.with(&permit.into());
        call.number(MINUTE);
        call.key(&budget.sums).key(&budget.held).word("b");
        call.number(cost).number(budget.limit).number(budget.width);
        call.number(10 * DAY);
        call.number(budget.seed).number(budget.known);
        call.number(budget.reach);
        let answer: Vec<u64> = self.run(&call).iter().map(|n| n.unsigned_abs()).collect();
        (answer[0] == 1, answer[2], answer[3], answer[5])
    }

    fn spend(&self, budget: &Account, permit: &str, reserved: u64, spent: u64) -> Vec<i64> {
        let mut call = self.settle.with(&permit.into());
        call.key(&budget.sums).key(&budget.held).word("b");
        call.number(reserved).number(spent).number(budget.width);
        self.run(&call)
    }
}

struct Account {
    sums: Arc<str>,
    held: Arc<str>,
    limit: u64,
    width: u64,
    seed: u64,
    known: u64,
    reach: u64,
}

fn account(name: &str, limit: u64, width: u64) -> Account {
    Account {
        sums: name.into(),
        held: format!("{name}:held").into(),
        limit,
        width,
        seed: 0,
        known: 0,
        reach: 0,
    }
}

fn ask_rate(call: &mut script::Call<'_>, key: &Arc<str>, rate: &Rate, weight: u64, seen: u64) {
    let scale = rate.scale();
    call.key(key).word("r").number(weight * scale.unit);
    call.number(scale.whole).number(scale.speed);
    call.number(scale.per).number(seen);
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Take(u64),
    More(u64),
    Less(u64),
}

/// Parts of the whole amount in thousandths, so that a few steps use it up.
fn steps() -> impl Strategy<Value = Vec<(Step, u64)>> {
    let weight = prop_oneof![Just(0_u64), 1_u64..400, Just(1000)];
    let step = prop_oneof![
        4 => weight.prop_map(Step::Take),
        1 => (1_u64..1500).prop_map(Step::More),
        1 => (1_u64..600).prop_map(Step::Less),
    ];
    let pause = prop_oneof![Just(0_u64), Just(1), 1_u64..1000, 1_u64..100_000];
    prop::collection::vec((step, pause), 1..40)
}

#[test]
fn a_rate_is_shared_as_it_is_kept_alone() {
    let bench = Bench::new();
    let number = AtomicU64::new(0);
    let strategy = (
        prop::sample::select(&AMOUNTS[..]),
        prop::sample::select(&PERIODS[..]),
        START..START + DAY,
        steps(),
    );
    let mut runner = TestRunner::new(ProptestConfig::with_cases(96));
    let outcome = runner.run(&strategy, |(amount, per, start, steps)| {
        let key: Arc<str> = format!("rate:{}", number.fetch_add(1, Relaxed)).into();
        let rate = Rate::new(amount, Duration::from_millis(per));
        let mut now = start;
        for (step, pause) in steps {
            now += pause * per / MINUTE;
            bench.at(now);
            let part = |thousandths: u64| (amount * thousandths).div_ceil(1000);
            match step {
                Step::Take(weight) => {
                    let weight = part(weight).min(amount);
                    let (refused, used) = bench.take(&key, &rate, weight);
                    let end = rate.end_of(used, now);
                    match rate.try_take(weight, now) {
                        Ok(taken) => {
                            prop_assert!(!refused, "{weight} at {now}");
                            prop_assert_eq!(rate.remaining_of(used), taken.remaining);
                        }
                        Err(Refusal::Spent {
                            remaining,
                            retry_after,
                        }) => {
                            prop_assert!(refused, "{weight} at {now}");
                            prop_assert_eq!(rate.remaining_of(used), remaining);
                            prop_assert_eq!(rate.until_of(end, weight, now), retry_after);
                        }
                        Err(Refusal::TooLarge) => unreachable!(),
                    }
                    prop_assert_eq!(rate.until_of(end, amount, now), rate.reset(now));
                }
                Step::More(weight) => {
                    rate.take_more(part(weight), now);
                    bench.correct(&key, &rate, part(weight), 0);
                }
                Step::Less(weight) => {
                    rate.give_back(part(weight));
                    bench.correct(&key, &rate, 0, part(weight));
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn what_was_forgotten_of_a_rate_is_what_the_gateway_has_seen() {
    let bench = Bench::new();
    bench.at(START);
    let (key, rate) = (Arc::from("rate"), Rate::new(10, Duration::from_mins(1)));
    let ask = |seen: u64| {
        let mut call = bench.admit.with(&"p".into());
        call.number(MINUTE);
        ask_rate(&mut call, &key, &rate, 1, seen * rate.scale().unit);
        bench.run(&call)[0] == 0
    };
    assert!(ask(9) && !ask(0), "nine were seen");
    bench.correct(&"other".into(), &rate, 0, 5);
    let exists: u64 = bench.command(redis::cmd("EXISTS").arg("other"));
    assert_eq!(exists, 0, "what was forgotten is not given back");
}

#[test]
fn a_request_counts_at_all_limits_or_at_none() {
    let bench = Bench::new();
    bench.at(START);
    let rate = Rate::new(10, Duration::from_mins(1));
    let (plenty, places) = (Arc::from("plenty"), Arc::from("places"));
    let ask = |permit: &str| {
        let mut call = bench.admit.with(&permit.into());
        call.number(MINUTE);
        ask_rate(&mut call, &plenty, &rate, 1, 0);
        call.key(&places).word("c").number(1);
        let answer = bench.run(&call);
        (answer[0], rate.remaining_of(answer[2].unsigned_abs()))
    };
    assert_eq!(ask("a"), (0, 9));
    assert_eq!(ask("b"), (2, 9), "the second limit refuses");
    // A place that nobody keeps ends by itself.
    bench.at(START + MINUTE - 1);
    assert_eq!(ask("b").0, 2);
    let mut keep = bench.refresh.with(&"a".into());
    keep.number(MINUTE).key(&places).word("c");
    let connection = &mut *bench.connection.borrow_mut();
    let kept: i64 = bench.runtime.block_on(keep.run(connection)).unwrap();
    assert_eq!(kept, 0);
}

#[test]
fn a_place_ends_by_itself_unless_it_is_kept() {
    let bench = Bench::new();
    bench.at(START);
    let places = Arc::from("places");
    let ask = |permit: &str| {
        let mut call = bench.admit.with(&permit.into());
        call.number(MINUTE).key(&places).word("c").number(1);
        bench.run(&call)[0] == 0
    };
    let keep = |permit: &str| {
        let mut keep = bench.refresh.with(&permit.into());
        keep.number(MINUTE).key(&places).word("c");
        let connection = &mut *bench.connection.borrow_mut();
        bench.runtime.block_on(keep.run::<i64>(connection)).unwrap();
    };
    assert!(ask("a") && !ask("b"));
    bench.at(START + 30 * SECOND);
    keep("a");
    bench.at(START + MINUTE + SECOND);
    assert!(!ask("b"), "it was kept");
    bench.at(START + 90 * SECOND);
    assert!(ask("b") && !ask("c"), "nobody kept it");
    let mut leave = bench.settle.with(&"b".into());
    leave.key(&places).word("c");
    let _ = bench.run(&leave);
    assert!(ask("c"));
}

#[test]
fn a_budget_is_set_apart_spent_and_released() {
    let bench = Bench::new();
    bench.at(START);
    let budget = account("calendar", 100, 0);
    assert_eq!(bench.reserve(&budget, "a", 60), (false, 0, 60, 0));
    assert_eq!(bench.reserve(&budget, "b", 41), (true, 0, 60, 0));
    assert_eq!(bench.reserve(&budget, "b", 40), (false, 0, 100, 0));
    assert_eq!(bench.reserve(&budget, "c", 1), (true, 0, 100, 0));
    assert_eq!(bench.spend(&budget, "a", 60, 70), [0, 70]);
    assert_eq!(bench.reserve(&budget, "c", 0), (true, 70, 40, 0));
    // A second word of the same request changes nothing that is set apart.
    assert_eq!(bench.spend(&budget, "a", 60, 0), [70, 70]);
    // Who held it was killed.
    bench.at(START + MINUTE);
    assert_eq!(bench.reserve(&budget, "d", 30), (false, 70, 30, 0));
    assert_eq!(bench.reserve(&budget, "e", 0), (false, 70, 30, 0));
    assert_eq!(bench.spend(&budget, "e", 0, 0), [70, 70]);
}

#[test]
fn a_budget_that_was_forgotten_is_told_by_each_gateway_once() {
    let bench = Bench::new();
    bench.at(START);
    let mut first = account("forgotten", 100, 0);
    assert_eq!(bench.spend(&first, "x", 0, 5), [-1, -1], "not known");
    first.seed = 40;
    assert_eq!(bench.reserve(&first, "a", 10), (false, 40, 10, 0));
    assert_eq!(bench.spend(&first, "a", 10, 10), [40, 50]);
    // This one has seen more before the server forgot.
    let mut second = account("forgotten", 100, 0);
    second.seed = 60;
    assert_eq!(bench.reserve(&second, "b", 0), (false, 70, 0, 0));
    // It has told that, so what it spends from now on is not told again.
    (second.seed, second.known) = (90, START);
    assert_eq!(bench.reserve(&second, "c", 0), (false, 70, 0, 0));
    let third = account("forgotten", 100, 0);
    assert_eq!(bench.reserve(&third, "d", 31), (true, 70, 0, 0));
}

#[test]
fn a_gateway_that_comes_later_tells_nothing_that_was_counted_already() {
    for width in [0, MINUTE] {
        let bench = Bench::new();
        bench.at(START);
        let mut first = account("joined", 100, width);
        (first.seed, first.reach) = (20, START - 1);
        assert_eq!(bench.reserve(&first, "a", 30), (false, 20, 30, 0));
        bench.spend(&first, "a", 30, 30);
        // It has read of the ledger what both spent: before this count began, and since.
        let mut later = account("joined", 100, width);
        (later.seed, later.reach) = (50, START + 5);
        assert_eq!(bench.reserve(&later, "b", 0).1, 50);
        // This one has read more than was counted here, which is added only once.
        (later.seed, later.reach) = (60, START + 9);
        assert_eq!(bench.reserve(&later, "c", 0).1, 60);
        assert_eq!(bench.reserve(&later, "d", 0).1, 60);
    }
}

#[test]
fn money_comes_back_to_a_rolling_budget_bucket_by_bucket() {
    let bench = Bench::new();
    let width = MINUTE;
    let budget = account("rolling", 100, width);
    let start = START / width * width;
    let spend = |at: u64, permit: &str, amount: u64| {
        bench.at(at);
        let (refused, ..) = bench.reserve(&budget, permit, amount);
        assert!(!refused, "{permit}");
        let _ = bench.spend(&budget, permit, amount, amount);
    };
    spend(start, "a", 60);
    spend(start + 10 * width, "b", 40);
    bench.at(start + 20 * width);
    let first = start + 61 * width;
    assert_eq!(bench.reserve(&budget, "c", 1), (true, 100, 0, first));
    let second = start + 71 * width;
    assert_eq!(bench.reserve(&budget, "c", 61), (true, 100, 0, second));
    bench.at(first - 1);
    assert!(bench.reserve(&budget, "c", 1).0);
    bench.at(first);
    assert_eq!(bench.reserve(&budget, "c", 60), (false, 40, 60, 0));
}

/// A gateway of a server, connected; it is kept by nobody unless the test does.
fn gateway(server: &Redis, away: Away) -> Arc<Shared> {
    let url = crate::config::redis_url(&server.url()).unwrap();
    Shared::new(&RedisConfig { url, away }, Notices::default()).unwrap()
}

fn bounds(limits: impl IntoIterator<Item = Limit>) -> Bounds {
    let cells = limits.into_iter();
    let cells = cells.map(|limit| Arc::new(Cell::new(Owner::Key, "ada", limit)));
    smallvec![cells.collect()]
}

fn dollars(dollars: i64) -> Money {
    Money::from_dollars(Decimal::from(dollars))
}

#[test]
fn a_server_that_forgets_is_told_what_the_gateway_knows() {
    let mut server = Redis::start();
    let budget = || Budget::new(Window::Month, None, Some(dollars(10)));
    let limits = || {
        bounds([
            Limit::rate(10, Dimension::Requests, Per::Day),
            Limit::Concurrency(Concurrency::new(2)),
            Limit::Budget(budget()),
        ])
    };
    let (one, two) = (limits(), limits());
    let now = crate::clock::unix_millis();
    let Limit::Budget(past) = &one[0][2].limit else {
        unreachable!()
    };
    past.load(dollars(4), now);
    let ask = Use {
        cost: dollars(1),
        ..Use::default()
    };
    runtime().block_on(async {
        let (first, second) = (gateway(&server, Away::Local), gateway(&server, Away::Local));
        first.start().await;
        second.start().await;
        let keeping = tokio::spawn(Arc::clone(&first).keep());
        let Verdict::Taken(held, standing) = first.decide(&one, ask, now).await else {
            panic!("refused");
        };
        assert_eq!(standing.requests.unwrap().remaining, 9);
        let Verdict::Taken(other, standing) = second.decide(&two, ask, now).await else {
            panic!("refused");
        };
        assert_eq!(standing.requests.unwrap().remaining, 8);
        let Verdict::Refused(refused, _) = second.decide(&two, ask, now).await else {
            panic!("two places are taken");
        };
        assert_eq!(refused.cell.limit.as_str(), "concurrency");
        drop(other);

        server.stop();
        assert!(matches!(first.decide(&one, ask, now).await, Verdict::Away));
        assert_eq!(first.word(), "local");
        server.resume();
        while first.word() != "shared" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // The place of the request that goes on is there again, and so is what was spent and requested.
        let Verdict::Taken(last, standing) = first.decide(&one, ask, now).await else {
            panic!("refused");
        };
        assert!(standing.requests.unwrap().remaining <= 8);
        let Verdict::Refused(refused, _) = first.decide(&one, ask, now).await else {
            panic!("two places are taken");
        };
        assert_eq!(refused.cell.limit.as_str(), "concurrency");
        last.settle(ask);
        held.settle(ask);
        first.stop();
        keeping.await.unwrap();
        let key = one[0][2].mirror.key(&one[0][2]);
        let start = Window::Month.period(now).start;
        let said = server
            .say(&format!("HMGET {key}:{start} base s r"))
            .unwrap();
        let base = "4000000000";
        assert!(said.contains(base), "{said}");
        assert!(said.contains("2000000000"), "both have cost: {said}");
        assert!(
            server
                .say("ZCARD {modelport}:gateways")
                .unwrap()
                .contains(":0")
        );
    });
}
