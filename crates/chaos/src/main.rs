//! `millrace-chaos`: a storm or rude clients against an installation of its own.

use std::fs;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chaos::hostile;
use chaos::storm::{Options, storm};
use clap::{Args, Parser, Subcommand};

/// Shows whether an installation keeps its promises.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Breaks an installation of its own under load, and audits what is left.
    Storm(Storm),
    /// Lets rude clients loose on installations of its own, and looks at what good callers see meanwhile.
    Hostile(Hostile),
}

#[derive(Args)]
struct Storm {
    /// What the script of faults is drawn from; the same seed repeats it. Random if absent.
    #[arg(long)]
    seed: Option<u64>,
    /// How long the storm lasts at least.
    #[arg(long, default_value_t = 180)]
    seconds: u64,
    /// How many operations have to be acknowledged before it ends.
    #[arg(long, default_value_t = 0)]
    operations: u64,
    /// Only these faults, such as `kill leader,newer schema`.
    #[arg(long = "only", value_name = "FAULT", value_delimiter = ',')]
    only: Vec<String>,
}

#[derive(Args)]
struct Hostile {
    /// Make all large updates of the case `growth`, in place of what is enough to see it fail.
    #[arg(long)]
    full: bool,
    /// Judge times too: on a machine that does nothing else, with binaries built for release.
    #[arg(long)]
    strict: bool,
    /// Only these cases.
    #[arg(long = "only", value_name = "CASE")]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Storm(options) => run_storm(options).await,
        Command::Hostile(options) => run_hostile(options).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was as it should be.
async fn run_storm(arguments: Storm) -> anyhow::Result<bool> {
    let options = Options {
        seed: arguments.seed.unwrap_or_else(|| rand::random_range(1..1_000_000)),
        duration: Duration::from_secs(arguments.seconds),
        operations: arguments.operations,
        only: arguments.only,
    };
    let logs = tempfile::Builder::new().prefix("millrace-chaos-").tempdir()?.keep();
    let again = format!("logs are in {}; to repeat it: SEED={} make chaos", logs.display(), options.seed);
    let summary = storm(&options, &logs).await.with_context(|| again.clone())?;
    print!("\n{summary}");
    if summary.is_good() {
        fs::remove_dir_all(&logs)?;
    } else {
        println!("{again}");
    }
    Ok(summary.is_good())
}

/// Whether good callers noticed nothing.
async fn run_hostile(arguments: Hostile) -> anyhow::Result<bool> {
    let Hostile { full, strict, only } = arguments;
    let logs = tempfile::Builder::new().prefix("millrace-hostile-").tempdir()?.keep();
    let report = hostile::hostile(&hostile::Options { full, strict, only }, &logs).await?;
    let (passed, failed) = report.passed_and_failed();
    println!("\n{report}\n{passed} passed, {failed} failed");
    if report.is_good() {
        fs::remove_dir_all(&logs)?;
    } else {
        println!("logs are in {}", logs.display());
    }
    Ok(report.is_good())
}
