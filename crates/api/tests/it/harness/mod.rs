//! An application in this process: the API on a port of its own, a consumer, a log in a folder and a
//! database, all of one test.

mod answer;
mod beside;
mod caller;
pub(crate) mod events;
pub(crate) mod socket;

use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use axum::Router;
use bus::log::{Log, Options};
use bus::{Channels, Delivery, From, Topic, kafka};
use consumer::Metrics;
use model::Operation;
use runtime::metrics;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use store::Store;
use tempfile::TempDir;
use testing::wait::until;
use testing::{engine, port, unique};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) use answer::{Answer, Ask};
pub(crate) use caller::Caller;

/// No wait is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What an application can be without.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Consumer,
    Kafka,
    ClickHouse,
}

/// How an application is to be.
pub(crate) struct Setup {
    pub(crate) api: api::Config,
    pub(crate) topics: kafka::Config,
    pub(crate) log: Options,
    /// What reads may take; the address and the database are the test's own.
    pub(crate) clickhouse: store::Config,
    /// A Kafka broker in place of the log.
    pub(crate) broker: Option<String>,
    pub(crate) without: &'static [Part],
    /// Who is asked in place of a ClickHouse that is missing; nobody listens there by default.
    pub(crate) in_place_of_clickhouse: Option<SocketAddr>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            api: api::Config::default(),
            topics: kafka::Config::default(),
            log: Options { delivery_timeout: PATIENCE, ..Options::default() },
            clickhouse: store::Config::default(),
            broker: None,
            without: &[],
            in_place_of_clickhouse: None,
        }
    }
}

/// A running application. It can be called like the [`Caller`] that nobody has named a tenant for.
pub(crate) struct App {
    caller: Caller,
    channels: Channels,
    store: store::Config,
    shutdown: Shutdown,
    api: Option<JoinHandle<anyhow::Result<()>>>,
    consumer: Option<(Shutdown, JoinHandle<anyhow::Result<()>>)>,
    log: Option<Log>,
    _folder: TempDir,
}

impl Deref for App {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl App {
    /// With all its parts.
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    /// With all its parts, on Kafka and a topic of so many partitions.
    pub(crate) async fn on_kafka(partitions: u16) -> Self {
        let name = unique("api");
        let topics =
            kafka::Config { topic: name.clone(), group_id: name, partitions, ..kafka::Config::default() };
        let broker = tokio::task::spawn_blocking(testing::kafka::brokers).await.unwrap();
        Self::with(Setup { topics, broker: Some(broker.to_owned()), ..Setup::default() }).await
    }

    /// Takes writes and does nothing with them: quick to start.
    pub(crate) async fn start_writes_only() -> Self {
        Self::with(Setup { without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await
    }

    /// The same, with a server that stands in for ClickHouse until the test ends.
    pub(crate) async fn before(server: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let in_place_of_clickhouse = Some(listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, server).await });
        let without = &[Part::Consumer, Part::ClickHouse];
        Self::with(Setup { without, in_place_of_clickhouse, ..Setup::default() }).await
    }

