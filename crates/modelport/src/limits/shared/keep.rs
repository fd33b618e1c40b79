//! The task behind shared limits: it connects to the server and looks for it while it is away, tells it what requests have
//! used, keeps the places of those that go on, and counts the gateways.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use redis::{RedisError, aio::MultiplexedConnection};
use tokio::{
    sync::mpsc::Receiver,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    LASTS, Link, Shared,
    script::{self, BEAT, Call},
    ticket::Correction,
};
use crate::{
    clock,
    limits::{
        budget::SoftReached,
        cell::{Cell, Limit},
        mirror::of_nano,
        notice::Notices,
        window::millis,
    },
    redis_server::{Pauses, START, take, within},
};

/// How long the server may take to be connected to, or for what no request waits for.
const SLOW: Duration = Duration::from_secs(2);

/// How often the gateway says that it is there.
const BEATS: Duration = Duration::from_secs(1);

/// How long it is counted after it last said so.
const COUNTED: Duration = Duration::from_secs(5);

/// In every so many beats the places of requests that go on are kept for longer.
const REFRESHES: u32 = 10;

/// How much is told to the server at once.
const BATCH: usize = 128;

/// Where the gateways are counted.
const GATEWAYS: &str = "{modelport}:gateways";

/// Why the task stopped to talk to the server.
enum End {
    /// It is away.
    Lost,
    /// The gateway goes down.
    Stop,
}

impl Shared {
    /// Connects for the first time, so that the first request finds the limits shared. Without success it says so, and
    /// goes on.
    pub async fn start(&self) {
        if let Err(problem) = within(START, self.connect()).await {
            self.report(&problem);
        }
    }

    /// Goes on until the gateway goes down.
    pub async fn keep(self: Arc<Self>) {
        let Some(mut waiting) = take(&self.waiting) else {
            return;
        };
        loop {
            let link = self.link.load_full();
            let end = match link {
                Some(link) => self.talk(&link, &mut waiting).await,
                None => self.look().await,
            };
            if let End::Stop = end {
                return;
            }
        }
    }

    /// Tells the server the last things, and takes leave.
    pub fn stop(&self) {
        self.stopping.notify_one();
    }

    /// Looks for the server until it is there.
    async fn look(&self) -> End {
        let mut pauses = Pauses::default();
        loop {
            tokio::select! {
                () = pauses.wait() => {}
                () = self.stopping.notified() => return End::Stop,
            }
            if self.connect().await.is_ok() {
                let (server, gateways) = (&self.server, self.gateways.load(Ordering::Relaxed));
                tracing::warn!(target: "modelport", %server, gateways, "limits are shared again");
                return End::Lost;
            }
        }
    }

    /// Makes a connection that works, and puts back what the server may have forgotten.
    async fn connect(&self) -> Result<(), String> {
        let connected = async {
            let mut connection = self.server.connect(SLOW).await?;
            script::load(&mut connection).await?;
            self.beat(&mut connection).await?;
            self.refresh(&mut connection).await?;
            Ok::<_, RedisError>(connection)
        };
        let connection = within(2 * SLOW, connected).await?;
        // What was decided without the server is of another epoch than what it decides from now on.
        let epoch = self.epoch.fetch_add(1, Ordering::AcqRel) + 1;
        self.overflown.store(false, Ordering::Relaxed);
        self.link.store(Some(Arc::new(Link { connection, epoch })));
        Ok(())
    }

