//! Takes finished requests from the threads that serve, counts them, writes them to the journal and hands them on to the log. The
//! threads that serve wait for nothing of this.

use std::{
    collections::HashSet,
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, Release},
        },
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    charge::Source,
    entry::{self, Entry},
    journal::{self, Place, Position, Writer},
    ledger::{Ledger, Written},
    recent::Recent,
    record::Record,
};
use crate::{
    clock,
    config::{Database, Keep},
    telemetry::{logs, metrics::Metrics, observer::Observer, traces::Traces},
};

/// Finished requests that may wait to be written; of more than that the ledger learns nothing.
const MAX_WAITING: usize = 1 << 16;

/// How long finished requests may wait to be written together. With the time that writing takes it is what a process
/// that is killed can lose.
const BATCH: Duration = Duration::from_millis(20);

/// Lines are written together up to this many bytes.
const MAX_BATCH: usize = 256 << 10;

/// Lines that a full disk does not take are kept up to this many bytes.
const MAX_HELD: usize = 64 << 20;

/// Of so many models it is said at most that nobody states their price.
const MAX_UNPRICED: usize = 1000;

/// The pause after a write that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the end of the process waits for what is unwritten.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// Written batches that may wait for the ledger; what it does not get in this way it reads from the journal.
const MAX_UNREAD: usize = 64;

/// Empty batches after which the thread sleeps until it is woken.
const QUIET_BATCHES: u32 = 50;

/// The directory of the journals in the data directory.
const JOURNALS: &str = "journal";

/// Where finished requests are handed over.
#[derive(Clone)]
pub struct Sink {
    metrics: Arc<Metrics>,
    recent: Arc<Recent>,
    logs: logs::Sink,
    traces: Option<Arc<Traces>>,
    kept: Option<Arc<Kept>>,
}

/// The way to the ledger.
struct Kept {
    sender: SyncSender<Message>,
    state: Arc<State>,
    ledger: Mutex<Option<Ledger>>,
}

enum Message {
    Finished(Box<Record>),
    /// Everything before this is in the journal when this is dropped.
    Flush(SyncSender<()>),
}

/// How keeping goes.
#[derive(Debug, Default)]
pub struct State {
    /// Requests that are not in the journal yet because it cannot be written.
    waiting: AtomicU64,
    /// Requests that the ledger will never know of.
    pub(super) lost: AtomicU64,
    /// Whether the journal takes nothing.
    is_journal_failing: AtomicBool,
    /// Whether the database takes nothing.
    pub(super) is_database_failing: AtomicBool,
    /// Whether the journal holds what was not handed to the ledger.
    pub(super) is_behind: AtomicBool,
}

/// How keeping goes, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the journal takes nothing.
    pub is_journal_failing: bool,
    /// Whether the database takes nothing.
    pub is_database_failing: bool,
    /// Requests that wait in memory because the journal cannot be written.
    pub waiting: u64,
    /// Requests that the ledger will never know of.
    pub lost: u64,
}

impl State {
    fn standing(&self) -> Standing {
        Standing {
            is_journal_failing: self.is_journal_failing.load(Relaxed),
            is_database_failing: self.is_database_failing.load(Relaxed),
            waiting: self.waiting.load(Relaxed),
            lost: self.lost.load(Relaxed),
        }
    }
}

impl Standing {
    /// `ok`, or what is failing.
    pub fn word(&self) -> &'static str {
        if self.is_journal_failing {
            "journal failing"
        } else if self.is_database_failing {
            "database failing"
        } else {
            "ok"
        }
    }
}

