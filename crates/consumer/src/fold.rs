//! What a batch of operations leaves behind: where correctness lives.
//!
//! A plain function from values to values. Its rules (the table's side of them is the version):
//!
//! 1. An update applies only if its position is greater than the position that the row's version
//!    stands for.
//! 2. An update always needs the stored row, even when its create is in the same batch: that create
//!    may be a repeat. Only creates and deletes are blind.
//! 3. Only a row whose key was looked up may be kept for later batches ([`crate::cache`]).
//! 4. An update of an event that is not there, or is deleted, changes nothing.
//! 5. An update whose key is among the row's last applied ones changes nothing. The keys are part of the
//!    row, so that they are what the log up to the row's position makes them, whoever reads it how often.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use indexmap::map::Entry;
use model::{
    AppliedKeys, EventKey, IdempotencyKey, Mentions, Operation, Position, State, Stored, Version, Write,
};

/// An operation and its position in the log.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The operation's position in the log.
    pub position: Position,
    /// What is done to which event.
    pub operation: Operation<'a>,
    /// The key that the caller gave an update, so that a repeat of it is known. None for a create or a delete.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// What became of one operation: each has exactly one fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The operation is in the row that its event leaves behind, or a later one of the batch has replaced it.
    Folded,
    /// The table already has it, or something that beats it, or has the same change from an earlier record.
    Replay,
    /// An update of an event that is not there.
    UnknownEvent,
    /// An update of an event that was deleted.
    EventDeleted,
    /// ClickHouse takes no row that the operation is part of. The fold never says so, but `bisect` does.
    Refused,
}

/// What a batch leaves behind, each key once, in the order of their first operation; and the fate of
/// each step.
#[derive(Debug, Default)]
pub struct Outcome<'a> {
    /// The rows that are to be inserted.
    pub rows: Vec<(EventKey, Stored<'a>)>,
    /// The rows that were looked up and that no operation has changed.
    pub unchanged: Vec<(EventKey, Stored<'a>)>,
    /// The fate of each step, in the order of the steps.
    pub fates: Vec<Fate>,
}

/// An event while a batch is folded.
struct Slot<'a> {
    /// The version of the row that was looked up, if there was one.
    before: Option<Version>,
    now: Option<Stored<'a>>,
}

/// Folds steps, in the order of the log per event, onto what the table holds of the updated ones.
pub fn fold<'a>(steps: Vec<Step<'a>>, mut stored: HashMap<EventKey, Stored<'a>>) -> Outcome<'a> {
    let mut fates = Vec::with_capacity(steps.len());
    let mut events: IndexMap<EventKey, Slot<'a>, RandomState> =
        IndexMap::with_capacity_and_hasher(steps.len(), RandomState::default());
    for Step { position, operation, idempotency_key } in steps {
        let slot = match events.entry(operation.key()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let now = stored.remove(new.key());
                new.insert(Slot { before: now.as_ref().map(|row| row.version), now })
            }
        };
        fates.push(step(&mut slot.now, position, operation, idempotency_key));
    }
    let mut outcome = Outcome { rows: Vec::with_capacity(events.len()), unchanged: Vec::new(), fates };
    for (key, Slot { before, now }) in events {
        let Some(row) = now else { continue };
        let same = before == Some(row.version);
        let rows = if same { &mut outcome.unchanged } else { &mut outcome.rows };
        rows.push((key, row));
    }
    outcome
}

/// One operation on one event.
fn step<'a>(
    row: &mut Option<Stored<'a>>,
    position: Position,
    operation: Operation<'a>,
    idempotency_key: Option<IdempotencyKey>,
) -> Fate {
    match operation {
        Operation::Create(event) => {
            let version = Version::new(Write::Create, position);
            replace(row, Stored { version, state: State::Live(event), applied: AppliedKeys::default() })
        }
        Operation::Delete { at, .. } => {
            let version = Version::new(Write::Delete, position);
            let state = State::Deleted { at, hidden: None };
            replace(row, Stored { version, state, applied: AppliedKeys::default() })
        }
        Operation::Update { at, patch, .. } => match row {
            None => Fate::UnknownEvent,
            Some(stored) if position <= stored.version.position() => Fate::Replay,
            Some(Stored { state: State::Deleted { .. }, .. }) => Fate::EventDeleted,
            Some(Stored { applied, .. }) if idempotency_key.is_some_and(|key| applied.contains(key)) => {
                Fate::Replay
            }
            Some(Stored { version, state: State::Live(event), applied }) => {
                patch.apply(&mut event.content);
                event.updated_at = at;
                *version = Version::new(Write::Update, position);
                if let Some(key) = idempotency_key {
                    applied.push(key);
                }
                Fate::Folded
            }
        },
    }
}

/// The greater version stays, as in the table. A tombstone keeps what the event named, which the table never saw if
/// its create is in the same batch.
fn replace<'a>(row: &mut Option<Stored<'a>>, mut new: Stored<'a>) -> Fate {
    if row.as_ref().is_some_and(|stored| stored.version >= new.version) {
        return Fate::Replay;
    }
    if let State::Deleted { hidden, .. } = &mut new.state {
        *hidden = row.take().and_then(|old| match old.state {
            State::Live(event) => Mentions::of(event.content),
            State::Deleted { hidden, .. } => hidden,
        });
    }
    *row = Some(new);
    Fate::Folded
}

#[cfg(test)]
mod tests;
