//! `millrace-consumer` as a process, configured by its environment.

use std::time::{Duration, Instant};

use runtime::status;
use testing::Process;
use testing::gate::Gate;
use testing::wait::until;

use crate::operations::{answer, create, creates, mixed, new_key};
use crate::raw_kafka;
use crate::site::{PATIENCE, Site};

impl Site {
    /// What a process needs to work here, and more.
    pub(crate) fn environment(&self, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("KAFKA_BROKERS", testing::kafka::brokers().to_owned()),
            ("KAFKA_TOPIC", self.channels.events.name.clone()),
            ("KAFKA_GROUP_ID", self.channels.group.clone()),
            ("KAFKA_PARTITIONS", "3".to_owned()),
            ("CLICKHOUSE_URL", testing::engine::url().to_string()),
            ("CLICKHOUSE_DATABASE", self.clickhouse.database.clone()),
            ("CONSUMER_STATUS_PORT", testing::port::free().to_string()),
        ];
        for (name, value) in more {
            all.retain(|(other, _)| other != name);
            all.push((name, (*value).to_owned()));
        }
        all
    }

    fn process(&self, more: &[(&'static str, &str)]) -> Process {
        Process::start("millrace-consumer", &self.environment(more))
    }
}

/// One batch is being written and another grows, which by itself would wait for an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_it_writes_and_commits_what_it_has_taken_in() {
    let site = Site::on_kafka().await;
    let gate = Gate::open().await;
    let mut operations = creates(10);
    site.send(&operations).await;
    let url = gate.url();
    let mut process = site.process(&[
        ("CLICKHOUSE_URL", &url),
        ("CONSUMER_BATCH_SIZE", "10"),
        ("CONSUMER_FLUSH_INTERVAL_MS", "3600000"),
    ]);
    site.caught_up().await;

    gate.close();
    let more = creates(12);
    site.send(&more[..10]).await;
    until("the batch is being written", PATIENCE, async || gate.turned_away() > 0).await;
    site.send(&more[10..]).await;
    let misses = gate.turned_away();
    until("the others have been read", PATIENCE, async || gate.turned_away() >= misses + 3).await;
    process.terminate();
    gate.reopen();
    assert!(process.wait_exit(PATIENCE).success());

    assert_eq!(site.done().await, 22);
    operations.extend(more);
    site.assert_holds(&operations).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_operations_are_written_after_the_interval_and_ready_is_told() {
    let site = Site::on_kafka().await;
    let port = testing::port::free();
    let _process = site.process(&[
        ("CONSUMER_BATCH_SIZE", "1000000"),
        ("CONSUMER_FLUSH_INTERVAL_MS", "50"),
        ("CONSUMER_CACHE_BYTES", "0"),
        ("CONSUMER_STATUS_HOST", "127.0.0.1"),
        ("CONSUMER_STATUS_PORT", &port.to_string()),
    ]);
    until("it is ready", PATIENCE, async || {
        tokio::task::spawn_blocking(move || status::probe(([127, 0, 0, 1], port).into(), "/ready"))
            .await
            .unwrap()
            .is_ok()
    })
    .await;
    let key = new_key();
    let operations = [create(&key, "hello"), answer(&key, "one"), answer(&key, "two")];
    for operation in &operations {
        site.send(std::slice::from_ref(operation)).await;
        site.caught_up().await;
    }
    site.assert_holds(&operations).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_it_is_replaced_and_nothing_is_lost() {
    let site = Site::on_kafka().await;
    let operations = mixed(40, 80, 4_000);
    site.send(&operations).await;
    let small = [("CONSUMER_MAX_BATCH_BYTES", "150000"), ("CONSUMER_FLUSH_INTERVAL_MS", "20")];
    let (mut first, _second) = (site.process(&small), site.process(&small));
    until("some of it is done", PATIENCE, async || site.done().await > 0).await;
    first.kill_9();
    let _third = site.process(&small);
    site.caught_up().await;
    site.assert_holds(&operations).await;
}

/// The update finds no event, the create behind it makes one. Were that in the table before the letter
/// is written, the update would then look like a replay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_the_letter_of_an_unknown_update_is_written_it_does_not_lose_it() {
    let site = Site::on_kafka().await;
    let by_two = [("CONSUMER_BATCH_SIZE", "2"), ("CONSUMER_FLUSH_INTERVAL_MS", "3600000")];
    let mut process = site.process(&by_two);
    let mut operations = creates(2);
    site.send(&operations).await;
    site.caught_up().await;
    raw_kafka::delete_topic(&site.channels.dead_letters.name).await;
    let key = new_key();
    let unlucky = [answer(&key, "too early"), create(&key, "hello")];
    site.send(&unlucky).await;
    until("the letter can't be written", PATIENCE, async || {
        process.output().contains("writing a dead letter failed")
    })
    .await;
    process.kill_9();

    let _again = site.process(&by_two);
    site.caught_up().await;
    operations.extend(unlucky);
    site.assert_holds(&operations).await;
    let reasons: Vec<_> = site.reasons().await.into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(reasons, ["unknown_event"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_ends_leaves_its_partitions_to_the_others_at_once() {
    let site = Site::on_kafka().await;
    let mut first = site.process(&[]);
    let mut operations = creates(30);
    site.send(&operations).await;
    site.caught_up().await;
    first.terminate();
    assert!(first.wait_exit(PATIENCE).success());

    // Well within the ten seconds after which a lost member is given up.
    let started = Instant::now();
    let _second = site.process(&[]);
    let more = creates(30);
    site.send(&more).await;
    operations.extend(more);
    site.caught_up().await;
    assert!(started.elapsed() < Duration::from_secs(8), "it took {:?}", started.elapsed());
    site.assert_holds(&operations).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_while_clickhouse_is_away_it_waits_no_longer_than_it_may() {
    let site = Site::on_kafka().await;
    let gate = Gate::open().await;
    site.send(&creates(1)).await;
    let mut process =
        site.process(&[("CLICKHOUSE_URL", &gate.url()), ("CONSUMER_SHUTDOWN_TIMEOUT_MS", "300")]);
    site.caught_up().await;

    gate.close();
    site.send(&creates(1)).await;
    until("it misses ClickHouse", PATIENCE, async || gate.turned_away() > 0).await;
    let asked = Instant::now();
    process.terminate();
    assert!(process.wait_exit(PATIENCE).success());
    assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
    assert_eq!(site.done().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_someone_has_to_change_ends_it_with_one_line() {
    let site = Site::on_kafka().await;
    let line = |more: &[(&'static str, &str)]| {
        let more: Vec<_> = more.iter().copied().chain([("LOG_LEVEL", "off")]).collect();
        let mut process = site.process(&more);
        assert!(!process.wait_exit(PATIENCE).success());
        process.output()
    };
    for (variable, value, words) in [
        ("CONSUMER_BATCH_SIZE", "many", "configuration: "),
        ("CLICKHOUSE_DATABASE", "a-b", "CLICKHOUSE_DATABASE must be letters, digits and underscores"),
        ("CLICKHOUSE_URL", "http://localhost:9000", "8123"),
        ("KAFKA_PARTITIONS", "4", "has 3 partitions, but 4 are configured"),
        ("KAFKA_PARTITION_SCHEDULE", "never", "KAFKA_PARTITION_SCHEDULE"),
    ] {
        let output = line(&[(variable, value)]);
        assert!(output.starts_with("error: ") && output.contains(words), "{output}");
        assert_eq!(output.lines().count(), 1, "{output}");
    }
}
