//! Streams held open at once, each on its own connection and read to its end. A stream is complete
//! if all its events came, in order and byte for byte, then `[DONE]`, then the end of the body.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Target;
use crate::exchange::{self, Script};
use crate::http::{Connection, find};
use crate::pacer::micros_now;
use crate::report::{Tally, wait_for_start};

/// How long a run may exceed its own length before the streams still open count as lost.
const GRACE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    to: Target,
    #[arg(long, default_value_t = 50)]
    streams: u32,
    /// Events of each stream, `[DONE]` not counted.
    #[arg(long, default_value_t = 400)]
    events: u32,
    /// Microseconds between the events of a stream.
    #[arg(long, default_value_t = 5000)]
    interval_us: u64,
    /// Length of each event.
    #[arg(long, default_value_t = 300)]
    event_bytes: usize,
    /// Milliseconds over which the streams are opened.
    #[arg(long, default_value_t = 0)]
    ramp_millis: u64,
}

pub(crate) async fn run(options: Options) -> io::Result<()> {
    let script = Script {
        events: options.events,
        interval: Duration::from_micros(options.interval_us),
        event_bytes: options.event_bytes,
    };
    let to = &options.to;
    let request = exchange::request(to, Some(script));
    let request = Arc::new(request);
    wait_for_start()?;
    let begun = Instant::now();
    let ramp = Duration::from_millis(options.ramp_millis);
    let mut running = JoinSet::new();
    for number in 0..options.streams {
        let start = begun + ramp * number / options.streams.max(1);
        running.spawn(stream(to.address, Arc::clone(&request), script, start));
    }
    let mut sum = Tally::default();
    let all = async {
        while let Some(ended) = running.join_next().await {
            sum.add(ended.map_err(io::Error::other)?);
        }
        Ok::<(), io::Error>(())
    };
    let limit = ramp + script.interval * (script.events + 2) + GRACE;
    match tokio::time::timeout(limit, all).await {
        Ok(ended) => ended?,
        Err(_) => sum.faults.push(format!("no end after {limit:?}")),
    }
    sum.print(begun.elapsed())
}

async fn stream(
    target: std::net::SocketAddr,
    request: Arc<Vec<u8>>,
    script: Script,
    start: Instant,
) -> Tally {
    tokio::time::sleep_until(start.into()).await;
    let mut reading = Reading::new(script);
    match reading.read_all(target, &request).await {
        Ok(()) => reading.tally.completed = 1,
        Err(fault) => reading.tally.faults.push(fault.to_string()),
    }
    reading.tally
}

/// A stream as far as it was read.
struct Reading {
    script: Script,
    tally: Tally,
    /// Bytes of an event that has not ended.
    partial: Vec<u8>,
    /// The number of the next event.
    next: u32,
    done: bool,
    /// The event as it should be, rebuilt in place each time.
    expected: String,
}

impl Reading {
    fn new(script: Script) -> Self {
        Self {
            script,
            tally: Tally::default(),
            partial: Vec::new(),
            next: 0,
            done: false,
            expected: String::new(),
        }
    }

    async fn read_all(&mut self, target: std::net::SocketAddr, request: &[u8]) -> io::Result<()> {
        let mut connection = Connection::new(TcpStream::connect(target).await?)?;
        connection.write(request).await?;
        let head = connection.head().await?;
        let head = head.ok_or_else(|| io::Error::other("closed instead of answering"))?;
        if !head.first_line.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(head.first_line));
        }
        let before = connection.reads();
        connection.body(head.body, |piece| self.push(piece)).await?;
        self.tally.reads = connection.reads() - before;
        match (self.done, self.next == self.script.events) {
            (true, true) => Ok(()),
            (true, false) => Err(io::Error::other("events are missing before [DONE]")),
            (false, _) => Err(io::Error::other("ended without [DONE]")),
        }
    }

    fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        self.partial.extend_from_slice(piece);
        let mut partial = std::mem::take(&mut self.partial);
        let mut from = 0;
        while let Some(rest) = partial.get(from..)
            && let Some(length) = find(rest, b"\n\n")
        {
            let (event, _) = rest.split_at(length + 2);
            self.check(event)?;
            from += length + 2;
        }
        partial.drain(..from);
        self.partial = partial;
        Ok(())
    }

    fn check(&mut self, event: &[u8]) -> io::Result<()> {
        if event.starts_with(b":") {
            return Ok(()); // A keep-alive comment, which a proxy may add.
        }
        self.tally.chunks += 1;
        if self.done {
            return Err(exchange::wrong("an event after [DONE]", event));
        }
        if event == exchange::DONE.as_bytes() {
            self.done = true;
            return Ok(());
        }
        let sent_us = exchange::event_time(event).unwrap_or_default();
        self.expected.clear();
        exchange::event(
            &mut self.expected,
            self.next,
            sent_us,
            self.script.event_bytes,
        );
        if event != self.expected.as_bytes() {
            return Err(exchange::wrong("an event differs or is missing", event));
        }
        self.next += 1;
        let waited = micros_now().saturating_sub(sent_us);
        self.tally.latencies.push(waited.saturating_mul(1000));
        Ok(())
    }
}
