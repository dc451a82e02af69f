//! `millrace-consumer`: Kafka in, ClickHouse out.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use bus::Channels;
use clap::{Parser, Subcommand};
use consumer::{commands, replay};
use runtime::metrics::Page;
use runtime::{config, listen, metrics, shutdown, status, telemetry, threads};
use store::Store;
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Folds the events on a Kafka topic into a ClickHouse table. Configured by environment variables.
#[derive(Parser)]
#[command(name = "millrace-consumer", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Asks the consumer running on this machine whether it is ready.
    Healthcheck,
    /// What to do with messages that could not be written.
    DeadLetters {
        #[command(subcommand)]
        command: commands::dead_letters::Command,
    },
    /// Hours that questions read in place of their events.
    Rollups {
        #[command(subcommand)]
        command: commands::rollups::Command,
    },
    /// Folds a range of the topic into the table again; consumers may go on meanwhile.
    Replay(replay::Arguments),
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let runtime = Runtime::new().map_err(Into::into);
    match runtime.and_then(|runtime| threads::run(runtime, execute(command))) {
        // What could not be done has been said.
        Ok(false) => ExitCode::FAILURE,
        outcome => shutdown::exit_code(outcome.map(|_| ())),
    }
}

/// Carries out the command line. Returns whether everything that was asked for could be done.
async fn execute(command: Option<Command>) -> anyhow::Result<bool> {
    match command {
        None => run().await.map(|()| true),
        Some(Command::Healthcheck) => healthcheck().map(|()| true),
        Some(Command::DeadLetters { command }) => dead_letters(command).await,
        Some(Command::Rollups { command }) => rollups(command).await.map(|()| true),
        Some(Command::Replay(arguments)) => replay(arguments).await.map(|()| true),
    }
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

async fn dead_letters(command: commands::dead_letters::Command) -> anyhow::Result<bool> {
    telemetry::init(&config::load("LOG_")?)?;
    let channels = Channels::kafka(config::load("KAFKA_")?)?;
    let mut out = BufWriter::new(io::stdout());
    Ok(commands::dead_letters::run(command, &channels, &shutdown::on_signal()?, &mut out).await?)
}

async fn rollups(command: commands::rollups::Command) -> anyhow::Result<()> {
    telemetry::init(&config::load("LOG_")?)?;
    let store = Store::new(config::load("CLICKHOUSE_")?)?;
    commands::rollups::run(command, &store, &mut io::stdout()).await
}

async fn replay(arguments: replay::Arguments) -> anyhow::Result<()> {
    telemetry::init(&config::load("LOG_")?)?;
    let config = config::load("CONSUMER_")?;
    let channels = Channels::kafka(config::load("KAFKA_")?)?;
    let store = Store::new(config::load("CLICKHOUSE_")?)?;
    replay::run(arguments, config, &channels, store, &shutdown::on_signal()?, &mut io::stdout()).await
}

fn healthcheck() -> anyhow::Result<()> {
    let config: consumer::Config = config::load("CONSUMER_")?;
    Ok(status::probe((config.status_host, config.status_port).into(), "/ready")?)
}
