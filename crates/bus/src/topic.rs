//! What a topic is to be like.

use crate::{Record, Schedule};

/// A topic, as its producers and consumers want it.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Which partition a key belongs to; a topic with fewer partitions than it names is refused.
    pub schedule: Schedule,
    /// Copies of each partition; `None` leaves it to the broker.
    pub replication: Option<i32>,
    /// The largest record it takes, in bytes.
    pub max_record_bytes: usize,
    /// Take records whose time is not the broker's append time, at the risk of wrong versions.
    pub allow_create_time: bool,
    /// Refuse a topic that takes smaller records only, if it may not be altered. Else that is a warning.
    pub refuse_smaller: bool,
    /// How long it keeps its records.
    pub keep: Keep,
}

/// How long a topic keeps its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// As long as the broker usually does; in the embedded log until they were read and are old.
    AsUsual,
    /// For good.
    ForGood,
    /// Until they are older than that, or there are more than so many bytes of younger ones.
    Within {
        /// The age, in milliseconds.
        ms: u64,
        /// The size of all of a partition, in bytes.
        bytes: u64,
    },
}

impl Topic {
    /// A topic whose settings are all the defaults.
    pub fn new(name: impl Into<String>, schedule: Schedule, max_record_bytes: usize) -> Self {
        Self {
            name: name.into(),
            schedule,
            replication: None,
            max_record_bytes,
            allow_create_time: false,
            refuse_smaller: true,
            keep: Keep::AsUsual,
        }
    }

    /// The partition that a record belongs to: its key's, or the first.
    pub(crate) fn partition(&self, record: &Record) -> i32 {
        record.key.as_ref().map_or(0, |key| self.schedule.partition(key, record.at))
    }
}
