//! Reads a range of a topic from Kafka, by a client that is no member of a group.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Offset, TopicPartitionList};

use super::delivery::delivery;
use super::positions::{known_offsets, limits};
use super::rate_limited_log::RateLimitedLog;
use super::{ANSWER_WITHIN, Kafka, blocking};
use crate::range::{CHUNK_BYTES, From, RangeReader, Reader, Span};
use crate::{BusError, Delivery, Offsets, Topic};

/// How long a reading waits for a first record.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The client, and what it has yet to read.
pub(crate) struct ChunkReader {
    client: BaseConsumer<RateLimitedLog>,
    topic: String,
    allow_create_time: bool,
    /// The first offset behind the range, of each partition that is not at its end.
    ends: Offsets,
}

pub(crate) async fn read_range(kafka: &Kafka, topic: &Topic, from: From) -> Result<RangeReader, BusError> {
    // What a transaction that is not committed wrote is neither read nor counted.
    let client: BaseConsumer<RateLimitedLog> = kafka
        .client()
        .set("group.id", &kafka.config.group_id)
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("allow.auto.create.topics", "false")
        .set("fetch.message.max.bytes", topic.max_record_bytes.to_string())
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.queue.backoff.ms", "50")
        .create_with_context(kafka.rate_limited_log.clone())
        .map_err(|error| BusError::Refused(format!("Kafka's settings: {error}")))?;
    let topic = topic.clone();
    blocking("opening a range of a topic", move || open(client, &topic, from)).await?
}

fn open(
    client: BaseConsumer<RateLimitedLog>,
    topic: &Topic,
    from: From,
) -> KafkaResult<Result<RangeReader, BusError>> {
    let (begins, ends) = limits(&client, &topic.name)?;
    let is_there = |partition| begins.contains_key(&partition) && ends.contains_key(&partition);
    if let Some(partition) = from.missing(is_there) {
        return Ok(Err(BusError::no_partition(&topic.name, partition)));
    }
    let starts = match from {
        From::Beginning => begins.clone(),
        From::Offsets(offsets) => offsets,
        From::Time(at) => since(&client, topic, ends.keys().map(|partition| (*partition, at)), &ends)?,
        From::Times(times) => since(&client, topic, times, &ends)?,
    };
    let mut spans = BTreeMap::new();
    for (partition, start) in starts {
        if let (Some(begin), Some(end)) = (begins.get(&partition), ends.get(&partition)) {
            spans.insert(partition, Span::new(start, *begin, *end));
        }
    }
    let mut assigned = TopicPartitionList::new();
    for (partition, span) in spans.iter().filter(|(_, span)| !span.is_empty()) {
        assigned.add_partition_offset(&topic.name, *partition, Offset::Offset(span.begin))?;
    }
    client.assign(&assigned)?;
    let reader = ChunkReader {
        client,
        topic: topic.name.clone(),
        allow_create_time: topic.allow_create_time,
        ends: spans
            .iter()
            .filter(|(_, span)| !span.is_empty())
            .map(|(partition, span)| (*partition, span.end))
            .collect(),
    };
    Ok(Ok(RangeReader::new(spans, Reader::Kafka(reader))))
}

/// The first offset of each of these partitions that was appended at its time or later; where there is no record
/// so late, the partition's end.
fn since(
    client: &BaseConsumer<RateLimitedLog>,
    topic: &Topic,
    times: impl IntoIterator<Item = (i32, Timestamp)>,
    ends: &Offsets,
) -> KafkaResult<Offsets> {
    let (mut asked, mut offsets) = (TopicPartitionList::new(), Offsets::new());
    for (partition, at) in times {
        asked.add_partition_offset(&topic.name, partition, Offset::Offset(at.millis()))?;
        offsets.insert(partition, ends.get(&partition).copied().unwrap_or_default());
    }
    offsets.extend(known_offsets(&client.offsets_for_times(asked, ANSWER_WITHIN)?));
    Ok(offsets)
}

impl ChunkReader {
    /// See [`Reader`].
    pub(crate) fn read(&mut self) -> Result<Vec<Delivery>, BusError> {
        let deadline = Instant::now() + READ_WITHIN;
        let (mut chunk, mut bytes, mut trouble) = (Vec::new(), 0, None);
        while bytes < CHUNK_BYTES && !self.ends.is_empty() {
            let patience = if chunk.is_empty() {
                deadline.saturating_duration_since(Instant::now())
            } else {
                Duration::ZERO
            };
            // The last offsets may be marks of transactions, which are never delivered.
            let ended = match self.client.poll(patience) {
                Some(Ok(message)) => {
                    let delivery = delivery(&message, self.allow_create_time);
                    let Delivery { partition, offset, .. } = delivery;
                    let end = self.ends.get(&partition).copied().unwrap_or_default();
                    if offset < end {
                        bytes += delivery.bytes();
                        chunk.push(delivery);
                    }
                    (offset + 1 >= end).then_some(partition)
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => Some(partition),
                Some(Err(error)) => {
                    trouble = Some(error.to_string());
                    None
                }
                None => break,
            };
            if let Some(partition) = ended {
                self.end(partition);
            }
        }
        if chunk.is_empty() && !self.ends.is_empty() {
            let reason = trouble.unwrap_or_else(|| format!("no answer within {READ_WITHIN:?}"));
            return Err(BusError::unavailable("reading a range of a topic", reason));
        }
        Ok(chunk)
    }

    /// What is appended to the partition from now on need not be fetched.
    fn end(&mut self, partition: i32) {
        if self.ends.remove(&partition).is_none() {
            return;
        }
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, partition);
        if let Err(error) = self.client.pause(&list) {
            tracing::debug!(%error, partition, "a partition that is read goes on being fetched");
        }
    }
}
