//! Sources: members of a consumer group, which read a topic's records as deliveries.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::budget::Budget;
use crate::signals::Receiver;
use crate::{BusError, kafka, log};

/// A record, as it comes out of the log.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The partition it is in.
    pub partition: i32,
    /// Its offset in it.
    pub offset: i64,
    /// Milliseconds since the Unix epoch at which the log took it; `None` when the record's time is
    /// the producer's or none at all.
    pub append_ms: Option<i64>,
    /// The key as sent.
    pub key: Option<Vec<u8>>,
    /// The value as sent; empty when there was none.
    pub value: Vec<u8>,
    /// The headers as sent.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Delivery {
    /// The bytes of memory that the delivery takes, more or less.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        size_of::<Self>() + self.key.as_ref().map_or(0, Vec::len) + self.value.len() + headers
    }
}

/// What a source has to say, in the order in which it happened.
#[derive(Debug)]
pub enum Signal {
    /// A record.
    Delivery(Delivery),
    /// These partitions are this member's from now on.
    Assigned(Vec<i32>),
    /// These partitions are no longer this member's. Records that were delivered and not committed are delivered
    /// again, to the member that has the partition then.
    Revoked(Vec<i32>),
    /// The log removed records before this group had read them.
    Gap {
        /// In which partition.
        partition: i32,
        /// How many.
        missed: i64,
    },
    /// The log said something is wrong; reading goes on by itself.
    Trouble(String),
}

/// The next offset to read, per partition.
pub type Offsets = BTreeMap<i32, i64>;

/// A member of a consumer group. Dropping it leaves the group.
pub struct Source {
    pub(crate) signals: Receiver,
    pub(crate) budget: Arc<Budget>,
    pub(crate) reader: Reader,
}

pub(crate) enum Reader {
    Kafka(kafka::Reader),
    Log(log::Reader),
}

impl Source {
    /// The next thing that happened; `None` once reading has ended for good. Cancel-safe.
    pub async fn next(&mut self) -> Option<Signal> {
        self.signals.next().await
    }

    /// The next thing that has already happened, if there is any.
    pub fn try_next(&mut self) -> Option<Signal> {
        self.signals.try_next()
    }

    /// How often reading paused since the last call, because too much was waiting here.
    pub fn take_pauses(&self) -> u64 {
        self.budget.take_pauses()
    }

    /// Reads no more from the log. Deliveries that were read already are still given, and assignments and
    /// revocations are still told: the source remains a member of its group.
    pub fn stop_reading(&self) {
        self.budget.fill();
    }

    /// Leaves the group and returns when that is done.
    pub async fn close(self) {
        match self.reader {
            Reader::Kafka(reader) => reader.close().await,
            Reader::Log(_) => {}
        }
    }

    /// Says that everything before these offsets is done. Offsets of partitions that are no longer this
    /// member's should be left out. Those of which that is still to be told by [`Source::next`] are left out
    /// here, also if they are this member's again: somebody else may have committed more meanwhile.
    pub async fn commit(&self, offsets: Offsets) -> Result<(), BusError> {
        let revocations = self.signals.revocations();
        match &self.reader {
            Reader::Kafka(reader) => reader.commit(offsets, revocations).await,
            Reader::Log(reader) => reader.commit(revocations.spare(offsets)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::log::{Log, Options};
    use crate::{Bus, Schedule, Topic};

    use super::*;

    #[tokio::test]
    async fn what_was_revoked_is_not_committed_though_nobody_has_taken_that_yet() {
        let folder = tempfile::tempdir().unwrap();
        let bus = Bus::Log(Log::open(&folder.path().join("log"), Options::default()).unwrap());
        let topic = Topic::new("events", Schedule::constant(3), 1 << 20);
        bus.ensure_topic(&topic).await.unwrap();
        let mut source = bus.source(&topic, "group", 10_000).unwrap();
        let (sender, signals) = crate::signals::channel(&source.budget);
        source.signals = signals;
        let positions = bus.positions(&topic, "group").unwrap();

        source.commit(Offsets::from([(0, 5), (1, 5)])).await.unwrap();
        // Another member has come further meanwhile.
        sender.say(Signal::Revoked(vec![0]));
        sender.say(Signal::Assigned(vec![0]));
        source.commit(Offsets::from([(0, 3), (1, 7)])).await.unwrap();
        assert_eq!(positions.committed().await.unwrap(), Offsets::from([(0, 5), (1, 7)]));

        assert!(matches!(source.next().await, Some(Signal::Revoked(_))));
        source.commit(Offsets::from([(0, 9)])).await.unwrap();
        assert_eq!(positions.committed().await.unwrap(), Offsets::from([(0, 9), (1, 7)]));
    }
}
