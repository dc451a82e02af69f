//! Transactions: records on several topics, all of them or none.

use crate::{Record, Topic, TransactError, kafka, log};

/// Writes to several topics: all records of one call, or none of them.
pub enum AtomicProducer {
    /// To Kafka.
    Kafka(kafka::AtomicProducer),
    /// To the embedded log.
    Log(log::AtomicProducer),
}

impl AtomicProducer {
    /// Puts each record on its topic, those of one partition in this order, and returns once all are
    /// kept. All of them wait in memory, so they should be few.
    pub async fn send(&mut self, records: &[(&Topic, Record)]) -> Result<(), TransactError> {
        for (topic, record) in records {
            let bytes = record.bytes();
            if bytes > topic.max_record_bytes {
                return Err(TransactError::TooLarge { bytes });
            }
        }
        match self {
            Self::Kafka(producer) => producer.send(records).await,
            Self::Log(producer) => producer.send(records).await,
        }
    }
}
