//! Topics of a test's own, and letters on them.

use std::time::Duration;

use bus::log::{Log, Options};
use bus::{Channels, Delivery, From, Record, Topic, Written};
use dead_letters::{DeadLettersError, Filter, List, Reason, Replay, Replayed, Report, Summary, Writer};
use model::{EventId, Timestamp};
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use tempfile::TempDir;
use tokio::time::timeout;

/// No wait is longer: a broker takes its time on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// One installation, without consumers.
pub(crate) struct Site {
    pub(crate) channels: Channels,
    _folder: Option<TempDir>,
}

/// A message that is an operation, under its event's id.
pub(crate) fn operation() -> Record {
    let id = EventId::new(Timestamp::now());
    let value = format!(
        r#"{{"v":1,"operation":"delete","event_id":"{id}","tenant":"default","timestamp":"2026-11-20T21:57:13Z"}}"#
    );
    Record {
        key: Some(id.to_string().into_bytes()),
        at: id.created_at(),
        value: value.into_bytes(),
        headers: vec![("trace".to_owned(), b"\xff\x00".to_vec())],
    }
}

pub(crate) fn garbage(text: &str) -> Record {
    Record { key: Some(b"garbage".to_vec()), value: text.into(), ..Record::default() }
}

pub(crate) fn unknown_event() -> Reason {
    Reason::new(dead_letters::UNKNOWN_EVENT, "made by a test")
}

pub(crate) fn refused() -> Reason {
    Reason::new(dead_letters::REFUSED, "made by a test")
}

pub(crate) fn all() -> Filter {
    Filter::default()
}

impl Site {
    pub(crate) async fn on_the_log() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { delivery_timeout: PATIENCE, ..Options::default() };
        let log = Log::open(&folder.path().join("log"), options).unwrap();
        Self::with(Channels::log(log, &config()).unwrap(), Some(folder)).await
    }

    pub(crate) async fn on_kafka() -> Self {
        let brokers = testing::kafka::brokers().into();
        Self::with(Channels::kafka(bus::kafka::Config { brokers, ..config() }).unwrap(), None).await
    }

    async fn with(channels: Channels, folder: Option<TempDir>) -> Self {
        channels.bus.ensure_topic(&channels.events).await.unwrap();
        Self { channels, _folder: folder }
    }

    /// Puts a message on the topic of events, and gives it as a consumer gets it.
    pub(crate) async fn send(&self, record: Record) -> Delivery {
        let producer = self.channels.bus.producer(&self.channels.events).unwrap();
        let Written { partition, offset } = producer.send(record.clone()).await.unwrap();
        let Record { key, value, headers, .. } = record;
        Delivery { partition, offset, append_ms: None, key, value, headers }
    }

    /// Makes a letter of a message.
    pub(crate) async fn reject(&self, delivery: &Delivery, reason: Reason) {
        self.reject_within(self.channels.dead_letters.max_record_bytes, delivery, reason).await;
    }

    /// Makes a letter of a message that is too large for it.
    pub(crate) async fn reject_truncated(&self, delivery: &Delivery, reason: Reason) {
        self.reject_within(delivery.value.len(), delivery, reason).await;
    }

    async fn reject_within(&self, max_record_bytes: usize, delivery: &Delivery, reason: Reason) {
        let Channels { bus, events, dead_letters, .. } = &self.channels;
        bus.ensure_topic(dead_letters).await.unwrap();
        let topic = Topic { max_record_bytes, ..dead_letters.clone() };
        let producer = bus.producer(&topic).unwrap();
        let writer = Writer { producer, topic: events.name.clone(), status: Status::default() };
        writer.write_all(std::slice::from_ref(delivery), &[(0, reason)]).await.unwrap();
    }

    /// Puts a message on the topic of events, and makes a letter of it.
    pub(crate) async fn send_and_reject(&self, record: Record, reason: Reason) -> Delivery {
        let delivery = self.send(record).await;
        self.reject(&delivery, reason).await;
        delivery
    }

    pub(crate) async fn everything_on(&self, topic: &Topic) -> Vec<Delivery> {
        let mut range = self.channels.bus.read_range(topic, From::Beginning).await.unwrap();
        let mut all = Vec::new();
        while let Some(delivery) = timeout(PATIENCE, range.next()).await.expect("a delivery in time") {
            all.push(delivery.unwrap());
        }
        all
    }

    /// The messages on the topic of events that have this value.
    pub(crate) async fn copies(&self, value: &[u8]) -> Vec<Delivery> {
        let all = self.everything_on(&self.channels.events).await;
        all.into_iter().filter(|delivery| delivery.value == value).collect()
    }

    pub(crate) async fn list(&self, filter: Filter) -> Vec<Summary> {
        let mut list = List::open(&self.channels, filter).await.unwrap();
        let mut all = Vec::new();
        while let Some(summary) = list.next().await.unwrap() {
            all.push(summary);
        }
        all
    }

    /// What a replay came to, and what it reported but its progress.
    pub(crate) async fn replay(&self, replay: Replay) -> (Replayed, Vec<String>) {
        let mut reports = Vec::new();
        let report = |report: Report<'_>| {
            match report {
                Report::Progress(..) => {}
                Report::WouldReplay(letter) => reports.push(format!("would replay {}", letter.id)),
                Report::ReplayedBefore(id, _) => reports.push(format!("replayed before {id}")),
                Report::Failed(id, reason) => reports.push(format!("failed {id}: {reason}")),
            }
            Ok(())
        };
        let done = self.replay_until(replay, &Shutdown::new(), report).await.unwrap();
        (done, reports)
    }

    pub(crate) async fn replay_until(
        &self,
        replay: Replay,
        shutdown: &Shutdown,
        report: impl FnMut(Report<'_>) -> std::io::Result<()>,
    ) -> Result<Replayed, DeadLettersError> {
        dead_letters::replay(&self.channels, &replay, shutdown, report).await
    }
}

fn config() -> bus::kafka::Config {
    let name = testing::unique("dead_letters");
    bus::kafka::Config {
        group_id: name.clone(),
        topic: name,
        partitions: 3,
        delivery_timeout_ms: 60_000,
        ..bus::kafka::Config::default()
    }
}
