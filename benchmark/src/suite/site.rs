//! An installation of its own: Kafka, the engine, the API and as many consumers as wanted, on a folder that goes with it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::ensure;
use benchmark::http::{Client, Target};
use benchmark::number::float;
use benchmark::usage;
use serde::Serialize;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::process::Process;
use crate::services::{self, Place, Service};
use crate::sql::Sql;

const LOOK_EVERY: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_mins(10);

/// What a process took.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cost {
    pub(crate) process: String,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_memory_mb: f64,
}

/// The processor time that each process had used at some moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cpu(BTreeMap<String, Duration>);

/// Running processes. They end before their folder goes.
pub(crate) struct Site {
    pub(crate) place: Place,
    pub(crate) api: Option<Service>,
    pub(crate) consumers: Vec<Service>,
    engine: Service,
    kafka: Process,
    folder: TempDir,
}

impl Site {
    /// Kafka and the engine alone.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::start_partitioned(None).await
    }

    async fn start_partitioned(partitions: Option<u16>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("millrace-bench-").tempdir()?;
        let (kafka, brokers) = crate::kafka::start(folder.path()).await?;
        let engine = services::engine(folder.path()).await?;
        let place = Place {
            partitions,
            brokers,
            clickhouse: engine.url.clone(),
            group: "benchmark".to_owned(),
            database: "event_analytics".to_owned(),
        };
        Ok(Self { place, api: None, consumers: Vec::new(), engine, kafka, folder })
    }

    /// Kafka, the engine and the API.
    pub(crate) async fn with_api() -> anyhow::Result<Self> {
        let mut site = Self::start().await?;
        site.start_api().await?;
        Ok(site)
    }

    /// All of it, ready.
    pub(crate) async fn complete() -> anyhow::Result<Self> {
        Self::complete_partitioned(None).await
    }

    /// All of it, with so many partitions of the topic if that is given.
    pub(crate) async fn complete_partitioned(partitions: Option<u16>) -> anyhow::Result<Self> {
        let mut site = Self::start_partitioned(partitions).await?;
        site.start_api().await?;
        site.start_consumers(1)?;
        for consumer in &mut site.consumers {
            services::until_ready(consumer).await?;
        }
        Ok(site)
    }

    pub(crate) async fn start_api(&mut self) -> anyhow::Result<()> {
        self.api = Some(services::api(&self.place, self.folder.path()).await?);
        Ok(())
    }

    pub(crate) async fn stop_api(&mut self) -> anyhow::Result<()> {
        match self.api.take() {
            Some(api) => api.process.stop().await,
            None => Ok(()),
        }
    }

    /// Puts a bare handler in the API's place.
    pub(crate) async fn start_bare(&mut self) -> anyhow::Result<()> {
        self.stop_api().await?;
        self.api = Some(services::bare(&self.place, self.folder.path()).await?);
        Ok(())
    }

    pub(crate) fn start_consumers(&mut self, count: usize) -> anyhow::Result<()> {
        for number in 0..count {
            self.consumers.push(services::consumer(&self.place, self.folder.path(), number)?);
        }
        Ok(())
    }

    pub(crate) async fn stop_consumers(&mut self) -> anyhow::Result<()> {
        for consumer in self.consumers.drain(..) {
            consumer.process.stop().await?;
        }
        Ok(())
    }

    /// The API's address.
    pub(crate) fn target(&self) -> anyhow::Result<Target> {
        self.api.as_ref().map_or_else(|| anyhow::bail!("the api does not run"), Service::target)
    }

    pub(crate) fn sql(&self) -> anyhow::Result<Sql> {
        Sql::new(&self.engine.url)
    }

    /// Waits until the running consumers have written so many operations together.
    pub(crate) async fn until_consumed(&self, operations: u64) -> anyhow::Result<()> {
        let begin = Instant::now();
        let mut clients = Vec::new();
        for consumer in &self.consumers {
            clients.push(Client::new(&consumer.target()?));
        }
        loop {
            let mut done = 0;
            for client in &mut clients {
                // A consumer that is just starting has done nothing.
                if let Ok(page) = client.get("/metrics").await {
                    done += operations_of(&String::from_utf8_lossy(page.body));
                }
            }
            if done >= operations {
                return Ok(());
            }
            ensure!(begin.elapsed() < PATIENCE, "{done} of {operations} operations after {PATIENCE:?}");
            sleep(LOOK_EVERY).await;
        }
    }

    fn processes(&self) -> impl Iterator<Item = &Process> {
        let own =
            self.api.iter().chain(&self.consumers).chain([&self.engine]).map(|service| &service.process);
        own.chain([&self.kafka])
    }

    /// What each process has used up to now, the suite itself too.
    pub(crate) fn cpu(&self) -> Cpu {
        Cpu::of(self.processes())
    }

    /// What each process has used since then.
    pub(crate) fn costs(&self, since: &Cpu) -> Vec<Cost> {
        since.costs(self.processes())
    }
}

impl Cpu {
    /// Of these processes and the suite itself.
    pub(crate) fn of<'a>(processes: impl Iterator<Item = &'a Process>) -> Self {
        let own = ("load".to_owned(), own_cpu());
        Self(processes.map(|process| (process.name().to_owned(), process.cpu())).chain([own]).collect())
    }

    /// What these processes and the suite itself have used since then.
    pub(crate) fn costs<'a>(&self, processes: impl Iterator<Item = &'a Process>) -> Vec<Cost> {
        let cost = |name: &str, cpu: Duration, peak: u64| Cost {
            process: name.to_owned(),
            cpu_seconds: cpu.saturating_sub(self.0.get(name).copied().unwrap_or_default()).as_secs_f64(),
            peak_memory_mb: float(peak) / 1e6,
        };
        let own = cost("load", own_cpu(), usage::peak_memory(std::process::id()).unwrap_or_default());
        processes
            .map(|process| cost(process.name(), process.cpu(), process.peak_memory()))
            .chain([own])
            .collect()
    }
}

fn own_cpu() -> Duration {
    usage::cpu(std::process::id()).unwrap_or_default()
}

/// The cost of the process of this name.
pub(crate) fn cost_of<'a>(costs: &'a [Cost], process: &str) -> anyhow::Result<&'a Cost> {
    let cost = costs.iter().find(|cost| cost.process == process);
    cost.ok_or_else(|| anyhow::anyhow!("{process} does not run"))
}

/// The sum of `millrace_operations_total` over its labels.
fn operations_of(metrics: &str) -> u64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("millrace_operations_total{"));
    lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_all_fates_are_added() {
        let page = "# TYPE millrace_operations counter\nmillrace_operations_total{fate=\"folded\"} 12\n\
                    millrace_operations_total{fate=\"replay\"} 3\nmillrace_rows_written_total 9\n";
        assert_eq!(operations_of(page), 15);
    }
}
