//! Sees when records were removed before they were read.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;

use super::positions::known_offsets;
use super::rate_limited_log::RateLimitedLog;
use super::{ANSWER_WITHIN, Kafka};
use crate::{Delivery, Offsets, Signal, Topic};

/// How long the next question to the broker waits after one that failed.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// The offsets that deliveries should have.
pub(super) struct Gaps {
    kafka: Kafka,
    topic: String,
    /// Partitions that were assigned, and whose committed offsets are yet to be asked.
    unknown: Vec<i32>,
    /// The offset that the next delivery of each partition should have, where it is known.
    expected: HashMap<i32, i64>,
    /// Ranges of offsets that were not delivered, and of which the broker is yet to be asked whether it removed them.
    jumps: VecDeque<Jump>,
    ask_at: Instant,
    /// Made when there is a first question. On the connection that records come by an answer would wait
    /// until there are some.
    asking: Option<BaseConsumer<RateLimitedLog>>,
}

/// Offsets that were not delivered: removed records, or none at all. (The marks of transactions have
/// offsets, and so has what was not committed.)
#[derive(Clone, Copy)]
struct Jump {
    partition: i32,
    from: i64,
    to: i64,
}

impl Gaps {
    pub(super) fn new(kafka: &Kafka, topic: &Topic) -> Self {
        Self {
            kafka: kafka.clone(),
            topic: topic.name.clone(),
            unknown: Vec::new(),
            expected: HashMap::new(),
            jumps: VecDeque::new(),
            ask_at: Instant::now(),
            asking: None,
        }
    }

    /// These partitions begin again, where the group stands; see [`Gaps::learn`].
    pub(super) fn begin_again(&mut self, partitions: Vec<i32>) {
        self.expected.retain(|partition, _| !partitions.contains(partition));
        self.unknown.retain(|partition| !partitions.contains(partition));
        self.unknown.extend(partitions);
    }

    /// The next delivery of each partition should have this offset.
    pub(super) fn expect(&mut self, offsets: Offsets) {
        self.expected.extend(offsets);
    }

    /// Whether the offset that the next delivery of this partition should have is known.
    pub(super) fn knows(&self, partition: i32) -> bool {
        !self.unknown.contains(&partition)
    }

    /// Asks where the member's group stands, if there is anything to learn.
    pub(super) fn learn(&mut self, member: &BaseConsumer<impl ConsumerContext>) -> KafkaResult<()> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::with_capacity(self.unknown.len());
        for partition in &self.unknown {
            list.add_partition(&self.topic, *partition);
        }
        let committed = member.committed_offsets(list, ANSWER_WITHIN)?;
        for element in committed.elements() {
            element.error()?;
        }
        self.expected.extend(known_offsets(&committed));
        self.unknown.clear();
        Ok(())
    }

    pub(super) fn note(&mut self, delivery: &Delivery) {
        let Delivery { partition, offset, .. } = *delivery;
        if let Some(from) = self.expected.insert(partition, offset + 1)
            && from < offset
        {
            self.jumps.push_back(Jump { partition, from, to: offset });
        }
    }

    /// Whether there are jumps that [`Gaps::next`] has to ask about.
    pub(super) fn is_asking(&self) -> bool {
        !self.jumps.is_empty()
    }

    /// The next gap among the jumps. What can't be asked now is asked again in a later call.
    pub(super) fn next(&mut self) -> Option<Signal> {
        while let Some(Jump { partition, from, to }) = self.jumps.front().copied() {
            if Instant::now() < self.ask_at {
                return None;
            }
            match self.begin(partition) {
                Ok(begin) => {
                    self.jumps.pop_front();
                    if begin > from {
                        return Some(Signal::Gap { partition, missed: begin.min(to) - from });
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, partition, from, to, "can't see why offsets jump, asking again");
                    self.ask_at = Instant::now() + ASK_AGAIN;
                }
            }
        }
        None
    }

    /// The first offset that is still there.
    fn begin(&mut self, partition: i32) -> KafkaResult<i64> {
        let asking = match self.asking.take() {
            Some(asking) => asking,
            None => self.kafka.client().create_with_context(self.kafka.rate_limited_log.clone())?,
        };
        // One whose first question was not answered may know of no partition for good: it is not kept.
        let (begin, _) = asking.fetch_watermarks(&self.topic, partition, ANSWER_WITHIN)?;
        self.asking = Some(asking);
        Ok(begin)
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::Offset;
    use rdkafka::admin::{AdminClient, AdminOptions};
    use rdkafka::client::DefaultClientContext;
    use rdkafka::consumer::CommitMode;
    use testing::kafka::Broker;
    use testing::wait::{until, until_some};

    use super::super::Config;
    use super::*;
    use crate::{Bus, Record, Schedule};

    const PATIENCE: Duration = Duration::from_secs(60);

    fn delivery(offset: i64) -> Delivery {
        Delivery { partition: 0, offset, append_ms: None, key: None, value: vec![], headers: vec![] }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_gap_that_could_not_be_asked_for_is_found_later() {
        let broker = Broker::start();
        let kafka = Kafka::new(Config { brokers: broker.brokers().to_owned(), ..Config::default() });
        let topic = Topic::new("t", Schedule::constant(1), 1_000_000);
        let bus = Bus::Kafka(kafka.clone());
        bus.ensure_topic(&topic).await.unwrap();
        let producer = bus.producer(&topic).unwrap();
        for _ in 0..10 {
            producer.send(Record::default()).await.unwrap();
        }
        let mut at = TopicPartitionList::new();
        at.add_partition_offset("t", 0, Offset::Offset(3)).unwrap();
        let member: BaseConsumer = kafka.client().set("group.id", "g").create().unwrap();
        until("it commits", PATIENCE, async || member.commit(&at, CommitMode::Sync).is_ok()).await;
        at.set_partition_offset("t", 0, Offset::Offset(7)).unwrap();
        let admin: AdminClient<DefaultClientContext> = kafka.client().create().unwrap();
        let removed = admin.delete_records(&at, &AdminOptions::new()).await.unwrap();
        assert!(removed.elements()[0].error().is_ok());

        let mut gaps = Gaps::new(&kafka, &topic);
        gaps.begin_again(vec![0]);
        broker.pause();
        assert!(gaps.learn(&member).is_err() && !gaps.knows(0));
        broker.resume();
        until("the broker tells", PATIENCE, async || gaps.learn(&member).is_ok()).await;
        assert!(gaps.knows(0));

        broker.pause();
        gaps.note(&delivery(8));
        assert!(gaps.next().is_none());
        gaps.note(&delivery(9));
        broker.resume();
        let gap = until_some("the gap is found", PATIENCE, async || gaps.next()).await;
        assert!(matches!(gap, Signal::Gap { partition: 0, missed: 4 }), "{gap:?}");
        assert!(gaps.next().is_none() && gaps.jumps.is_empty());
    }
}
