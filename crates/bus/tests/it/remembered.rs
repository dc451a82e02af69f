//! The partition schedule is the same at every start, in Kafka and in the embedded log.

use bus::kafka::Config;
use bus::log::{Log, Options};
use bus::{BusError, Channels};
use testing::unique;

fn config(topic: &str, schedule: Option<&str>) -> Config {
    Config {
        brokers: testing::kafka::brokers().to_owned(),
        topic: topic.to_owned(),
        partitions: 4,
        partition_schedule: schedule.map(str::to_owned),
        ..Config::default()
    }
}

/// Starts one process after the other with these schedules, `None` for that of `KAFKA_PARTITIONS`.
async fn start(make: impl Fn(Option<&str>) -> Channels) {
    let ensure = async |schedule| make(schedule).ensure_topics().await.map(drop);
    ensure(Some("8")).await.unwrap();
    ensure(Some("8")).await.unwrap();
    // The variable got lost.
    let refused = ensure(None).await.unwrap_err();
    let BusError::Refused(reason) = &refused else { panic!("{refused}") };
    assert!(reason.contains("KAFKA_PARTITION_SCHEDULE=8,"), "{reason}");
    assert!(ensure(Some("8,2026-01-01T00:00:00Z=4")).await.is_err(), "a time that has passed");

    let later = "8,2099-01-01T00:00:00Z=4";
    ensure(Some(later)).await.unwrap();
    ensure(Some(later)).await.unwrap();
    let refused = ensure(Some("8")).await.unwrap_err().to_string();
    assert!(refused.contains("KAFKA_PARTITION_SCHEDULE=8,2099-01-01T00:00:00.000Z=4,"), "{refused}");

    // Both may be the next; the log says which is.
    let (first, second) = tokio::join!(
        ensure(Some("8,2099-01-01T00:00:00Z=4,2099-01-02T00:00:00Z=2")),
        ensure(Some("8,2099-01-01T00:00:00Z=4,2099-01-02T00:00:00Z=3"))
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_remembers_the_partition_schedule() {
    let topic = unique("remembered");
    start(|schedule| Channels::kafka(config(&topic, schedule)).unwrap()).await;
}

#[tokio::test]
async fn the_embedded_log_remembers_the_partition_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&folder.path().join("log"), Options::default()).unwrap();
    start(|schedule| Channels::log(log.clone(), &config("events", schedule)).unwrap()).await;
}

#[tokio::test]
async fn first_starts_at_the_same_time_agree() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&folder.path().join("log"), Options::default()).unwrap();
    let ensure = async |schedule| {
        Channels::log(log.clone(), &config("events", Some(schedule))).unwrap().ensure_topics().await.map(drop)
    };
    // The topic has enough partitions for both.
    let topics = Channels::log(log.clone(), &config("events", Some("8"))).unwrap();
    topics.bus.ensure_topic(&topics.events).await.unwrap();
    let (first, second) = tokio::join!(ensure("8"), ensure("4"));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}