    /// Returns once it takes what it has the parts for.
    pub(crate) async fn with(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let has = |part| !setup.without.contains(&part);
        let broker = if has(Part::Kafka) { setup.broker } else { Some(nobody()) };
        let (channels, log) = if let Some(brokers) = broker {
            (Channels::kafka(kafka::Config { brokers, ..setup.topics }).unwrap(), None)
        } else {
            let log = Log::open(&folder.path().join("log"), setup.log).unwrap();
            (Channels::log(log.clone(), &setup.topics).unwrap(), Some(log))
        };
        let url = if has(Part::ClickHouse) {
            tokio::task::spawn_blocking(engine::url).await.unwrap().to_owned()
        } else {
            format!("http://{}", setup.in_place_of_clickhouse.map_or_else(nobody, |it| it.to_string()))
        };
        let config = store::Config { url: Some(url), database: unique("api"), ..setup.clickhouse };
        let store = Store::new(config.clone()).unwrap();
        let shutdown = Shutdown::new();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let caller = Caller::new(listener.local_addr().unwrap(), None);
        let api = api::run(
            setup.api,
            channels.clone(),
            store.clone(),
            metrics::registry(),
            listener,
            shutdown.clone(),
        );
        let api = Some(tokio::spawn(api));
        let consumer = has(Part::Consumer).then(|| {
            let (config, stop) =
                (consumer::Config { flush_interval_ms: 10, ..consumer::Config::default() }, Shutdown::new());
            let consumer = consumer::run(
                config,
                channels.clone(),
                store,
                Status::default(),
                Metrics::default(),
                stop.clone(),
            );
            (stop, tokio::spawn(consumer))
        });
        let app = Self { caller, channels, store: config, shutdown, api, consumer, log, _folder: folder };
        let word = |part| if has(part) { "ok" } else { "unavailable" };
        let (kafka, clickhouse) = (word(Part::Kafka), word(Part::ClickHouse));
        until("the application is ready", PATIENCE, async || {
            let ready = app.get("/ready").await.data();
            ready["kafka"] == kafka && ready["clickhouse"] == clickhouse
        })
        .await;
        app
    }

    /// What the table's database answers, as tab-separated text.
    pub(crate) async fn sql(&self, query: &str) -> String {
        let url = format!("{}/?database={}", engine::url(), self.store.database);
        let answer = reqwest::Client::new().post(url).body(query.to_owned()).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{query}: {text}");
        text.trim_end().to_owned()
    }

    /// Puts an operation on the topic, as another way in would.
    pub(crate) async fn publish(&self, operation: &Operation<'_>) {
        let producer = self.channels.bus.producer(&self.channels.events).unwrap();
        producer.send(operation.into()).await.unwrap();
    }

    /// Puts operations on the topic in one transaction.
    pub(crate) async fn publish_at_once(&self, operations: &[Operation<'_>]) {
        let topic = &self.channels.events;
        let mut producer =
            self.channels.bus.atomic_producer(&topic.name, topic.max_record_bytes).await.unwrap();
        let records: Vec<_> = operations.iter().map(|operation| (topic, operation.into())).collect();
        producer.send(&records).await.unwrap();
    }

    /// What is on the topic.
    pub(crate) async fn records(&self) -> Vec<Delivery> {
        self.everything_on(&self.channels.events).await
    }

    /// The dead letters.
    pub(crate) async fn letters(&self) -> Vec<Delivery> {
        self.everything_on(&self.channels.dead_letters).await
    }

    async fn everything_on(&self, topic: &Topic) -> Vec<Delivery> {
        let mut range = self.channels.bus.read_range(topic, From::Beginning).await.unwrap();
        let mut all = Vec::new();
        while let Some(delivery) = range.next().await {
            all.push(delivery.unwrap());
        }
        all
    }

    /// Returns once everything that was written is visible.
    pub(crate) async fn settled(&self) {
        until("the lag is 0", PATIENCE, async || self.get("/pipeline").await.data()["lag"] == 0).await;
    }

    /// From now on nothing more becomes visible.
    pub(crate) async fn stop_consumer(&mut self) {
        let (stop, consumer) = self.consumer.take().unwrap();
        stop.cancel();
        consumer.await.unwrap().unwrap();
    }

    /// From now on nothing can be written to the log.
    pub(crate) async fn close_log(&mut self) {
        self.log.take().unwrap().close().await.unwrap();
    }

    /// Asks it to end, as a signal would.
    pub(crate) fn shut_down(&self) {
        self.shutdown.cancel();
    }

    /// Returns what the API ended with, once it has.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        self.api.take().unwrap().await.unwrap()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some((stop, _)) = &self.consumer {
            stop.cancel();
        }
    }
}

/// An address where nobody listens.
fn nobody() -> String {
    format!("127.0.0.1:{}", port::free())
}
