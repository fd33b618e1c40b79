//! Log lines: one per request, written by a thread of their own so that no request waits for a
//! terminal or a disk.

use std::{
    io::{self, IsTerminal, Write},
    sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    thread,
    time::Duration,
};

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::observer::Observer;
use crate::{accounting::record::Record, clock};

/// Finished requests that may wait for their line; more than that and lines are lost, not
/// requests delayed.
const MAX_WAITING: usize = 4096;

/// How long lines may wait to be written together.
const BATCH: Duration = Duration::from_millis(20);

/// The most bytes of lines that wait to be written together.
const MAX_BATCH: usize = 64 << 10;

/// How long a flush waits for a terminal or a disk that takes no lines, or for the tokenizer to be loaded.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// Empty batches after which the thread sleeps until it is woken.
const QUIET_BATCHES: u32 = 50;

/// Starts logging at `level`; the libraries below us speak only when something is wrong.
pub fn start(level: Level) {
    let ours = LevelFilter::from_level(level);
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(ours))
        .with_target("modelport", ours)
        .with_target("modelport_provider", ours);
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    // A second start in one process, as in tests, keeps the first.
    let _ = tracing_subscriber::registry()
        .with(targets)
        .with(lines)
        .try_init();
}

/// Where finished requests are handed over to have their lines written.
#[derive(Clone)]
pub struct Sink(SyncSender<Message>);

enum Message {
    Finished(Box<Record>),
    /// The lines of everything before this are written when this is dropped.
    Flush(SyncSender<()>),
}

impl Sink {
    /// Starts the thread that writes the lines of records that are loud enough, and sees the records if nobody else does.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn start(level: Level, observer: Option<Observer>) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || drain(&receiver, level, observer))?;
        Ok(Self(sender))
    }

    /// Hands a record over. False says that too many wait already, and its line is lost.
    pub fn send(&self, record: Box<Record>) -> bool {
        self.0.try_send(Message::Finished(record)).is_ok()
    }

    /// Waits until the lines of all records so far are written, but not for ever. For the end of
    /// the process, which takes unwritten lines with it.
    pub fn flush(&self) {
        let (written, all_written) = sync_channel(1);
        if self.0.try_send(Message::Flush(written)).is_ok() {
            // An error says that the other end was dropped, which is what is waited for.
            let _ = all_written.recv_timeout(FLUSH_PATIENCE);
        }
    }
}

/// Writes in batches. Between batches the thread sleeps by the clock rather than on the channel,
/// because waking a sleeper costs the sender more than the rest of its work.
fn drain(receiver: &Receiver<Message>, level: Level, mut observer: Option<Observer>) {
    let mut batch = Batch::new(level);
    let mut quiet = 0;
    loop {
        let message = match receiver.try_recv() {
            Ok(message) => message,
            Err(TryRecvError::Empty) if quiet < QUIET_BATCHES => {
                batch.show();
                quiet += 1;
                thread::sleep(BATCH);
                continue;
            }
            Err(TryRecvError::Empty) => match receiver.recv() {
                Ok(message) => message,
                Err(_) => return,
            },
            Err(TryRecvError::Disconnected) => {
                batch.show();
                return;
            }
        };
        quiet = 0;
        match message {
            Message::Finished(mut record) => {
                if let Some(observer) = &mut observer {
                    record.estimate();
                    observer.see(&record);
                }
                batch.add(&record);
            }
            Message::Flush(written) => {
                batch.show();
                drop(written);
            }
        }
    }
}

/// Lines that are written together.
struct Batch {
    level: Level,
    lines: String,
    /// The second that `date` stands for.
    second: u64,
    date: String,
}

impl Batch {
    fn new(level: Level) -> Self {
        Self {
            level,
            lines: String::new(),
            second: 0,
            date: String::new(),
        }
    }

    fn add(&mut self, record: &Record) {
        let level = record.level();
        if level > self.level {
            return;
        }
        let now = clock::since_epoch();
        if now.as_secs() != self.second || self.date.is_empty() {
            self.second = now.as_secs();
            self.date = date(now.as_secs());
        }
        self.lines.push_str(&self.date);
        let mut thousand_and_millis = itoa::Buffer::new();
        let digits = thousand_and_millis.format(1000 + now.subsec_millis());
        self.lines.push('.');
        self.lines.push_str(digits.get(1..).unwrap_or_default());
        self.lines.push_str("Z ");
        self.lines.push_str(padded(level));
        record.write(&mut self.lines);
        self.lines.push('\n');
        if self.lines.len() > MAX_BATCH {
            self.show();
        }
    }

    fn show(&mut self) {
        if !self.lines.is_empty() {
            // A log that cannot be written is no reason to stop serving.
            let _ = io::stderr().write_all(self.lines.as_bytes());
            self.lines.clear();
        }
    }
}

/// A level as the other log lines show it, with the space behind it.
fn padded(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR ",
        Level::WARN => " WARN ",
        Level::INFO => " INFO ",
        Level::DEBUG => "DEBUG ",
        Level::TRACE => "TRACE ",
    }
}

/// A date and time to the second, as in `2026-11-23T20:01:43`.
fn date(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