impl Sink {
    /// Starts the log alone.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn of_log(log: logs::Settings, traces: Option<Arc<Traces>>) -> io::Result<Self> {
        let metrics = Arc::new(Metrics::new());
        let recent = Arc::new(Recent::default());
        let observer = Observer::new(Arc::clone(&metrics), traces.clone());
        let logs = logs::Sink::start(log, Some((observer, Arc::clone(&recent))))?;
        Ok(Self {
            metrics,
            recent,
            logs,
            traces,
            kept: None,
        })
    }

    /// Starts the log, the journal in this data directory, and behind it the ledger in this database.
    ///
    /// # Errors
    ///
    /// When the journal cannot be made, or no thread can be started.
    pub fn with_ledger(
        log: logs::Settings,
        traces: Option<Arc<Traces>>,
        directory: &Path,
        kept: (Database, Keep),
    ) -> io::Result<Self> {
        let metrics = Arc::new(Metrics::new());
        let recent = Arc::new(Recent::default());
        let logs = logs::Sink::start(log, None)?;
        let journals = directory.join(JOURNALS);
        std::fs::create_dir_all(&journals)?;
        let left = Place::left_behind(&journals)?;
        let place = Arc::new(Place::new(&journals)?);
        let writer = Writer::new(Arc::clone(&place))?;
        let state = Arc::new(State::default());
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let (ledger, written) = sync_channel(MAX_UNREAD);
        let keeping = Keeping {
            end: writer.end(),
            writer,
            observer: Observer::new(Arc::clone(&metrics), traces.clone()),
            logs: logs.clone(),
            log_lines: logs.lines(),
            ledger,
            state: Arc::clone(&state),
            recent: Arc::clone(&recent),
            lines: Vec::new(),
            count: 0,
            rows: Vec::new(),
            unpriced: HashSet::new(),
            retry_at: None,
        };
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || keeping.run(&receiver))?;
        let ledger = Ledger::start(kept, place, (left, written), Arc::clone(&state))?;
        let kept = Kept {
            sender,
            state,
            ledger: Mutex::new(Some(ledger)),
        };
        Ok(Self {
            metrics,
            recent,
            logs,
            traces,
            kept: Some(Arc::new(kept)),
        })
    }

    /// Hands a record over.
    pub fn send(&self, record: Box<Record>) {
        let Some(kept) = &self.kept else {
            if !self.logs.send(record) {
                self.metrics.miss();
            }
            return;
        };
        if kept.sender.try_send(Message::Finished(record)).is_err() {
            kept.state.lost.fetch_add(1, Relaxed);
            self.metrics.miss();
        }
    }

    /// Where finished requests are counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Where their lines are written.
    pub fn logs(&self) -> &logs::Sink {
        &self.logs
    }

    /// Where spans are made of finished requests; `None` where there are no traces.
    pub fn traces(&self) -> Option<&Arc<Traces>> {
        self.traces.as_ref()
    }

    /// The last finished requests.
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// How the ledger is kept; `None` where it is not.
    pub fn standing(&self) -> Option<Standing> {
        self.kept.as_ref().map(|kept| kept.state.standing())
    }

    /// Waits until all records so far are in the ledger and in the log, and so long at most for their spans to be sent.
    /// For the end of the process.
    pub fn finish(&self, last_words: Duration) {
        if let Some(kept) = &self.kept {
            let (written, all_written) = sync_channel(1);
            if kept.sender.try_send(Message::Flush(written)).is_ok() {
                // An error says that the other end was dropped, which is what is waited for.
                let _ = all_written.recv_timeout(FLUSH_PATIENCE);
            }
            let mut ledger = kept.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(ledger) = ledger.take() {
                ledger.finish(FLUSH_PATIENCE);
            }
        }
        self.logs.flush();
        if let Some(traces) = &self.traces {
            traces.finish(last_words);
        }
    }
}

/// What the journal's thread holds.
struct Keeping {
    writer: Writer,
    /// What follows the lines that were written last.
    end: Position,
    observer: Observer,
    logs: logs::Sink,
    /// Lines of the log that are not handed over yet.
    log_lines: logs::Lines,
    /// Where rows go that are in the journal.
    ledger: SyncSender<Written>,
    state: Arc<State>,
    recent: Arc<Recent>,
    /// Lines that are not written yet.
    lines: Vec<u8>,
    /// How many they are.
    count: u64,
    /// The rows that they are of; none while the journal takes nothing, so that what waits is not kept twice.
    rows: Vec<Entry>,
    /// Models of providers whose price nobody states, of which that was said.
    unpriced: HashSet<(Box<str>, Arc<str>)>,
    /// When a journal that takes nothing is tried again.
    retry_at: Option<Instant>,
}

