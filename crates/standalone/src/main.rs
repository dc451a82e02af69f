//! `millrace`: everything in one process, on one data folder.

use std::process::ExitCode;

use clap::Parser;
use runtime::{config, shutdown, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Event analytics in one process: API, consumer, embedded log and engine. Configured by environment
/// variables; with `KAFKA_BROKERS` or `CLICKHOUSE_URL` set it uses those instead of embedding.
#[derive(Parser)]
#[command(name = "millrace", version)]
struct Arguments {}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments {} = Arguments::parse();
    shutdown::exit_code(run().await)
}

async fn run() -> anyhow::Result<()> {
    telemetry::init(&config::load("LOG_")?)?;
    standalone::run(config::load("MILLRACE_")?, shutdown::on_signal()?).await
}
