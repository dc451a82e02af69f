//! Several consumers in one group, and a Kafka that goes away: what only a cluster has.

use bus::Signal;
use consumer::Config;
use testing::gate::Gate;
use testing::kafka::Broker;
use testing::wait::until;

use crate::operations::{creates, mixed};
use crate::raw_kafka::members;
use crate::site::{PATIENCE, Site, small_batches};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_consumers_share_the_partitions_and_one_may_leave() {
    let site = Site::on_kafka().await;
    let (first, second) = (site.start(small_batches()), site.start(small_batches()));
    let group = &site.channels.group;
    until("both are members", PATIENCE, async || members(group) == 2).await;

    let mut operations = mixed(30, 80, 3_000);
    site.send(&operations).await;
    until("some of it is done", PATIENCE, async || site.done().await > 0).await;
    first.stop().await;
    let more = mixed(31, 80, 1_000);
    site.send(&more).await;
    operations.extend(more);
    site.caught_up().await;
    site.assert_holds(&operations).await;
    assert_eq!(members(group), 1);
    second.stop().await;
}

/// Members come and go while both write: late inserts, replays and dropped batches all happen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_come_and_go_leave_an_exact_table() {
    let site = Site::on_kafka().await;
    let operations = mixed(32, 60, 6_000);
    site.send(&operations).await;
    let lasting = site.start(small_batches());
    for round in 0..2 {
        let before = site.done().await;
        let passing = site.start(small_batches());
        until("some more is done", PATIENCE, async || {
            let done = site.done().await;
            done > before || done == 6_000
        })
        .await;
        if round % 2 == 0 { passing.crash().await } else { passing.stop().await }
    }
    site.caught_up().await;
    site.assert_holds(&operations).await;
    lasting.stop().await;
}

/// The batch is written, but when that is done its partitions are another member's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_it_commits_nothing_of_partitions_that_went_to_another() {
    let site = Site::on_kafka().await;
    let gate = Gate::open().await;
    let config = Config {
        batch_size: 10,
        flush_interval_ms: 3_600_000,
        shutdown_timeout_ms: 90_000,
        ..Config::default()
    };
    let consumer = site.start_by(gate.url(), config);
    let first = creates(10);
    site.send(&first).await;
    site.caught_up().await;
    let committed = site.committed().await;

    gate.close();
    let second = creates(10);
    site.send(&second).await;
    until("the batch is being written", PATIENCE, async || gate.turned_away() > 0).await;
    consumer.ask_to_end();
    let mut other = site.channels.bus.source(&site.channels.events, &site.channels.group, 1 << 20).unwrap();
    until(
        "the other has partitions",
        PATIENCE,
        async || matches!(other.next().await, Some(Signal::Assigned(partitions)) if !partitions.is_empty()),
    )
    .await;
    gate.reopen();
    consumer.stop().await;
    assert_eq!(site.count().await, 20);
    assert_eq!(site.committed().await, committed);
}

/// The commit fails, and then nothing more comes that would be committed with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_kafka_was_away_for_is_committed_when_it_is_back() {
    let mut broker = Broker::start();
    let site = Site::on_brokers(broker.brokers());
    site.channels.ensure_topics().await.unwrap();
    let gate = Gate::open().await;
    let mut operations = creates(10);
    site.send(&operations).await;
    let consumer = site.start_by(gate.url(), small_batches());
    site.caught_up().await;

    gate.close();
    operations.extend(creates(1));
    site.send(&operations[10..]).await;
    until("the consumer has the last one", PATIENCE, async || gate.turned_away() > 0).await;
    broker.stop();
    gate.reopen();
    until("it is in the table", PATIENCE, async || site.count().await == 11).await;
    until("it says that it could not commit", PATIENCE, async || {
        consumer.status.troubles().iter().any(|trouble| trouble.starts_with("commit: "))
    })
    .await;

    broker.restart();
    site.caught_up().await;
    until("the trouble is over", PATIENCE, async || consumer.status.troubles().is_empty()).await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}
