//! `millrace-redis`: Redis in, Kafka out.

use std::process::ExitCode;

use anyhow::Context;
use bus::Channels;
use clap::{Parser, Subcommand};
use redis_bridge::{Config, Metrics};
use runtime::metrics::Page;
use runtime::{config, listen, metrics, shutdown, status, telemetry, threads};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Puts events that are published by Redis on a Kafka topic. Configured by environment variables.
#[derive(Parser)]
#[command(name = "millrace-redis", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the bridge running on this machine whether it is ready.
    Healthcheck,
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let runtime = threads::beside_clients().map_err(Into::into);
    shutdown::exit_code(runtime.and_then(|runtime| match command {
        None => threads::run(runtime, run()),
        Some(Command::Healthcheck) => healthcheck(),
    }))
}

async fn run() -> anyhow::Result<()> {
    telemetry::init(&config::load("LOG_")?)?;
    let config = Config::from_env()?.context("REDIS_URL is missing, such as redis://127.0.0.1:6379")?;
    let channels = Channels::kafka(config::load("KAFKA_")?)?;
    let shutdown = shutdown::on_signal()?;
    let (mut registry, status) = (metrics::registry(), status::Status::default());
    status.register(&mut registry);
    let counters = Metrics::new(&mut registry);
    let listener = listen(config.status_host, config.status_port, "REDIS_STATUS_PORT")?;
    let bridge = redis_bridge::run(config, channels, status.clone(), counters, shutdown.clone());
    tokio::spawn(status::serve(listener, status, Page::new(registry), shutdown));
    bridge.await
}

fn healthcheck() -> anyhow::Result<()> {
    let config: Config = config::load("REDIS_")?;
    Ok(status::probe((config.status_host, config.status_port).into(), "/ready")?)
}
