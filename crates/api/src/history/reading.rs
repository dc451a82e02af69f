//! One reading of the topic for the operations on some events: what is looked for and how far it has come.

use std::collections::{BTreeMap, HashMap};

use bus::{BusError, Delivery, RangeReader, Schedule, Span};
use model::{EventKey, Tenant, Timestamp};

use super::operation::State;
use super::{EventHistory, Histories, PastOperation, Wanted};

/// How far the clocks of those who stamp events and of the topic may be apart, in milliseconds.
const CLOCKS_APART_MS: i64 = 60_000;

/// What is being found.
pub(super) struct Reading {
    events: Vec<Event>,
    /// Which event the key of a record names, though perhaps another tenant's.
    by_key: HashMap<Vec<u8>, usize>,
    /// How much more may be held, in bytes.
    room: usize,
    /// `None` as long as it is not open.
    range: Option<RangeReader>,
    /// When the first record that was read of a partition was appended.
    first_read: BTreeMap<i32, Timestamp>,
    /// A partition with an operation that was too much to be held.
    cut: Option<i32>,
}

/// An event that is asked for.
struct Event {
    key: EventKey,
    partition: i32,
    /// None of its operations was appended earlier.
    since: Timestamp,
    state: State,
    operations: Vec<PastOperation>,
}

impl Reading {
    pub(super) fn new(tenant: &Tenant, schedule: &Schedule, wanted: &[Wanted], room: usize) -> Self {
        let key = |wanted: &Wanted| wanted.id.to_string().into_bytes();
        let event = |wanted: &Wanted| Event {
            key: EventKey { tenant: tenant.clone(), id: wanted.id },
            partition: schedule.partition(&key(wanted), wanted.id.created_at()),
            since: Timestamp::from_millis(wanted.since.millis() - CLOCKS_APART_MS).unwrap_or_default(),
            state: State::default(),
            operations: Vec::new(),
        };
        Self {
            events: wanted.iter().map(event).collect(),
            by_key: wanted.iter().enumerate().map(|(index, wanted)| (key(wanted), index)).collect(),
            room,
            range: None,
            first_read: BTreeMap::new(),
            cut: None,
        }
    }

    /// Where the reading has to begin, in each partition that the events are in.
    pub(super) fn begins(&self) -> BTreeMap<i32, Timestamp> {
        let mut begins = BTreeMap::new();
        for Event { partition, since, .. } in &self.events {
            let begin = begins.entry(*partition).or_insert(*since);
            *begin = (*since).min(*begin);
        }
        begins
    }

    /// Reads to the end, or as much as there is room for. What was read stays when this is dropped.
    pub(super) async fn read(&mut self, range: RangeReader) -> Result<(), BusError> {
        self.range = Some(range);
        while let Some(range) = &mut self.range {
            let Some(delivery) = range.next().await.transpose()? else { break };
            if !self.take(&delivery) {
                break;
            }
        }
        Ok(())
    }

    /// Keeps a record if it is one of the operations. Returns whether there is room for more.
    fn take(&mut self, delivery: &Delivery) -> bool {
        if let Some(at) = delivery.append_ms.and_then(Timestamp::from_millis) {
            self.first_read.entry(delivery.partition).or_insert(at);
        }
        let named = delivery.key.as_ref().and_then(|key| self.by_key.get(key));
        let Some(event) = named.and_then(|index| self.events.get_mut(*index)) else { return true };
        let Some(operation) = PastOperation::read(delivery, &event.key, &mut event.state) else {
            return true;
        };
        let Some(room) = self.room.checked_sub(operation.bytes()) else {
            self.cut = Some(delivery.partition);
            return false;
        };
        self.room = room;
        event.operations.push(operation);
        true
    }

    /// What was found, and what may be missing.
    pub(super) fn end(self) -> Histories {
        let Self { events, range, first_read, cut, .. } = self;
        let now = Timestamp::now();
        // Of each partition: whether it was read to its end, and from when on it is whole if it begins too late.
        let of_span = |(partition, span): (&i32, &Span)| {
            let is_read = span.next >= span.end && cut != Some(*partition);
            let begins_late = span.first > 0 && span.begin == span.first;
            let whole_from = begins_late.then(|| first_read.get(partition).copied().unwrap_or(now));
            (*partition, (is_read, whole_from))
        };
        let partitions: BTreeMap<i32, (bool, Option<Timestamp>)> =
            range.iter().flat_map(|range| range.spans().iter().map(of_span)).collect();
        let history = |event: Event| {
            let is_complete = partitions.get(&event.partition).is_some_and(|(is_read, whole_from)| {
                *is_read && whole_from.is_none_or(|from| from <= event.since)
            });
            EventHistory { operations: event.operations, is_complete }
        };
        Histories {
            events: events.into_iter().map(history).collect(),
            from: partitions
                .values()
                .filter_map(|(is_read, whole_from)| whole_from.filter(|_| *is_read))
                .max(),
        }
    }
}
