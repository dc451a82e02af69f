//! Deliveries out of Kafka: a thread that polls, and callbacks that only send.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::delivery::delivery;
use super::gaps::Gaps;
use super::rate_limited_log::{RateLimitedLog, is_passing};
use super::{Kafka, blocking};
use crate::budget::Budget;
use crate::signals::{Revocations, Sender, channel};
use crate::source::{Delivery, Offsets, Reader as AnyReader, Signal, Source};
use crate::{BusError, Topic};

/// What one answer of a broker may hold, unless one record is larger.
const FETCH_BYTES: usize = 4 << 20;

/// How much a broker gathers before it answers, packed, and for how long at most: an answer for every few
/// records would cost it more than the records do.
const FETCH_MIN_BYTES: &str = "262144";
const FETCH_WAIT_MS: &str = "50";

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
    let budget = Arc::new(Budget::new(max_queued_bytes));
    let (sender, signals) = channel(&budget);
    let sender = Arc::new(sender);
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
        .set("fetch.min.bytes", FETCH_MIN_BYTES)
        .set("fetch.wait.max.ms", FETCH_WAIT_MS)
        // Packed; what comes out is a few times as much.
        .set("fetch.max.bytes", FETCH_BYTES.max(topic.max_record_bytes).to_string())
        .set("queued.max.messages.kbytes", "8192")
        .set("fetch.queue.backoff.ms", "50")
        .create_with_context(Callbacks {
            signals: Arc::clone(&sender),
            rate_limited_log: kafka.rate_limited_log.clone(),
            paused: AtomicBool::new(false),
            assigned: Mutex::default(),
        })
        .map_err(refused)?;
    consumer.subscribe(&[&topic.name]).map_err(refused)?;

    let consumer = Arc::new(consumer);
    let stop = Arc::new(AtomicBool::new(false));
    let poller = Poller {
        consumer: Arc::clone(&consumer),
        signals: sender,
        budget: Arc::clone(&budget),
        stop: Arc::clone(&stop),
        allow_create_time: topic.allow_create_time,
        gaps: Gaps::new(kafka, topic),
    };
    let thread = std::thread::Builder::new()
        .name("kafka-poll".into())
        .spawn(move || poller.run())
        .map_err(|error| BusError::unavailable("starting the polling thread", error))?;
    let reader = AnyReader::Kafka(Reader {
        consumer: Arc::downgrade(&consumer),
        topic: topic.name.clone(),
        stop,
        thread,
    });
    Ok(Source { signals, budget, reader })
}

