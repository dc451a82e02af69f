//! `rollups`: hours that questions read in place of their events.

use std::io::Write;

use clap::Subcommand;
use model::Timestamp;
use store::Store;

/// What to do with hours that were rolled up.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Has hours rolled up anew. To be done after rows were changed by other ways than Millrace's: mutations, restored or
    /// dropped partitions, inserts by hand. Until then questions may tell what was before.
    Mark {
        /// From when on, RFC 3339; from the beginning if absent.
        #[arg(long, value_parser = time)]
        from: Option<Timestamp>,
        /// Up to but not including when; to the end if absent.
        #[arg(long, value_parser = time)]
        to: Option<Timestamp>,
    },
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("expected a time such as 2026-11-20T21:57:13Z")
}

impl Command {
    /// From when up to when.
    pub fn times(&self) -> anyhow::Result<(Timestamp, Timestamp)> {
        let Self::Mark { from, to } = self;
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or(Timestamp::MAX));
        anyhow::ensure!(from < to, "--from must be before --to");
        Ok((from, to))
    }
}

/// Carries the command out, and says so on `out`.
pub async fn run(command: Command, store: &Store, out: &mut impl Write) -> anyhow::Result<()> {
    let (from, to) = command.times()?;
    store.migrate().await?;
    let hours = store.mark_hours(from, to).await?;
    writeln!(
        out,
        "hours marked, each tenant's by themselves: {hours}. A running consumer rolls them up, and until then questions read \
         their events"
    )?;
    Ok(())
}
