//! The table of events in ClickHouse: rows, inserts, look-ups, migrations, and one file per question.
//!
//! Knows nothing of Kafka, and of an event only what [`model`] says.

mod alerts;
mod ask;
mod config;
mod error;
mod filter;
mod fold;
mod funnel;
mod insert;
mod lookup;
mod metric;
mod migrations;
mod money;
mod paths;
pub mod queries;
mod range;
mod rollup;
mod row;
mod typed;
mod zone;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use clickhouse::{Client, Compression};
use model::Timestamp;
use tokio::sync::OnceCell;

pub use alerts::{Alert, AlertKey, AlertState, Bid, Delivery, Measured, Outcome, RuleId, Transition};
pub use ask::{Limits, Question, Scope};
pub use config::{Config, ConfigError};
pub use error::StoreError;
pub use filter::{Field, Filter, FilterError, Filters, Op, Path, Value};
pub use funnel::{Entry, Funnel, FunnelError, Step};
pub use lookup::{Lookup, Standing};
pub use metric::{Function, Metric, MetricError, Percentile};
pub use money::Money;
pub use paths::{Paths, PathsError};
pub use range::{
    Bucket, BucketStart, Compare, Grid, Interval, Range, RangeError, RangeParams, RangeSpec, ResolveError,
    WeekStart,
};
pub use rollup::{Dirty, Hour, Read, Reading, Rolled};
pub use zone::Zone;

const NOW: &str = "SELECT toUnixTimestamp64Milli(now64(3, 'UTC'))";

/// A ClickHouse database. Connects with the first question. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    config: Config,
    client: Client,
    /// The same, for rows.
    writer: Client,
    /// For what rolls hours up, beside everything else: on one thread.
    roller: Client,
    /// For the consumer's look-ups, which change nothing and end when nobody waits for them.
    looker: Client,
    /// The same for reads on behalf of callers, within the limits of one read.
    reader: Client,
    /// The names of the server's time zones, once they were asked for.
    zones: Arc<OnceCell<HashSet<String>>>,
}

impl Store {
    /// The database of this configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let mut client = Client::default()
            .with_url(config.url()?)
            .with_database(&config.database)
            .with_user(&config.user)
            .with_compression(Compression::None)
            // A key never leaves its partition, so the partitions need not be merged with each other.
            .with_setting("do_not_merge_across_partitions_select_final", "1");
        if !config.password.is_empty() {
            client = client.with_password(&config.password);
        }
        if config.cluster.is_some() {
            // Else a look-up could ask a replica that has not seen the last insert.
            client = client
                .with_setting("insert_quorum", "auto")
                .with_setting("insert_quorum_parallel", "0")
                .with_setting("select_sequential_consistency", "1");
        }
        // The embedded engine keeps places for it that reads can't take; other servers only count by it.
        let asking = client.clone();
        let client = client.with_setting("quota_key", "ingestion");
        // What a row is made of is checked by a test, not again for every row: columns go by name, and the
        // migrations see to their types.
        let writer = client.clone().with_validation(false);
        // 2: other settings may be given along with it.
        let read_only = |client: &Client| {
            let client = client.clone().with_setting("readonly", "2");
            client.with_setting("cancel_http_readonly_queries_on_client_close", "1")
        };
        let looker = read_only(&client);
        // It ends before nobody waits for it any more.
        let at_most = (3 * config.timeout_ms).div_ceil(1_000).to_string();
        let roller = asking.clone().with_setting("max_threads", "1");
        let roller = roller.with_setting("max_execution_time", at_most);
        let roller = roller.with_setting("max_memory_usage", config.read_max_memory_bytes.to_string());
        let reader = read_only(&asking)
            // What the server may not spend is an error: its other modes answer a part, as if it were all.
            .with_setting("read_overflow_mode", "throw")
            .with_setting("result_overflow_mode", "throw")
            .with_setting("timeout_overflow_mode", "throw")
            .with_setting("max_memory_usage", config.read_max_memory_bytes.to_string())
            .with_setting("max_rows_to_read", config.read_max_rows.to_string());
        Ok(Self { config, client, writer, looker, roller, reader, zones: Arc::default() })
    }

    /// Whether the server answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        // Of no database: it may not be made yet.
        let limit = self.timeout().min(Duration::from_secs(2));
        within(limit, self.client.clone().with_database("").query("SELECT 1").execute()).await
    }

    /// The server's clock.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let millis = within(self.timeout(), self.reader.query(NOW).fetch_one::<i64>()).await?;
        Ok(Timestamp::from_millis(millis).unwrap_or_default())
    }

    /// How long one answer may take.
    fn timeout(&self) -> Duration {
        Duration::from_millis(self.config.timeout_ms)
    }
}

/// Gives up on an answer that doesn't come.
async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = clickhouse::error::Result<T>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(result) => result.map_err(StoreError::from),
        Err(_) => Err(StoreError::no_answer(limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_reads_can_not_write() {
        let url = tokio::task::spawn_blocking(testing::engine::url).await.unwrap().to_string();
        let config = Config { url: Some(url), database: testing::unique("store"), ..Config::default() };
        let store = Store::new(config).unwrap();
        store.migrate().await.unwrap();
        let copy = "INSERT INTO events SELECT * FROM events";
        store.client.query(copy).execute().await.unwrap();
        for client in [&store.reader, &store.looker] {
            for write in [copy, "TRUNCATE TABLE events", "CREATE TABLE more (n UInt8) ENGINE = Memory"] {
                let refused = StoreError::from(client.query(write).execute().await.unwrap_err());
                // READONLY
                assert!(matches!(refused, StoreError::Server { code: 164, .. }), "{write}: {refused:?}");
            }
        }
    }
}
