//! Connecting to a Redis or Valkey server, for all that gateways share through one.

use std::{fmt, sync::Mutex, time::Duration};

use redis::{AsyncConnectionConfig, Client, RedisError, aio::MultiplexedConnection};
use tokio::time::{sleep, timeout};

use crate::config::RedisConfig;

/// How long a start waits for a server.
pub const START: Duration = Duration::from_secs(1);

/// The first pause before a server that is away is looked for again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// A server. It is written without its password.
pub struct RedisServer {
    client: Client,
    place: String,
}

/// The server's URL is none that can be connected to.
#[derive(Debug, thiserror::Error)]
#[error("the server cannot be connected to by this URL")]
pub struct Unusable;

impl RedisServer {
    /// One that is not connected to yet.
    ///
    /// # Errors
    ///
    /// [`Unusable`].
    pub fn new(config: &RedisConfig) -> Result<Self, Unusable> {
        Ok(Self {
            client: Client::open(config.url.expose()).map_err(|_| Unusable)?,
            place: config.url.to_string(),
        })
    }

    /// Connects to it. This and each answer after it may take so long.
    ///
    /// # Errors
    ///
    /// What the server or the system says.
    pub async fn connect(&self, patience: Duration) -> Result<MultiplexedConnection, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience));
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }
}

impl fmt::Display for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

/// Does what needs a new connection, with everything before it, in so much time.
///
/// # Errors
///
/// The problem, in words.
pub async fn within<T, E: fmt::Display>(
    patience: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout(patience, work).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(_) => Err("it takes too long to connect".to_owned()),
    }
}

/// The pauses between looking for a server that is away, each longer than the one before.
pub struct Pauses(Duration);

impl Pauses {
    /// Waits for the next of them.
    pub async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(PAUSES.1);
    }
}

impl Default for Pauses {
    fn default() -> Self {
        Self(PAUSES.0)
    }
}

/// What was left for the one task that is to have it.
pub fn take<T>(left: &Mutex<Option<T>>) -> Option<T> {
    left.lock().ok()?.take()
}
