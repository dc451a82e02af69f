//! Where a case runs, and what all of them do with it.

use std::fmt::Display;
use std::time::Duration;

use bus::kafka::{self, Kafka};
use bus::log::{Log, Options};
use bus::{Bus, Delivery, Offsets, Record, Schedule, Signal, Source, Topic};
use futures_util::future::join_all;
use model::Timestamp;
use tempfile::TempDir;
use tokio::time::timeout;

/// No wait is longer: Kafka's groups take their time on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The group of cases that need only one.
pub(crate) const GROUP: &str = "group";

/// More than any case keeps waiting.
pub(crate) const ROOM: usize = 64 << 20;

/// A bus for one test.
pub(crate) struct Place {
    pub(crate) bus: Bus,
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn log() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { delivery_timeout: PATIENCE, ..Options::default() };
        let log = Log::open(&folder.path().join("log"), options).unwrap();
        Self { bus: Bus::Log(log), _folder: Some(folder) }
    }

    pub(crate) fn kafka() -> Self {
        let config = kafka::Config {
            brokers: testing::kafka::brokers().to_owned(),
            delivery_timeout_ms: u64::try_from(PATIENCE.as_millis()).unwrap(),
            ..kafka::Config::default()
        };
        Self { bus: Bus::Kafka(Kafka::new(config)), _folder: None }
    }

    /// A topic that is there.
    pub(crate) async fn topic(&self, partitions: u16) -> Topic {
        let topic = topic(Schedule::constant(partitions));
        self.bus.ensure_topic(&topic).await.unwrap();
        topic
    }

    /// A source of the group.
    pub(crate) fn source(&self, topic: &Topic, group: &str) -> Source {
        self.bus.source(topic, &group_of(topic, group), ROOM).unwrap()
    }

    /// Sends all at once and waits for all acknowledgements.
    pub(crate) async fn send_all(&self, topic: &Topic, records: impl IntoIterator<Item = Record>) {
        let producer = self.bus.producer(topic).unwrap();
        for written in join_all(records.into_iter().map(|record| producer.send(record))).await {
            written.unwrap();
        }
    }
}

/// A topic that nobody has made yet.
pub(crate) fn topic(schedule: Schedule) -> Topic {
    let name = format!("test-{:032x}", rand::random::<u128>());
    Topic::new(name, schedule, 1_000_000)
}

/// Groups are a cluster's, so each topic has its own.
pub(crate) fn group_of(topic: &Topic, group: &str) -> String {
    format!("{}-{group}", topic.name)
}

pub(crate) fn record(key: &str, value: impl Display) -> Record {
    Record {
        key: Some(key.as_bytes().to_vec()),
        at: Timestamp::now(),
        value: value.to_string().into_bytes(),
        headers: Vec::new(),
    }
}

/// The next signal.
pub(crate) async fn signal(source: &mut Source) -> Signal {
    timeout(PATIENCE, source.next()).await.expect("a signal in time").expect("the source should go on")
}

/// The next deliveries, this many.
pub(crate) async fn deliveries(source: &mut Source, count: usize) -> Vec<Delivery> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        match signal(source).await {
            Signal::Delivery(delivery) => all.push(delivery),
            Signal::Assigned(_) | Signal::Revoked(_) | Signal::Trouble(_) => {}
            Signal::Gap { partition, missed } => panic!("{missed} are missing in partition {partition}"),
        }
    }
    all
}

/// The values of the next deliveries, in order of the values: partitions may come in any order.
pub(crate) async fn values(source: &mut Source, count: usize) -> Vec<String> {
    let text = |delivery: &Delivery| String::from_utf8(delivery.value.clone()).unwrap();
    let mut values: Vec<_> = deliveries(source, count).await.iter().map(text).collect();
    values.sort();
    values
}

/// What is to be committed when these are done.
pub(crate) fn offsets_after(deliveries: &[Delivery]) -> Offsets {
    let mut offsets = Offsets::new();
    for delivery in deliveries {
        let next = offsets.entry(delivery.partition).or_default();
        *next = (*next).max(delivery.offset + 1);
    }
    offsets
}
