//! The task behind the server of kept answers: it connects, looks for a server that is away, and writes.

use std::{
    sync::{
        Arc,
        atomic::Ordering::{AcqRel, Relaxed},
    },
    time::Duration,
};

use redis::AsyncConnectionConfig;
use tokio::{
    sync::mpsc::Receiver,
    time::{sleep, timeout},
};

use super::{Link, SLOW, Server, Write};

/// How long a start waits for the server.
const START: Duration = Duration::from_secs(1);

/// How long the server may take to be connected to.
const CONNECT: Duration = Duration::from_secs(2);

/// The first pause before the server is looked for again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

impl Server {
    /// Connects for the first time, if answers are kept here, so that the first request finds the server there. Without
    /// success it says so, and goes on.
    pub async fn start(&self) {
        if !self.is_wanted.load(Relaxed) {
            return;
        }
        let connected = timeout(START, self.connect()).await;
        let connected =
            connected.unwrap_or_else(|_| Err("it takes too long to connect".to_owned()));
        if let Err(problem) = connected {
            self.report(&problem);
        }
    }

    /// Writes what is to be kept, for as long as it is let.
    pub async fn keep(self: Arc<Self>) {
        let taken = |server: &Self| {
            let mut waiting = server.waiting.lock();
            waiting.as_deref_mut().ok()?.take()
        };
        let Some(mut waiting) = taken(&self) else {
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
        let (mut pause, longest) = PAUSES;
        loop {
            while waiting.try_recv().is_ok() {}
            sleep(pause).await;
            if self.connect().await.is_ok() {
                let server = &self.place;
                tracing::warn!(target: "modelport", %server, "answers are kept again, and given again");
                return;
            }
            pause = (pause * 2).min(longest);
        }
    }

    /// Makes a connection that works.
    async fn connect(&self) -> Result<(), String> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(CONNECT));
        let connected = async {
            let client = &self.client;
            let mut connection = client
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            redis::cmd("PING")
                .query_async::<String>(&mut connection)
                .await?;
            Ok::<_, redis::RedisError>(connection)
        };
        let connection = match timeout(2 * CONNECT, connected).await {
            Ok(connected) => connected.map_err(|error| error.to_string())?,
            Err(_) => return Err("it takes too long to connect".to_owned()),
        };
        let number = self.number.fetch_add(1, AcqRel) + 1;
        self.silent.store(0, Relaxed);
        self.link.store(Some(Arc::new(Link { connection, number })));
        Ok(())
    }
}
