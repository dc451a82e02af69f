//! `millrace-benchmark-suite`: starts Kafka, the embedded engine and Millrace's own binaries on this
//! machine, measures what is wanted of them, and writes it down beside what is wanted.
//!
//! `ROWS` names the rows to run (all), `SCALE` shrinks or grows their counts (1). Millrace's own
//! variables reach its processes.

mod figure;
mod kafka;
mod machine;
mod process;
mod results;
mod rows;
mod services;
mod site;
mod sql;
mod writes;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;
use runtime::shutdown;

use crate::results::Results;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Millrace on this machine, as `make bench` does. `ROWS` and `SCALE` say what and how much.
#[derive(Parser)]
#[command(name = "millrace-benchmark-suite", version)]
struct Arguments {
    /// The folder that results are written to.
    folder: PathBuf,
}

/// One thread: the machine is for what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shutdown::exit_code(run(Arguments::parse().folder).await)
}

async fn run(output: PathBuf) -> anyhow::Result<()> {
    let scale = Scale::from_environment()?;
    let wanted = env::var("ROWS").unwrap_or_default();
    let shutdown = shutdown::on_signal()?;
    tokio::select! {
        measured = measure(scale, &wanted, Results::begin(output, scale.0)?) => measured,
        // Dropping what runs ends its processes.
        () = shutdown.cancelled() => bail!("interrupted"),
    }
}

/// What was measured is written after each row: the next may fail.
async fn measure(scale: Scale, wanted: &str, mut results: Results) -> anyhow::Result<()> {
    let chosen = rows::chosen(wanted)?;
    let mut failed = Vec::new();
    for row in chosen {
        eprintln!("measuring {}", row.name());
        match row.run(scale, results.folder()).await {
            Ok(measured) => results.add(row.name(), measured)?,
            Err(error) => {
                eprintln!("{}: {error:#}", row.name());
                failed.push(row.name());
            }
        }
    }
    print!("{}", results.table());
    if failed.is_empty() { Ok(()) } else { bail!("could not be measured: {}", failed.join(", ")) }
}

/// What counts are multiplied by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale(f64);

impl Scale {
    fn from_environment() -> anyhow::Result<Self> {
        let text = env::var("SCALE").unwrap_or_else(|_| "1".to_owned());
        match text.parse() {
            Ok(scale) if scale > 0.0 && f64::is_finite(scale) => Ok(Self(scale)),
            _ => bail!("SCALE: {text:?} is no number above 0"),
        }
    }

    /// At least 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are positive and far below 2^53"
    )]
    pub(crate) fn of(self, count: u64) -> u64 {
        ((benchmark::number::float(count) * self.0) as u64).max(1)
    }
}
