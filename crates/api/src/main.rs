//! `millrace-api`: HTTP in, Kafka out; reads and analytics from ClickHouse.

use std::process::ExitCode;

use api::KeysCommand;
use bus::Channels;
use clap::{Parser, Subcommand};
use runtime::{config, listen, metrics, shutdown, status, telemetry, threads};
use store::Store;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes events over HTTP and answers questions about them. Configured by environment variables.
#[derive(Parser)]
#[command(name = "millrace-api", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the API running on this machine whether it serves.
    Healthcheck,
    /// Keys for those who call the API.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

fn main() -> ExitCode {
    shutdown::exit_code(match Arguments::parse().command {
        None => {
            threads::beside_clients().map_err(Into::into).and_then(|runtime| threads::run(runtime, run()))
        }
        Some(Command::Healthcheck) => healthcheck(),
        Some(Command::Keys { command }) => {
            command.run();
            Ok(())
        }
    })
}

async fn run() -> anyhow::Result<()> {
    telemetry::init(&config::load("LOG_")?)?;
    let config: api::Config = config::load("")?;
    let channels = Channels::kafka(config::load("KAFKA_")?)?;
    let store = Store::new(config::load("CLICKHOUSE_")?)?;
    let shutdown = shutdown::on_signal()?;
    let listener = listen(config.api_host, config.api_port, "API_PORT")?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    api::run(config, channels, store, metrics::registry(), listener, shutdown).await
}

fn healthcheck() -> anyhow::Result<()> {
    let config: api::Config = config::load("")?;
    Ok(status::probe((config.api_host, config.api_port).into(), "/health")?)
}
