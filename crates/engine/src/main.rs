//! The engine alone, for looking into a data directory with any ClickHouse client:
//! `millrace-engine [data directory] [address]`. Prints its address once it can be asked.

use std::env;

use anyhow::Context;
use engine::{Config, Engine};
use tokio::{net::TcpListener, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let data = arguments.next().unwrap_or_else(|| "data/engine".to_owned()).into();
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8123".to_owned());

    let engine = Engine::open(&Config { data, library: engine::default_library() })?;
    let listener = TcpListener::bind(&address).await.with_context(|| format!("can't listen on {address}"))?;
    println!("http://{}", listener.local_addr()?);
    engine.serve(listener, async { drop(signal::ctrl_c().await) }).await?;
    Ok(())
}
