//! `millrace-benchmark`: writes events to a running Millrace, and verifies that exactly those are there.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use benchmark::options::{Command, Generate, Options};
use benchmark::run::Run;
use benchmark::{commerce, page, reads};
use clap::Parser;
use serde::Serialize;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Not everything that must be there is.
const MISMATCH: u8 = 3;

/// One thread: the machine is for what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measure(Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => MISMATCH.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything was as it must be.
async fn measure(options: Options) -> anyhow::Result<bool> {
    let Options { command, server, load } = options;
    match command {
        None => {}
        Some(Command::Reads(wanted)) => {
            let target = server.target()?;
            let known = reads::discover(&target, &wanted).await?;
            let answers = reads::measure(&target, &wanted, &known).await?;
            print!("{answers}");
            write_json(server.json.as_deref(), &answers)?;
            return Ok(true);
        }
        Some(Command::Generate(Generate::Commerce(wanted))) => {
            let counts = commerce::run::generate(&server, &wanted).await?;
            print!("{counts}");
            write_json(server.json.as_deref(), &counts)?;
            return Ok(true);
        }
    }
    let report = Run::write(&server, &load).await?.verify().await?;
    print!("{report}");
    write_json(server.json.as_deref(), &report)?;
    if let Some(file) = &load.html {
        write(file, page::page(&report)?)?;
    }
    Ok(report.is_good())
}

fn write_json(file: Option<&Path>, value: &impl Serialize) -> anyhow::Result<()> {
    file.map_or(Ok(()), |file| write(file, serde_json::to_string_pretty(value)? + "\n"))
}

fn write(file: &Path, text: String) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}
