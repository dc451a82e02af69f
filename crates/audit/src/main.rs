//! `millrace-audit`: holds an installation's table against its topic.

use std::process::ExitCode;
use std::time::Duration;

use audit::ledger::Ledger;
use audit::{Anomaly, Table, audit};
use bus::Channels;
use clap::Parser;
use runtime::config;

/// Reads the whole topic and the whole table, and names every event that is lost, doubled, stale or
/// resurrected. Configured by `KAFKA_…` and `CLICKHOUSE_…`, like a consumer.
#[derive(Parser)]
#[command(name = "millrace-audit", version)]
struct Arguments {
    /// How long the consumers may take for what is on the topic, in seconds.
    #[arg(long, default_value_t = 60)]
    within: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether there are no findings.
async fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let channels = Channels::kafka(config::load("KAFKA_")?)?;
    let table = Table::new(&config::load("CLICKHOUSE_")?)?;
    // Nobody has written down what callers were promised.
    let ledger = Ledger::default();
    let report = audit(&channels, &table, &ledger, Duration::from_secs(arguments.within)).await?;
    println!("{} records, {} live events, {} deleted", report.records, report.live, report.deleted);
    for anomaly in Anomaly::ALL {
        println!("{:<12}{}", anomaly.as_str(), report.count(anomaly));
    }
    for finding in &report.findings {
        println!("{finding}");
    }
    Ok(report.findings.is_empty())
}
