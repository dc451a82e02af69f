//! Millrace, started as its users start it, with what a test wants to do to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::Process;
use testing::wait::until;

const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// No other wait is longer.
pub(crate) const GRACE: Duration = Duration::from_secs(60);

/// Running processes and where they can be reached.
pub(crate) struct Installation {
    pub(crate) client: Client,
    pub(crate) api: String,
    pub(crate) clickhouse: String,
    database: String,
    commands: Vec<(&'static str, Vec<(&'static str, String)>)>,
    processes: Vec<Process>,
    data: TempDir,
}

impl Installation {
    /// `millrace` on a data folder of its own.
    pub(crate) async fn embedded() -> Self {
        Self::embedded_with([]).await
    }

    /// The same with more variables.
    pub(crate) async fn embedded_with(more: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let data = TempDir::new().unwrap();
        let (api, engine) = (testing::port::free(), testing::port::free());
        let mut environment = embedded_environment(data.path(), api, engine);
        environment.extend(more);
        Self::start(
            data,
            vec![("millrace", environment)],
            api,
            format!("http://127.0.0.1:{engine}"),
            "event_analytics".into(),
        )
        .await
    }

    /// `millrace-api` and `millrace-consumer` on real Kafka, with the variables that compose gives them.
    pub(crate) async fn distributed() -> Self {
        Self::through(testing::engine::url()).await
    }

    /// The same with this way to the tests' ClickHouse. Kafka may be busy with other tests for a while.
    pub(crate) async fn through(clickhouse: &str) -> Self {
        let patient = ("KAFKA_DELIVERY_TIMEOUT_MS", "30000".to_owned());
        Self::on(testing::kafka::brokers(), clickhouse, Some(patient)).await
    }

    /// The same with this Kafka, and with one more variable.
    pub(crate) async fn on(brokers: &str, clickhouse: &str, more: Option<(&'static str, String)>) -> Self {
        let (api, status, name) =
            (testing::port::free(), testing::port::free(), testing::unique("distributed"));
        let (_, port) = clickhouse.rsplit_once(':').unwrap();
        let shared = [
            ("KAFKA_BROKERS", brokers.to_owned()),
            ("KAFKA_TOPIC", name.clone()),
            ("KAFKA_GROUP_ID", name.clone()),
            ("CLICKHOUSE_HOST", "127.0.0.1".to_owned()),
            ("CLICKHOUSE_PORT", port.to_owned()),
            ("CLICKHOUSE_DATABASE", name.clone()),
        ];
        let with = |name, value: u16| {
            shared.iter().cloned().chain(more.clone()).chain([(name, value.to_string())]).collect()
        };
        let commands = vec![
            ("millrace-api", with("API_PORT", api)),
            ("millrace-consumer", with("CONSUMER_STATUS_PORT", status)),
        ];
        Self::start(TempDir::new().unwrap(), commands, api, testing::engine::url().to_owned(), name).await
    }

    async fn start(
        data: TempDir,
        commands: Vec<(&'static str, Vec<(&'static str, String)>)>,
        api: u16,
        clickhouse: String,
        database: String,
    ) -> Self {
        let api = format!("http://127.0.0.1:{api}");
        let client = Client::new();
        let mut all = Self { client, api, clickhouse, database, commands, processes: Vec::new(), data };
        all.start_all().await;
        all
    }

    /// Starts every process and waits until the API is ready.
    pub(crate) async fn start_all(&mut self) {
        self.processes =
            self.commands.iter().map(|(binary, environment)| Process::start(binary, environment)).collect();
        until("the api is ready", STARTS_WITHIN, async || {
            self.get("/ready").await.is_ok_and(|ready| ready.status() == 200)
        })
        .await;
    }

    /// A power cut.
    pub(crate) fn kill_9(&mut self) {
        for process in &mut self.processes {
            process.kill_9();
        }
    }

    /// Asks every process to end; they must do so cleanly.
    pub(crate) fn stop(&mut self) {
        for process in &mut self.processes {
            process.terminate();
            assert!(process.wait_exit(STARTS_WITHIN).success());
        }
    }

    /// The most memory that the process of this binary has ever held, in bytes.
    pub(crate) fn peak_memory(&self, binary: &str) -> u64 {
        let index = self.commands.iter().position(|(name, _)| *name == binary).unwrap();
        let status = format!("/proc/{}/status", self.processes[index].id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn output(&self) -> String {
        self.processes.iter().map(Process::output).collect()
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.client.get(format!("{}{path}", self.api)).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(format!("{}{path}", self.api)).json(body).send().await.unwrap()
    }

    /// Waits until everything sent so far is visible.
    pub(crate) async fn caught_up(&self) {
        until("the lag is 0", Duration::from_secs(120), async || {
            let Ok(answer) = self.get("/pipeline").await else { return false };
            answer.json::<Value>().await.is_ok_and(|pipeline| pipeline["data"]["lag"] == json!(0))
        })
        .await;
    }

    /// A statement for ClickHouse, with the password if it has one.
    pub(crate) fn clickhouse(&self, statement: &str) -> RequestBuilder {
        let request = self.client.post(&self.clickhouse).body(statement.to_owned());
        match std::fs::read_to_string(self.data().join("endpoints.json")) {
            Ok(endpoints) => {
                let endpoints: Value = serde_json::from_str(&endpoints).unwrap();
                request
                    .header("X-ClickHouse-User", endpoints["clickhouse_user"].as_str().unwrap())
                    .header("X-ClickHouse-Key", endpoints["clickhouse_password"].as_str().unwrap())
            }
            Err(_) => request,
        }
    }

    /// The live events, as ClickHouse itself counts them.
    pub(crate) async fn count(&self) -> u64 {
        let query = format!("SELECT count() FROM {}.events FINAL", self.database);
        let answer = self.clickhouse(&query).send().await.unwrap();
        answer.text().await.unwrap().trim().parse().unwrap()
    }
}

pub(crate) fn embedded_environment(data: &Path, api: u16, engine: u16) -> Vec<(&'static str, String)> {
    let path = |path: PathBuf| path.to_str().unwrap().to_owned();
    vec![
        ("MILLRACE_DATA", path(data.to_owned())),
        ("MILLRACE_ENGINE_LIB", path(engine::default_library())),
        ("MILLRACE_ENGINE_PORT", engine.to_string()),
        ("API_PORT", api.to_string()),
    ]
}
