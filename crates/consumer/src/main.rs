//! `millrace-consumer`: Kafka in, ClickHouse out.

use std::process::ExitCode;

use bus::Channels;
use clap::{Parser, Subcommand};
use runtime::metrics::Page;
use runtime::{config, listen, metrics, shutdown, status, telemetry};
use store::Store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Folds the events on a Kafka topic into a ClickHouse table. Configured by environment variables.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the consumer running on this machine whether it is ready.
    Healthcheck,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        None => run().await,
        Some(Command::Healthcheck) => healthcheck(),
    };
    shutdown::exit_code(outcome)
}

async fn run() -> anyhow::Result<()> {
    telemetry::init(&config::load("LOG_")?)?;
    let config: consumer::Config = config::load("CONSUMER_")?;
    let channels = Channels::kafka(config::load("KAFKA_")?)?;
    let store = Store::new(config::load("CLICKHOUSE_")?)?;
    let shutdown = shutdown::on_signal()?;
    let (mut registry, status) = (metrics::registry(), status::Status::default());
    status.register(&mut registry);
    let counters = consumer::Metrics::new(&mut registry);
    let listener = listen(config.status_host, config.status_port, "CONSUMER_STATUS_PORT")?;
    tokio::spawn(status::serve(listener, status.clone(), Page::new(registry), shutdown.clone()));
    consumer::run(config, channels, store, status, counters, shutdown).await
}

fn healthcheck() -> anyhow::Result<()> {
    let config: consumer::Config = config::load("CONSUMER_")?;
    Ok(status::probe((config.status_host, config.status_port).into(), "/ready")?)
}
