//! `millrace`: everything in one process, on one data folder.

use std::process::ExitCode;

use api::KeysCommand;
use clap::{Parser, Subcommand};
use consumer::{commands, replay};
use runtime::{config, shutdown, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Event analytics in one process: API, consumer, embedded log and engine. Configured by environment
/// variables; with `KAFKA_BROKERS` or `CLICKHOUSE_URL` set it uses those instead of embedding.
#[derive(Parser)]
#[command(name = "millrace", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

/// A demo, and commands for a standalone that is stopped, and for keys.
#[derive(Subcommand)]
enum Command {
    /// Starts Millrace on a folder of its own (`data/demo`, or `MILLRACE_DATA`) and fills it with a made-up shop: the last 30
    /// days, and what happens from now on.
    Demo,
    /// What to do with messages that could not be written, while Millrace is stopped.
    DeadLetters {
        #[command(subcommand)]
        command: commands::dead_letters::Command,
    },
    /// Keys for those who call the API.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Hours that questions read in place of their events, while Millrace is stopped.
    Rollups {
        #[command(subcommand)]
        command: commands::rollups::Command,
    },
    /// Folds a range of the log into the table again, while Millrace is stopped.
    Replay(replay::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        // What could not be done has been said.
        Ok(false) => ExitCode::FAILURE,
        outcome => shutdown::exit_code(outcome.map(|_| ())),
    }
}

async fn run(command: Option<Command>) -> anyhow::Result<bool> {
    telemetry::init(&config::load("LOG_")?)?;
    let (config, shutdown) = (config::load("MILLRACE_")?, shutdown::on_signal()?);
    match command {
        None => standalone::run(config, shutdown).await?,
        Some(Command::Demo) => standalone::demo(config, shutdown).await?,
        Some(Command::DeadLetters { command }) => {
            return standalone::dead_letters(config, command, shutdown).await;
        }
        Some(Command::Keys { command }) => command.run(),
        Some(Command::Rollups { command }) => standalone::rollups(config, command).await?,
        Some(Command::Replay(arguments)) => standalone::replay(config, arguments, shutdown).await?,
    }
    Ok(true)
}
