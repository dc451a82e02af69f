//! Topics, a group and a database of a test's own, and the consumers that work on them.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::log::{Log, Options};
use bus::{Channels, Offsets, PartitionPosition, Positions, Producer, Record, Written};
use consumer::{Config, Metrics};
use futures_util::future::join_all;
use model::{Event, EventKey, Operation, State};
use runtime::metrics;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use store::Store;
use tempfile::TempDir;
use testing::wait::{until, until_some};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::operations::AppliedOnce;

/// No wait is longer: groups take their time on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// What is sent at once; less than the log's queue takes.
const CHUNK: usize = 5_000;

/// One installation, without a consumer at first.
pub(crate) struct Site {
    pub(crate) channels: Channels,
    pub(crate) producer: Producer,
    pub(crate) clickhouse: store::Config,
    pub(crate) store: Store,
    sql: clickhouse::Client,
    _folder: Option<TempDir>,
}

impl Site {
    pub(crate) async fn on_the_log() -> Self {
        Self::on_a_log(Options::default()).await
    }

    pub(crate) async fn on_a_log(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { delivery_timeout: PATIENCE, ..options };
        let log = Log::open(&folder.path().join("log"), options).unwrap();
        let channels = Channels::log(log, &named(bus::kafka::Config::default())).unwrap();
        channels.ensure_topics().await.unwrap();
        Self::with(channels, Some(folder))
    }

    pub(crate) async fn on_kafka() -> Self {
        let site = Self::on_brokers(testing::kafka::brokers());
        site.channels.ensure_topics().await.unwrap();
        site
    }

    /// Without topics yet.
    pub(crate) fn on_brokers(brokers: &str) -> Self {
        Self::on_kafka_as(bus::kafka::Config {
            brokers: brokers.into(),
            ..named(bus::kafka::Config::default())
        })
    }

    /// Without topics yet.
    pub(crate) fn on_kafka_as(config: bus::kafka::Config) -> Self {
        Self::with(Channels::kafka(config).unwrap(), None)
    }

    fn with(channels: Channels, folder: Option<TempDir>) -> Self {
        let url = testing::engine::url().to_string();
        let clickhouse = store::Config {
            url: Some(url.clone()),
            database: testing::unique("consumer"),
            ..store::Config::default()
        };
        Self {
            producer: channels.bus.producer(&channels.events).unwrap(),
            channels,
            store: Store::new(clickhouse.clone()).unwrap(),
            sql: clickhouse::Client::default().with_url(url),
            clickhouse,
            _folder: folder,
        }
    }

    pub(crate) fn start(&self, config: Config) -> Consumer {
        Consumer::start(config, self.channels.clone(), self.store.clone())
    }

    /// A consumer that reaches ClickHouse at this address.
    pub(crate) fn start_by(&self, url: String, config: Config) -> Consumer {
        let clickhouse = store::Config { url: Some(url), timeout_ms: 1_000, ..self.clickhouse.clone() };
        Consumer::start(config, self.channels.clone(), Store::new(clickhouse).unwrap())
    }

