//! What can be asked for on the command line.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use bus::Channels;
use clap::{ArgGroup, Args, Subcommand};
use runtime::shutdown::Shutdown;

use super::error::LettersError;
use super::filter::{Filter, Period};
use super::list::list;
use super::replay::{Replay, replay};
use super::show::show;

/// A command on dead letters.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists dead letters, the oldest first.
    List {
        /// Letters with this reason, such as `unknown_event`.
        #[arg(long)]
        reason: Option<String>,
        /// When they came.
        #[command(flatten)]
        period: Period,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Shows one letter.
    Show {
        /// Its id, as listed.
        id: i64,
        /// Nothing but the message's value, to the byte.
        #[arg(long)]
        raw: bool,
    },
    /// Puts messages back on the topic of events, each once.
    Replay(ReplayArguments),
}

/// Which messages to put back, and how.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("which").required(true))]
pub struct ReplayArguments {
    /// The letter with this id. May be given more than once.
    #[arg(long = "id", value_name = "ID", group = "which", conflicts_with_all = ["since", "until"])]
    ids: Vec<i64>,
    /// All letters with this reason.
    #[arg(long, group = "which")]
    reason: Option<String>,
    /// All letters.
    #[arg(long, group = "which")]
    all: bool,
    #[command(flatten)]
    period: Period,
    /// Put back what this file holds in place of the one letter's message.
    #[arg(long, value_name = "FILE", requires = "ids", conflicts_with_all = ["all", "reason"])]
    value: Option<PathBuf>,
    /// Put back again what was put back before. An old update may then undo a newer one.
    #[arg(long)]
    force: bool,
    /// Only say what would be put back.
    #[arg(long)]
    dry_run: bool,
}

/// Does what was asked for. What is asked about goes to `out`, everything else to standard error.
/// Returns whether all of it could be done.
pub async fn run(
    command: Command,
    channels: &Channels,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> Result<bool, LettersError> {
    let done = execute(command, channels, shutdown, out).await;
    match done.and_then(|done| Ok(out.flush().map(|()| done)?)) {
        // Whoever reads it has seen enough.
        Err(LettersError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(true),
        done => done,
    }
}

async fn execute(
    command: Command,
    channels: &Channels,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> Result<bool, LettersError> {
    match command {
        Command::List { reason, period, json } => {
            let filter = Filter { reason, period, ..Filter::default() };
            unless_interrupted(shutdown, list(channels, filter, json, out)).await.map(|()| true)
        }
        Command::Show { id, raw } => unless_interrupted(shutdown, show(channels, id, raw, out)).await,
        // Ends between two transactions.
        Command::Replay(arguments) => replay(channels, arguments.read()?, shutdown, out).await,
    }
}

async fn unless_interrupted<T>(
    shutdown: &Shutdown,
    work: impl Future<Output = Result<T, LettersError>>,
) -> Result<T, LettersError> {
    tokio::select! {
        () = shutdown.cancelled() => Err(LettersError::Interrupted),
        done = work => done,
    }
}

impl ReplayArguments {
    fn read(self) -> Result<Replay, LettersError> {
        let Self { ids, reason, period, value, force, dry_run, .. } = self;
        if value.is_some() && ids.len() != 1 {
            return Err(LettersError::Usage("--value is for one letter"));
        }
        let mended = value.map(|path| {
            std::fs::read(&path).map_err(|error| LettersError::File { path: path.clone(), error })
        });
        let filter = Filter { ids: ids.into_iter().collect(), reason, period };
        Ok(Replay { filter, mended: mended.transpose()?, force, dry_run })
    }
}
