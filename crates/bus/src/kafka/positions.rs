//! Where a topic ends and how far a group has come, asked of Kafka.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::rate_limited_log::RateLimitedLog;
use super::{ANSWER_WITHIN, Kafka, blocking};
use crate::{BusError, Offsets, PartitionPosition, Topic};

/// How many bytes are fetched of each partition to learn the append time of its next record.
const FETCH_BYTES: &str = "16384";

/// A client that reads a group's offsets without being its member.
#[derive(Clone)]
pub struct Positions {
    client: Arc<BaseConsumer<RateLimitedLog>>,
    topic: Arc<str>,
    /// `append_times` assigns partitions to the client: one call at a time.
    looking: Arc<tokio::sync::Mutex<()>>,
}

impl Positions {
    pub(crate) fn new(kafka: &Kafka, topic: &Topic, group: &str) -> Result<Self, BusError> {
        let client = kafka
            .client()
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest")
            .set("fetch.wait.max.ms", "50")
            // One record of each partition is wanted, not a megabyte. A larger batch comes whole, one at a time.
            .set("fetch.message.max.bytes", FETCH_BYTES)
            .set("queued.min.messages", "1")
            .set("fetch.queue.backoff.ms", "10")
            .create_with_context(kafka.rate_limited_log.clone())
            .map_err(|error| BusError::Refused(format!("Kafka's settings: {error}")))?;
        Ok(Self { client: Arc::new(client), topic: topic.name.as_str().into(), looking: Arc::default() })
    }

    pub(crate) async fn committed(&self) -> Result<Offsets, BusError> {
        let positions = self.clone();
        blocking("asking Kafka for committed offsets", move || positions.blocking_committed(ANSWER_WITHIN))
            .await
    }

    pub(crate) async fn partitions(&self) -> Result<Vec<PartitionPosition>, BusError> {
        let positions = self.clone();
        blocking("asking Kafka for offsets", move || positions.blocking_partitions()).await
    }

    pub(crate) async fn append_times(&self, offsets: Offsets) -> Result<BTreeMap<i32, Timestamp>, BusError> {
        if offsets.is_empty() {
            return Ok(BTreeMap::new());
        }
        let positions = self.clone();
        let _one_at_a_time = self.looking.lock().await;
        blocking("asking Kafka for records", move || positions.blocking_append_times(offsets)).await
    }

    fn blocking_committed(&self, within: Duration) -> KafkaResult<Offsets> {
        let all = every_partition(&self.client, &self.topic, Offset::Invalid)?;
        Ok(known_offsets(&self.client.committed_offsets(all, within)?))
    }

    fn blocking_partitions(&self) -> KafkaResult<Vec<PartitionPosition>> {
        let (begins, ends) = limits(&self.client, &self.topic)?;
        let committed = self.blocking_committed(ANSWER_WITHIN)?;
        let position = |(partition, end): (&i32, &i64)| {
            let begin = begins.get(partition).copied().unwrap_or_default();
            let committed = committed.get(partition).copied().unwrap_or(begin);
            PartitionPosition { partition: *partition, begin, end: *end, committed }
        };
        Ok(ends.iter().map(position).collect())
    }

    fn blocking_append_times(&self, offsets: Offsets) -> KafkaResult<BTreeMap<i32, Timestamp>> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, offset) in &offsets {
            list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))?;
        }
        self.client.assign(&list)?;
        let found = self.first_times(offsets.into_keys().collect(), Instant::now() + ANSWER_WITHIN);
        self.client.unassign()?;
        found
    }

    /// The time of the first record polled of each partition; none of those that are at their end.
    fn first_times(
        &self,
        mut missing: BTreeSet<i32>,
        deadline: Instant,
    ) -> KafkaResult<BTreeMap<i32, Timestamp>> {
        let mut times = BTreeMap::new();
        while !missing.is_empty() {
            match self.client.poll(deadline.saturating_duration_since(Instant::now())) {
                Some(Ok(message)) => {
                    if missing.remove(&message.partition()) {
                        let millis = message.timestamp().to_millis();
                        let at = millis.and_then(Timestamp::from_millis).unwrap_or_default();
                        times.insert(message.partition(), at);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(missing.remove(&partition)),
                // A broker that is away for a moment; the deadline ends it.
                Some(Err(error)) if Instant::now() >= deadline => return Err(error),
                None => return Err(KafkaError::Canceled),
                Some(Err(_)) => {}
            }
        }
        Ok(times)
    }
}

/// Every partition of the topic, at this offset.
pub(super) fn every_partition(
    client: &BaseConsumer<RateLimitedLog>,
    topic: &str,
    offset: Offset,
) -> KafkaResult<TopicPartitionList> {
    let metadata = client.fetch_metadata(Some(topic), ANSWER_WITHIN)?;
    let mut list = TopicPartitionList::new();
    for found in metadata.topics() {
        if let Some(error) = found.error() {
            return Err(KafkaError::MetadataFetch(error.into()));
        }
        for partition in found.partitions() {
            list.add_partition_offset(topic, partition.id(), offset)?;
        }
    }
    Ok(list)
}

/// The first offset that is still there and the next one, of every partition.
pub(super) fn limits(client: &BaseConsumer<RateLimitedLog>, topic: &str) -> KafkaResult<(Offsets, Offsets)> {
    // In place of a time, -2 and -1 ask for the first and the next offset (ListOffsets in Kafka's protocol).
    let ask = |offset| client.offsets_for_times(every_partition(client, topic, offset)?, ANSWER_WITHIN);
    let begins = known_offsets(&ask(Offset::Beginning)?);
    Ok((begins, known_offsets(&ask(Offset::End)?)))
}

pub(super) fn known_offsets(list: &TopicPartitionList) -> Offsets {
    let offset = |element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match element.offset()
    {
        Offset::Offset(offset) => Some((element.partition(), offset)),
        _ => None,
    };
    list.elements().iter().filter_map(offset).collect()
}
