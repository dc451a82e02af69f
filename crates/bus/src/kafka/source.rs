//! Deliveries out of Kafka: a thread that polls, and callbacks that only send.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientContext, Offset, Timestamp, TopicPartitionList};
use tokio::sync::mpsc;

use super::{Kafka, blocking};
use crate::budget::Budget;
use crate::source::{Delivery, Offsets, Reader as AnyReader, Signal, Source};
use crate::{BusError, Topic};

const POLL: Duration = Duration::from_millis(100);
/// While the partitions are paused nothing wakes a poll, so it looks more often.
const POLL_PAUSED: Duration = Duration::from_millis(5);

/// Joins the group and starts reading.
pub(crate) fn source(
    kafka: &Kafka,
    topic: &Topic,
    group: &str,
    max_queued_bytes: usize,
) -> Result<Source, BusError> {
    let (sender, signals) = mpsc::unbounded_channel();
    let refused = |error: KafkaError| BusError::Refused(format!("Kafka's settings: {error}"));
    let consumer: BaseConsumer<Callbacks> = kafka
        .client()
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("allow.auto.create.topics", "false")
        // A member that was killed is missed after this long.
        .set("session.timeout.ms", "10000")
        .set("heartbeat.interval.ms", "2000")
        .set("fetch.message.max.bytes", topic.max_record_bytes.to_string())
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.queue.backoff.ms", "50")
        .create_with_context(Callbacks { signals: sender.clone() })
        .map_err(refused)?;
    consumer.subscribe(&[&topic.name]).map_err(refused)?;

    let consumer = Arc::new(consumer);
    let budget = Arc::new(Budget::new(max_queued_bytes));
    let stop = Arc::new(AtomicBool::new(false));
    let poller = Poller {
        consumer: Arc::clone(&consumer),
        signals: sender,
        budget: Arc::clone(&budget),
        stop: Arc::clone(&stop),
        allow_create_time: topic.allow_create_time,
    };
    std::thread::Builder::new()
        .name("kafka-poll".into())
        .spawn(move || poller.run())
        .map_err(|error| BusError::unavailable("starting the polling thread", error))?;
    let reader =
        AnyReader::Kafka(Reader { consumer: Arc::downgrade(&consumer), topic: topic.name.clone(), stop });
    Ok(Source { signals, budget, reader })
}

/// The async side: commits, and ends the thread when dropped. The thread owns the consumer, so that
/// leaving the group (which blocks) happens there.
pub(crate) struct Reader {
    consumer: Weak<BaseConsumer<Callbacks>>,
    topic: String,
    stop: Arc<AtomicBool>,
}

impl Reader {
    pub(crate) async fn commit(&self, offsets: Offsets) -> Result<(), BusError> {
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, offset) in offsets {
            list.add_partition_offset(&self.topic, partition, Offset::Offset(offset))
                .map_err(|error| BusError::unavailable("committing offsets", error))?;
        }
        let consumer =
            self.consumer.upgrade().ok_or_else(|| BusError::unavailable("committing offsets", "closed"))?;
        blocking("committing offsets", move || consumer.commit(&list, CommitMode::Sync)).await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Callbacks {
    signals: mpsc::UnboundedSender<Signal>,
}

impl ClientContext for Callbacks {
    fn error(&self, error: KafkaError, reason: &str) {
        let _ = self.signals.send(Signal::Trouble(format!("{error}: {reason}")));
    }
}

impl ConsumerContext for Callbacks {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            let _ = self.signals.send(Signal::Revoked(numbers(partitions)));
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let _ = match rebalance {
            Rebalance::Assign(partitions) => self.signals.send(Signal::Assigned(numbers(partitions))),
            Rebalance::Revoke(_) => Ok(()),
            Rebalance::Error(error) => self.signals.send(Signal::Trouble(format!("rebalance: {error}"))),
        };
    }
}

fn numbers(partitions: &TopicPartitionList) -> Vec<i32> {
    partitions
        .elements()
        .iter()
        .map(rdkafka::topic_partition_list::TopicPartitionListElem::partition)
        .collect()
}

struct Poller {
    consumer: Arc<BaseConsumer<Callbacks>>,
    signals: mpsc::UnboundedSender<Signal>,
    budget: Arc<Budget>,
    stop: Arc<AtomicBool>,
    allow_create_time: bool,
}

impl Poller {
    /// Polls until it is told to stop. Polling never pauses, only the partitions do, so the member
    /// stays in its group however long the other side takes.
    fn run(self) {
        let mut paused = false;
        while !self.stop.load(Ordering::Relaxed) && !self.signals.is_closed() {
            if paused && self.budget.is_half_free() {
                paused = !self.set_paused(false);
            } else if !paused && self.budget.is_full() {
                paused = self.set_paused(true);
            }
            match self.consumer.poll(if paused { POLL_PAUSED } else { POLL }) {
                None => {}
                Some(Ok(message)) => {
                    let delivery = delivery(&message, self.allow_create_time);
                    self.budget.take(delivery.bytes());
                    let _ = self.signals.send(Signal::Delivery(delivery));
                }
                Some(Err(error)) => {
                    let _ = self.signals.send(Signal::Trouble(error.to_string()));
                }
            }
        }
    }

    /// Whether it was done. A rebalance in between gives the partitions anew, unpaused: then the
    /// next full budget pauses them.
    fn set_paused(&self, pause: bool) -> bool {
        let change = |partitions: TopicPartitionList| -> KafkaResult<()> {
            if pause { self.consumer.pause(&partitions) } else { self.consumer.resume(&partitions) }
        };
        self.consumer.assignment().and_then(change).is_ok()
    }
}

fn delivery(message: &BorrowedMessage<'_>, allow_create_time: bool) -> Delivery {
    let append_ms = match message.timestamp() {
        Timestamp::LogAppendTime(ms) => Some(ms),
        Timestamp::CreateTime(ms) if allow_create_time => Some(ms),
        Timestamp::CreateTime(_) | Timestamp::NotAvailable => None,
    };
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers
            .iter()
            .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
            .collect()
    });
    Delivery {
        partition: message.partition(),
        offset: message.offset(),
        append_ms,
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().unwrap_or_default().to_vec(),
        headers,
    }
}
