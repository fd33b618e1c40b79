//! Log lines: one per request, written by a thread of their own so that no request waits for a
//! terminal or a disk. Text for people at a terminal, JSON for programs.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
    thread,
    time::Duration,
};

use arc_swap::ArcSwap;
use tracing::Level;
use tracing_subscriber::{
    Registry, filter::Targets, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt,
};

mod directives;
mod line;

pub use directives::Directives;

use super::observer::Observer;
use crate::{
    accounting::{recent::Recent, record::Record},
    clock,
    config::{Config, LogFormat},
};

/// Finished requests that may wait for their line; more than that and lines are lost, not
/// requests delayed.
const MAX_WAITING: usize = 4096;

/// Bytes of lines that somebody else has made and that may wait; more than that and lines are lost.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// How long lines may wait to be written together.
const BATCH: Duration = Duration::from_millis(20);

/// The most bytes of lines that wait to be written together.
const MAX_BATCH: usize = 64 << 10;

/// How long a flush waits for a terminal or a disk that takes no lines, or for the tokenizer to be loaded.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

/// Empty batches after which the thread sleeps until it is woken.
const QUIET_BATCHES: u32 = 50;

/// What decides which log lines are shown, those of finished requests aside. The process has one log, and so one of these.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// What a log line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As people read it.
    Text,
    /// An object a line.
    Json,
}

impl Format {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// How the log begins.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How loud.
    pub level: Level,
    /// In which form.
    pub format: Format,
}

impl Settings {
    /// As it is configured; unless it says otherwise, text is for terminals.
    pub fn of(config: &Config) -> Self {
        let format = match config.log_format {
            LogFormat::Text => Format::Text,
            LogFormat::Auto if io::stderr().is_terminal() => Format::Text,
            LogFormat::Auto | LogFormat::Json => Format::Json,
        };
        Self {
            level: config.log_level.into(),
            format,
        }
    }
}

/// Starts logging.
pub fn start(settings: Settings) {
    let targets = Directives::of(settings.level).targets();
    let (filter, handle) = reload::Layer::new(targets);
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match settings.format {
        Format::Text => registry.with(lines).try_init(),
        Format::Json => {
            let lines = lines.with_ansi(false).json().flatten_event(true);
            registry.with(lines).try_init()
        }
    };
    // A second start in one process, as in tests, keeps the first.
    if started.is_ok() {
        let _ = FILTER.set(handle);
    }
}

/// Where finished requests are handed over to have their lines written.
#[derive(Clone)]
pub struct Sink {
    sender: SyncSender<Message>,
    directives: Arc<ArcSwap<Directives>>,
    format: Format,
    /// Bytes of lines that wait.
    waiting: Arc<AtomicUsize>,
}

enum Message {
    Finished(Box<Record>),
    /// Whole lines.
    Made(String),
    /// The lines of everything before this are written when this is dropped.
    Flush(SyncSender<()>),
}

impl Sink {
    /// Starts the thread that writes the lines of records that are loud enough, and sees and keeps the records if nobody
    /// else does.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn start(settings: Settings, takers: Option<(Observer, Arc<Recent>)>) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let sink = Self {
            sender,
            directives: Arc::new(ArcSwap::from_pointee(Directives::of(settings.level))),
            format: settings.format,
            waiting: Arc::default(),
        };
        let (lines, waiting) = (sink.lines(), Arc::clone(&sink.waiting));
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || drain(&receiver, lines, &waiting, takers))?;
        Ok(sink)
    }

    /// Where whoever reads records anyway makes their lines. To read them again in another thread, which has to fetch
    /// them from memory, would cost more than the lines.
    pub fn lines(&self) -> Lines {
        Lines::new(Arc::clone(&self.directives), self.format)
    }

    /// Hands lines over to be written. Where too many wait already these are lost.
    pub fn write(&self, lines: &mut Lines) {
        let text = std::mem::take(&mut lines.text);
        let length = text.len();
        if length == 0 || self.waiting.load(Relaxed) > MAX_WAITING_BYTES {
            return;
        }
        self.waiting.fetch_add(length, Relaxed);
        if self.sender.try_send(Message::Made(text)).is_err() {
            self.waiting.fetch_sub(length, Relaxed);
        }
    }

    /// How loud the log is.
    pub fn directives(&self) -> Arc<Directives> {
        self.directives.load_full()
    }

    /// In which form lines are written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// From now on the log is as loud as this says.
    pub fn change(&self, directives: Directives) {
        if let Some(filter) = FILTER.get() {
            // It fails only without a log.
            let _ = filter.reload(directives.targets());
        }
        tracing::info!(target: "modelport", level = %directives, "the log is as loud as this from now on");
        self.directives.store(Arc::new(directives));
    }

    /// Hands a record over. False says that too many wait already, and its line is lost.
    pub fn send(&self, record: Box<Record>) -> bool {
        self.sender.try_send(Message::Finished(record)).is_ok()
    }

    /// Waits until the lines of all records so far are written, but not for ever. For the end of
    /// the process, which takes unwritten lines with it.
    pub fn flush(&self) {
        let (written, all_written) = sync_channel(1);
        if self.sender.try_send(Message::Flush(written)).is_ok() {
            // An error says that the other end was dropped, which is what is waited for.
            let _ = all_written.recv_timeout(FLUSH_PATIENCE);
        }
    }
}

