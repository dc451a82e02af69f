//! Commands on the data of a standalone that does not run: they need the log, and some the engine,
//! which have one owner at a time.

use std::io::{self, BufWriter};
use std::path::Path;

use bus::log::Log;
use bus::{BusError, Channels};
use consumer::{commands, replay};
use runtime::config;
use runtime::shutdown::Shutdown;

use crate::{Config, embedded, private};

/// Does what was asked for with dead letters. Returns whether all of it could be done.
pub async fn dead_letters(
    config: Config,
    command: commands::dead_letters::Command,
    shutdown: Shutdown,
) -> anyhow::Result<bool> {
    let (channels, log) = open(&config.data)?;
    let done =
        commands::dead_letters::run(command, &channels, &shutdown, &mut BufWriter::new(io::stdout())).await;
    close(log).await.and(Ok(done?))
}

/// Folds a range of the log into the table again.
pub async fn replay(config: Config, arguments: replay::Arguments, shutdown: Shutdown) -> anyhow::Result<()> {
    let consumer_config = config::load("CONSUMER_")?;
    let (channels, log) = open(&config.data)?;
    let (store, engine) = embedded::store(&config.data, config.engine_port).await?;
    let done = replay::run(arguments, consumer_config, &channels, store, &shutdown, &mut io::stdout()).await;
    let stopped = match engine {
        Some(engine) => engine.stop().await,
        None => Ok(()),
    };
    done.and(stopped).and(close(log).await)
}

/// Does what was asked for with the hours that were rolled up.
pub async fn rollups(config: Config, command: commands::rollups::Command) -> anyhow::Result<()> {
    command.times()?;
    let (channels, log) = open(&config.data)?;
    drop(channels);
    let (store, engine) = embedded::store(&config.data, config.engine_port).await?;
    let done = commands::rollups::run(command, &store, &mut io::stdout()).await;
    let stopped = match engine {
        Some(engine) => engine.stop().await,
        None => Ok(()),
    };
    done.and(stopped).and(close(log).await)
}

/// The log of data that is there.
fn open(data: &Path) -> anyhow::Result<(Channels, Option<Log>)> {
    anyhow::ensure!(
        embedded::has_log(data),
        "there is no log in {}: MILLRACE_DATA names the data folder",
        data.display()
    );
    private::folder(data)?;
    embedded::channels(data).map_err(|error| match error.downcast::<BusError>() {
        Ok(error) => anyhow::Error::new(error).context("if Millrace runs on this data, stop it first"),
        Err(error) => error,
    })
}

async fn close(log: Option<Log>) -> anyhow::Result<()> {
    match log {
        Some(log) => Ok(log.close().await?),
        None => Ok(()),
    }
}
