//! The engine alone, for looking into a data directory with any ClickHouse client.

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use engine::{Config, Engine};
use tokio::{net::TcpListener, signal};

/// Serves a data directory by ClickHouse's HTTP interface. Prints its address once it can be asked.
#[derive(Parser)]
#[command(name = "millrace-engine", version)]
struct Arguments {
    /// Made if it is missing.
    #[arg(default_value = "data/engine")]
    data: PathBuf,
    /// A loopback address; port 0 picks a free one.
    #[arg(default_value = "127.0.0.1:8123")]
    address: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { data, address } = Arguments::parse();
    let engine = Engine::open(&Config { data, library: engine::default_library(), password: None })?;
    let listener = TcpListener::bind(&address).await.with_context(|| format!("can't listen on {address}"))?;
    println!("http://{}", listener.local_addr()?);
    engine.serve(listener, async { drop(signal::ctrl_c().await) }).await?;
    Ok(())
}