impl Keeping {
    /// Writes in batches. Between batches the thread sleeps by the clock rather than on the channel, because waking a
    /// sleeper costs the sender more than the rest of its work.
    fn run(mut self, receiver: &Receiver<Message>) {
        let mut quiet = 0;
        loop {
            let message = match receiver.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Empty) if quiet < QUIET_BATCHES || self.count > 0 => {
                    self.write();
                    quiet += 1;
                    thread::sleep(BATCH);
                    continue;
                }
                Err(TryRecvError::Empty) => match receiver.recv() {
                    Ok(message) => message,
                    Err(_) => return,
                },
                Err(TryRecvError::Disconnected) => return self.write(),
            };
            quiet = 0;
            match message {
                Message::Finished(record) => self.add(record),
                Message::Flush(written) => {
                    self.retry_at = None;
                    self.write();
                    drop(written);
                }
            }
        }
    }

    fn add(&mut self, mut record: Box<Record>) {
        record.estimate();
        self.observer.see(&record);
        self.warn_of_price(&record);
        let row = self.recent.keep(&mut record);
        if self.lines.len() >= MAX_HELD {
            self.state.lost.fetch_add(1, Relaxed);
        } else {
            journal::add_line(&mut self.lines, |batch| entry::write_line(&row, batch));
            self.count += 1;
            if self.retry_at.is_none() {
                self.rows.push(row);
            }
        }
        self.log_lines.add(&record);
        if self.lines.len() > MAX_BATCH {
            self.write();
        }
    }

    /// Says once of each model that nobody states its price.
    fn warn_of_price(&mut self, record: &Record) {
        if record.charge.source != Source::Unknown || self.unpriced.len() >= MAX_UNPRICED {
            return;
        }
        let (Some(provider), Some(model)) = (&record.provider, &record.upstream_model) else {
            return;
        };
        if self.unpriced.insert((provider.clone(), Arc::clone(model))) {
            tracing::warn!(
                target: "modelport",
                %provider,
                %model,
                "nobody states a price for this model: what it costs counts as unknown, not as nothing; MODELPORT_CATALOGUE can state it"
            );
        }
    }

    fn write(&mut self) {
        // Lines that are lost are lost to the log alone.
        self.logs.write(&mut self.log_lines);
        let now = clock::now();
        if self.lines.is_empty() || self.retry_at.is_some_and(|at| now < at) {
            return;
        }
        match self.writer.append(&self.lines) {
            Ok(()) => {
                if self.retry_at.take().is_some() {
                    let (count, lost) = (self.count, self.state.lost.load(Relaxed));
                    tracing::warn!(target: "modelport", count, lost, "the journal can be written again, and requests that waited are in it");
                }
                self.lines.clear();
                self.lines.shrink_to(MAX_BATCH);
                self.hand_over();
                self.count = 0;
                self.state.is_journal_failing.store(false, Relaxed);
            }
            Err(error) => {
                if !self.state.is_journal_failing.swap(true, Relaxed) {
                    tracing::error!(target: "modelport", %error, "the journal cannot be written: requests are served, and wait in memory for the ledger");
                }
                self.retry_at = now.checked_add(PAUSE);
                self.rows = Vec::new();
            }
        }
        self.state.waiting.store(self.count, Relaxed);
    }

    /// Spares the ledger reading what has just been written.
    fn hand_over(&mut self) {
        let start = std::mem::replace(&mut self.end, self.writer.end());
        let rows = std::mem::take(&mut self.rows);
        let is_whole = usize::try_from(self.count).is_ok_and(|count| count == rows.len());
        let written = Written {
            rows,
            start,
            end: self.end,
        };
        if !is_whole || self.ledger.try_send(written).is_err() {
            self.state.is_behind.store(true, Release);
        }
    }
}
