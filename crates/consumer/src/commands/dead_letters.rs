//! `dead-letters list`, `show` and `replay`.

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use bus::Channels;
use clap::{ArgGroup, Args, Subcommand};
use dead_letters::{DeadLettersError, Filter, List, Replay, Report};
use model::Timestamp;
use runtime::shutdown::Shutdown;

use super::print;
use super::progress::Progress;

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

/// A time from and up to which letters came.
#[derive(Args, Clone, Debug, Default)]
pub struct Period {
    /// Letters that came at this time (RFC 3339) or later.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Letters that came before this time (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
}

fn parse_time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("expected a time as in RFC 3339, such as 2026-11-20T21:57:13Z")
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

/// Why a command on dead letters was not done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The letters could not be read, or their messages not be put back.
    #[error(transparent)]
    DeadLetters(#[from] DeadLettersError),
    /// Nobody takes the output.
    #[error("the output can't be written: {0}")]
    Output(#[from] io::Error),
    /// A mended message can't be read.
    #[error("{path}: {error}")]
    File {
        /// The file that was named.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The command does not say what it means.
    #[error("{0}")]
    Usage(&'static str),
    /// Someone asked for the end.
    #[error("interrupted")]
    Interrupted,
}

/// Does what was asked for. What is asked about goes to `out`, everything else to standard error.
/// Returns whether all of it could be done.
pub async fn run(
    command: Command,
    channels: &Channels,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> Result<bool, CommandError> {
    let done = execute(command, channels, shutdown, out).await;
    match done.and_then(|done| Ok(out.flush().map(|()| done)?)) {
        // Whoever reads it has seen enough.
        Err(CommandError::Output(error) | CommandError::DeadLetters(DeadLettersError::Report(error)))
            if error.kind() == ErrorKind::BrokenPipe =>
        {
            Ok(true)
        }
        done => done,
    }
}

async fn execute(
    command: Command,
    channels: &Channels,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> Result<bool, CommandError> {
    match command {
        Command::List { reason, period: Period { since, until }, json } => {
            let filter = Filter { reason, since, until, ..Filter::default() };
            unless_interrupted(shutdown, list(channels, filter, json, out)).await.map(|()| true)
        }
        Command::Show { id, raw } => unless_interrupted(shutdown, show(channels, id, raw, out)).await,
        Command::Replay(arguments) => replay(channels, &arguments.read()?, shutdown, out).await,
    }
}

async fn unless_interrupted<T>(
    shutdown: &Shutdown,
    work: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    tokio::select! {
        () = shutdown.cancelled() => Err(CommandError::Interrupted),
        done = work => done,
    }
}

async fn list(
    channels: &Channels,
    filter: Filter,
    json: bool,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let mut list = List::open(channels, filter).await?;
    if !json {
        print::head(out)?;
    }
    while let Some(summary) = list.next().await? {
        if json {
            serde_json::to_writer(&mut *out, &summary).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            print::line(&summary, out)?;
        }
    }
    Ok(())
}

/// Returns whether there is such a letter, and its message.
async fn show(channels: &Channels, id: i64, raw: bool, out: &mut impl Write) -> Result<bool, CommandError> {
    let Some(shown) = dead_letters::show(channels, id).await? else {
        eprintln!("there is no dead letter {id}");
        return Ok(false);
    };
    match (raw, &shown.missing) {
        (true, None) => out.write_all(&shown.letter.value)?,
        (true, Some(_)) => {}
        (false, _) => print::letter(&shown, out)?,
    }
    if let Some(reason) = &shown.missing {
        eprintln!("letter {id}: {reason}");
    }
    Ok(shown.missing.is_none())
}

/// Returns whether all that was to be done is done.
async fn replay(
    channels: &Channels,
    replay: &Replay,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> Result<bool, CommandError> {
    let mut progress = Progress::new();
    let report = |report: Report<'_>| {
        match report {
            Report::WouldReplay(letter) => print::would_replay(letter, out)?,
            Report::ReplayedBefore(id, at) => {
                eprintln!("letter {id}: its message was replayed at {at}; --force replays it again");
            }
            Report::Failed(id, reason) => eprintln!("letter {id}: {reason}"),
            Report::Progress(done, remaining) => progress.tell(|| {
                format!("{}; letters to look at: {remaining}", print::summary(done, replay.dry_run))
            }),
        }
        Ok(())
    };
    let done = dead_letters::replay(channels, replay, shutdown, report).await?;
    writeln!(out, "{}", print::summary(done, replay.dry_run))?;
    if done.interrupted { Err(CommandError::Interrupted) } else { Ok(done.failed == 0) }
}

impl ReplayArguments {
    fn read(self) -> Result<Replay, CommandError> {
        let Self { ids, reason, period: Period { since, until }, value, force, dry_run, .. } = self;
        if value.is_some() && ids.len() != 1 {
            return Err(CommandError::Usage("--value is for one letter"));
        }
        let mended = value.map(|path| {
            std::fs::read(&path).map_err(|error| CommandError::File { path: path.clone(), error })
        });
        let filter = Filter { ids: ids.into_iter().collect(), reason, since, until };
        Ok(Replay { filter, mended: mended.transpose()?, force, dry_run })
    }
}
