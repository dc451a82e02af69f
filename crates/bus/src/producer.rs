//! Producers: they write records to one topic and wait for the log's acknowledgement.

use model::{Operation, Timestamp, message};

use crate::{SendError, kafka, log};

/// What is written to a topic.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Decides the partition, with `at`; a record without one goes to partition 0.
    pub key: Option<Vec<u8>>,
    /// The key's own time (not the record's, which the log gives).
    pub at: Timestamp,
    /// The record's content.
    pub value: Vec<u8>,
    /// The record's headers.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// An operation as it goes on the topic of events.
impl From<&Operation<'_>> for Record {
    fn from(operation: &Operation<'_>) -> Self {
        let id = operation.id();
        Self {
            key: Some(id.to_string().into_bytes()),
            at: id.created_at(),
            value: message::encode(operation),
            headers: Vec::new(),
        }
    }
}

impl Record {
    /// Key, value and headers, in bytes.
    pub fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.key.as_ref().map_or(0, Vec::len) + self.value.len() + headers
    }
}

/// Where a record was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

/// Writes to one topic.
pub enum Producer {
    /// To Kafka.
    Kafka(kafka::Producer),
    /// To the embedded log.
    Log(log::Producer),
}

impl Producer {
    /// Puts the record on the topic and returns once it is kept: on all in-sync replicas, or synced
    /// to the disk. Records of one key first polled in some order are written in that order.
    /// Fails within the delivery timeout.
    pub async fn send(&self, record: Record) -> Result<Written, SendError> {
        match self {
            Self::Kafka(producer) => producer.send(&record).await,
            Self::Log(producer) => producer.send(record).await,
        }
    }

    /// Puts many records on the topic, those of one key in this order. Each has a result of its own, in the order
    /// of the records; see [`Producer::send`].
    pub async fn send_all(&self, records: Vec<Record>) -> Vec<Result<Written, SendError>> {
        match self {
            Self::Kafka(producer) => producer.send_all(&records).await,
            Self::Log(producer) => producer.send_all(records).await,
        }
    }

    /// Whether a send would be answered without the delays of a first one.
    pub fn is_ready(&self) -> bool {
        match self {
            Self::Kafka(producer) => producer.is_ready(),
            Self::Log(_) => true,
        }
    }
}
