//! The way back: publishes a message, for tests of an installation.

use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisResult, cmd};
use tokio::sync::Mutex;

use crate::Address;
use crate::client::{client, connect};

/// How long Redis may take to answer.
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

    /// Publishes a message on a channel. Returns how many subscriptions it went to.
    pub async fn publish(&self, channel: &str, message: &[u8]) -> Result<u64, PublishError> {
        let mut kept = self.connection.lock().await;
        let outcome = self.attempt(&mut kept, channel, message).await;
        if outcome.is_err() {
            // The next one connects anew.
            *kept = None;
        }
        outcome.map_err(PublishError)
    }

    async fn attempt(
        &self,
        kept: &mut Option<MultiplexedConnection>,
        channel: &str,
        message: &[u8],
    ) -> RedisResult<u64> {
        let connection = match kept {
            Some(connection) => connection,
            None => kept.insert(connect(&self.client, WITHIN).await?),
        };
        cmd("PUBLISH").arg(channel).arg(message).query_async(connection).await
    }
}
