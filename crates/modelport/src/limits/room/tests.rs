mod races;
mod threads;

use std::pin::Pin;
use std::sync::Mutex;

use futures_util::FutureExt;
use proptest::prelude::*;
use tokio::time::{advance, sleep};

use super::*;
use Priority::{High, Low, Normal};

const SECOND: Duration = Duration::from_secs(1);

/// A call of `enter` that is under way.
type Call<'a> = Pin<Box<dyn Future<Output = Result<Entered, Refusal>> + 'a>>;

fn room(concurrency: u32, queue: u32) -> Arc<Room> {
    Room::new(RoomConfig {
        concurrency,
        queue,
        patience: 60 * SECOND,
    })
}

fn in_an_hour() -> Instant {
    Instant::now() + 3600 * SECOND
}

/// Somebody who has been looked after once.
fn call(room: &Arc<Room>, key: u64, priority: Priority) -> Call<'_> {
    let who = Who { key, priority };
    let mut call: Call<'_> = Box::pin(room.enter(who, in_an_hour()));
    assert!((&mut call).now_or_never().is_none(), "it does not wait");
    call
}

fn entered(call: &mut Call<'_>) -> Option<Place> {
    call.now_or_never()
        .map(|outcome| outcome.ok().unwrap().place)
}

fn refused(outcome: Result<Entered, Refusal>) -> Refusal {
    outcome.err().unwrap()
}

/// How many are under way and wait.
fn numbers(room: &Room) -> (u32, u32) {
    let reading = room.reading();
    (reading.under_way, reading.waiting)
}

