//! The installation that is to be broken: three brokers, ClickHouse, two APIs and three consumers, with
//! proxies between those and the servers.

use std::path::Path;
use std::time::Duration;

use bus::Channels;
use model::Timestamp;
use reqwest::Client;
use serde::Deserialize;
use testing::kafka::{Cluster, Way};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::fault::Victim;
use super::member::Member;
use super::script::Sizes;
use super::upgrade::Upgrade;
use super::ways::Ways;
use audit::Table;

const APIS: usize = 2;
const CONSUMERS: usize = 3;
/// Partitions in use at first, and later.
const FEW_PARTITIONS: u16 = 6;
const PARTITIONS: u16 = 12;
/// From the start of the processes on.
const FEW_PARTITIONS_FOR: Duration = Duration::from_mins(1);
const STARTS_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Short, so that a way that hangs for some seconds makes inserts be made again.
const CLICKHOUSE_TIMEOUT_MS: u64 = 1_500;
/// Small, so that batches are full, and reading is paused, while partitions change hands. A record may be
/// larger: it is a batch of its own then.
const CONSUMER_MAX_BATCH_BYTES: usize = 500_000;

pub(super) const SIZES: Sizes =
    Sizes { apis: APIS, consumers: CONSUMERS, brokers: Cluster::SIZE, partitions: PARTITIONS };

/// In the order in which they have to go.
pub(super) struct Site {
    pub(super) consumers: Vec<Member>,
    pub(super) apis: Vec<Member>,
    pub(super) addresses: Vec<String>,
    pub(super) ways: Ways,
    pub(super) kafka_ways: Ways,
    pub(super) engine: Member,
    engine_port: u16,
    pub(super) cluster: Cluster,
    pub(super) channels: Channels,
    pub(super) table: Table,
    pub(super) upgrade: Upgrade,
    /// When all partitions come into use.
    pub(super) more_partitions_from: Timestamp,
    client: Client,
}

#[derive(Deserialize)]
struct Answer {
    data: Pipeline,
}

#[derive(Deserialize)]
struct Pipeline {
    lag: i64,
}

impl Site {
    /// Starts everything, and returns once both APIs are ready.
    pub(super) async fn start(logs: &Path) -> anyhow::Result<Self> {
        let (cluster, kafka_ways) = brokers(logs).await?;
        let engine_port = testing::port::free();
        let address = format!("127.0.0.1:{engine_port}");
        let library = engine::default_library().display().to_string();
        let library = [("MILLRACE_ENGINE_LIB", library)];
        let engine =
            Member::start("clickhouse".into(), "millrace-engine", &["data", &address], &library, logs);
        let ways = Ways::start(&vec![vec![engine_port]; 1 + CONSUMERS]).await?;

        // Whoever starts again later must say the same.
        let more_partitions_from = after(FEW_PARTITIONS_FOR);
        let schedule = format!("{FEW_PARTITIONS},{more_partitions_from}={PARTITIONS}");
        let kafka = bus::kafka::Config {
            brokers: cluster.brokers(),
            partition_schedule: Some(schedule.clone()),
            ..bus::kafka::Config::default()
        };
        let environment = |user: Victim, port: (&'static str, u16)| {
            let addresses = |ways: &Ways| -> Vec<_> {
                ways.ports(user).map(|port| format!("127.0.0.1:{port}")).collect()
            };
            vec![
                ("KAFKA_BROKERS", addresses(&kafka_ways).join(",")),
                ("KAFKA_PARTITION_SCHEDULE", schedule.clone()),
                ("CLICKHOUSE_URL", format!("http://{}", addresses(&ways).concat())),
                ("CLICKHOUSE_TIMEOUT_MS", CLICKHOUSE_TIMEOUT_MS.to_string()),
                (port.0, port.1.to_string()),
            ]
        };
        let (mut apis, mut addresses, mut consumers) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..APIS {
            let port = testing::port::free();
            let environment = environment(Victim::Apis, ("API_PORT", port));
            addresses.push(format!("http://127.0.0.1:{port}"));
            apis.push(Member::start(format!("api-{index}"), "millrace-api", &[], &environment, logs));
        }
        for index in 0..CONSUMERS {
            let mut environment =
                environment(Victim::Consumer(index), ("CONSUMER_STATUS_PORT", testing::port::free()));
            environment.push(("CONSUMER_MAX_BATCH_BYTES", CONSUMER_MAX_BATCH_BYTES.to_string()));
            let name = format!("consumer-{index}");
            consumers.push(Member::start(name, "millrace-consumer", &[], &environment, logs));
        }
        let clickhouse = store::Config { url: Some(format!("http://{address}")), ..store::Config::default() };
        let site = Self {
            consumers,
            apis,
            addresses,
            ways,
            kafka_ways,
            engine,
            engine_port,
            cluster,
            channels: Channels::kafka(kafka)?,
            table: Table::new(&clickhouse)?,
            upgrade: Upgrade::new(&clickhouse.url()?, &clickhouse.database),
            more_partitions_from,
            client: Client::builder().timeout(ANSWER_WITHIN).build()?,
        };
        for address in &site.addresses {
            let ready = async || {
                let answer = site.client.get(format!("{address}/ready")).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            };
            settled("an api is ready", STARTS_WITHIN, ready).await?;
        }
        Ok(site)
    }

    /// Every process but the brokers.
    pub(super) fn members(&mut self) -> impl Iterator<Item = &mut Member> {
        self.apis.iter_mut().chain(&mut self.consumers).chain([&mut self.engine])
    }

    /// Whether ClickHouse takes connections.
    pub(super) async fn engine_serves(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.engine_port)).await.is_ok()
    }

    /// How many records are not yet visible, as an API says; `None` if none can say.
    pub(super) async fn lag(&self) -> Option<i64> {
        for address in &self.addresses {
            let answer = self.client.get(format!("{address}/pipeline")).send().await;
            let Ok(answer) = answer else { continue };
            if let Ok(text) = answer.text().await
                && let Ok(Answer { data }) = serde_json::from_str(&text)
            {
                return Some(data.lag);
            }
        }
        None
    }
}

/// Brokers that tell each of their users a way of its own, and those ways.
async fn brokers(logs: &Path) -> anyhow::Result<(Cluster, Ways)> {
    let ports: Vec<_> = (0..=CONSUMERS)
        .map(|_| (0..Cluster::SIZE).map(|_| testing::port::free()).collect::<Vec<_>>())
        .collect();
    let ways = Ways::start(&ports).await?;
    let advertised: Vec<_> = ways.ports(Victim::All).collect();
    let of_broker = |broker: usize| -> Vec<_> {
        let both = ports.iter().flatten().zip(&advertised).skip(broker).step_by(Cluster::SIZE);
        both.map(|(port, advertised)| Way { port: *port, advertised: *advertised }).collect()
    };
    let all = std::array::from_fn(of_broker);
    Ok((tokio::task::block_in_place(|| Cluster::start_logging(all, logs)), ways))
}

fn after(time: Duration) -> Timestamp {
    let time = i64::try_from(time.as_millis()).unwrap_or_default();
    Timestamp::from_millis(Timestamp::now().millis() + time).unwrap_or(Timestamp::MAX)
}

/// Waits until the condition holds.
pub(super) async fn settled(
    what: &str,
    within: Duration,
    mut condition: impl AsyncFnMut() -> bool,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !condition().await {
        if begun.elapsed() > within {
            return Err(anyhow::anyhow!("waited {within:?} in vain until {what}"));
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}
