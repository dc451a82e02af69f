//! Deliveries into operations. Other producers may write to the topic, so nothing is trusted.

use bus::Delivery;
use model::{Position, message};

use crate::dead_letter::Reason;
use crate::fold::Step;

/// Deliveries that are operations, and why the others are none. Indexes are into the batch.
pub(crate) struct Decoded {
    /// Of the delivery of each step.
    pub(crate) indexes: Vec<usize>,
    pub(crate) steps: Vec<Step>,
    pub(crate) rejects: Vec<(usize, Reason)>,
}

pub(crate) fn decode_all(deliveries: &[Delivery]) -> Decoded {
    let mut all = Decoded {
        indexes: Vec::with_capacity(deliveries.len()),
        steps: Vec::with_capacity(deliveries.len()),
        rejects: Vec::new(),
    };
    for (index, delivery) in deliveries.iter().enumerate() {
        match decode(delivery) {
            Ok(step) => {
                all.indexes.push(index);
                all.steps.push(step);
            }
            Err(reason) => all.rejects.push((index, reason)),
        }
    }
    all
}

pub(crate) fn decode(delivery: &Delivery) -> Result<Step, Reason> {
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
    Ok(Step { position, operation })
}
