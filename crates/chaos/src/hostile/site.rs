//! What rude clients are let loose on: the standalone, or API and consumer on Kafka and ClickHouse.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Client;
use serde::Deserialize;
use tempfile::TempDir;
use testing::Process;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use super::wire::{self, request};
use testing::proxy::Proxy;

const STARTS_WITHIN: Duration = Duration::from_secs(90);
const VISIBLE_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const PARTITIONS: &str = "3";
const USER: &str = "default";

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything in one process.
    Standalone,
    /// API and consumer on a Kafka broker, and on the engine in the place of ClickHouse.
    Kafka,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Kafka => "kafka",
        }
    }
}

/// A fresh installation. It ends when this is dropped.
pub(super) struct Site {
    pub(super) api: SocketAddr,
    pub(super) engine: Engine,
    /// The way from API and consumer to ClickHouse, on Kafka.
    pub(super) proxy: Option<Proxy>,
    /// The standalone; or the API, the consumer, and the engine, in the order in which they have to go.
    processes: Vec<Process>,
    _folder: TempDir,
}

/// ClickHouse's HTTP interface, and the password that it asks for, if any.
pub(super) struct Engine {
    pub(super) url: String,
    pub(super) password: Option<String>,
    client: Client,
}

/// `endpoints.json` of the standalone.
#[derive(Deserialize)]
struct Endpoints {
    clickhouse: String,
    #[serde(alias = "clickhouse_password")]
    password: Option<String>,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Pipeline {
    lag: i64,
}

impl Site {
    /// Starts one, and returns once it is ready. The processes' output goes behind what the files in `logs` hold.
    pub(super) async fn start(kind: Kind, logs: &Path) -> anyhow::Result<Self> {
        match kind {
            Kind::Standalone => Self::standalone(logs).await,
            Kind::Kafka => Self::on_kafka(logs).await,
        }
    }

    async fn standalone(logs: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let endpoints = folder.path().join("endpoints.json");
        let (api, engine) = (testing::port::free(), testing::port::free());
        let all = [
            ("MILLRACE_DATA", folder.path().display().to_string()),
            ("MILLRACE_ENGINE_LIB", engine::default_library().display().to_string()),
            ("MILLRACE_ENGINE_PORT", engine.to_string()),
            ("API_PORT", api.to_string()),
        ];
        let process = Process::start_logging("millrace", &[], &all, &logs.join("millrace.log"));
        let mut site = Self {
            api: local(api),
            engine: Engine::at(format!("http://{}", local(engine)), None),
            proxy: None,
            processes: vec![process],
            _folder: folder,
        };
        site.ready().await?;
        let endpoints = fs::read_to_string(endpoints)?;
        let Endpoints { clickhouse, password } = serde_json::from_str(&endpoints)?;
        site.engine = Engine::at(clickhouse, password);
        Ok(site)
    }

    async fn on_kafka(logs: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let [api, engine, status] = [(); 3].map(|()| testing::port::free());
        let brokers = block_in_place(testing::kafka::brokers);
        let library = [("MILLRACE_ENGINE_LIB", engine::default_library().display().to_string())];
        let data = folder.path().join("clickhouse").display().to_string();
        let address = local(engine).to_string();
        let clickhouse =
            Process::start_logging("millrace-engine", &[&data, &address], &library, &logs.join("engine.log"));
        let proxy = Proxy::start(engine).await?;
        let topic = testing::unique("hostile");
        let all = [
            ("KAFKA_BROKERS", brokers.to_owned()),
            ("KAFKA_TOPIC", topic.clone()),
            ("KAFKA_GROUP_ID", topic),
            ("KAFKA_PARTITIONS", PARTITIONS.to_owned()),
            ("CLICKHOUSE_URL", format!("http://{}", local(proxy.port()))),
            ("API_PORT", api.to_string()),
            ("CONSUMER_STATUS_PORT", status.to_string()),
        ];
        let start = |binary: &str, log: &str| Process::start_logging(binary, &[], &all, &logs.join(log));
        let (api_process, consumer) =
            (start("millrace-api", "api.log"), start("millrace-consumer", "consumer.log"));
        let mut site = Self {
            api: local(api),
            engine: Engine::at(format!("http://{address}"), None),
            proxy: Some(proxy),
            processes: vec![api_process, consumer, clickhouse],
            _folder: folder,
        };
        site.ready().await?;
        Ok(site)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            self.must_be_alive()?;
            let answer = wire::call(self.api, request("GET", "/ready", "", "")).await;
            if answer.is_ok_and(|answer| answer.status == 200) {
                break;
            }
            if begun.elapsed() > STARTS_WITHIN {
                bail!("not ready within {STARTS_WITHIN:?}");
            }
            sleep(LOOK_EVERY).await;
        }
        // The first event makes the topic's and the table's ways warm, and shows that there is a consumer.
        self.create_visible().await.map(|_| ())
    }