#[tokio::test(start_paused = true)]
async fn a_key_with_few_requests_does_not_wait_for_one_with_many() {
    let room = room(10, 1000);
    let order = Arc::new(Mutex::new(Vec::new()));
    let keys = std::iter::repeat_n(1, 190).chain(std::iter::repeat_n(2, 10));
    let requests: Vec<_> = keys
        .map(|key| {
            let (room, order) = (Arc::clone(&room), Arc::clone(&order));
            tokio::spawn(async move {
                let who = Who {
                    key,
                    priority: Normal,
                };
                let entered = room.enter(who, in_an_hour()).await.ok().unwrap();
                order.lock().unwrap().push(key);
                assert!(room.reading().under_way <= 10);
                sleep(SECOND).await;
                drop(entered);
            })
        })
        .collect();
    for request in requests {
        request.await.unwrap();
    }
    let order = order.lock().unwrap();
    assert_eq!(order.len(), 200);
    assert!(order[..10].iter().all(|&key| key == 1));
    for pair in order[10..30].chunks(2) {
        assert_eq!(pair, [1, 2], "{order:?}");
    }
    assert_eq!(numbers(&room), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_waits_no_longer_frees_the_spot() {
    let room = room(1, 2);
    let place = room.try_enter().unwrap();
    assert!(room.try_enter().is_none());
    let first = call(&room, 1, Normal);
    let mut second = call(&room, 2, Normal);
    assert_eq!(numbers(&room), (1, 2));
    drop(first);
    assert_eq!(numbers(&room), (1, 1));
    drop(place);
    assert!(room.try_enter().is_none(), "the place is the second one's");
    let place = entered(&mut second);
    assert_eq!(numbers(&room), (1, 0));
    drop(place);
    assert_eq!(numbers(&room), (0, 0));
    assert_eq!(room.reading().refused, 0);
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_just_when_called_hands_the_place_on() {
    let room = room(1, 5);
    let place = room.try_enter();
    let first = call(&room, 1, Normal);
    let mut second = call(&room, 1, Normal);
    let third = call(&room, 1, Normal);
    drop(place);
    assert_eq!(numbers(&room), (1, 2));
    drop(first);
    assert_eq!(numbers(&room), (1, 1));
    let place = entered(&mut second);
    assert!(place.is_some());
    drop(place);
    drop(third);
    assert_eq!(numbers(&room), (0, 0));
}

/// The moment between looking for a free place and sitting down.
#[tokio::test]
async fn a_place_that_becomes_free_before_one_sits_down_is_taken() {
    let room = room(1, 1);
    let who = Who {
        key: 1,
        priority: Normal,
    };
    let seat = room.sit_down(who, Instant::now());
    assert!(matches!(seat, Ok(Seat::Place(_))));
    assert_eq!(numbers(&room), (1, 0));
}

/// The moment at which somebody has been taken out of the queue, but cannot be reached any more.
#[tokio::test(start_paused = true)]
async fn a_place_that_reaches_nobody_goes_to_the_next() {
    let room = room(1, 200_000);
    let who = Who {
        key: 1,
        priority: Normal,
    };
    let place = room.try_enter();
    for _ in 0..100_000 {
        let Seat::Spot(_, called) = room.sit_down(who, Instant::now()).unwrap() else {
            panic!("it does not wait");
        };
        drop(called);
    }
    let mut last = call(&room, 1, Normal);
    drop(place);
    let place = entered(&mut last);
    assert!(place.is_some());
    assert_eq!(numbers(&room), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn who_waited_too_long_is_late_exactly_then() {
    let room = room(1, 5);
    let place = room.try_enter();
    let start = Instant::now();
    let check = async |deadline: Duration, late: Duration| {
        let who = Who {
            key: 1,
            priority: Normal,
        };
        let since = Instant::now();
        let refusal = refused(room.enter(who, since + deadline).await);
        assert_eq!(refusal, Refusal::Late);
        assert_eq!(since.elapsed(), late);
    };
    check(3 * SECOND, 3 * SECOND).await;
    check(600 * SECOND, 60 * SECOND).await;
    check(Duration::ZERO, Duration::ZERO).await;
    assert_eq!(start.elapsed(), 63 * SECOND);
    assert_eq!(numbers(&room), (1, 0));
    assert_eq!(room.reading().refused, 3);
    drop(place);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_waiting_is_told() {
    let room = room(1, 5);
    let place = room.try_enter();
    let mut call = call(&room, 1, Normal);
    advance(7 * SECOND).await;
    drop(place);
    let entered = (&mut call).now_or_never().unwrap().ok().unwrap();
    assert_eq!(entered.waited, 7 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn who_finds_it_full_is_told_when_to_come_back() {
    let room = room(1, 3);
    let mut place = room.try_enter();
    let who = Who {
        key: 1,
        priority: Normal,
    };
    let refusal = async || refused(room.enter(who, in_an_hour()).await);
    let mut calls: Vec<_> = (0..3).map(|_| call(&room, 1, Normal)).collect();
    let patience = 60 * SECOND;
    let unknown = Refusal::Full {
        retry_after: patience,
    };
    assert_eq!(refusal().await, unknown);
    for _ in 0..20 {
        advance(2 * SECOND).await;
        drop(place.take());
        let mut next = calls.remove(0);
        place = entered(&mut next);
        drop(next);
        calls.push(call(&room, 1, Normal));
    }
    let retry_after = 3 * 2 * SECOND;
    assert_eq!(refusal().await, Refusal::Full { retry_after });
    assert_eq!(numbers(&room), (1, 3));
    assert_eq!(room.reading().refused, 2);
}

#[tokio::test(start_paused = true)]
async fn the_more_urgent_goes_first_and_displaces() {
    let room = room(1, 3);
    let mut place = room.try_enter();
    let mut low = call(&room, 1, Low);
    let mut second = call(&room, 2, Low);
    let newest = call(&room, 2, Low);
    let mut normal = call(&room, 3, Normal);
    assert!(matches!(refused(newest.await), Refusal::Full { .. }));
    let mut high = call(&room, 4, High);
    let full = second.as_mut().now_or_never().map(refused);
    assert!(matches!(full, Some(Refusal::Full { .. })));
    let who = Who {
        key: 5,
        priority: High,
    };
    let full = refused(room.enter(who, in_an_hour()).await);
    assert!(
        matches!(full, Refusal::Full { .. }),
        "the last of each is spared"
    );
    assert_eq!(numbers(&room), (1, 3));
    for next in [&mut high, &mut normal, &mut low] {
        assert!(next.now_or_never().is_none());
        drop(place.take());
        place = entered(next);
        assert!(place.is_some());
    }
    drop(place);
    assert_eq!(room.reading().refused, 3);
    assert_eq!(numbers(&room), (0, 0));
}

#[tokio::test]
async fn without_a_queue_nobody_waits() {
    for patience in [60 * SECOND, Duration::ZERO] {
        let room = Room::new(RoomConfig {
            concurrency: 1,
            queue: 0,
            patience,
        });
        let place = room.try_enter();
        let who = Who {
            key: 1,
            priority: High,
        };
        let full = refused(room.enter(who, in_an_hour()).await);
        let retry_after = patience.max(SECOND);
        assert_eq!(full, Refusal::Full { retry_after });
        drop(place);
        assert!(room.enter(who, in_an_hour()).await.is_ok());
    }
}

proptest! {
    /// Whatever is done in whichever order, a place is free only when nobody waits, and none is lost.
    #[test]
    fn no_place_is_lost_and_none_too_many_is_given(
        limit in 1_u32..4, bound in 0_u32..6,
        script in proptest::collection::vec((0_u8..4, 0_u64..3, prop::sample::select(&[Low, Normal, High][..]), any::<prop::sample::Index>()), 0..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        let room = room(limit, bound);
        let mut calls: Vec<Call<'_>> = Vec::new();
        let mut places = Vec::new();
        for (step, key, priority, index) in script {
            match step {
                0 => calls.push(Box::pin(room.enter(Who { key, priority }, in_an_hour()))),
                1 if !calls.is_empty() => {
                    let at = index.index(calls.len());
                    if let Some(outcome) = calls[at].as_mut().now_or_never() {
                        drop(calls.remove(at));
                        places.extend(outcome.ok().map(|entered| entered.place));
                    }
                }
                2 if !calls.is_empty() => drop(calls.remove(index.index(calls.len()))),
                3 if !places.is_empty() => drop(places.remove(index.index(places.len()))),
                _ => {}
            }
            let (under_way, waiting) = numbers(&room);
            prop_assert!(under_way <= limit && waiting <= bound);
            prop_assert!(u32::try_from(places.len()).unwrap() <= under_way);
            prop_assert!(waiting == 0 || under_way == limit);
        }
        drop(calls);
        prop_assert_eq!(numbers(&room), (u32::try_from(places.len()).unwrap(), 0));
        drop(places);
        prop_assert_eq!(numbers(&room), (0, 0));
        prop_assert!(room.bench().queue.is_empty());
    }
}
