//! Sees when records were removed before they were read.

use std::collections::HashMap;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;

use super::notices::Notices;
use super::{ANSWER_WITHIN, Kafka};
use crate::{Delivery, Offsets, Signal, Topic};

/// The offsets that deliveries should have.
pub(super) struct Gaps {
    kafka: Kafka,
    topic: String,
    /// The next one of each partition that has one.
    expected: HashMap<i32, i64>,
    /// Made when there is a first question. On the connection that records come by an answer would wait
    /// until there are some.
    asking: Option<BaseConsumer<Notices>>,
}

impl Gaps {
    pub(super) fn new(kafka: &Kafka, topic: &Topic) -> Self {
        Self { kafka: kafka.clone(), topic: topic.name.clone(), expected: HashMap::new(), asking: None }
    }

    /// Whatever comes next of this partition is right.
    pub(super) fn forget(&mut self, partition: i32) {
        self.expected.remove(&partition);
    }

    pub(super) fn expect(&mut self, next: Offsets) {
        self.expected.extend(next);
    }

    /// What is missing before this one. (Offsets also jump over the marks of transactions and over what
    /// was not committed, which are no records.)
    pub(super) fn before(&mut self, delivery: &Delivery) -> Option<Signal> {
        let Delivery { partition, offset, .. } = *delivery;
        let expected = self.expected.insert(partition, offset + 1)?;
        if offset <= expected {
            return None;
        }
        match self.begin(partition) {
            Ok(begin) if begin > expected => {
                Some(Signal::Gap { partition, missed: begin.min(offset) - expected })
            }
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, partition, "could not see why offsets jump");
                None
            }
        }
    }

    /// The first offset that is still there.
    fn begin(&mut self, partition: i32) -> KafkaResult<i64> {
        let asking = match self.asking.take() {
            Some(asking) => asking,
            None => self.kafka.client().create_with_context(self.kafka.notices.clone())?,
        };
        let asking = self.asking.insert(asking);
        Ok(asking.fetch_watermarks(&self.topic, partition, ANSWER_WITHIN)?.0)
    }
}
