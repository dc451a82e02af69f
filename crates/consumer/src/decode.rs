//! Deliveries into operations. Other producers may write to the topic, so nothing is trusted.

use std::collections::HashSet;

use bus::Delivery;
use model::{EventKey, IdempotencyKey, Operation, Position, message};

use crate::dead_letter::Reason;
use crate::fold::Step;

/// Deliveries that are operations, and why the others are none. Indexes are into the batch.
#[derive(Default)]
pub(crate) struct Decoded<'a> {
    /// Of the delivery of each step.
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
            "no_append_time",
            "the message's time is not the broker's append time, so it has no position",
        )
    })?;
    let position = Position::new(append_ms, delivery.offset)
        .map_err(|error| Reason::new("impossible_append_time", error))?;
    let operation = message::decode(delivery.key.as_deref(), &delivery.value)
        .map_err(|error| Reason::new(error.reason(), error))?;
    let idempotency_key = match &operation {
        Operation::Update { .. } => idempotency_key(delivery),
        Operation::Create(_) | Operation::Delete { .. } => None,
    };
    Ok(Step { position, operation, idempotency_key })
}

/// The one that the record's header names. An empty one counts as none.
fn idempotency_key(delivery: &Delivery) -> Option<IdempotencyKey> {
    let (_, sent) = delivery.headers.iter().find(|(name, _)| name == message::IDEMPOTENCY_KEY)?;
    (!sent.is_empty()).then(|| IdempotencyKey::of(sent))
}