/// Writes in batches. Between batches the thread sleeps by the clock rather than on the channel,
/// because waking a sleeper costs the sender more than the rest of its work.
fn drain(
    receiver: &Receiver<Message>,
    mut lines: Lines,
    waiting: &AtomicUsize,
    mut takers: Option<(Observer, Arc<Recent>)>,
) {
    let mut quiet = 0;
    loop {
        let message = match receiver.try_recv() {
            Ok(message) => message,
            Err(TryRecvError::Empty) if quiet < QUIET_BATCHES => {
                lines.show();
                quiet += 1;
                thread::sleep(BATCH);
                continue;
            }
            Err(TryRecvError::Empty) => match receiver.recv() {
                Ok(message) => message,
                Err(_) => return,
            },
            Err(TryRecvError::Disconnected) => {
                lines.show();
                return;
            }
        };
        quiet = 0;
        match message {
            Message::Finished(mut record) => {
                if let Some((observer, recent)) = &mut takers {
                    record.estimate();
                    observer.see(&record);
                    recent.keep(&mut record);
                }
                lines.add(&record);
            }
            Message::Made(text) => {
                waiting.fetch_sub(text.len(), Relaxed);
                lines.text.push_str(&text);
            }
            Message::Flush(written) => {
                lines.show();
                drop(written);
            }
        }
        if lines.text.len() > MAX_BATCH {
            lines.show();
        }
    }
}

/// Lines of finished requests that are loud enough, which are written together.
pub struct Lines {
    directives: Arc<ArcSwap<Directives>>,
    format: Format,
    text: String,
    /// The second that `date` stands for.
    second: u64,
    date: String,
}

impl Lines {
    fn new(directives: Arc<ArcSwap<Directives>>, format: Format) -> Self {
        Self {
            directives,
            format,
            text: String::new(),
            second: 0,
            date: String::new(),
        }
    }

    /// Adds the line of a finished request.
    pub fn add(&mut self, record: &Record) {
        let level = record.level();
        if !self.directives.load().shows(level) {
            return;
        }
        let now = clock::since_epoch();
        if now.as_secs() != self.second || self.date.is_empty() {
            self.second = now.as_secs();
            self.date = date(now.as_secs());
        }
        let lines = &mut self.text;
        let mut thousand_and_millis = itoa::Buffer::new();
        let digits = thousand_and_millis.format(1000 + now.subsec_millis());
        let millis = digits.get(1..).unwrap_or_default();
        match self.format {
            Format::Text => {
                lines.extend([&self.date, ".", millis, "Z ", padded(level)]);
                line::add_text(lines, record);
            }
            Format::Json => {
                let opening = "{\"timestamp\":\"";
                let level = level.as_str();
                lines.extend([
                    opening,
                    &self.date,
                    ".",
                    millis,
                    "Z\",\"level\":\"",
                    level,
                    "\"",
                ]);
                line::add_json(lines, record);
                lines.push('}');
            }
        }
        self.text.push('\n');
    }

    fn show(&mut self) {
        if !self.text.is_empty() {
            // A log that cannot be written is no reason to stop serving.
            let _ = io::stderr().write_all(self.text.as_bytes());
            self.text.clear();
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
