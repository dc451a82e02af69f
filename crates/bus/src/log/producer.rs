//! Appends.

use std::sync::Arc;

use super::Log;
use super::queue::Queue;
use crate::{Record, Schedule, SendError, Topic, Written};

/// Writes to one topic.
pub struct Producer {
    queue: Queue,
    topic: Arc<str>,
    schedule: Schedule,
    max_record_bytes: usize,
}

impl Producer {
    /// Sends fail as long as the topic is missing.
    pub fn new(log: &Log, topic: &Topic) -> Self {
        Self {
            queue: log.0.queue.clone(),
            topic: topic.name.as_str().into(),
            schedule: topic.schedule.clone(),
            max_record_bytes: topic.max_record_bytes,
        }
    }

    /// See [`Producer::send`](crate::Producer::send). A record is written also when its caller has
    /// stopped waiting.
    pub async fn send(&self, record: Record) -> Result<Written, SendError> {
        let bytes = record.bytes();
        if bytes > self.max_record_bytes {
            return Err(SendError::TooLarge { bytes });
        }
        let partition = record.key.as_ref().map_or(0, |key| self.schedule.partition(key, record.at));
        self.queue.append(&self.topic, partition, record).await
    }
}
