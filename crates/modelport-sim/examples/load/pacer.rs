//! Sends the events of all open streams at their times, from one thread that sleeps in between.
//! The runtime's timers tick in milliseconds, which would hand a proxy ten events at a time;
//! here they are spread, so that each is a read of its own. Does not read from the sockets.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use crate::exchange::{self, Script};

/// Streams that may wait for the thread to notice them.
const MAX_WAITING: usize = 8192;
/// How long a full socket may hold up all streams before its stream is given up.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// Sleep while there is nothing to send.
const IDLE: Duration = Duration::from_secs(1);

/// Hands streams to the thread.
#[derive(Clone)]
pub(crate) struct Pacer {
    jobs: SyncSender<Job>,
}

struct Job {
    socket: TcpStream,
    script: Script,
    back: oneshot::Sender<TcpStream>,
}

struct Playing {
    job: Job,
    sent: u32,
    due: Instant,
}

impl Pacer {
    pub(crate) fn start() -> io::Result<Self> {
        let (jobs, queue) = sync_channel(MAX_WAITING);
        std::thread::Builder::new()
            .name("pacer".into())
            .spawn(move || play(&queue))?;
        Ok(Self { jobs })
    }

    /// Plays `script` into a socket whose response head is already sent, and returns the socket.
    pub(crate) async fn play(
        &self,
        socket: tokio::net::TcpStream,
        script: Script,
    ) -> io::Result<tokio::net::TcpStream> {
        let socket = socket.into_std()?;
        socket.set_nonblocking(false)?;
        socket.set_write_timeout(Some(WRITE_TIMEOUT))?;
        let (back, returned) = oneshot::channel();
        let job = Job {
            socket,
            script,
            back,
        };
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => io::Error::other("too many streams at once"),
            TrySendError::Disconnected(_) => io::Error::other("the pacer is gone"),
        })?;
        let socket = returned.await.map_err(io::Error::other)?;
        socket.set_nonblocking(true)?;
        tokio::net::TcpStream::from_std(socket)
    }
}

fn play(queue: &Receiver<Job>) {
    // Keyed by time, then by a running number that keeps equal times apart.
    let mut playing: BTreeMap<(Instant, u64), Playing> = BTreeMap::new();
    let mut number = 0_u64;
    let mut text = String::new();
    loop {
        let wait = playing.first_key_value().map_or(IDLE, |((due, _), _)| {
            due.saturating_duration_since(Instant::now())
        });
        match queue.recv_timeout(wait) {
            Ok(job) => {
                number += 1;
                let due = Instant::now() + phase(number, job.script.interval);
                let sent = 0;
                playing.insert((due, number), Playing { job, sent, due });
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Some(((_, id), stream)) = playing.pop_first()
                    && let Some(stream) = step(stream, &mut text)
                {
                    playing.insert((stream.due, id), stream);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// When within the interval a stream's events fall: multiples of the golden ratio spread any number
/// of streams evenly.
fn phase(number: u64, interval: Duration) -> Duration {
    let share = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let nanos = (u128::from(share) * interval.as_nanos()) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

/// Sends what is due and gives the stream back unless it has ended or its socket failed.
fn step(mut stream: Playing, text: &mut String) -> Option<Playing> {
    if stream.due > Instant::now() {
        return Some(stream);
    }
    let script = stream.job.script;
    text.clear();
    let last = stream.sent == script.events;
    if last {
        text.push_str(exchange::DONE);
    } else {
        exchange::event(text, stream.sent, micros_now(), script.event_bytes);
    }
    let end = if last { "0\r\n\r\n" } else { "" };
    let chunk = format!("{:x}\r\n{text}\r\n{end}", text.len());
    stream.job.socket.write_all(chunk.as_bytes()).ok()?;
    if last {
        // The connection's task may have gone; then the socket closes here.
        let _ = stream.job.back.send(stream.job.socket);
        return None;
    }
    stream.sent += 1;
    stream.due += script.interval;
    Some(stream)
}

/// Microseconds since 1970, shared by all processes of the machine.
pub(crate) fn micros_now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
