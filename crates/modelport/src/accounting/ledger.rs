//! Takes the journals over into the database, behind everything else: each row once, whenever either of the two stops.

use std::{
    io,
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    journal::{self, Batch, Place, Position},
    keeper::State,
};
use crate::{
    clock,
    config::{Database, Keep},
    store::{Store, StoreFault},
};

/// How long the journal may be ahead of the database while both work.
const ROUND: Duration = Duration::from_millis(200);

/// Rows that are taken over together.
const ROWS: usize = 2000;

/// The pause after a first failure; it doubles up to [`MAX_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a failure.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// How often rows are looked for that are not kept any more.
const TRIM_PAUSE: Duration = Duration::from_mins(1);

/// The thread that keeps the ledger.
pub struct Ledger {
    /// Says that the process ends; dropped by the thread when it is done.
    end: SyncSender<SyncSender<()>>,
}

/// Why a round of taking over did not succeed.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the database: {0}")]
    Store(#[from] StoreFault),
    #[error("the journal: {0}")]
    Journal(#[from] io::Error),
}

impl Ledger {
    /// Starts taking over `left`, journals of processes that are gone, and then `place`, which is being written.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn start(
        (database, keep): (Database, Keep),
        place: Arc<Place>,
        left: Vec<Place>,
        state: Arc<State>,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (end, ending) = sync_channel(1);
        let taking = TakingOver {
            database,
            keep,
            trim_at: clock::now(),
            place,
            left,
            state,
            store: None,
            at: None,
        };
        thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || taking.run(&runtime, &ending))?;
        Ok(Self { end })
    }

    /// Waits until everything is taken over, but not longer than this.
    pub fn finish(self, patience: Duration) {
        let (done, all_done) = sync_channel(1);
        if self.end.send(done).is_ok() {
            // An error says that the other end was dropped, which is what is waited for.
            let _ = all_done.recv_timeout(patience);
        }
    }
}

struct TakingOver {
    database: Database,
    keep: Keep,
    /// When rows that are not kept any more are looked for again.
    trim_at: Instant,
    place: Arc<Place>,
    left: Vec<Place>,
    state: Arc<State>,
    store: Option<Store>,
    /// How far `place` is taken over, once that is known.
    at: Option<Position>,
}

impl TakingOver {
    fn run(mut self, runtime: &tokio::runtime::Runtime, ending: &Receiver<SyncSender<()>>) {
        let mut pause = PAUSE;
        loop {
            let wait = match runtime.block_on(self.round()) {
                Ok(()) => {
                    pause = PAUSE;
                    if self.state.is_database_failing.swap(false, Relaxed) {
                        tracing::warn!(target: "modelport", "the ledger can be written again");
                    }
                    ROUND
                }
                Err(fault) => {
                    // A connection that failed once may be of no use any more.
                    self.store = None;
                    self.at = None;
                    if !self.state.is_database_failing.swap(true, Relaxed) {
                        tracing::error!(target: "modelport", %fault, "the ledger cannot be written: requests are served, and wait in the journal");
                    }
                    let wait = pause;
                    pause = (pause * 2).min(MAX_PAUSE);
                    wait
                }
            };
            match ending.recv_timeout(wait) {
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(done) => {
                    if runtime.block_on(self.round()).is_ok() {
                        let _ = runtime.block_on(self.leave());
                    }
                    drop(done);
                    return;
                }
            }
        }
    }

    /// Takes over everything that is there.
    async fn round(&mut self) -> Result<(), Fault> {
        let store = match &mut self.store {
            Some(store) => store,
            none => none.insert(Store::open(&self.database).await?),
        };
        while let Some(place) = self.left.pop() {
            let start = store.position(place.name()).await;
            let taken = match start {
                Ok(start) => take_all(store, &place, start, &self.state).await.map(drop),
                Err(fault) => Err(fault.into()),
            };
            if let Err(fault) = taken {
                self.left.push(place);
                return Err(fault);
            }
            store.forget(place.name()).await?;
            journal::remove(&place)?;
        }
        let start = match self.at {
            Some(start) => start,
            None => store.position(self.place.name()).await?,
        };
        let end = take_all(store, &self.place, start, &self.state).await?;
        self.at = Some(end);
        let now = clock::now();
        if now >= self.trim_at && !store.trim(self.keep, clock::unix_millis()).await? {
            self.trim_at = now + TRIM_PAUSE;
        }
        Ok(())
    }

    /// Leaves nothing behind of a journal that is taken over and will not be written any more.
    async fn leave(mut self) -> Result<(), Fault> {
        if let Some(store) = &mut self.store {
            store.forget(self.place.name()).await?;
            journal::remove(&self.place)?;
        }
        Ok(())
    }
}

/// Takes over what a journal holds behind a position, and deletes the segments that are done.
async fn take_all(
    store: &mut Store,
    place: &Place,
    mut at: Position,
    state: &State,
) -> Result<Position, Fault> {
    loop {
        let Batch {
            lines,
            damaged,
            end,
            is_last,
        } = journal::read(place, at, ROWS)?;
        if damaged > 0 {
            tracing::error!(target: "modelport", damaged, journal = place.name(), "lines of the journal are damaged and passed over");
        }
        if end != at {
            match store.add(place.name(), &lines, end).await {
                Err(fault) if fault.is_of_row() => {
                    let lost = take_singly(store, place, &lines, (at, end)).await?;
                    state.lost.fetch_add(lost, Relaxed);
                }
                result => result?,
            }
            journal::forget(place, end)?;
        }
        at = end;
        if is_last {
            return Ok(at);
        }
    }
}

/// Takes lines over of which the database does not take one, each by itself, and passes over what it does not take: one row
/// must not keep out all behind it. Gives how many those were.
async fn take_singly(
    store: &mut Store,
    place: &Place,
    lines: &[String],
    (start, end): (Position, Position),
) -> Result<u64, Fault> {
    let mut lost = 0;
    for line in lines {
        match store
            .add(place.name(), std::slice::from_ref(line), start)
            .await
        {
            Err(fault) if fault.is_of_row() => {
                tracing::error!(target: "modelport", %fault, journal = place.name(), "a row is passed over, because the ledger does not take it");
                lost += 1;
            }
            result => result?,
        }
    }
    store.add(place.name(), &[], end).await?;
    Ok(lost)
}
