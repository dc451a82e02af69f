//! Deliveries out.

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
    /// What it takes in memory, in bytes, more or less.
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
    /// These no longer are: what was delivered and not committed comes again, to whoever has them then.
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

    /// Reads no more. What waits already is still given, and what becomes of the partitions is told: this
    /// remains a member.
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

    /// Says that everything before these offsets is done. Offsets of partitions that are no longer
    /// this member's should be left out.
    pub async fn commit(&self, offsets: Offsets) -> Result<(), BusError> {
        match &self.reader {
            Reader::Kafka(reader) => reader.commit(offsets).await,
            Reader::Log(reader) => reader.commit(offsets).await,
        }
    }
}