    /// An error if a process has ended.
    pub(super) fn must_be_alive(&mut self) -> anyhow::Result<()> {
        for process in &mut self.processes {
            if let Some(status) = process.try_exit() {
                bail!("a process ended by itself: {status}");
            }
        }
        Ok(())
    }

    /// The ids of all processes, the brokers' left out.
    pub(super) fn process_ids(&self) -> Vec<u32> {
        self.processes.iter().map(Process::id).collect()
    }

    /// The id of the process that serves the API.
    pub(super) fn api_process(&self) -> anyhow::Result<u32> {
        Ok(self.processes.first().context("no process")?.id())
    }

    /// The consumer, on Kafka.
    pub(super) fn consumer(&self) -> Option<&Process> {
        self.processes.get(1)
    }

    /// Asks the process that serves the API to end, and gives the time that this takes.
    pub(super) async fn end_api(&mut self, within: Duration) -> anyhow::Result<Duration> {
        let api = self.processes.first_mut().context("no process")?;
        let begun = Instant::now();
        api.terminate();
        while api.try_exit().is_none() {
            if begun.elapsed() > within {
                bail!("it still runs {within:?} after it was asked to end");
            }
            sleep(LOOK_EVERY / 5).await;
        }
        Ok(begun.elapsed())
    }

    /// How long a create takes until it can be read.
    pub(super) async fn create_visible(&self) -> anyhow::Result<Duration> {
        let body = r#"{"conversation_id":"visible","event_name":"event_a"}"#;
        let begun = Instant::now();
        let mut last = String::new();
        while begun.elapsed() < VISIBLE_WITHIN {
            match wire::call(self.api, request("POST", "/event?wait=15s", "", body)).await {
                Ok(answer) if answer.status == 201 => return Ok(begun.elapsed()),
                Ok(answer) => last = format!("{} {}", answer.status, answer.body),
                Err(error) => last = format!("{error:#}"),
            }
            sleep(LOOK_EVERY).await;
        }
        bail!("no create was visible within {VISIBLE_WITHIN:?}; the last answer: {last}")
    }

    /// Waits until everything on the topic is visible.
    pub(super) async fn all_visible(&self, within: Duration) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        loop {
            let answer = wire::call(self.api, request("GET", "/pipeline", "", "")).await;
            let lag =
                answer.ok().and_then(|answer| serde_json::from_str::<Data<Pipeline>>(&answer.body).ok());
            if lag.is_some_and(|lag| lag.data.lag == 0) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > within {
                bail!("not everything was visible within {within:?}");
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Engine {
    fn at(url: String, password: Option<String>) -> Self {
        Self { url, password, client: Client::new() }
    }

    /// The answer's status and text, with the password or without.
    pub(super) async fn ask(&self, sql: &str, with_password: bool) -> anyhow::Result<(u16, String)> {
        let mut question = self.client.post(&self.url).body(sql.to_owned());
        if let Some(password) = self.password.as_ref().filter(|_| with_password) {
            question = question.basic_auth(USER, Some(password));
        }
        let answer = question.send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    /// One number.
    pub(super) async fn number(&self, sql: &str) -> anyhow::Result<u64> {
        let (_, text) = self.ask(sql, true).await?;
        text.trim().parse().with_context(|| format!("{sql} gave {text}"))
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
