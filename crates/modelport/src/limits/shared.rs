//! Limits that several gateways share, through a Redis or Valkey server. The gateway's own limits come first, as if it were
//! alone; what passes them is decided by one script that the server runs at all limits of the request at once.
//!
//! No request waits longer for the server than [`PATIENCE`]. One that has waited in vain takes the server for away, and
//! until it is back none asks it: each gateway goes on with its share of every limit, or refuses. What a request has used
//! is told behind its back, by a task that also looks for the server.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use redis::aio::MultiplexedConnection;
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

mod keep;
mod script;
mod ticket;
mod verdict;

use super::{
    admission::{Part, Refused, Standing},
    cell::Use,
    notice::Notices,
    register::{Bounds, cells},
};
use crate::{
    config::{Away, RedisConfig},
    redis_server::{RedisServer, Unusable},
};
pub use ticket::Ticket;
use ticket::{Correction, Live};

/// How long a request waits for the server at most. A server that has gone says so at once, so this is only for one that
/// hangs, and one that is merely busy should not be taken for that: it needs 50 µs for a request, and a burst of a thousand
/// waits in a row.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// How long a place or a reservation is kept for a gateway that says nothing of it any more.
pub const LASTS: Duration = Duration::from_secs(30);

/// How long a request that is refused waits for what the server has not been told yet.
const CATCH_UP: Duration = Duration::from_millis(50);

/// Corrections that may wait to be told to the server.
const MAX_WAITING: usize = 8192;

/// The limits that this gateway shares with others.
pub struct Shared {
    server: RedisServer,
    away: Away,
    /// This gateway, as nobody else is called.
    gateway: Arc<str>,
    /// Permits so far.
    number: AtomicU64,
    /// The connection; none while the server is away.
    link: ArcSwapOption<Link>,
    /// Grows whenever the server goes away and when it comes back, from 1.
    epoch: AtomicU64,
    /// How many gateways there were when the server last knew.
    gateways: AtomicU64,
    corrections: mpsc::Sender<Correction>,
    /// Taken by the task that tells them.
    waiting: Mutex<Option<mpsc::Receiver<Correction>>>,
    /// Corrections so far, and those of them that do not wait any more.
    queued: AtomicU64,
    told: AtomicU64,
    /// Some more do not.
    telling: Notify,
    /// Whether corrections have been dropped since the server was last away.
    overflown: AtomicBool,
    /// The requests under way that hold places or money.
    live: Mutex<HashMap<u64, Live>>,
    /// The server has gone away.
    gone: Notify,
    /// The gateway goes down.
    stopping: Notify,
    /// Budgets that have reached the amounts at which they warn.
    notices: Notices,
}

/// A connection, and which one it is.
struct Link {
    connection: MultiplexedConnection,
    epoch: u64,
}

/// What decides about requests with limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The server.
    Shared,
    /// This gateway alone, by its part of the limits.
    Alone(Part),
    /// Nobody: they are refused.
    Refusing,
}

/// What the server decided.
pub enum Verdict {
    /// The request may be sent; where its caller stands.
    Taken(Box<Ticket>, Standing),
    /// It may not.
    Refused(Refused, Standing),
    /// The server does not answer.
    Away,
}

impl Shared {
    /// The limits of a server that is not connected to yet.
    ///
    /// # Errors
    ///
    /// [`Unusable`].
    pub fn new(config: &RedisConfig, notices: Notices) -> Result<Arc<Self>, Unusable> {
        let (corrections, waiting) = mpsc::channel(MAX_WAITING);
        Ok(Arc::new(Self {
            server: RedisServer::new(config)?,
            away: config.away,
            gateway: format!("{:016x}", fastrand::u64(..)).into(),
            number: AtomicU64::new(0),
            link: ArcSwapOption::empty(),
            epoch: AtomicU64::new(1),
            gateways: AtomicU64::new(1),
            corrections,
            waiting: Mutex::new(Some(waiting)),
            queued: AtomicU64::new(0),
            told: AtomicU64::new(0),
            telling: Notify::new(),
            overflown: AtomicBool::new(false),
            live: Mutex::default(),
            gone: Notify::new(),
            stopping: Notify::new(),
            notices,
        }))
    }

    /// What decides now.
    pub fn mode(&self) -> Mode {
        if self.link.load().is_some() {
            return Mode::Shared;
        }
        self.mode_away()
    }

    /// What decides while the server is away.
    pub fn mode_away(&self) -> Mode {
        match self.away {
            Away::Local => Mode::Alone(self.part()),
            Away::Refuse => Mode::Refusing,
        }
    }

    /// The part of the limits that this gateway has while the server is away.
    fn part(&self) -> Part {
        Part::Away {
            gateways: self.gateways.load(Ordering::Relaxed),
            epoch: self.epoch.load(Ordering::Relaxed),
        }
    }

