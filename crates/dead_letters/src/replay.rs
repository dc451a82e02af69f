//! Puts messages of dead letters back on the topic of events, each once.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::io;

use bus::{Channels, Record};
use model::Timestamp;
use runtime::shutdown::Shutdown;

use crate::marks::Marks;
use crate::mend::message;
use crate::original::complete;
use crate::outbox::{Outbox, Sent};
use crate::reader::Letters;
use crate::{DeadLettersError, Filter, Letter, Place};

/// Which messages are to be put back, and how.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// The letters whose messages are to be put back.
    pub filter: Filter,
    /// Put back in place of what the one letter's message says.
    pub mended: Option<Vec<u8>>,
    /// Put back those too that were put back before. An old update may then undo a newer one.
    pub force: bool,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// How many letters a replay has dealt with, by what became of their messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Put back, or of a dry run: would be.
    pub replayed: usize,
    /// Left alone, because they were put back before.
    pub skipped: usize,
    /// Not put back, for a reason that was reported.
    pub failed: usize,
    /// Whether the replay was ended before it had come to all letters.
    pub interrupted: bool,
}

/// What a replay has to say while it goes on.
#[derive(Debug)]
pub enum Report<'a> {
    /// Of a dry run: this letter's message would be put back.
    WouldReplay(&'a Letter),
    /// A letter that was named by its id is left alone, because its message was put back at this time.
    ReplayedBefore(i64, Timestamp),
    /// The message of the letter with this id is not put back, and why.
    Failed(i64, String),
    /// One more letter was looked at. So much is done, and so many letters have yet to be looked at.
    Progress(Replayed, i64),
}

/// Puts messages back, in transactions, and tells `report` of what is worth knowing before the end. An error
/// of `report` ends the replay. `shutdown` ends it between two transactions.
pub async fn replay(
    channels: &Channels,
    replay: &Replay,
    shutdown: &Shutdown,
    report: impl FnMut(Report<'_>) -> io::Result<()>,
) -> Result<Replayed, DeadLettersError> {
    // First, so that the marks of whoever was at work before are all there to be read.
    let mut outbox = if replay.dry_run { None } else { Some(Outbox::open(channels).await?) };
    let marks = Marks::read(channels).await?;
    let missing = replay.filter.ids.clone();
    let mut run = Run { replay, marks, taken: HashSet::new(), missing, done: Replayed::default(), report };
    let mut letters = Letters::open(channels, replay.filter.clone()).await?;
    loop {
        let letter = tokio::select! {
            biased;
            () = shutdown.cancelled() => {
                run.done.interrupted = true;
                break;
            }
            letter = letters.next() => letter?,
        };
        let Some(letter) = letter else { break };
        run.missing.remove(&letter.id);
        if let Some((letter, message)) = run.prepare(channels, letter).await? {
            match &mut outbox {
                Some(outbox) => run.count(outbox.push(&letter, message).await?)?,
                None => {
                    run.done.replayed += 1;
                    (run.report)(Report::WouldReplay(&letter))?;
                }
            }
        }
        (run.report)(Report::Progress(run.done, letters.remaining()))?;
    }
    if let Some(outbox) = &mut outbox {
        run.count(outbox.flush().await?)?;
    }
    if !run.done.interrupted {
        for id in std::mem::take(&mut run.missing) {
            run.fail(id, "there is no such dead letter")?;
        }
    }
    Ok(run.done)
}

/// A replay under way.
struct Run<'a, F> {
    replay: &'a Replay,
    marks: Marks,
    /// Where messages were that this run has put back or is about to: two letters may be of one.
    taken: HashSet<Place>,
    /// The letters that were named by their ids and are not yet found.
    missing: BTreeSet<i64>,
    done: Replayed,
    report: F,
}

impl<F: FnMut(Report<'_>) -> io::Result<()>> Run<'_, F> {
    /// The message to put back, unless there is a reason not to.
    async fn prepare(&mut self, channels: &Channels, letter: Letter) -> io::Result<Option<(Letter, Record)>> {
        let (id, mended) = (letter.id, self.replay.mended.as_deref());
        let before = self.marks.of(&letter.place).filter(|_| !self.replay.force);
        if before.is_some() || self.taken.contains(&letter.place) {
            if let (Some(at), true) = (before, self.replay.filter.ids.contains(&id)) {
                (self.report)(Report::ReplayedBefore(id, at))?;
            }
            self.done.skipped += 1;
            return Ok(None);
        }
        let whole = match mended {
            Some(_) => Ok(letter),
            None => complete(channels, letter).await,
        };
        let checked = whole.and_then(|letter| {
            let message = message(&letter, mended)?;
            let (bytes, limit) = (message.bytes(), channels.events.max_record_bytes);
            if bytes > limit {
                return Err(format!("its message of {bytes} bytes is larger than the {limit} of a message"));
            }
            Ok((letter, message))
        });
        match checked {
            Ok((letter, message)) => {
                self.taken.insert(letter.place.clone());
                Ok(Some((letter, message)))
            }
            Err(reason) => self.fail(id, reason).map(|()| None),
        }
    }

    fn count(&mut self, sent: Sent) -> io::Result<()> {
        self.done.replayed += sent.replayed;
        sent.refused.into_iter().try_for_each(|(id, error)| self.fail(id, error))
    }

    fn fail(&mut self, id: i64, reason: impl fmt::Display) -> io::Result<()> {
        self.done.failed += 1;
        (self.report)(Report::Failed(id, reason.to_string()))
    }
}
