//! The ordered log between the ways in and the table: records in, deliveries out, positions.
//!
//! Two implementations with the same meaning of key, partition, offset, append time and commit:
//! [`kafka`], and [`log`], an embedded one for the standalone. Nobody above knows which it is, and
//! nothing here knows what a record says.

mod atomic;
mod budget;
mod channels;
mod error;
mod follower;
pub mod kafka;
pub mod log;
mod partition;
mod positions;
mod producer;
mod range;
mod remembered;
mod risk;
mod signals;
mod source;
mod topic;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use atomic::AtomicProducer;
pub use channels::Channels;
pub use error::{BusError, SendError, TransactError};
pub use follower::Follower;
pub use partition::{Schedule, ScheduleError};
pub use positions::{PartitionPosition, Positions};
pub use producer::{Producer, Record, Written};
pub use range::{From, RangeReader, Span};
pub use risk::AtRisk;
pub use source::{Delivery, Offsets, Signal, Source};
pub use topic::{Keep, Topic};

/// Where topics live. Cheap to clone.
#[derive(Clone)]
pub enum Bus {
    /// A Kafka cluster.
    Kafka(kafka::Kafka),
    /// A log in a file of this process.
    Log(log::Log),
}

impl Bus {
    /// Creates the topic if it is missing, mends one whose timestamps are not append times or that takes
    /// smaller records only, and refuses one that can't be used. Safe to call from many processes at once.
    /// Says if the loss of a broker could cost what it holds.
    pub async fn ensure_topic(&self, topic: &Topic) -> Result<Option<AtRisk>, BusError> {
        match self {
            Self::Kafka(kafka) => kafka::ensure_topic(kafka, topic).await,
            Self::Log(log) => log.ensure_topic(topic).await.map(|()| None),
        }
    }

    /// Whether there is such a topic.
    pub async fn has_topic(&self, topic: &Topic) -> Result<bool, BusError> {
        match self {
            Self::Kafka(kafka) => kafka::has_topic(kafka, topic).await,
            Self::Log(log) => log.has_topic(topic).await,
        }
    }

    /// A producer to one topic. Connects in the background.
    pub fn producer(&self, topic: &Topic) -> Result<Producer, BusError> {
        Ok(match self {
            Self::Kafka(kafka) => Producer::Kafka(kafka::Producer::new(kafka, topic)?),
            Self::Log(log) => Producer::Log(log::Producer::new(log, topic)),
        })
    }

    /// A producer to several topics, of records up to this size. Waits until it may begin: what an earlier
    /// producer with this id has sent is on its topics by then or never will be, and it sends no more.
    pub async fn atomic_producer(
        &self,
        id: &str,
        max_record_bytes: usize,
    ) -> Result<AtomicProducer, BusError> {
        Ok(match self {
            Self::Kafka(kafka) => {
                AtomicProducer::Kafka(kafka::AtomicProducer::new(kafka, id, max_record_bytes).await?)
            }
            Self::Log(log) => AtomicProducer::Log(log::AtomicProducer::new(log)),
        })
    }

    /// A member of a consumer group. At most `max_queued_bytes` (and one delivery) wait in memory
    /// between the log and [`Source::next`].
    pub fn source(&self, topic: &Topic, group: &str, max_queued_bytes: usize) -> Result<Source, BusError> {
        match self {
            Self::Kafka(kafka) => kafka::source(kafka, topic, group, max_queued_bytes),
            Self::Log(log) => log::source(log, topic, group, max_queued_bytes),
        }
    }

    /// Reads a topic from some place to where it ends now, every partition or those that are named.
    /// Refused when a named one is not there.
    pub async fn read_range(&self, topic: &Topic, from: From) -> Result<RangeReader, BusError> {
        match self {
            Self::Kafka(kafka) => kafka::read_range(kafka, topic, from).await,
            Self::Log(log) => log::read_range(log, topic, from).await,
        }
    }

    /// Follows a topic from where every partition ends now: what is appended after this returns is read. At most
    /// `max_queued_bytes` (and one delivery) wait in memory between the log and [`Follower::next`]. Partitions that
    /// are added to the topic later are not read.
    pub async fn follow(&self, topic: &Topic, max_queued_bytes: usize) -> Result<Follower, BusError> {
        match self {
            Self::Kafka(kafka) => kafka::follow(kafka, topic, max_queued_bytes).await,
            Self::Log(log) => log::follow(log, topic, max_queued_bytes).await,
        }
    }

    /// A view of where a topic ends and how far a group has come.
    pub fn positions(&self, topic: &Topic, group: &str) -> Result<Positions, BusError> {
        Ok(match self {
            Self::Kafka(kafka) => Positions::Kafka(kafka::Positions::new(kafka, topic, group)?),
            Self::Log(log) => Positions::Log(log::Positions::new(log, topic, group)),
        })
    }
}

/// What a mutex holds, also after a panic elsewhere: nothing here is left half-changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
