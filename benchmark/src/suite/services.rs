//! Millrace's binaries as processes, and how to reach them.

use std::path::Path;
use std::process::Command;

use benchmark::http::{Client, Target};

use crate::process::{Process, binary, free_port};

/// Where Millrace's processes find Kafka and the table.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Of the topic, once a service makes it; as many as by default if not given.
    pub(crate) partitions: Option<u16>,
    pub(crate) brokers: String,
    pub(crate) clickhouse: String,
    pub(crate) group: String,
    pub(crate) database: String,
}

impl Place {
    fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("KAFKA_BROKERS", self.brokers.clone()),
            ("KAFKA_GROUP_ID", self.group.clone()),
            ("CLICKHOUSE_URL", self.clickhouse.clone()),
            ("CLICKHOUSE_DATABASE", self.database.clone()),
            ("LOG_LEVEL", "warn".to_owned()),
        ];
        variables.extend(self.partitions.map(|count| ("KAFKA_PARTITIONS", count.to_string())));
        variables
    }
}

/// A process with an HTTP interface.
pub(crate) struct Service {
    pub(crate) process: Process,
    pub(crate) url: String,
}

impl Service {
    pub(crate) fn target(&self) -> anyhow::Result<Target> {
        Target::parse(&self.url, &[])
    }
}

/// `millrace-engine`, once it answers.
pub(crate) async fn engine(folder: &Path) -> anyhow::Result<Service> {
    let mut command = binary("millrace-engine")?;
    command.arg(folder.join("clickhouse")).arg("127.0.0.1:0");
    let mut process = Process::start("engine", &mut command, folder)?;
    process.until(async |engine| address(&engine.output()).is_some()).await?;
    let url = address(&process.output()).unwrap_or_default();
    Ok(Service { process, url })
}

/// The whole line that is the engine's address.
fn address(output: &str) -> Option<String> {
    let (lines, _) = output.rsplit_once('\n')?;
    lines.lines().find(|line| line.starts_with("http://")).map(str::to_owned)
}

/// `millrace-api`, once it takes and answers.
pub(crate) async fn api(place: &Place, folder: &Path) -> anyhow::Result<Service> {
    let port = free_port()?;
    let mut command = binary("millrace-api")?;
    command.envs(place.environment()).env("API_PORT", port.to_string());
    started("api", command, port, folder).await
}

/// A bare handler in place of the API, once it answers.
pub(crate) async fn bare(place: &Place, folder: &Path) -> anyhow::Result<Service> {
    let port = free_port()?;
    let mut command = binary("millrace-benchmark-bare")?;
    command.args(["--brokers", &place.brokers, "serve", "--port", &port.to_string()]);
    started("bare", command, port, folder).await
}

/// The processor time in seconds that a bare loop takes to read so many messages of the topic.
pub(crate) async fn bare_drain(place: &Place, messages: u64) -> anyhow::Result<f64> {
    let mut command = binary("millrace-benchmark-bare")?;
    command.args(["--brokers", &place.brokers, "drain", &messages.to_string()]);
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let (printed, errors) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr));
    printed.trim().parse().map_err(|_| anyhow::anyhow!("the bare loop failed: {errors}"))
}

/// `millrace-consumer`, at once: what it does from the beginning on is measured.
pub(crate) fn consumer(place: &Place, folder: &Path, number: usize) -> anyhow::Result<Service> {
    let port = free_port()?;
    let mut command = binary("millrace-consumer")?;
    command.envs(place.environment()).env("CONSUMER_STATUS_PORT", port.to_string());
    let name = if number == 0 { "consumer".to_owned() } else { format!("consumer-{number}") };
    let process = Process::start(&name, &mut command, folder)?;
    Ok(Service { process, url: format!("http://127.0.0.1:{port}") })
}

/// `millrace` on data in `folder`, once it takes and answers.
pub(crate) async fn standalone(folder: &Path) -> anyhow::Result<Service> {
    let port = free_port()?;
    let mut command = binary("millrace")?;
    command.env("MILLRACE_DATA", folder.join("data")).env("MILLRACE_ENGINE_PORT", "0");
    command.env("API_PORT", port.to_string()).env("LOG_LEVEL", "warn");
    started("millrace", command, port, folder).await
}

/// A process that listens on this port, once it says that it is ready.
async fn started(name: &str, mut command: Command, port: u16, folder: &Path) -> anyhow::Result<Service> {
    let process = Process::start(name, &mut command, folder)?;
    let mut service = Service { process, url: format!("http://127.0.0.1:{port}") };
    until_ready(&mut service).await?;
    Ok(service)
}

/// Waits until `/ready` says so.
pub(crate) async fn until_ready(service: &mut Service) -> anyhow::Result<()> {
    let mut client = Client::new(&service.target()?);
    let ready = async |_: &Process| client.get("/ready").await.is_ok_and(|answer| answer.status == 200);
    service.process.until(ready).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_address_is_taken_once_its_line_is_whole() {
        assert_eq!(address("starting\nhttp://127.0.0.1:80"), None);
        assert_eq!(address("starting\nhttp://127.0.0.1:8080\n"), Some("http://127.0.0.1:8080".into()));
    }
}
