//! Takes the journals over into the database, behind everything else: each row once, whenever either of the two stops.

use std::{
    io,
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Relaxed},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    entry::Entry,
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

/// Rows that are taken over together, about.
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

/// Rows that are in the journal, so that they need not be read there.
pub struct Written {
    /// The rows, of each line one.
    pub rows: Vec<Entry>,
    /// What follows the lines that were written before.
    pub start: Position,
    /// What follows these lines.
    pub end: Position,
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
    /// Starts taking over `left`, journals of processes that are gone, and then `place`, which is being written: what comes
    /// as `written` as it comes, and the rest from its files.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn start(
        (database, keep): (Database, Keep),
        place: Arc<Place>,
        (left, written): (Vec<Place>, Receiver<Written>),
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
            written,
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
    written: Receiver<Written>,
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
        let mut at = if let Some(at) = self.at {
            at
        } else {
            let start = store.position(self.place.name()).await?;
            take_all(store, &self.place, start, &self.state).await?
        };
        // Known again only when all of it is in the database: a failure leaves that open.
        self.at = None;
        let mut unread = self.written.try_iter().peekable();
        while let Some(Written {
            mut rows,
            start,
            mut end,
        }) = unread.next()
        {
            if end <= at {
                continue;
            }
            if start != at {
                at = take_all(store, &self.place, at, &self.state).await?;
                continue;
            }
            while rows.len() < ROWS
                && let Some(next) = unread.next_if(|next| next.start == end)
            {
                rows.extend(next.rows);
                end = next.end;
            }
            take(store, &self.place, &rows, (at, end), &self.state).await?;
            at = end;
        }
        if self.state.is_behind.swap(false, AcqRel) {
            at = take_all(store, &self.place, at, &self.state).await?;
        }
        self.at = Some(at);
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

/// Takes over what a journal holds behind a position. Gives the one behind that.
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
            let rows = lines
                .iter()
                .filter_map(|line| match serde_json::from_str(line) {
                    Ok(row) => Some(row),
                    Err(fault) => {
                        pass_over(&fault, place, state);
                        None
                    }
                });
            let rows: Vec<Entry> = rows.collect();
            take(store, place, &rows, (at, end), state).await?;
        }
        at = end;
        if is_last {
            return Ok(at);
        }
    }
}

/// Takes over rows from between two positions of a journal, and deletes the segments that are done with that.
async fn take(
    store: &mut Store,
    place: &Place,
    rows: &[Entry],
    (start, end): (Position, Position),
    state: &State,
) -> Result<(), Fault> {
    match store.add(place.name(), rows, end).await {
        Err(fault) if fault.is_of_row() => {
            take_singly(store, place, rows, (start, end), state).await?;
        }
        result => result?,
    }
    if start.segment != end.segment {
        journal::forget(place, end)?;
    }
    Ok(())
}

/// Takes rows over of which the database does not take one, each by itself, and passes over what it does not take: one row
/// must not keep out all behind it.
async fn take_singly(
    store: &mut Store,
    place: &Place,
    rows: &[Entry],
    (start, end): (Position, Position),
    state: &State,
) -> Result<(), Fault> {
    for row in rows {
        match store
            .add(place.name(), std::slice::from_ref(row), start)
            .await
        {
            Err(fault) if fault.is_of_row() => pass_over(&fault, place, state),
            result => result?,
        }
    }
    store.add(place.name(), &[], end).await?;
    Ok(())
}

/// Says that a row does not get into the ledger.
fn pass_over(fault: &dyn std::error::Error, place: &Place, state: &State) {
    tracing::error!(target: "modelport", %fault, journal = place.name(), "a row is passed over, because the ledger does not take it");
    state.lost.fetch_add(1, Relaxed);
}
