//! Appends records to one topic of the log.

use std::sync::Arc;

use super::Log;
use super::queue::{Append, Queue, Sent};
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
        let deadline = self.queue.deadline();
        self.queue.outcome(self.enqueue(record)?, deadline).await
    }

    /// See [`Producer::send_all`](crate::Producer::send_all).
    pub async fn send_all(&self, records: Vec<Record>) -> Vec<Result<Written, SendError>> {
        let deadline = self.queue.deadline();
        let sent: Vec<_> = records.into_iter().map(|record| self.enqueue(record)).collect();
        let mut outcomes = Vec::with_capacity(sent.len());
        for sent in sent {
            outcomes.push(match sent {
                Ok(sent) => self.queue.outcome(sent, deadline).await,
                Err(error) => Err(error),
            });
        }
        outcomes
    }

    fn enqueue(&self, record: Record) -> Result<Sent, SendError> {
        let bytes = record.bytes();
        if bytes > self.topic.max_record_bytes {
            return Err(SendError::TooLarge { bytes });
        }
        let partition = self.topic.partition(&record);
        self.queue.append(Append { topic: Arc::clone(&self.name), partition, record })
    }
}
