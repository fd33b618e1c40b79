//! The Redis or Valkey server in which several gateways keep answers. No request waits longer for it than [`PATIENCE`], and
//! none at all while it is away; what is kept is written behind the requests, by a task that also looks for the server.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool, AtomicU32, AtomicU64, AtomicUsize,
            Ordering::{AcqRel, Acquire, Relaxed},
        },
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use redis::{Cmd, FromRedisValue, aio::MultiplexedConnection};
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

mod keep;

use crate::{
    config::RedisConfig,
    redis_server::{RedisServer, Unusable},
};

/// How long a request waits for a kept answer.
pub const PATIENCE: Duration = Duration::from_millis(50);

/// So many in a row that have waited in vain take the server for away. One alone may have met a busy moment.
const MOST_SILENT: u32 = 3;

/// How long the server may take to keep an answer, for which no request waits.
const SLOW: Duration = Duration::from_secs(1);

/// Answers that may wait to be written, and their bytes.
const MAX_WAITING: usize = 1024;
const MAX_WAITING_BYTES: usize = 32 << 20;

/// The server, connected to once answers are to be kept there.
pub struct Server {
    redis: RedisServer,
    /// The connection; none while the server is away.
    link: ArcSwapOption<Link>,
    /// Grows with each connection.
    number: AtomicU64,
    /// Look-ups in a row that were not answered in time.
    silent: AtomicU32,
    /// What was not answered in time or not done, and what could not be read.
    failures: AtomicU64,
    /// Whether answers are to be kept here.
    is_wanted: AtomicBool,
    wanted: Notify,
    /// The server has gone away.
    gone: Notify,
    writes: mpsc::Sender<Write>,
    /// Taken by the task that writes.
    waiting: Mutex<Option<mpsc::Receiver<Write>>>,
    /// The bytes of what waits.
    bytes: Arc<AtomicUsize>,
}

/// Why there is no answer of the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is away.
    Away,
    /// It said no, or not in time.
    Failed,
}

/// A connection, and which one it is.
struct Link {
    connection: MultiplexedConnection,
    number: u64,
}

/// Something to be written.
struct Write {
    key: String,
    value: Vec<u8>,
    lasts: Duration,
    _held: Held,
}

/// Bytes that wait; dropped, they do not any more.
struct Held {
    bytes: Arc<AtomicUsize>,
    count: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bytes.fetch_sub(self.count, AcqRel);
    }
}

impl Server {
    /// A server that is not connected to yet.
    ///
    /// # Errors
    ///
    /// [`Unusable`].
    pub fn new(config: &RedisConfig) -> Result<Arc<Self>, Unusable> {
        let (writes, waiting) = mpsc::channel(MAX_WAITING);
        Ok(Arc::new(Self {
            redis: RedisServer::new(config)?,
            link: ArcSwapOption::empty(),
            number: AtomicU64::new(0),
            silent: AtomicU32::new(0),
            failures: AtomicU64::new(0),
            is_wanted: AtomicBool::new(false),
            wanted: Notify::new(),
            gone: Notify::new(),
            writes,
            waiting: Mutex::new(Some(waiting)),
            bytes: Arc::default(),
        }))
    }

    /// From now on answers are kept here.
    pub(super) fn want(&self) {
        self.is_wanted.store(true, Relaxed);
        self.wanted.notify_one();
    }

    /// Whether the server does not answer.
    pub fn is_away(&self) -> bool {
        self.link.load().is_none()
    }

    /// How often it did not answer in time or said no, or gave what cannot be read.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// What it gave cannot be read.
    pub(super) fn note_failure(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// The first bytes of what is kept under a key, none where nothing is.
    pub(super) async fn get(&self, key: &str, most: usize) -> Result<Vec<u8>, Fault> {
        let Some(link) = self.link.load_full() else {
            return Err(Fault::Away);
        };
        let mut cmd = redis::cmd("GETRANGE");
        cmd.arg(key).arg(0).arg(most.saturating_sub(1));
        self.ask(&link, &cmd, PATIENCE).await
    }

    /// Has something written behind the request; where too much waits, or the server is away, it is not kept.
    pub(super) fn put(&self, key: String, value: Vec<u8>, lasts: Duration) {
        if self.is_away() {
            return;
        }
        let count = value.len();
        let before = self.bytes.fetch_add(count, AcqRel);
        let bytes = Arc::clone(&self.bytes);
        let write = Write {
            key,
            value,
            lasts,
            _held: Held { bytes, count },
        };
        if before + count > MAX_WAITING_BYTES || self.writes.try_send(write).is_err() {
            self.note_failure();
        }
    }

    /// Asks the server, and takes it for away when that shows that it is.
    async fn ask<T: FromRedisValue>(
        &self,
        link: &Link,
        cmd: &Cmd,
        patience: Duration,
    ) -> Result<T, Fault> {
        let mut connection = link.connection.clone();
        match timeout(patience, cmd.query_async(&mut connection)).await {
            Ok(Ok(answer)) => {
                self.silent.store(0, Relaxed);
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.note_failure();
                if error.is_io_error() || error.is_connection_dropped() {
                    self.lose(link, &error.to_string());
                    return Err(Fault::Away);
                }
                Err(Fault::Failed)
            }
            Err(_) => {
                self.note_failure();
                if self.silent.fetch_add(1, Relaxed) + 1 >= MOST_SILENT {
                    self.lose(link, "it does not answer in time");
                    return Err(Fault::Away);
                }
                Err(Fault::Failed)
            }
        }
    }

    /// The server is away since this connection; whoever finds out first says so.
    fn lose(&self, link: &Link, problem: &str) {
        let next = link.number + 1;
        if self
            .number
            .compare_exchange(link.number, next, AcqRel, Acquire)
            .is_err()
        {
            return;
        }
        self.link.store(None);
        self.gone.notify_one();
        self.report(problem);
    }

    fn report(&self, problem: &str) {
        let server = &self.redis;
        tracing::error!(target: "modelport", %server, problem, "answers are not kept and none is given again, because the server of the cache does not answer");
    }
}
