//! `dead-letters replay`: messages back on the topic of events, each once.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Display;
use std::io::Write;

use bus::Channels;
use runtime::shutdown::Shutdown;

use super::error::LettersError;
use super::filter::Filter;
use super::letter::{Letter, Place};
use super::marks::Marks;
use super::mend::message;
use super::original::complete;
use super::outbox::{Outbox, Sent};
use super::read::Letters;
use crate::progress::Progress;

/// How letters are to be put back.
pub(super) struct Replay {
    pub(super) filter: Filter,
    /// In place of what the one letter's message says.
    pub(super) mended: Option<Vec<u8>>,
    /// Those too that were put back before.
    pub(super) force: bool,
    /// Only say what would be done.
    pub(super) dry_run: bool,
}

/// How far it has come.
#[derive(Default)]
struct Run {
    marks: Marks,
    /// Where messages were that this run has put back or is about to: two letters may be of one.
    taken: HashSet<Place>,
    /// Ids that were named and are yet to come.
    missing: BTreeSet<i64>,
    replayed: usize,
    skipped: usize,
    failed: usize,
}

/// Returns whether all that was to be done is done.
pub(super) async fn replay(
    channels: &Channels,
    replay: Replay,
    shutdown: &Shutdown,
    out: &mut impl Write,
) -> Result<bool, LettersError> {
    // First, so that the marks of whoever was at work before are all there to be read.
    let mut outbox = if replay.dry_run { None } else { Some(Outbox::open(channels).await?) };
    let marks = Marks::read(channels).await?;
    let mut run = Run { marks, missing: replay.filter.ids.clone(), ..Run::default() };
    let mut letters = Letters::open(channels, replay.filter.clone()).await?;
    let mut progress = Progress::new();
    let interrupted = loop {
        let letter = tokio::select! {
            biased;
            () = shutdown.cancelled() => break true,
            letter = letters.next() => letter?,
        };
        let Some(letter) = letter else { break false };
        run.missing.remove(&letter.id);
        if let Some((letter, message)) = run.prepare(channels, &replay, letter).await {
            match &mut outbox {
                Some(outbox) => run.count(outbox.push(&letter, message).await?),
                None => {
                    run.replayed += 1;
                    let event = letter.event_id().unwrap_or_default();
                    writeln!(out, "would replay letter {} ({}, {event})", letter.id, letter.reason)?;
                }
            }
        }
        progress.tell(|| format!("{}; letters to look at: {}", run.summary(&replay), letters.remaining()));
    };
    if let Some(outbox) = &mut outbox {
        run.count(outbox.flush().await?);
    }
    if !interrupted {
        for id in std::mem::take(&mut run.missing) {
            run.fail(id, "there is no such dead letter");
        }
    }
    writeln!(out, "{}", run.summary(&replay))?;
    if interrupted { Err(LettersError::Interrupted) } else { Ok(run.failed == 0) }
}

impl Run {
    /// The message to put back, unless there is a reason not to.
    async fn prepare(
        &mut self,
        channels: &Channels,
        replay: &Replay,
        letter: Letter,
    ) -> Option<(Letter, bus::Record)> {
        let before = self.marks.of(&letter.place).filter(|_| !replay.force);
        if before.is_some() || self.taken.contains(&letter.place) {
            if let (Some(at), true) = (before, replay.filter.ids.contains(&letter.id)) {
                eprintln!("letter {}: its message was replayed at {at}; --force replays it again", letter.id);
            }
            self.skipped += 1;
            return None;
        }
        let id = letter.id;
        let whole = match replay.mended {
            Some(_) => Ok(letter),
            None => complete(channels, letter).await,
        };
        let checked = whole.and_then(|letter| {
            let message = message(&letter, replay.mended.as_deref())?;
            let (bytes, limit) = (message.bytes(), channels.events.max_record_bytes);
            if bytes > limit {
                return Err(format!("its message of {bytes} bytes is larger than the {limit} of a message"));
            }
            Ok((letter, message))
        });
        match checked {
            Ok((letter, message)) => {
                self.taken.insert(letter.place.clone());
                Some((letter, message))
            }
            Err(reason) => {
                self.fail(id, reason);
                None
            }
        }
    }

    fn count(&mut self, sent: Sent) {
        self.replayed += sent.replayed;
        for (id, error) in sent.refused {
            self.fail(id, error);
        }
    }

    fn fail(&mut self, id: i64, reason: impl Display) {
        self.failed += 1;
        eprintln!("letter {id}: {reason}");
    }

    fn summary(&self, replay: &Replay) -> String {
        let Self { replayed, skipped, failed, .. } = self;
        let verb = if replay.dry_run { "would replay" } else { "replayed" };
        format!("{verb} {replayed}, skipped {skipped} that were replayed before, failed on {failed}")
    }
}
