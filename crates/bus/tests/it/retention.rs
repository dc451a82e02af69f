//! What the embedded log removes, and what its clock may do.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bus::log::{Log, Options};
use bus::{Bus, Keep, Offsets, Schedule, Signal, Topic};
use testing::wait::until;

use crate::place::{GROUP, PATIENCE, ROOM, deliveries, record, signal, topic};

const HOUR_MS: i64 = 3_600_000;

/// Keeps what it reads for an hour of this clock.
fn open(path: &Path, clock: fn() -> i64) -> (Log, Bus) {
    let options = Options {
        retention: Duration::from_hours(1),
        retention_interval: Duration::from_millis(5),
        clock,
        ..Options::default()
    };
    let log = Log::open(path, options).unwrap();
    (log.clone(), Bus::Log(log))
}

async fn send(bus: &Bus, topic: &Topic, count: usize) -> Vec<i64> {
    let producer = bus.producer(topic).unwrap();
    let mut offsets = Vec::new();
    for i in 0..count {
        offsets.push(producer.send(record("key", i)).await.unwrap().offset);
    }
    offsets
}

async fn begin(bus: &Bus, topic: &Topic) -> i64 {
    bus.positions(topic, GROUP).unwrap().partitions().await.unwrap()[0].begin
}

#[tokio::test]
async fn offsets_go_on_after_retention_has_emptied_a_partition() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let topic = topic(Schedule::constant(1));
    let (log, bus) = open(&path, || NOW.load(Ordering::Relaxed));
    bus.ensure_topic(&topic).await.unwrap();
    assert_eq!(send(&bus, &topic, 3).await, [0, 1, 2]);
    let source = bus.source(&topic, GROUP, ROOM).unwrap();
    source.commit(Offsets::from([(0, 3)])).await.unwrap();

    NOW.fetch_add(HOUR_MS + 1, Ordering::Relaxed);
    until("the records are removed", PATIENCE, async || begin(&bus, &topic).await == 3).await;
    drop(source);
    log.close().await.unwrap();

    let (_log, bus) = open(&path, || NOW.load(Ordering::Relaxed));
    assert_eq!(begin(&bus, &topic).await, 3);
    assert_eq!(send(&bus, &topic, 2).await, [3, 4]);
    let mut source = bus.source(&topic, GROUP, ROOM).unwrap();
    assert_eq!(deliveries(&mut source, 2).await.iter().map(|at| at.offset).collect::<Vec<_>>(), [3, 4]);
}

#[tokio::test]
async fn what_is_removed_before_it_is_followed_is_a_gap() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let topic = topic(Schedule::constant(1));
    let (_log, bus) = open(&folder.path().join("log"), || NOW.load(Ordering::Relaxed));
    bus.ensure_topic(&topic).await.unwrap();
    // No more than one waits for whoever follows.
    let mut follower = bus.follow(&topic, 1).await.unwrap();
    send(&bus, &topic, 10).await;
    let Some(Signal::Delivery(first)) = follower.next().await else { panic!("no delivery") };
    bus.source(&topic, GROUP, ROOM).unwrap().commit(Offsets::from([(0, 10)])).await.unwrap();
    NOW.fetch_add(HOUR_MS + 1, Ordering::Relaxed);
    until("the records are removed", PATIENCE, async || begin(&bus, &topic).await == 10).await;
    send(&bus, &topic, 1).await;

    let (mut read, mut missed, mut last) = (1, 0, first.offset);
    while last < 10 {
        match follower.next().await.unwrap() {
            Signal::Delivery(next) => (read, last) = (read + 1, next.offset),
            Signal::Gap { missed: more, .. } => missed += more,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(read + missed, 11);
    assert!(missed > 0, "nothing was removed in time");
}

#[tokio::test]
async fn only_what_every_group_has_read_is_removed() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let (_log, bus) = open(&folder.path().join("log"), || NOW.load(Ordering::Relaxed));
    let [read, unread] = [topic(Schedule::constant(1)), topic(Schedule::constant(1))];
    for topic in [&read, &unread] {
        bus.ensure_topic(topic).await.unwrap();
        send(&bus, topic, 10).await;
    }
    let fast = bus.source(&read, "fast", ROOM).unwrap();
    let slow = bus.source(&read, "slow", ROOM).unwrap();
    slow.commit(Offsets::from([(0, 4)])).await.unwrap();
    fast.commit(Offsets::from([(0, 10)])).await.unwrap();
    NOW.fetch_add(HOUR_MS + 1, Ordering::Relaxed);
    until("what both have read is removed", PATIENCE, async || begin(&bus, &read).await == 4).await;

    // What is young stays, whoever has read it.
    send(&bus, &read, 5).await;
    slow.commit(Offsets::from([(0, 15)])).await.unwrap();
    fast.commit(Offsets::from([(0, 15)])).await.unwrap();
    until("what is old is removed", PATIENCE, async || begin(&bus, &read).await == 10).await;
    assert_eq!(begin(&bus, &unread).await, 0);

    // A reader of its own that has never committed begins with what is left.
    let mut late = bus.source(&read, "late", ROOM).unwrap();
    assert_eq!(deliveries(&mut late, 5).await[0].offset, 10);
}

