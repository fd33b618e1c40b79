//! Many runtimes, one room, and callers that hang up at any moment.

use std::sync::atomic::AtomicU32;
use std::thread;

use tokio::task::{LocalSet, yield_now};

use super::*;

const THREADS: u64 = 8;
const REQUESTS: u64 = 2000;
const LIMIT: u32 = 5;

/// What all threads look at.
struct Seen {
    room: Arc<Room>,
    under_way: AtomicU32,
    entered: AtomicU32,
    refused: AtomicU32,
}

async fn some_time(random: &mut fastrand::Rng) {
    for _ in 0..random.u32(0..6) {
        yield_now().await;
    }
}

async fn request(seen: Arc<Seen>, mut random: fastrand::Rng) {
    let who = Who {
        key: random.u64(0..4),
        priority: random.choice([Low, Normal, High]).unwrap(),
    };
    let patience = Duration::from_millis(random.u64(0..20));
    let enter = seen.room.enter(who, Instant::now() + patience);
    let mut hang_up = random.fork();
    let entered = if random.bool() {
        enter.await
    } else {
        tokio::select! {
            entered = enter => entered,
            () = some_time(&mut hang_up) => return,
        }
    };
    match entered {
        Ok(entered) => {
            let now = seen.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            assert!(now <= LIMIT, "{now} are under way");
            some_time(&mut random).await;
            seen.under_way.fetch_sub(1, Ordering::SeqCst);
            seen.entered.fetch_add(1, Ordering::Relaxed);
            drop(entered);
        }
        Err(Refusal::Full { .. } | Refusal::Late) => {
            seen.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn one_thread(seen: &Arc<Seen>, number: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let mut random = fastrand::Rng::with_seed(number);
        let mut requests = Vec::new();
        for _ in 0..REQUESTS {
            let request = request(Arc::clone(seen), random.fork());
            requests.push(tokio::task::spawn_local(request));
            some_time(&mut random).await;
        }
        for request in requests {
            request.await.unwrap();
        }
    });
}

#[test]
fn threads_share_a_room_and_lose_no_place() {
    let seen = Arc::new(Seen {
        room: room(LIMIT, 30),
        under_way: AtomicU32::new(0),
        entered: AtomicU32::new(0),
        refused: AtomicU32::new(0),
    });
    thread::scope(|scope| {
        for number in 0..THREADS {
            let seen = &seen;
            scope.spawn(move || one_thread(seen, number));
        }
    });
    assert_eq!(numbers(&seen.room), (0, 0));
    assert!(seen.room.bench().queue.is_empty());
    assert!(seen.entered.load(Ordering::Relaxed) > 100);
    let refused = u64::from(seen.refused.load(Ordering::Relaxed));
    assert!(refused > 0);
    assert_eq!(seen.room.reading().refused, refused);
    let all: Vec<_> = std::iter::from_fn(|| seen.room.try_enter()).collect();
    assert_eq!(all.len(), usize::try_from(LIMIT).unwrap());
}
