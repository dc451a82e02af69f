//! The messages that came last, in one order for all partitions, bounded in bytes. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Bytes;
use model::{Operation, Tenant};

/// Where on the topic a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// An operation that was taken in.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) place: Place,
    pub(super) tenant: Tenant,
    /// How many of the tenant's came before it, of those that this buffer was given.
    pub(super) number: u64,
    /// For filters.
    pub(super) operation: Operation<'static>,
    /// As it is sent.
    pub(super) frame: Bytes,
    /// What it takes in memory, more or less.
    pub(super) bytes: usize,
}

/// Numbers its messages by their order; the oldest make room for the newest.
pub(super) struct Ring {
    messages: VecDeque<Arc<Message>>,
    /// The number of the oldest.
    begin: u64,
    bytes: usize,
    most: usize,
}

impl Ring {
    /// Of so many bytes, or of one message if that has more.
    pub(super) fn new(most: usize) -> Self {
        Self { messages: VecDeque::new(), begin: 0, bytes: 0, most }
    }

    pub(super) fn push(&mut self, message: Message) {
        self.bytes += message.bytes;
        self.messages.push_back(Arc::new(message));
        while self.bytes > self.most && self.messages.len() > 1 {
            if let Some(oldest) = self.messages.pop_front() {
                self.bytes -= oldest.bytes;
                self.begin += 1;
            }
        }
    }

    /// The number of the oldest message that is there.
    pub(super) fn begin(&self) -> u64 {
        self.begin
    }

    /// The number that the next message will get.
    pub(super) fn end(&self) -> u64 {
        self.begin + self.messages.len() as u64
    }

    /// The messages from a number on, or from the oldest on if that is gone.
    pub(super) fn from(&self, number: u64) -> impl Iterator<Item = &Arc<Message>> {
        let skipped = usize::try_from(number.saturating_sub(self.begin)).unwrap_or(usize::MAX);
        self.messages.range(skipped.min(self.messages.len())..)
    }

    /// The number and the message at a place.
    pub(super) fn find(&self, place: Place) -> Option<(u64, &Arc<Message>)> {
        (self.begin..).zip(&self.messages).find(|(_, message)| message.place == place)
    }

    /// Whether a message lies behind this place in its partition.
    pub(super) fn has_behind(&self, place: Place) -> bool {
        let is_behind = |message: &Arc<Message>| {
            message.place.partition == place.partition && message.place.offset > place.offset
        };
        self.messages.iter().any(is_behind)
    }
}

#[cfg(test)]
mod tests {
    use model::{EventId, EventKey, Timestamp};

    use super::*;

    fn message(partition: i32, offset: i64, bytes: usize) -> Message {
        let (tenant, at) = (Tenant::default(), Timestamp::now());
        let key = EventKey { tenant: tenant.clone(), id: EventId::new(at) };
        let operation = Operation::Delete { key, at };
        Message {
            place: Place { partition, offset },
            tenant,
            number: 0,
            operation,
            frame: Bytes::new(),
            bytes,
        }
    }

    fn offsets(ring: &Ring, from: u64) -> Vec<i64> {
        ring.from(from).map(|message| message.place.offset).collect()
    }

    #[test]
    fn the_oldest_make_room_and_numbers_go_on() {
        let mut ring = Ring::new(30);
        assert_eq!((ring.begin(), ring.end(), offsets(&ring, 0)), (0, 0, vec![]));
        for offset in 0..5 {
            ring.push(message(0, offset, 10));
        }
        assert_eq!((ring.begin(), ring.end()), (2, 5));
        assert_eq!(offsets(&ring, 0), [2, 3, 4]);
        assert_eq!(offsets(&ring, 4), [4]);
        assert_eq!(offsets(&ring, 5), [] as [i64; 0]);
        assert_eq!(offsets(&ring, 9), [] as [i64; 0]);
        // One that is larger than all of the room is kept alone.
        ring.push(message(0, 5, 100));
        assert_eq!((ring.begin(), offsets(&ring, 0)), (5, vec![5]));
        ring.push(message(0, 6, 10));
        assert_eq!((ring.begin(), offsets(&ring, 0), ring.bytes), (6, vec![6], 10));
    }

    #[test]
    fn a_message_is_found_by_its_place() {
        let mut ring = Ring::new(20);
        for (partition, offset) in [(0, 7), (1, 7), (0, 9)] {
            ring.push(message(partition, offset, 10));
        }
        let place = |partition, offset| Place { partition, offset };
        assert_eq!(ring.find(place(1, 7)).map(|(number, _)| number), Some(1));
        assert!(ring.find(place(0, 7)).is_none() && ring.find(place(0, 8)).is_none());
        assert!(ring.has_behind(place(0, 7)) && !ring.has_behind(place(0, 9)));
        assert!(!ring.has_behind(place(1, 7)) && !ring.has_behind(place(2, 0)));
    }
}
