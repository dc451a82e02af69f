//! What was done to events, one operation after the other, as far as the topic still has it.
//!
//! The topic has no index: what is read are the partitions of the events, from when their first operation can have
//! been appended to where the topic ended at the question. Of all other records only the key is looked at. What lies
//! beyond the limits of a reading is said to be missing, and so is what the topic has lost.

mod operation;
mod reading;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use bus::{Bus, BusError, Channels, From, Topic};
use model::{Event, EventId, Tenant, Timestamp};
use tokio::time::timeout;

pub(crate) use self::operation::PastOperation;
use self::reading::Reading;
use crate::request;

/// What a reading may hold, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// Finds the operations of events on the topic.
pub(crate) struct History {
    bus: Bus,
    topic: Topic,
}

/// What the readings for one answer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// All of them together.
    time: Duration,
    /// What each may hold.
    bytes: usize,
}

/// An event whose operations are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    id: EventId,
    /// None of them was taken in earlier.
    since: Timestamp,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Histories {
    /// Where the topic has lost records of a time at which the events may have been there already: from when on it
    /// has all of them.
    pub(crate) from: Option<Timestamp>,
    /// The history of each event, in the order in which they were asked for.
    pub(crate) events: Vec<EventHistory>,
}

/// What was done to an event.
#[derive(Debug, Default)]
pub(crate) struct EventHistory {
    /// In the order of the topic.
    pub(crate) operations: Vec<PastOperation>,
    /// Whether these are all that ever were. If not, they could not be read within the limits, or the topic may have
    /// lost some.
    pub(crate) is_complete: bool,
}

impl Allowance {
    /// For one answer.
    pub(crate) fn new(time: Duration) -> Self {
        Self { time, bytes: MAX_BYTES }
    }
}

impl Wanted {
    /// An event that is there.
    pub(crate) fn live(event: &Event<'_>) -> Self {
        Self { id: event.id, since: event.received_at }
    }

    /// An event that was deleted. Of it only the id is known: it came in at most a day before the id's time.
    pub(crate) fn deleted(id: EventId) -> Self {
        Self { id, since: id.created_at().days_before(1) }
    }
}

impl History {
    pub(crate) fn new(channels: &Channels) -> Self {
        Self { bus: channels.bus.clone(), topic: channels.events.clone() }
    }

    /// The history of each of these events, none of which is named twice. Takes from the allowance.
    pub(crate) async fn read(
        &self,
        tenant: &Tenant,
        events: &[Wanted],
        allowance: &mut Allowance,
    ) -> Histories {
        let begun = Instant::now();
        let mut reading = Reading::new(tenant, &self.topic.schedule, events, allowance.bytes);
        if !allowance.time.is_zero() && !events.is_empty() {
            // What was read by then stays.
            match timeout(allowance.time, self.go_on(&mut reading)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, request_id = request::id(), "histories could not be read to the end");
                }
                Err(_) => tracing::warn!(request_id = request::id(), "histories could not be read in time"),
            }
        }
        allowance.time = allowance.time.saturating_sub(begun.elapsed());
        reading.end()
    }

    /// Reads to the end, or as much as may be held.
    async fn go_on(&self, reading: &mut Reading) -> Result<(), BusError> {
        let range = self.bus.read_range(&self.topic, From::Times(reading.begins())).await?;
        reading.read(range).await
    }
}
