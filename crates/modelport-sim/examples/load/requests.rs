//! Non-streaming chat requests over kept-alive connections, one at a time on each: as fast as
//! answers come, or at a fixed rate. Stops a connection at its first wrong answer.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Target;
use crate::exchange;
use crate::http::Connection;
use crate::report::{Tally, wait_for_start};

/// How long a run may exceed its own length before it counts as hung.
const GRACE: Duration = Duration::from_secs(15);

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    to: Target,
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Requests per second over all connections; as many as go through if 0.
    #[arg(long, default_value_t = 0)]
    rate: u32,
    /// Milliseconds that are measured.
    #[arg(long, default_value_t = 2000)]
    millis: u64,
    /// Milliseconds of the same load before that, over the same connections.
    #[arg(long, default_value_t = 300)]
    warm_up_millis: u64,
}

/// One connection's part in the load.
struct Lane {
    connection: Connection,
    request: Arc<Vec<u8>>,
    body_bytes: usize,
    /// Time between two requests of this lane, if there is a rate.
    gap: Option<Duration>,
    /// How far into the gap this lane's first request lies.
    offset: Duration,
}

pub(crate) async fn run(options: Options) -> io::Result<()> {
    let lanes = connect(&options).await?;
    let (lanes, warm) = drive(lanes, Duration::from_millis(options.warm_up_millis)).await?;
    if warm.faults.is_empty() {
        wait_for_start()?;
        let begun = Instant::now();
        let (_, tally) = drive(lanes, Duration::from_millis(options.millis)).await?;
        tally.print(begun.elapsed())
    } else {
        warm.print(Duration::ZERO)
    }
}

async fn connect(options: &Options) -> io::Result<Vec<Lane>> {
    let to = &options.to;
    let request = exchange::request(to, None);
    let request = Arc::new(request);
    let gap = match options.rate {
        0 => None,
        rate => Some(Duration::from_secs(1) * options.connections / rate),
    };
    let mut lanes = Vec::new();
    for number in 0..options.connections {
        lanes.push(Lane {
            connection: Connection::new(TcpStream::connect(to.address).await?)?,
            request: Arc::clone(&request),
            body_bytes: to.body_bytes,
            gap,
            offset: gap.unwrap_or_default() * number / options.connections,
        });
    }
    Ok(lanes)
}

/// Runs all lanes for `length` and gives them back with what they saw.
async fn drive(lanes: Vec<Lane>, length: Duration) -> io::Result<(Vec<Lane>, Tally)> {
    let begun = Instant::now();
    let mut running: JoinSet<(Lane, Tally)> = JoinSet::new();
    for lane in lanes {
        running.spawn(lane.drive(begun, begun + length));
    }
    let all = async {
        let (mut lanes, mut sum) = (Vec::new(), Tally::default());
        while let Some(ended) = running.join_next().await {
            let (lane, tally) = ended.map_err(io::Error::other)?;
            lanes.push(lane);
            sum.add(tally);
        }
        Ok((lanes, sum))
    };
    tokio::time::timeout(length + GRACE, all)
        .await
        .map_err(|_| io::Error::other("a request was never answered"))?
}

impl Lane {
    async fn drive(mut self, begun: Instant, end: Instant) -> (Self, Tally) {
        let mut tally = Tally::default();
        let template = exchange::answer(0);
        let mut answer = Vec::new();
        let mut due = begun + self.offset;
        while Instant::now().max(due) < end {
            let sent = self.wait(due).await;
            if let Err(fault) = self.ask(&template, &mut answer).await {
                tally.faults.push(fault.to_string());
                break;
            }
            tally.completed += 1;
            let nanos = u64::try_from(sent.elapsed().as_nanos());
            tally.latencies.push(nanos.unwrap_or(u64::MAX));
            due += self.gap.unwrap_or_default();
        }
        (self, tally)
    }

    /// Waits for a request's time and says when its latency begins: at its time if the answer before
    /// it came too late, else now, since the lateness of a timer is not the proxy's.
    async fn wait(&self, due: Instant) -> Instant {
        let now = Instant::now();
        match self.gap {
            None => now,
            Some(_) if due <= now => due,
            Some(_) => {
                tokio::time::sleep_until(due.into()).await;
                Instant::now()
            }
        }
    }

    async fn ask(&mut self, template: &str, answer: &mut Vec<u8>) -> io::Result<()> {
        self.connection.write(&self.request).await?;
        let head = self.connection.head().await?;
        let head = head.ok_or_else(|| io::Error::other("closed instead of answering"))?;
        answer.clear();
        let sink = |piece: &[u8]| {
            answer.extend_from_slice(piece);
            Ok(())
        };
        self.connection.body(head.body, sink).await?;
        if !head.first_line.starts_with("HTTP/1.1 200") {
            return Err(exchange::wrong(&head.first_line, answer));
        }
        exchange::check_answer(answer, template, self.body_bytes)
    }
}
