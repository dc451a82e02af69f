//! The way back: publishes a message, for tests of an installation.

use std::io;
use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisResult, cmd};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::Address;
use crate::client::{client, connect};

/// How long Redis may take to be connected to and to answer.
const WITHIN: Duration = Duration::from_secs(2);

/// Redis did not take the message: it is away, or refuses.
#[derive(Debug, thiserror::Error)]
#[error("Redis did not take the message: {0}")]
pub struct PublishError(#[source] redis::RedisError);

/// Publishes messages. Connects at the first one.
pub struct Publisher {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Publisher {
    /// To the Redis of this address, and in a file the authorities to trust there. An error names the variable to change.
    pub fn new(address: &Address, ca_file: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self { client: client(address, ca_file)?, connection: Mutex::default() })
    }

    /// Publishes a message on a channel. Returns how many subscriptions it went to. Nobody waits for longer than Redis
    /// may take, however many wait for a connection.
    pub async fn publish(&self, channel: &str, message: &[u8]) -> Result<u64, PublishError> {
        let outcome = timeout(WITHIN, self.attempt(channel, message)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
        if outcome.is_err()
            && let Ok(mut kept) = self.connection.try_lock()
        {
            // The next one connects anew, unless somebody does already.
            *kept = None;
        }
        outcome.map_err(PublishError)
    }

    async fn attempt(&self, channel: &str, message: &[u8]) -> RedisResult<u64> {
        let mut connection = self.connection().await?;
        cmd("PUBLISH").arg(channel).arg(message).query_async(&mut connection).await
    }

    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let mut kept = self.connection.lock().await;
        Ok(match &*kept {
            Some(connection) => connection.clone(),
            None => kept.insert(connect(&self.client, WITHIN).await?).clone(),
        })
    }
}
