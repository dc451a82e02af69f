//! Topics in a Kafka cluster, by librdkafka.

mod atomic;
mod config;
mod delivery;
mod follow;
mod gaps;
mod positions;
mod producer;
mod range;
mod rate_limited_log;
mod source;
mod topics;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;

pub use atomic::AtomicProducer;
pub use config::Config;
pub(crate) use follow::follow;
pub use positions::Positions;
pub use producer::Producer;
pub(crate) use range::{ChunkReader, read_range};
pub(crate) use source::{Reader, source};
pub(crate) use topics::{ensure_topic, has_topic};

use crate::BusError;
use rate_limited_log::RateLimitedLog;

/// How long a question to the cluster (metadata, offsets, topics) may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A cluster and how to reach it. Connects to nothing by itself.
#[derive(Clone)]
pub struct Kafka {
    config: Arc<Config>,
    rate_limited_log: RateLimitedLog,
}

impl Kafka {
    /// The cluster of this configuration.
    pub fn new(config: Config) -> Self {
        Self { config: Arc::new(config), rate_limited_log: RateLimitedLog::default() }
    }

    /// What every client of the cluster is set to.
    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &self.config.brokers)
            .set("client.id", "millrace")
            // A broker that hangs is left for the others after this long.
            .set("socket.timeout.ms", "10000")
            // A broker that is back is found within a second.
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000");
        for (name, value) in self.config.security() {
            client.set(name, value);
        }
        client
    }
}

/// Runs a blocking call of librdkafka off the async threads.
async fn blocking<T: Send + 'static>(
    what: &'static str,
    call: impl FnOnce() -> Result<T, rdkafka::error::KafkaError> + Send + 'static,
) -> Result<T, BusError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result.map_err(|error| BusError::unavailable(what, error)),
        Err(stopped) => Err(BusError::unavailable(what, stopped)),
    }
}
