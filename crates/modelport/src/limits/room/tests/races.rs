//! Two threads that do at one moment what must not cross.

use std::sync::atomic::AtomicU32;
use std::{hint, thread};

use super::*;

const WHO: Who = Who {
    key: 1,
    priority: Normal,
};

const ROUNDS: u32 = 1000;

/// Prepares each round, then does both things at once and looks at what became of it.
fn check<A, B: Send>(
    prepare: impl Fn() -> (A, B),
    here: impl Fn(A),
    there: impl Fn(B) + Sync,
    look: impl Fn(),
) {
    for round in 0..ROUNDS {
        let (mine, theirs) = prepare();
        let ready = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                meet(&ready, round % 30);
                there(theirs);
            });
            meet(&ready, round / 30);
            here(mine);
        });
        look();
    }
}

/// Waits for the other thread, then a little longer, so that the rounds differ in who is first.
fn meet(ready: &AtomicU32, longer: u32) {
    ready.fetch_add(1, Ordering::SeqCst);
    while ready.load(Ordering::SeqCst) < 2 {
        thread::yield_now();
    }
    for _ in 0..longer {
        hint::spin_loop();
    }
}

fn spot(room: &Arc<Room>) -> Seat {
    room.sit_down(WHO, Instant::now()).unwrap()
}

#[test]
fn the_only_waiter_goes_away_while_the_place_becomes_free() {
    let room = room(1, 1);
    let prepare = || {
        let place = room.try_enter().unwrap();
        let Seat::Spot(spot, called) = spot(&room) else {
            panic!("it does not wait");
        };
        let waiting = Waiting { room: &room, spot };
        (place, (waiting, called))
    };
    check(prepare, drop, drop, || assert_eq!(numbers(&room), (0, 0)));
}

#[test]
fn somebody_sits_down_while_the_place_becomes_free() {
    let room = room(1, 1);
    let seated = Mutex::new(None);
    let prepare = || (room.try_enter().unwrap(), ());
    let sit_down = |()| *seated.lock().unwrap() = Some(spot(&room));
    check(prepare, drop, sit_down, || {
        let seat = seated.lock().unwrap().take().unwrap();
        let place = match seat {
            Seat::Place(place) => place,
            Seat::Spot(_, mut called) => called.try_recv().unwrap(),
        };
        assert_eq!(numbers(&room), (1, 0));
        drop(place);
    });
}
