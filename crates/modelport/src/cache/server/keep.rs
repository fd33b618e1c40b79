//! The task behind the server of kept answers: it connects, looks for a server that is away, and writes.

use std::{
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Relaxed},
    },
    time::Duration,
};

use tokio::sync::mpsc::Receiver;

use super::{Link, SLOW, Server, Write};
use crate::redis_server::{Pauses, START, take, within};

/// How long the server may take to be connected to.
const CONNECT: Duration = Duration::from_secs(2);

impl Server {
    /// Connects for the first time, if answers are kept here, so that the first request finds the server there. Without
    /// success it says so, and goes on.
    pub async fn start(&self) {
        if !self.is_wanted.load(Relaxed) {
            return;
        }
        if let Err(problem) = within(START, self.connect()).await {
            self.report(&problem);
        }
    }

    /// Writes what is to be kept, for as long as it is let.
    pub async fn keep(self: Arc<Self>) {
        let Some(mut waiting) = take(&self.waiting) else {
            return;
        };
        // Another configuration may want it later.
        self.wanted.notified().await;
        loop {
            let link = self.link.load_full();
            match link {
                Some(link) => self.write_down(&link, &mut waiting).await,
                None => self.look(&mut waiting).await,
            }
        }
    }

    /// Writes until the server is away.
    async fn write_down(&self, link: &Link, waiting: &mut Receiver<Write>) {
        loop {
            let write = tokio::select! {
                biased;
                () = self.gone.notified() => return,
                Some(write) = waiting.recv() => write,
            };
            let lasts = write.lasts.as_millis().max(1);
            let mut cmd = redis::cmd("SET");
            cmd.arg(&write.key).arg(&write.value);
            cmd.arg("PX").arg(u64::try_from(lasts).unwrap_or(u64::MAX));
            // What comes of it is counted there.
            let _ = self.ask::<()>(link, &cmd, SLOW).await;
        }
    }

    /// Looks for the server until it is there.
    async fn look(&self, waiting: &mut Receiver<Write>) {
        let mut pauses = Pauses::default();
        loop {
            while waiting.try_recv().is_ok() {}
            pauses.wait().await;
            if self.connect().await.is_ok() {
                let server = &self.redis;
                tracing::warn!(target: "modelport", %server, "answers are kept again, and given again");
                return;
            }
        }
    }

    /// Makes a connection that works.
    async fn connect(&self) -> Result<(), String> {
        let connected = async {
            let mut connection = self.redis.connect(CONNECT).await?;
            redis::cmd("PING")
                .query_async::<String>(&mut connection)
                .await?;
            Ok::<_, redis::RedisError>(connection)
        };
        let connection = within(2 * CONNECT, connected).await?;
        let number = self.number.fetch_add(1, AcqRel) + 1;
        self.silent.store(0, Relaxed);
        self.link.store(Some(Arc::new(Link { connection, number })));
        Ok(())
    }
}
