//! The keys of the database in this process: read at the start, kept current, and good for as long as the process
//! lives even when the database is away.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, MutexGuard};

use super::directory::Directory;
use crate::{
    clock,
    config::Database,
    store::{Store, StoreFault},
};

/// How often the database is asked for changes: a change made elsewhere counts here after this time and that of a query.
const ROUND: Duration = Duration::from_millis(250);

/// How long the start waits for the keys.
const START_PATIENCE: Duration = Duration::from_secs(3);

/// How long the database may be away before that is said.
const QUIET: Duration = Duration::from_secs(2);

/// The keys of the database.
#[derive(Default)]
pub struct Stored {
    directory: ArcSwap<Directory>,
    /// Where the database is; in memory only where there is none.
    place: Option<Database>,
    connection: Mutex<Option<Store>>,
    /// Whether the keys have been read at all.
    is_read: AtomicBool,
    is_away: AtomicBool,
    asks_addresses: AtomicBool,
    /// Is shown keys and teams before they count.
    observer: OnceLock<Observer>,
}

/// What is shown keys and teams before they count.
type Observer = Box<dyn Fn(&Directory) + Send + Sync>;

impl Stored {
    /// The keys in this database.
    pub fn at(place: Option<Database>) -> Self {
        Self {
            place,
            ..Self::default()
        }
    }

    /// Shows every change to this, before it counts. Only the first observer is one.
    pub fn observe(&self, observer: impl Fn(&Directory) + Send + Sync + 'static) {
        // A second one is dropped.
        let _ = self.observer.set(Box::new(observer));
    }

    /// The keys as they are known now.
    pub fn directory(&self) -> arc_swap::Guard<Arc<Directory>> {
        self.directory.load()
    }

    /// Whether all keys are known, so that one that is not found is not there.
    pub fn is_complete(&self) -> bool {
        self.place.is_none() || self.is_read.load(Relaxed)
    }

    /// Whether it may be that nobody needs a key: there is none, as far as can be known.
    pub fn may_be_open(&self) -> bool {
        self.is_complete() && self.directory.load().is_empty()
    }

    /// Whether it matters to any key where a request comes from.
    pub fn asks_addresses(&self) -> bool {
        self.asks_addresses.load(Relaxed)
    }

    /// Whether the database does not answer.
    pub fn is_away(&self) -> bool {
        self.is_away.load(Relaxed)
    }

    /// Reads the keys, or waits no longer for them.
    pub async fn start(&self) {
        let read = async {
            while self.refresh().await.is_err() {
                tokio::time::sleep(ROUND).await;
            }
        };
        let _ = tokio::time::timeout(START_PATIENCE, read).await;
    }

    /// Keeps the keys current, for ever.
    pub async fn keep_current(&self) {
        let mut away_since = None;
        loop {
            match self.refresh().await {
                Ok(()) => {
                    away_since = None;
                    if self.is_away.swap(false, Relaxed) {
                        tracing::warn!(target: "modelport", "the database of the keys answers again");
                    }
                }
                Err(error) => {
                    let since = *away_since.get_or_insert_with(clock::now);
                    if since.elapsed() >= QUIET && !self.is_away.swap(true, Relaxed) {
                        tracing::error!(target: "modelport", %error, "the database of the keys does not answer: keys that were read before go on, changes do not arrive");
                    }
                }
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Takes up what has changed.
    ///
    /// # Errors
    ///
    /// [`StoreFault`]; what was known stays known.
    pub async fn refresh(&self) -> Result<(), StoreFault> {
        let mut connection = self.connection.lock().await;
        let store = self.open(&mut connection).await?;
        let result = store.changes(self.directory.load().revision()).await;
        match result {
            Ok(changes) if changes.is_empty() && self.is_read.load(Relaxed) => {}
            Ok(changes) => {
                let (next, unread) = self.directory.load().after(&changes);
                for what in unread {
                    tracing::error!(target: "modelport", "{what}: it cannot be read and does not count");
                }
                if let Some(observer) = self.observer.get() {
                    observer(&next);
                }
                self.asks_addresses.store(next.asks_addresses(), Relaxed);
                self.directory.store(Arc::new(next));
                self.is_read.store(true, Relaxed);
            }
            Err(fault) => {
                // What is in memory only must not be thrown away for one query.
                if self.place.is_some() {
                    *connection = None;
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Does something to the database that holds the keys, and takes up what has changed at once.
    ///
    /// # Errors
    ///
    /// [`StoreFault`], or what `work` gives.
    pub async fn change<T, E: From<StoreFault>>(
        &self,
        work: impl AsyncFnOnce(&mut Store) -> Result<T, E>,
    ) -> Result<T, E> {
        let done = {
            let mut connection = self.connection.lock().await;
            let store = self.open(&mut connection).await?;
            work(store).await?
        };
        self.refresh().await?;
        Ok(done)
    }

    async fn open<'c>(
        &self,
        connection: &'c mut MutexGuard<'_, Option<Store>>,
    ) -> Result<&'c mut Store, StoreFault> {
        if connection.is_none() {
            let opened = match &self.place {
                Some(database) => Store::open(database).await?,
                None => Store::in_memory().await?,
            };
            return Ok(connection.insert(opened));
        }
        match connection.as_mut() {
            Some(store) => Ok(store),
            None => Err(StoreFault::Database(sqlx::Error::WorkerCrashed)),
        }
    }
}
