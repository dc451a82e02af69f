//! Decodes deliveries into operations. Other producers may write to the topic, so nothing is trusted.

use std::collections::{HashMap, HashSet};

use bus::Delivery;
use dead_letters::{FOREIGN_ROW, IMPOSSIBLE_APPEND_TIME, NO_APPEND_TIME, Reason};
use model::{EventKey, IdempotencyKey, Operation, Position, message};

use crate::fold::Step;

/// Deliveries that are operations, and why the others are none. Indexes are into the batch.
#[derive(Default)]
pub(crate) struct Decoded<'a> {
    /// For each step the index of its delivery.
    pub(crate) indexes: Vec<usize>,
    pub(crate) steps: Vec<Step<'a>>,
    /// The events whose rows the fold needs.
    pub(crate) updated: HashSet<EventKey>,
    pub(crate) rejects: Vec<(usize, Reason)>,
}

impl Decoded<'_> {
    /// How many deliveries these are.
    pub(crate) fn deliveries(&self) -> usize {
        self.indexes.len() + self.rejects.len()
    }

    /// Takes out all operations on the events in `left`, in the order of the log.
    pub(crate) fn split_off(&mut self, left: HashSet<EventKey>) -> Self {
        let mut later = Self::default();
        let both = std::mem::take(&mut self.indexes).into_iter().zip(std::mem::take(&mut self.steps));
        for (index, step) in both {
            let part = if left.contains(&step.operation.key()) { &mut later } else { &mut *self };
            part.indexes.push(index);
            part.steps.push(step);
        }
        self.updated.retain(|key| !left.contains(key));
        later.updated = left;
        later
    }

    /// Takes out the updates of events whose rows nobody here wrote, as dead letters: there is nothing to
    /// update. Creates and deletes ask for no row.
    pub(crate) fn reject_foreign(&mut self, foreign: &HashMap<EventKey, String>) -> Vec<(usize, Reason)> {
        let mut rejects = Vec::new();
        if foreign.is_empty() {
            return rejects;
        }
        let both = std::mem::take(&mut self.indexes).into_iter().zip(std::mem::take(&mut self.steps));
        for (index, step) in both {
            if let Operation::Update { key, .. } = &step.operation
                && let Some(why) = foreign.get(key)
            {
                rejects.push((index, Reason::new(FOREIGN_ROW, why)));
                continue;
            }
            self.indexes.push(index);
            self.steps.push(step);
        }
        // The cache must learn nothing of these events: their rows in the table are not what the fold makes.
        self.updated.retain(|key| !foreign.contains_key(key));
        rejects
    }
}

/// Decodes deliveries from the first on, up to the one that would update one event more than `most`.
pub(crate) fn decode_some(deliveries: &[Delivery], most: usize) -> Decoded<'_> {
    let mut some = Decoded {
        indexes: Vec::with_capacity(deliveries.len()),
        steps: Vec::with_capacity(deliveries.len()),
        ..Decoded::default()
    };
    for (index, delivery) in deliveries.iter().enumerate() {
        match decode(delivery) {
            Ok(step) => {
                if let Operation::Update { key, .. } = &step.operation
                    && !some.updated.contains(key)
                {
                    if some.updated.len() >= most {
                        break;
                    }
                    some.updated.insert(key.clone());
                }
                some.indexes.push(index);
                some.steps.push(step);
            }
            Err(reason) => some.rejects.push((index, reason)),
        }
    }
    some
}

pub(crate) fn decode(delivery: &Delivery) -> Result<Step<'_>, Reason> {
    let append_ms = delivery.append_ms.ok_or_else(|| {
        Reason::new(
            NO_APPEND_TIME,
            "the message's time is not the broker's append time, so it has no position",
        )
    })?;
    let position = Position::new(append_ms, delivery.offset)
        .map_err(|error| Reason::new(IMPOSSIBLE_APPEND_TIME, error))?;
    let operation = message::decode(delivery.key.as_deref(), &delivery.value)
        .map_err(|error| Reason::new(error.reason(), error))?;
    let idempotency_key = match &operation {
        Operation::Update { .. } => IdempotencyKey::find(&delivery.headers),
        Operation::Create(_) | Operation::Delete { .. } => None,
    };
    Ok(Step { position, operation, idempotency_key })
}
