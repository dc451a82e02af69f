//! A whole way: Redis, bridges as processes, Kafka, a consumer and ClickHouse.

use bus::{Channels, kafka};
use runtime::metrics;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use store::Store;
use testing::Process;
use testing::kafka::Broker;
use testing::redis::Server;
use testing::wait::until;
use tokio::task::JoinHandle;

use crate::site::PATIENCE;

/// Everything but the bridges.
pub(crate) struct Installation {
    pub(crate) redis: Server,
    pub(crate) broker: Broker,
    name: String,
    sql: clickhouse::Client,
    shutdown: Shutdown,
    consumer: JoinHandle<anyhow::Result<()>>,
}

/// `millrace-redis`, and the port of its status page.
pub(crate) struct Running {
    pub(crate) process: Process,
    port: u16,
}

impl Installation {
    pub(crate) async fn start(redis: Server) -> Self {
        let broker = tokio::task::spawn_blocking(Broker::start).await.unwrap();
        let url = tokio::task::spawn_blocking(testing::engine::url).await.unwrap().to_owned();
        let name = testing::unique("redis");
        let config = kafka::Config {
            brokers: broker.brokers().into(),
            topic: name.clone(),
            group_id: name.clone(),
            ..kafka::Config::default()
        };
        let channels = Channels::kafka(config).unwrap();
        let store = Store::new(store::Config {
            url: Some(url.clone()),
            database: name.clone(),
            ..store::Config::default()
        });
        let shutdown = Shutdown::new();
        let counters = consumer::Metrics::new(&mut metrics::registry());
        let config = consumer::Config::default();
        let run =
            consumer::run(config, channels, store.unwrap(), Status::default(), counters, shutdown.clone());
        let sql = clickhouse::Client::default().with_url(url);
        Self { redis, broker, name, sql, shutdown, consumer: tokio::spawn(run) }
    }

    /// Starts a bridge with more variables, and waits until it is ready.
    pub(crate) async fn bridge(&self, more: &[(&'static str, &str)]) -> Running {
        let port = testing::port::free();
        let mut environment = vec![
            ("KAFKA_BROKERS", self.broker.brokers().to_owned()),
            ("KAFKA_TOPIC", self.name.clone()),
            ("KAFKA_GROUP_ID", self.name.clone()),
            ("REDIS_URL", self.redis.url()),
            ("REDIS_STATUS_PORT", port.to_string()),
        ];
        environment.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let running = Running { process: Process::start("millrace-redis", &environment), port };
        until("the bridge is ready", PATIENCE, async || running.get("/ready").await.contains("ready")).await;
        running
    }

    /// How many events there are.
    pub(crate) async fn count(&self) -> usize {
        let statement = format!("SELECT count() FROM {}.events FINAL", self.name);
        self.sql.query(&statement).fetch_one::<u64>().await.map_or(0, |count| usize::try_from(count).unwrap())
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.consumer.await.unwrap().unwrap();
    }
}

impl Running {
    /// What its status page says there, with any status.
    pub(crate) async fn get(&self, path: &str) -> String {
        match reqwest::get(format!("http://127.0.0.1:{}{path}", self.port)).await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// How many messages met this fate.
    pub(crate) async fn messages(&self, fate: &str) -> usize {
        let (page, name) =
            (self.get("/metrics").await, format!("millrace_redis_messages_total{{fate=\"{fate}\"}} "));
        page.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
    }

    /// What it has taken of the processors so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // `pid (name) state …`: of the fields behind the name the 12th and 13th are hundredths of a second.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
    }

    /// Asks it to end, which must go well.
    pub(crate) fn stop(mut self) {
        self.process.terminate();
        assert!(self.process.wait_exit(PATIENCE).success());
    }
}