    /// Whether the server does not answer.
    pub fn is_away(&self) -> bool {
        self.link.load().is_none()
    }

    /// One word for [`Shared::mode`].
    pub fn word(&self) -> &'static str {
        match self.mode() {
            Mode::Shared => "shared",
            Mode::Alone(_) => "local",
            Mode::Refusing => "refused",
        }
    }

    /// Asks the server whether a request may be sent that the gateway's own limits allow.
    pub async fn decide(self: &Arc<Self>, bounds: &Bounds, ask: Use, now: u64) -> Verdict {
        let Some(link) = self.link.load_full() else {
            return Verdict::Away;
        };
        let ticket = Ticket::new(self, link.epoch, bounds, ask, now);
        // A caller whose answer has ended has its place back, although the server hears of it a moment later.
        let queued = self.queued.load(Ordering::Acquire);
        let is_behind = self.told.load(Ordering::Acquire) < queued;
        let mut answer = ask_once(&link, bounds, &ticket, now).await;
        if is_behind && matches!(answer, Ok((Some(_), _))) && self.catch_up(queued).await {
            answer = ask_once(&link, bounds, &ticket, now).await;
        }
        match answer {
            Ok((None, standing)) => Verdict::Taken(Box::new(ticket), standing),
            Ok((Some(refused), standing)) => {
                ticket.void();
                Verdict::Refused(refused, standing)
            }
            Err(problem) => {
                self.lose(link.epoch, &problem);
                Verdict::Away
            }
        }
    }

    /// Waits until the server has been told what was queued until then; `false` if that takes too long.
    async fn catch_up(&self, queued: u64) -> bool {
        let told = async {
            loop {
                let next = self.telling.notified();
                if self.told.load(Ordering::Acquire) >= queued {
                    return;
                }
                next.await;
            }
        };
        timeout(CATCH_UP, told).await.is_ok()
    }

    /// What a request holds that this gateway alone has decided about: the server hears of it when it is back.
    pub fn alone(self: &Arc<Self>, bounds: &Bounds, ask: Use, now: u64) -> Box<Ticket> {
        for cell in cells(bounds) {
            if let Some((_, rate)) = ticket::rate_of(cell) {
                cell.mirror.advance_rate(rate.taken());
            }
        }
        let epoch = self.epoch.load(Ordering::Relaxed);
        Box::new(Ticket::new(self, epoch, bounds, ask, now))
    }

    /// The server is away since the connection of this epoch; whoever finds out first says so.
    fn lose(&self, epoch: u64, problem: &str) {
        let next = epoch + 1;
        let order = Ordering::AcqRel;
        if self
            .epoch
            .compare_exchange(epoch, next, order, Ordering::Relaxed)
            .is_err()
        {
            return;
        }
        self.link.store(None);
        self.gone.notify_one();
        self.report(problem);
    }

    fn report(&self, problem: &str) {
        let (server, gateways) = (&self.server, self.gateways.load(Ordering::Relaxed));
        match self.away {
            Away::Local => {
                tracing::error!(target: "modelport", %server, problem, gateways, "limits are not shared, because their server does not answer: this gateway goes on with its share of them");
            }
            Away::Refuse => {
                tracing::error!(target: "modelport", %server, problem, "limits are not shared, because their server does not answer: requests with limits are refused");
            }
        }
    }

    /// Has this told to the server, if there is room to wait.
    fn correct(&self, correction: Correction) {
        self.queued.fetch_add(1, Ordering::Release);
        if self.corrections.try_send(correction).is_ok() {
            return;
        }
        self.heard(1);
        if !self.overflown.swap(true, Ordering::Relaxed) {
            tracing::warn!(target: "modelport", waiting = MAX_WAITING, "what requests have used is not told to the server of the limits, because too much waits to be told: rates keep what was set apart, places end by themselves");
        }
    }

    /// So many corrections do not wait any more.
    fn heard(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or_default();
        self.told.fetch_add(count, Ordering::Release);
        self.telling.notify_waiters();
    }

    fn live(&self) -> MutexGuard<'_, HashMap<u64, Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the server once.
async fn ask_once(
    link: &Link,
    bounds: &Bounds,
    ticket: &Ticket,
    now: u64,
) -> Result<(Option<Refused>, Standing), String> {
    let mut connection = link.connection.clone();
    let call = verdict::ask(bounds, ticket, now);
    match timeout(PATIENCE, call.run::<Vec<u64>>(&mut connection)).await {
        Ok(Ok(answer)) => verdict::read(bounds, ticket, &answer, now),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", PATIENCE.as_millis())),
    }
}

#[cfg(test)]
mod tests;