    /// Talks to the server until it is away.
    async fn talk(&self, link: &Link, waiting: &mut Receiver<Correction>) -> End {
        let mut connection = link.connection.clone();
        let mut beats = interval(BEATS);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0_u32;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let done = tokio::select! {
                biased;
                () = self.stopping.notified() => {
                    self.take_leave(link, &mut connection, waiting).await;
                    return End::Stop;
                }
                () = self.gone.notified() => return End::Lost,
                _ = beats.tick() => {
                    count = count.wrapping_add(1);
                    let refreshed = if count.is_multiple_of(REFRESHES) {
                        self.refresh(&mut connection).await
                    } else {
                        Ok(())
                    };
                    match refreshed {
                        Ok(()) => self.beat(&mut connection).await,
                        failed => failed,
                    }
                }
                _ = waiting.recv_many(&mut batch, BATCH) => {
                    let told = tell(&mut connection, &batch, link.epoch, &self.notices).await;
                    self.heard(batch.len());
                    told
                }
            };
            batch.clear();
            if let Err(error) = done {
                self.lose(link.epoch, &error.to_string());
                // It was this task that found out, so nobody needs to wake it.
                let _ = timeout(Duration::ZERO, self.gone.notified()).await;
                return End::Lost;
            }
        }
    }

    /// Counts the gateways, this one among them.
    async fn beat(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let mut call = BEAT.with(&self.gateway);
        call.key(&GATEWAYS.into()).number(millis(COUNTED));
        let gateways: u64 = call.run(connection).await?;
        self.gateways.store(gateways.max(1), Ordering::Relaxed);
        Ok(())
    }

    /// Keeps what the requests under way hold.
    async fn refresh(&self, connection: &mut MultiplexedConnection) -> Result<(), RedisError> {
        let calls: Vec<Call<'static>> = {
            let live = self.live();
            live.values()
                .map(|live| live.refresh(millis(LASTS)))
                .collect()
        };
        for calls in calls.chunks(BATCH) {
            pipeline::<i64>(connection, calls.iter()).await?;
        }
        Ok(())
    }

    async fn take_leave(
        &self,
        link: &Link,
        connection: &mut MultiplexedConnection,
        waiting: &mut Receiver<Correction>,
    ) {
        let mut batch = Vec::with_capacity(BATCH);
        while let Ok(correction) = waiting.try_recv() {
            batch.push(correction);
            if batch.len() == BATCH {
                if tell(connection, &batch, link.epoch, &self.notices)
                    .await
                    .is_err()
                {
                    return;
                }
                batch.clear();
            }
        }
        // Whoever goes down has nobody left to tell of a server that does not answer.
        let _ = tell(connection, &batch, link.epoch, &self.notices).await;
        let mut leave = redis::cmd("ZREM");
        leave.arg(GATEWAYS).arg(&*self.gateway);
        let _ = leave.query_async::<i64>(connection).await;
    }
}

/// Tells the server what was used.
async fn tell(
    connection: &mut MultiplexedConnection,
    corrections: &[Correction],
    epoch: u64,
    notices: &Notices,
) -> Result<(), RedisError> {
    let now = clock::unix_millis();
    let calls = corrections.iter().map(|one| one.call(epoch, now));
    let (calls, budgets): (Vec<_>, Vec<_>) = calls.filter(|(call, _)| !call.is_empty()).unzip();
    if calls.is_empty() {
        return Ok(());
    }
    let answers = pipeline::<Vec<i64>>(connection, calls.iter()).await?;
    for (cells, answer) in budgets.iter().zip(&answers) {
        for (cell, spent) in cells.iter().zip(answer.chunks_exact(2)) {
            if let [before, after] = *spent {
                warn(notices, cell, before, after, now);
            }
        }
    }
    Ok(())
}

/// Runs several scripts in one go.
async fn pipeline<T: redis::FromRedisValue>(
    connection: &mut MultiplexedConnection,
    calls: impl Iterator<Item = &Call<'static>> + Clone,
) -> Result<Vec<T>, RedisError> {
    let mut pipe = redis::pipe();
    for call in calls.clone() {
        pipe.add_command(call.command());
    }
    match pipe.query_async(connection).await {
        // None of them has run then.
        Err(error) if script::is_unknown(&error) => {
            script::load(connection).await?;
            pipe.query_async(connection).await
        }
        other => other,
    }
}

/// Says that a soft limit was reached, if it was just now.
fn warn(notices: &Notices, cell: &Arc<Cell>, before: i64, after: i64, now: u64) {
    let (Ok(before), Ok(after), Limit::Budget(budget)) =
        (u64::try_from(before), u64::try_from(after), &cell.limit)
    else {
        return;
    };
    let (before, after) = (of_nano(before), of_nano(after));
    if let Some(soft) = budget.soft().filter(|&soft| before < soft && soft <= after) {
        let soft = SoftReached {
            spent: after,
            limit: soft,
        };
        notices.reached(cell, soft, now);
    }
}
