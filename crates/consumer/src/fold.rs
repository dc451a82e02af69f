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

use std::collections::{HashMap, HashSet};

use model::{EventKey, Operation, Position, Version, Write};
use store::{State, Stored};

/// An operation and where the log put it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where the log put it.
    pub position: Position,
    /// What it does.
    pub operation: Operation,
}

/// What became of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the row that its event leaves behind, or a later one of the batch is on top of it.
    Folded,
    /// The table already has it, or something that beats it.
    Replay,
    /// An update of an event that is not there.
    UnknownEvent,
    /// An update of an event that was deleted.
    EventDeleted,
    /// The table takes no row that it is part of. Never the fold's own word.
    Refused,
}

/// The rows to write, each key once, in the order of their first operation; and the fate of each step.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The rows.
    pub rows: Vec<(EventKey, Stored)>,
    /// As many as there were steps, in their order.
    pub fates: Vec<Fate>,
}

/// The events whose rows the fold needs: those that are updated.
pub fn updated_keys(steps: &[Step]) -> HashSet<EventKey> {
    let updated = steps.iter().filter(|step| matches!(step.operation, Operation::Update { .. }));
    updated.map(|step| step.operation.key()).collect()
}

/// Folds steps, in the order of the log per event, onto what the table holds of the updated ones.
pub fn fold(steps: Vec<Step>, stored: &HashMap<EventKey, Stored>) -> Outcome {
    let mut outcome = Outcome { rows: Vec::new(), fates: Vec::with_capacity(steps.len()) };
    let mut order = Vec::new();
    let mut current: HashMap<EventKey, Option<Stored>> = HashMap::new();
    for Step { position, operation } in steps {
        let key = operation.key();
        let row = current.entry(key).or_insert_with_key(|key| {
            order.push(key.clone());
            stored.get(key).cloned()
        });
        outcome.fates.push(step(row, position, operation));
    }
    for key in order {
        let Some(row) = current.remove(&key).flatten() else { continue };
        if stored.get(&key).is_none_or(|before| before.version != row.version) {
            outcome.rows.push((key, row));
        }
    }
    outcome
}

/// One operation on one event.
fn step(row: &mut Option<Stored>, position: Position, operation: Operation) -> Fate {
    match operation {
        Operation::Create(event) => {
            let version = Version::new(Write::Create, position);
            replace(row, Stored { version, state: State::Live(event) })
        }
        Operation::Delete { at, .. } => {
            let version = Version::new(Write::Delete, position);
            replace(row, Stored { version, state: State::Deleted { at } })
        }
        Operation::Update { at, patch, .. } => match row {
            None => Fate::UnknownEvent,
            Some(stored) if position <= stored.version.position() => Fate::Replay,
            Some(Stored { state: State::Deleted { .. }, .. }) => Fate::EventDeleted,
            Some(Stored { version, state: State::Live(event) }) => {
                patch.apply(&mut event.content);
                event.updated_at = at;
                *version = Version::new(Write::Update, position);
                Fate::Folded
            }
        },
    }
}

/// The greater version stays, as in the table.
fn replace(row: &mut Option<Stored>, new: Stored) -> Fate {
    if row.as_ref().is_some_and(|stored| stored.version >= new.version) {
        return Fate::Replay;
    }
    *row = Some(new);
    Fate::Folded
}

#[cfg(test)]
mod tests;
