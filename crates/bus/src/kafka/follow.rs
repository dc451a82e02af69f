//! Follows a topic of Kafka from its end, by a client that is no member of a group, on a thread of its own.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use super::delivery::delivery;
use super::gaps::Gaps;
use super::positions::limits;
use super::rate_limited_log::{RateLimitedLog, is_passing};
use super::{Kafka, blocking};
use crate::budget::Budget;
use crate::follower::Follower;
use crate::signals::{Sender, channel};
use crate::{BusError, Offsets, Signal, Topic};

/// How long the thread waits for a record before it looks whether anybody wants one.
const POLL: Duration = Duration::from_millis(100);

/// How often it looks whether there is room, when there was none.
const FULL_PAUSE: Duration = Duration::from_millis(5);

/// See [`Bus::follow`](crate::Bus::follow).
pub(crate) async fn follow(
    kafka: &Kafka,
    topic: &Topic,
    max_queued_bytes: usize,
) -> Result<Follower, BusError> {
    let client: BaseConsumer<RateLimitedLog> = kafka
        .client()
        .set("group.id", &kafka.config.group_id)
        .set("enable.auto.commit", "false")
        // Where records were removed before they were read.
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("allow.auto.create.topics", "false")
        .set("fetch.message.max.bytes", topic.max_record_bytes.to_string())
        .set("queued.max.messages.kbytes", "8192")
        .set("fetch.queue.backoff.ms", "50")
        .create_with_context(kafka.rate_limited_log.clone())
        .map_err(|error| BusError::Refused(format!("Kafka's settings: {error}")))?;
    let name = topic.name.clone();
    let (client, ends) = blocking("following a topic", move || {
        let ends = assign_ends(&client, &name)?;
        Ok((client, ends))
    })
    .await?;
    let mut gaps = Gaps::new(kafka, topic);
    gaps.expect(ends);
    let budget = Arc::new(Budget::new(max_queued_bytes.max(1)));
    let (sender, signals) = channel(&budget);
    let poller = Poller { client, signals: sender, budget, gaps, allow_create_time: topic.allow_create_time };
    thread::Builder::new()
        .name("kafka-follow".to_owned())
        .spawn(move || poller.run())
        .map_err(|error| BusError::unavailable("starting the following thread", error))?;
    Ok(Follower::new(signals, None))
}

/// Reads every partition from where it ends, and returns where that is.
fn assign_ends(client: &BaseConsumer<RateLimitedLog>, topic: &str) -> KafkaResult<Offsets> {
    let (_, ends) = limits(client, topic)?;
    let mut assigned = TopicPartitionList::with_capacity(ends.len());
    for (partition, end) in &ends {
        assigned.add_partition_offset(topic, *partition, Offset::Offset(*end))?;
    }
    client.assign(&assigned)?;
    Ok(ends)
}

struct Poller {
    client: BaseConsumer<RateLimitedLog>,
    signals: Sender,
    budget: Arc<Budget>,
    gaps: Gaps,
    allow_create_time: bool,
}

impl Poller {
    /// Polls until nobody takes the signals any more. What librdkafka has read in advance is bounded, so nothing
    /// need be paused while there is no room.
    fn run(mut self) {
        let mut found = true;
        while !self.signals.is_closed() {
            self.wait_for_room();
            let polled = self.client.poll(if found { Duration::ZERO } else { POLL });
            let polled = polled.map(|polled| Ok(delivery(&polled?, self.allow_create_time)));
            found = polled.is_some();
            match polled {
                None => self.signals.flush(),
                Some(Ok(delivery)) => {
                    self.gaps.note(&delivery);
                    // A gap is told before what lies behind it.
                    while let Some(gap) = self.gaps.next() {
                        self.signals.say(gap);
                    }
                    self.signals.gather(delivery);
                }
                Some(Err(error)) if is_passing(&error) => {}
                Some(Err(error)) => self.signals.say(Signal::Trouble(error.to_string())),
            }
        }
    }

    fn wait_for_room(&self) {
        if self.budget.is_full() {
            self.signals.flush();
            while !self.signals.is_closed() && !self.budget.is_half_free() {
                thread::sleep(FULL_PAUSE);
            }
        }
    }
}