    /// Puts operations on the topic, each event's in this order; returns where they are.
    pub(crate) async fn send(&self, operations: &[Operation<'static>]) -> Vec<Written> {
        let mut places = Vec::with_capacity(operations.len());
        for chunk in operations.chunks(CHUNK) {
            let sends = chunk.iter().map(|operation| self.producer.send(record(operation)));
            places.extend(join_all(sends).await.into_iter().map(Result::unwrap));
        }
        places
    }

    pub(crate) async fn send_record(&self, record: Record) -> Written {
        self.producer.send(record).await.unwrap()
    }

    /// Waits until the group has committed everything that is on the topic.
    pub(crate) async fn caught_up(&self) {
        let positions = self.positions();
        until("the lag is 0", PATIENCE, async || {
            let Ok(all) = positions.partitions().await else { return false };
            positions.oldest_uncommitted(&all).await.is_ok_and(|oldest| oldest.is_empty())
        })
        .await;
    }

    fn positions(&self) -> Positions {
        self.channels.bus.positions(&self.channels.events, &self.channels.group).unwrap()
    }

    pub(crate) async fn partitions(&self) -> Vec<PartitionPosition> {
        let positions = self.positions();
        until_some("the log tells its ends", PATIENCE, async || positions.partitions().await.ok()).await
    }

    pub(crate) async fn committed(&self) -> Offsets {
        let positions = self.positions();
        until_some("the log tells its commits", PATIENCE, async || positions.committed().await.ok()).await
    }

    /// How many messages the group has committed.
    pub(crate) async fn done(&self) -> i64 {
        self.committed().await.values().sum()
    }

    /// What ClickHouse answers to a statement, in its `TSVRaw`; `{db}` stands for the database.
    pub(crate) async fn sql(&self, statement: &str) -> String {
        let statement = statement.replace("{db}", &self.clickhouse.database);
        let mut answer = self.sql.query_raw(&statement).fetch_bytes("TSVRaw").unwrap();
        String::from_utf8(answer.collect().await.unwrap().to_vec()).unwrap().trim_end().to_owned()
    }

    /// How many events there are.
    pub(crate) async fn count(&self) -> u64 {
        self.sql("SELECT count() FROM {db}.events FINAL").await.parse().unwrap()
    }

    /// The event, unless there is none or it was deleted.
    pub(crate) async fn event(&self, key: &EventKey) -> Option<Event<'static>> {
        match self.store.event(key).await.unwrap()?.state {
            State::Live(event) => Some(*event),
            State::Deleted { .. } => None,
        }
    }

    /// The table must hold what applying these once, in order, leaves behind, and nothing else.
    pub(crate) async fn assert_holds(&self, operations: &[Operation<'static>]) {
        let expected = AppliedOnce::of(operations);
        let keys: Vec<_> = expected.keys.into_iter().collect();
        let mut found = BTreeMap::new();
        let mut left = keys;
        while !left.is_empty() {
            let lookup = self.store.lookup(&left, usize::MAX).await.unwrap();
            assert!(lookup.foreign.is_empty(), "{:?}", lookup.foreign);
            for (key, stored) in lookup.rows {
                if let State::Live(event) = stored.state {
                    found.insert(key, *event);
                }
            }
            left = lookup.left;
        }
        assert_eq!(found.len(), expected.live.len());
        for (key, event) in &expected.live {
            assert_eq!(found.get(key), Some(event));
        }
        assert_eq!(self.count().await, u64::try_from(expected.live.len()).unwrap());
    }
}

fn named(config: bus::kafka::Config) -> bus::kafka::Config {
    let name = testing::unique("consumer");
    bus::kafka::Config {
        group_id: name.clone(),
        topic: name,
        partitions: 3,
        delivery_timeout_ms: 60_000,
        ..config
    }
}

pub(crate) fn record(operation: &Operation<'static>) -> Record {
    operation.into()
}

/// Batches of some hundred operations at most, so that few thousand make many of them.
pub(crate) fn small_batches() -> Config {
    Config { batch_size: 20, flush_interval_ms: 20, max_batch_bytes: 150_000, ..Config::default() }
}

/// A running consumer.
pub(crate) struct Consumer {
    pub(crate) status: Status,
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Consumer {
    pub(crate) fn start(config: Config, channels: Channels, store: Store) -> Self {
        let (status, shutdown) = (Status::default(), Shutdown::new());
        let run =
            consumer::run(config, channels, store, status.clone(), Metrics::default(), shutdown.clone());
        let task = tokio::spawn(run);
        Self { status, shutdown, task }
    }

    /// How often calls of this part have failed and were made again.
    pub(crate) fn retries(&self, part: &str) -> u64 {
        let mut registry = metrics::registry();
        self.status.register(&mut registry);
        let page = metrics::Page::new(registry).text();
        let name = format!("millrace_retries_total{{part=\"{part}\"}} ");
        page.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
    }

    pub(crate) fn ask_to_end(&self) {
        self.shutdown.cancel();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(self) {
        self.ask_to_end();
        timeout(PATIENCE, self.task).await.expect("it ends in time").unwrap().unwrap();
    }

    /// Waits until it ends by itself, and gives why.
    pub(crate) async fn failed(self) -> String {
        let ended = timeout(PATIENCE, self.task).await.expect("it ends in time").unwrap();
        ended.unwrap_err().to_string()
    }

    /// Ends it wherever it is.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}
