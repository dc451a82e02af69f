//! A consumer that ends, cleanly or not, and starts again.

use std::time::{Duration, Instant};

use bus::Record;
use bus::log::Options;
use consumer::Config;
use testing::gate::Gate;
use testing::wait::until;

use crate::operations::{answer, create, creates, mixed, new_key};
use crate::site::{PATIENCE, Site, small_batches};

pub(crate) async fn a_consumer_that_is_stopped_goes_on_where_it_was(site: Site) {
    let mut operations = mixed(4, 80, 3_000);
    let places = site.send(&operations).await;
    let consumer = site.start(small_batches());
    until("some of it is done", PATIENCE, async || site.done().await > 0).await;
    consumer.stop().await;

    // What is committed is in the table, and nothing else.
    let committed = site.committed().await;
    let done =
        |place: &bus::Written| committed.get(&place.partition).is_some_and(|next| place.offset < *next);
    let finished: Vec<_> =
        operations.iter().zip(&places).filter(|(_, place)| done(place)).map(|(one, _)| one.clone()).collect();
    assert!(finished.len() < operations.len(), "the stop should come in the middle");
    site.assert_holds(&finished).await;

    let consumer = site.start(small_batches());
    let more = mixed(5, 80, 500);
    site.send(&more).await;
    operations.extend(more);
    site.caught_up().await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}

pub(crate) async fn a_consumer_that_crashes_again_and_again_skips_nothing(site: Site) {
    let operations = mixed(6, 80, 6_000);
    site.send(&operations).await;
    for _ in 0..3 {
        let before = site.done().await;
        let consumer = site.start(small_batches());
        until("some more is done", PATIENCE, async || site.done().await > before).await;
        consumer.crash().await;
    }
    assert!(site.done().await < 6_000, "the crashes should come in the middle");

    let consumer = site.start(small_batches());
    site.caught_up().await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}

/// One batch is being written and another grows, which by itself would wait for an hour.
pub(crate) async fn a_stop_writes_and_commits_what_was_taken_in(site: Site) {
    let gate = Gate::open().await;
    let key = new_key();
    let config = Config { batch_size: 10, flush_interval_ms: 3_600_000, ..Config::default() };
    let mut operations = vec![create(&key, "hello")];
    operations.extend((2..=10).map(|n| answer(&key, &format!("operation {n}"))));
    let consumer = site.start_by(gate.url(), config);
    site.send(&operations).await;
    site.caught_up().await;

    gate.close();
    let more: Vec<_> = (11..=22).map(|n| answer(&key, &format!("operation {n}"))).collect();
    site.send(&more[..10]).await;
    until("the batch is being written", PATIENCE, async || gate.turned_away() > 0).await;
    site.send(&more[10..]).await;
    let misses = gate.turned_away();
    until("the others have been read", PATIENCE, async || gate.turned_away() >= misses + 3).await;
    assert_eq!(site.done().await, 10);
    consumer.ask_to_end();
    gate.reopen();
    consumer.stop().await;

    assert_eq!(site.done().await, 22);
    operations.extend(more);
    site.assert_holds(&operations).await;
}

pub(crate) async fn a_stop_while_clickhouse_is_away_ends_in_time_and_commits_nothing(site: Site) {
    let gate = Gate::open().await;
    let mut operations = creates(3);
    site.send(&operations).await;
    let consumer = site.start_by(gate.url(), Config { shutdown_timeout_ms: 300, ..small_batches() });
    site.caught_up().await;

    gate.close();
    let more = creates(50);
    site.send(&more).await;
    until("the consumer misses ClickHouse", PATIENCE, async || gate.turned_away() >= 2).await;
    let asked = Instant::now();
    consumer.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
    assert_eq!(site.done().await, 3);

    operations.extend(more);
    let consumer = site.start(small_batches());
    site.caught_up().await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}

/// Of no time at all, so that a schedule may change at any later one.
fn long_ago() -> i64 {
    0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_whose_schedule_is_superseded_ends_and_says_what_to_set() {
    let mut site = Site::on_a_log(Options { clock: long_ago, ..Options::default() }).await;
    site.channels.look_every = Duration::from_millis(10);
    let consumer = site.start(Config::default());
    // It has started, by the schedule that was in force.
    site.send(&creates(1)).await;
    site.caught_up().await;
    let next = Record { value: b"3,2026-01-01T00:00:00Z=2".to_vec(), ..Record::default() };
    site.channels.bus.producer(&site.channels.schedules).unwrap().send(next).await.unwrap();
    let error = consumer.failed().await;
    assert!(error.contains("set KAFKA_PARTITION_SCHEDULE=3,2026-01-01T00:00:00.000Z=2,"), "{error}");
}
