//! A Redis, an embedded log, and bridges between them.

use std::time::Duration;

use bus::log::{Log, Options};
use bus::{Channels, Delivery, From, kafka};
use dead_letters::{Filter, List, Summary};
use model::{Event, EventId, Operation, message};
use redis::aio::MultiplexedConnection;
use redis_bridge::{Address, Config, Metrics};
use runtime::metrics;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use serde_json::json;
use tempfile::TempDir;
use testing::kafka::Broker;
use testing::redis::Server;
use testing::wait::{until, until_some};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// No wait is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A base envelope.
pub(crate) fn envelope(id: &str) -> String {
    json!({
        "event_id": id, "event_type": "order.created", "tenant_id": "acme", "user_id": "ada",
        "timestamp": "2026-11-20T09:30:00.123456Z", "data": {"total": "64.32"},
        "metadata": {"session_id": "s-1"},
    })
    .to_string()
}

pub(crate) struct Site {
    pub(crate) redis: Server,
    pub(crate) channels: Channels,
    _folder: TempDir,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(Server::start()).await
    }

    pub(crate) async fn with(redis: Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(&folder.path().join("log"), Options::default()).unwrap();
        let channels = Channels::log(log, &kafka::Config::default()).unwrap();
        channels.ensure_topics().await.unwrap();
        Self { redis, channels, _folder: folder }
    }

    /// One whose topics are Kafka's.
    pub(crate) fn on_kafka(broker: &Broker) -> Self {
        let channels = Channels::kafka(kafka::Config {
            brokers: broker.brokers().into(),
            topic: testing::unique("redis"),
            ..kafka::Config::default()
        });
        Self { redis: Server::start(), channels: channels.unwrap(), _folder: tempfile::tempdir().unwrap() }
    }

    /// Settings by which everything that takes long takes a second or so.
    pub(crate) fn config(&self) -> Config {
        Config {
            url: Some(Address::new(self.redis.url())),
            ping_interval_ms: 100,
            silence_ms: 1_000,
            claim_idle_ms: 1_000,
            ..Config::default()
        }
    }

    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        connection(&self.redis.url()).await
    }

    /// The events that are on the topic.
    pub(crate) async fn events(&self) -> Vec<Event<'static>> {
        let mut range = self.channels.bus.read_range(&self.channels.events, From::Beginning).await.unwrap();
        let mut events = Vec::new();
        while let Some(Delivery { key, value, .. }) = range.next().await.transpose().unwrap() {
            match message::decode(key.as_deref(), &value).unwrap() {
                Operation::Create(event) => events.push(event.into_owned()),
                other => panic!("{other:?}"),
            }
        }
        events
    }

    /// The ids of the events that are on the topic, without repetition.
    pub(crate) async fn ids(&self) -> Vec<EventId> {
        let mut ids: Vec<_> = self.events().await.iter().map(|event| event.id).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    pub(crate) async fn until_events(&self, count: usize) -> Vec<Event<'static>> {
        until_some(&format!("{count} events are on the topic"), PATIENCE, async || {
            Some(self.events().await).filter(|events| events.len() >= count)
        })
        .await
    }

    pub(crate) async fn until_letters(&self, count: usize) -> Vec<Summary> {
        until_some(&format!("{count} dead letters are there"), PATIENCE, async || {
            let mut list = List::open(&self.channels, Filter::default()).await.unwrap();
            let mut letters = Vec::new();
            while let Some(letter) = list.next().await.unwrap() {
                letters.push(letter);
            }
            (letters.len() >= count).then_some(letters)
        })
        .await
    }
}

pub(crate) async fn connection(url: &str) -> MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

pub(crate) async fn publish(connection: &mut MultiplexedConnection, channel: &str, payload: &str) -> u64 {
    redis::cmd("PUBLISH").arg(channel).arg(payload).query_async(connection).await.unwrap()
}

pub(crate) async fn add(connection: &mut MultiplexedConnection, stream: &str, fields: &[(&str, &str)]) {
    let mut add = redis::cmd("XADD");
    add.arg(stream).arg("*");
    for (name, value) in fields {
        add.arg(name).arg(value);
    }
    add.exec_async(connection).await.unwrap();
}

/// How many entries of a stream are pending in the bridges' group.
pub(crate) async fn pending(connection: &mut MultiplexedConnection, stream: &str) -> u64 {
    let mut command = redis::cmd("XPENDING");
    let answer: Vec<redis::Value> =
        command.arg(stream).arg("millrace").query_async(connection).await.unwrap();
    redis::from_redis_value(answer.into_iter().next().unwrap()).unwrap()
}

/// A running bridge.
pub(crate) struct Bridge {
    pub(crate) status: Status,
    page: metrics::Page,
    shutdown: Shutdown,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Bridge {
    /// Starts one that is not ready yet.
    pub(crate) fn start(config: Config, channels: &Channels) -> Self {
        let (status, shutdown) = (Status::default(), Shutdown::new());
        let mut registry = metrics::registry();
        status.register(&mut registry);
        let counters = Metrics::new(&mut registry);
        let run = redis_bridge::run(config, channels.clone(), status.clone(), counters, shutdown.clone());
        assert!(!status.troubles().is_empty(), "it is ready before it has begun");
        let task = tokio::spawn(Box::pin(run));
        Self { status, page: metrics::Page::new(registry), shutdown, task }
    }

    /// Starts one and waits until it is ready.
    pub(crate) async fn ready(config: Config, channels: &Channels) -> Self {
        let bridge = Self::start(config, channels);
        bridge.until_ready().await;
        bridge
    }

    pub(crate) async fn until_ready(&self) {
        until("the bridge is ready", PATIENCE, async || self.status.troubles().is_empty()).await;
    }

    pub(crate) async fn until_not_ready(&self) {
        until("the bridge is not ready", PATIENCE, async || !self.status.troubles().is_empty()).await;
    }

    pub(crate) async fn until_trouble(&self, word: &str) {
        until(&format!("{word} is told"), PATIENCE, async || {
            self.status.troubles().iter().any(|trouble| trouble.contains(word))
        })
        .await;
    }

    /// A number of its metrics, whose name begins with `millrace_`; labels belong to the name.
    pub(crate) fn number(&self, name: &str) -> f64 {
        let (page, name) = (self.page.text(), format!("millrace_{name} "));
        let number = page.lines().find_map(|line| line.strip_prefix(&name));
        number.unwrap_or_else(|| panic!("{name} is not in {page}")).parse().unwrap()
    }

    /// A counter, which is whole.
    pub(crate) fn count(&self, name: &str) -> String {
        format!("{:.3}", self.number(name)).trim_end_matches(".000").to_owned()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap().unwrap();
    }

    /// Ends it wherever it is.
    pub(crate) async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}
