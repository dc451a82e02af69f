//! Appends to several topics in one transaction.

use super::Log;
use super::queue::{Append, Change, Queue};
use crate::{BusError, Record, Topic, TransactError};

/// Writes to any topics of the log.
pub struct AtomicProducer(Queue);

impl AtomicProducer {
    /// Nobody else has the log open, so there is nobody to keep out.
    pub(crate) fn new(log: &Log) -> Self {
        Self(log.0.queue.clone())
    }

    pub(crate) async fn send(&mut self, records: &[(&Topic, Record)]) -> Result<(), TransactError> {
        let append = |(topic, record): &(&Topic, Record)| Append {
            topic: topic.name.as_str().into(),
            partition: topic.partition(record),
            record: record.clone(),
        };
        let appends = records.iter().map(append).collect();
        let written = self.0.change("appending records", Change::Append(appends)).await;
        written.map_err(|error: BusError| TransactError::Unavailable(error.to_string()))
    }
}