#[tokio::test]
async fn a_group_that_was_given_up_keeps_nothing_from_those_that_read_now() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let (_log, bus) = open(&folder.path().join("log"), || NOW.load(Ordering::Relaxed));
    let topic = topic(Schedule::constant(1));
    bus.ensure_topic(&topic).await.unwrap();
    send(&bus, &topic, 10).await;
    let given_up = bus.source(&topic, "given up", ROOM).unwrap();
    given_up.commit(Offsets::from([(0, 4)])).await.unwrap();
    let new = bus.source(&topic, "new", ROOM).unwrap();
    NOW.fetch_add(HOUR_MS + 1, Ordering::Relaxed);
    // What it has committed is not in question: it is read by all only when the new one has it too.
    drop(given_up);
    new.commit(Offsets::from([(0, 7)])).await.unwrap();
    until("what the new group has read is removed", PATIENCE, async || begin(&bus, &topic).await == 7).await;
}

#[tokio::test]
async fn a_topic_with_limits_keeps_what_is_young_and_within_its_size() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (log, bus) = open(&path, || NOW.load(Ordering::Relaxed));
    let keep = Keep::Within { ms: u64::try_from(HOUR_MS).unwrap(), bytes: 2_000 };
    let letters = Topic { keep, ..topic(Schedule::constant(1)) };
    bus.ensure_topic(&letters).await.unwrap();
    let producer = bus.producer(&letters).unwrap();
    let letter = || bus::Record { value: vec![0; 900], ..bus::Record::default() };
    for _ in 0..5 {
        producer.send(letter()).await.unwrap();
    }
    // Nobody commits on it.
    until("two of the size of 900 bytes are left", PATIENCE, async || begin(&bus, &letters).await == 3).await;
    NOW.fetch_add(HOUR_MS / 2, Ordering::Relaxed);
    producer.send(letter()).await.unwrap();
    until("the oldest makes room", PATIENCE, async || begin(&bus, &letters).await == 4).await;
    NOW.fetch_add(HOUR_MS / 2 + 1, Ordering::Relaxed);
    until("the old one is removed", PATIENCE, async || begin(&bus, &letters).await == 5).await;
    log.close().await.unwrap();
}

#[tokio::test]
async fn a_group_that_comes_too_late_is_told_what_it_missed() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);
    let folder = tempfile::tempdir().unwrap();
    let (_log, bus) = open(&folder.path().join("log"), || NOW.load(Ordering::Relaxed));
    let topic = topic(Schedule::constant(1));
    bus.ensure_topic(&topic).await.unwrap();
    send(&bus, &topic, 5).await;
    let source = bus.source(&topic, GROUP, ROOM).unwrap();
    source.commit(Offsets::from([(0, 5)])).await.unwrap();
    NOW.fetch_add(HOUR_MS + 1, Ordering::Relaxed);
    until("the records are removed", PATIENCE, async || begin(&bus, &topic).await == 5).await;

    source.commit(Offsets::from([(0, 2)])).await.unwrap();
    drop(source);
    let mut source = bus.source(&topic, GROUP, ROOM).unwrap();
    assert!(matches!(signal(&mut source).await, Signal::Assigned(_)));
    let missed = signal(&mut source).await;
    assert!(matches!(missed, Signal::Gap { partition: 0, missed: 3 }), "{missed:?}");
    send(&bus, &topic, 1).await;
    assert_eq!(deliveries(&mut source, 1).await[0].offset, 5);
}

#[tokio::test]
async fn append_times_stand_still_when_the_clock_is_set_back() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000_000);
    let clock = || NOW.load(Ordering::Relaxed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let topic = topic(Schedule::constant(1));
    let (log, bus) = open(&path, clock);
    bus.ensure_topic(&topic).await.unwrap();
    let start = clock();
    send(&bus, &topic, 1).await;
    NOW.fetch_sub(5_000, Ordering::Relaxed);
    send(&bus, &topic, 1).await;
    log.close().await.unwrap();

    NOW.fetch_sub(5_000, Ordering::Relaxed);
    let (_log, bus) = open(&path, clock);
    send(&bus, &topic, 1).await;
    NOW.store(start + 7, Ordering::Relaxed);
    send(&bus, &topic, 1).await;
    let mut source = bus.source(&topic, GROUP, ROOM).unwrap();
    let times: Vec<_> =
        deliveries(&mut source, 4).await.iter().map(|at| at.append_ms.unwrap() - start).collect();
    assert_eq!(times, [0, 0, 0, 7]);
}
