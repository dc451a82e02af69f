//! A log, a consumer and a table of a test's own, in this process.

use std::path::Path;
use std::time::Duration;

use audit::ledger::Ledger;
use audit::operation::{self, Kind, Place};
use audit::{AuditError, Report, Table, audit};
use bus::log::{Log, Options};
use bus::{Channels, Record, Written, kafka};
use model::{Content, Event, EventId, EventKey, Operation, Patch, Source, Tenant, Timestamp};
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use store::Store;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Site {
    pub(crate) channels: Channels,
    pub(crate) clickhouse: store::Config,
    sql: clickhouse::Client,
    /// Unless it is on Kafka.
    log: Option<(Log, TempDir)>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::with(Options { delivery_timeout: PATIENCE, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (log, channels) = open(folder.path(), options).await;
        Self::on(channels, Some((log, folder))).await
    }

    pub(crate) async fn on_kafka() -> Self {
        let name = testing::unique("audit");
        let brokers = tokio::task::spawn_blocking(testing::kafka::brokers).await.unwrap().to_owned();
        let config = kafka::Config {
            brokers,
            group_id: name.clone(),
            topic: name,
            partitions: 3,
            delivery_timeout_ms: 60_000,
            ..kafka::Config::default()
        };
        let channels = Channels::kafka(config).unwrap();
        channels.ensure_topics().await.unwrap();
        Self::on(channels, None).await
    }

    async fn on(channels: Channels, log: Option<(Log, TempDir)>) -> Self {
        let url = tokio::task::spawn_blocking(testing::engine::url).await.unwrap();
        let clickhouse = store::Config {
            url: Some(url.to_owned()),
            database: testing::unique("audit"),
            ..store::Config::default()
        };
        let sql = clickhouse::Client::default().with_url(url).with_database(&clickhouse.database);
        Self { channels, clickhouse, sql, log }
    }

    /// Closes the log and opens it again.
    pub(crate) async fn reopen(&mut self, options: Options) {
        let (log, folder) = self.log.take().unwrap();
        log.close().await.unwrap();
        let (log, channels) = open(folder.path(), options).await;
        self.channels = channels;
        self.log = Some((log, folder));
    }

    pub(crate) fn consume(&self) -> Consumer {
        let shutdown = Shutdown::new();
        let config = consumer::Config { flush_interval_ms: 10, ..consumer::Config::default() };
        let store = Store::new(self.clickhouse.clone()).unwrap();
        let consumer = consumer::run(
            config,
            self.channels.clone(),
            store,
            Status::default(),
            consumer::Metrics::default(),
            shutdown.clone(),
        );
        Consumer { shutdown, task: tokio::spawn(consumer) }
    }

    /// Puts operations on the topic and writes each into the ledger.
    pub(crate) async fn send(&self, operations: &[Operation<'_>], ledger: &mut Ledger) {
        for operation in operations {
            let Written { partition, offset } = self.send_record(record(operation)).await;
            ledger.acknowledge(Place { partition, offset }, summary(operation));
        }
    }

    pub(crate) async fn send_record(&self, record: Record) -> Written {
        self.channels.bus.producer(&self.channels.events).unwrap().send(record).await.unwrap()
    }

    /// Puts operations on the topic in one transaction.
    pub(crate) async fn send_at_once(&self, operations: &[Operation<'_>]) {
        let topic = &self.channels.events;
        let mut producer =
            self.channels.bus.atomic_producer(&topic.name, topic.max_record_bytes).await.unwrap();
        let records: Vec<_> = operations.iter().map(|operation| (topic, record(operation))).collect();
        producer.send(&records).await.unwrap();
    }

    pub(crate) async fn try_audit(&self, ledger: &Ledger, within: Duration) -> Result<Report, AuditError> {
        audit(&self.channels, &Table::new(&self.clickhouse).unwrap(), ledger, within).await
    }

    pub(crate) async fn audit(&self, ledger: &Ledger) -> Report {
        self.try_audit(ledger, PATIENCE).await.unwrap()
    }

    pub(crate) fn store(&self) -> Store {
        Store::new(self.clickhouse.clone()).unwrap()
    }

    pub(crate) async fn sql(&self, statement: &str) {
        self.sql.query_raw(statement).with_setting("mutations_sync", "2").execute().await.unwrap();
    }
}

async fn open(folder: &Path, options: Options) -> (Log, Channels) {
    let log = Log::open(&folder.join("log"), options).unwrap();
    let config = kafka::Config { partitions: 3, ..kafka::Config::default() };
    let channels = Channels::log(log.clone(), &config).unwrap();
    channels.ensure_topics().await.unwrap();
    (log, channels)
}

pub(crate) struct Consumer {
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Consumer {
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it wherever it is.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

pub(crate) fn record(operation: &Operation<'_>) -> Record {
    operation.into()
}

fn summary(operation: &Operation<'_>) -> operation::Operation {
    let (kind, input) = match operation {
        Operation::Create(event) => (Kind::Create, Some(event.content.input.clone())),
        Operation::Update { patch, .. } => (Kind::Update, patch.input.clone()),
        Operation::Delete { .. } => (Kind::Delete, None),
    };
    operation::Operation::new(kind, operation.key(), input.map(|text| text.to_string()))
}

pub(crate) fn new_key() -> EventKey {
    EventKey { tenant: Tenant::default(), id: EventId::new(Timestamp::now()) }
}

pub(crate) fn create(key: &EventKey, input: &str) -> Operation<'static> {
    let at = Timestamp::now();
    let content = Content {
        event_name: "event_a".into(),
        conversation_id: "c".into(),
        input: input.to_owned().into(),
        ..Content::default()
    };
    let EventKey { tenant, id } = key.clone();
    let source = Source::Native;
    Operation::Create(Box::new(Event { tenant, id, received_at: at, updated_at: at, source, content }))
}

pub(crate) fn update(key: &EventKey, input: &str) -> Operation<'static> {
    let patch = Patch { input: Some(input.to_owned().into()), ..Patch::default() };
    Operation::Update { key: key.clone(), at: Timestamp::now(), patch: Box::new(patch) }
}

pub(crate) fn delete(key: &EventKey) -> Operation<'static> {
    Operation::Delete { key: key.clone(), at: Timestamp::now() }
}