/// The async side: commits, and ends the thread when dropped. The thread owns the consumer, so that
/// leaving the group (which blocks) happens there.
pub(crate) struct Reader {
    consumer: Weak<BaseConsumer<Callbacks>>,
    topic: String,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Reader {
    /// Leaves the group, so that others need not wait to miss this member.
    pub(crate) async fn close(self) {
        self.stop.store(true, Ordering::Relaxed);
        while !self.thread.is_finished() {
            tokio::time::sleep(POLL_PAUSED).await;
        }
    }

    pub(crate) async fn commit(&self, offsets: Offsets, revocations: Revocations) -> Result<(), BusError> {
        let consumer =
            self.consumer.upgrade().ok_or_else(|| BusError::unavailable("committing offsets", "closed"))?;
        let topic = self.topic.clone();
        blocking("committing offsets", move || {
            // Last of all, since it may have waited for a thread.
            let offsets = revocations.spare(offsets);
            let mut list = TopicPartitionList::with_capacity(offsets.len());
            for (partition, offset) in offsets {
                list.add_partition_offset(&topic, partition, Offset::Offset(offset))?;
            }
            if list.count() == 0 { Ok(()) } else { consumer.commit(&list, CommitMode::Sync) }
        })
        .await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Callbacks {
    signals: Arc<Sender>,
    rate_limited_log: RateLimitedLog,
    /// Whether the poller has paused what was assigned.
    paused: AtomicBool,
    /// What was assigned since the poller last looked.
    assigned: Mutex<Vec<i32>>,
}

impl ClientContext for Callbacks {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.rate_limited_log.log(level, facility, text);
    }

    // Poll gives it too, but without the words.
    fn error(&self, error: KafkaError, reason: &str) {
        if !is_passing(&error) {
            self.signals.say(Signal::Trouble(reason.to_owned()));
        }
        self.rate_limited_log.error(error, reason);
    }
}

impl ConsumerContext for Callbacks {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            self.signals.say(Signal::Revoked(numbers(partitions)));
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let signal = match rebalance {
            Rebalance::Assign(partitions) => {
                // librdkafka keeps a partition paused that was so before it went and came back. Now all
                // run; the poller pauses them again if it must.
                if let Err(error) = consumer.resume(partitions) {
                    tracing::warn!(%error, "partitions could not be resumed");
                }
                self.paused.store(false, Ordering::Relaxed);
                let partitions = numbers(partitions);
                self.assigned.lock().unwrap_or_else(PoisonError::into_inner).extend(&partitions);
                Signal::Assigned(partitions)
            }
            Rebalance::Revoke(_) => return,
            Rebalance::Error(error) => Signal::Trouble(format!("rebalance: {error}")),
        };
        self.signals.say(signal);
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
    signals: Arc<Sender>,
    budget: Arc<Budget>,
    stop: Arc<AtomicBool>,
    allow_create_time: bool,
    gaps: Gaps,
}

impl Poller {
    /// Polls until it is told to stop. Polling never pauses, only the partitions do, so the member
    /// stays in its group however long the other side takes.
    fn run(mut self) {
        let mut found = true;
        while !self.is_over() {
            let paused = self.pause_or_resume();
            // What is there is had without a look at the clock.
            let wait = match (found, paused) {
                (true, _) => Duration::ZERO,
                (false, true) => POLL_PAUSED,
                (false, false) => POLL,
            };
            let polled = self.consumer.poll(wait);
            let message = polled.map(|polled| Ok(delivery(&polled?, self.allow_create_time)));
            found = message.is_some();
            self.note_assigned();
            if let Some(Ok(next)) = &message {
                self.note(next);
            }
            // What is gathered waits neither for more nor for an answer about a gap.
            if !found || self.gaps.is_asking() {
                self.signals.flush();
            }
            while let Some(gap) = self.gaps.next() {
                self.signals.say(gap);
            }
            match message {
                None => {}
                Some(Ok(delivery)) => self.signals.gather(delivery),
                Some(Err(error)) if is_passing(&error) => {}
                Some(Err(error)) => self.signals.say(Signal::Trouble(error.to_string())),
            }
        }
    }

    /// Whether the partitions are paused, after seeing to it that they are or are not.
    fn pause_or_resume(&self) -> bool {
        let paused = &self.consumer.context().paused;
        if paused.load(Ordering::Relaxed) {
            if self.budget.is_half_free() && self.set_paused(false) {
                paused.store(false, Ordering::Relaxed);
            }
        } else if self.budget.is_full() && self.set_paused(true) {
            self.budget.pause();
            paused.store(true, Ordering::Relaxed);
        }
        paused.load(Ordering::Relaxed)
    }

    /// Learns where the group stands in partitions that were assigned. If that fails the next poll does.
    fn note_assigned(&mut self) {
        let assigned = std::mem::take(
            &mut *self.consumer.context().assigned.lock().unwrap_or_else(PoisonError::into_inner),
        );
        self.gaps.begin_again(assigned);
        if let Err(error) = self.gaps.learn(&self.consumer) {
            self.signals.say(Signal::Trouble(format!("asking for committed offsets: {error}")));
        }
    }

    /// Looks for a gap before a delivery that is about to be handed on. There is no later: once it is, the
    /// group may commit behind the gap. That librdkafka read it means that committed offsets can be asked.
    fn note(&mut self, next: &Delivery) {
        while !self.gaps.knows(next.partition) && !self.is_over() {
            self.signals.flush();
            std::thread::sleep(POLL);
            self.note_assigned();
        }
        self.gaps.note(next);
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.signals.is_closed()
    }

    /// Pauses or resumes all assigned partitions. Returns whether librdkafka did so.
    fn set_paused(&self, pause: bool) -> bool {
        let change = |partitions: TopicPartitionList| -> KafkaResult<()> {
            if pause { self.consumer.pause(&partitions) } else { self.consumer.resume(&partitions) }
        };
        self.consumer.assignment().and_then(change).is_ok()
    }
}
