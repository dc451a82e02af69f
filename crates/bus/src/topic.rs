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
}

impl Topic {
    /// The partition that a record belongs to: its key's, or the first.
    pub(crate) fn partition(&self, record: &Record) -> i32 {
        record.key.as_ref().map_or(0, |key| self.schedule.partition(key, record.at))
    }
}
