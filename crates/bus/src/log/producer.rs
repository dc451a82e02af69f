//! Appends.

use std::sync::Arc;

use super::Log;
use super::queue::Queue;
use crate::{Record, SendError, Topic, Written};

/// Writes to one topic.
pub struct Producer {
    queue: Queue,
    name: Arc<str>,
    topic: Topic,
}

impl Producer {
    /// Sends fail as long as the topic is missing.
    pub fn new(log: &Log, topic: &Topic) -> Self {
        Self { queue: log.0.queue.clone(), name: topic.name.as_str().into(), topic: topic.clone() }
    }

    /// See [`Producer::send`](crate::Producer::send). A record is written also when its caller has
    /// stopped waiting.
    pub async fn send(&self, record: Record) -> Result<Written, SendError> {
        let bytes = record.bytes();
        if bytes > self.topic.max_record_bytes {
            return Err(SendError::TooLarge { bytes });
        }
        self.queue.append(&self.name, self.topic.partition(&record), record).await
    }
}
