//! A broker that is there and says nothing: a machine that hangs, a network that swallows.

use std::time::Duration;

use bus::kafka::{self, Kafka};
use bus::{Bus, Schedule, Signal, Topic};
use testing::kafka::{Broker, Cluster};
use testing::wait::{until, until_some};
use tokio::time::{Instant, timeout};

use crate::follow::followed;
use crate::place::{PATIENCE, ROOM, group_of, record, topic};

/// Kafka gives such a broker up within its session, here 4 s; the client has to notice by itself.
const NOTICED_WITHIN: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn following_goes_on_when_the_broker_is_back() {
    let mut broker = Broker::start();
    let config = kafka::Config {
        brokers: broker.brokers().to_owned(),
        delivery_timeout_ms: u64::try_from(PATIENCE.as_millis()).unwrap(),
        ..kafka::Config::default()
    };
    let bus = Bus::Kafka(Kafka::new(config));
    let topic: Topic = topic(Schedule::constant(2));
    bus.ensure_topic(&topic).await.unwrap();
    let producer = bus.producer(&topic).unwrap();
    let mut follower = bus.follow(&topic, ROOM).await.unwrap();
    until("it takes a record", PATIENCE, async || producer.send(record("a", "before")).await.is_ok()).await;
    followed(&mut follower, 1).await;

    broker.stop();
    broker.restart();
    until("it takes a record", PATIENCE, async || producer.send(record("a", "after")).await.is_ok()).await;
    let after = followed(&mut follower, 1).await;
    assert_eq!(after.values().flatten().map(|(_, value)| value).collect::<Vec<_>>(), ["after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_goes_on_from_the_others_when_a_broker_freezes() {
    let mut cluster = Cluster::start();
    let config = kafka::Config { brokers: cluster.brokers(), ..kafka::Config::default() };
    let bus = Bus::Kafka(Kafka::new(config));
    let topic: Topic = topic(Schedule::constant(1));
    bus.ensure_topic(&topic).await.unwrap();
    let producer = bus.producer(&topic).unwrap();
    let mut source = bus.source(&topic, &group_of(&topic, "group"), ROOM).unwrap();
    until("it takes a record", PATIENCE, async || producer.send(record("a", "before")).await.is_ok()).await;
    let mut arrives = async || loop {
        if let Some(Signal::Delivery(delivery)) = source.next().await {
            return delivery.value;
        }
    };
    timeout(PATIENCE, arrives()).await.unwrap();

    let leader = until_some("it has a leader", PATIENCE, async || cluster.leader(&topic.name, 0)).await;
    cluster.broker(leader).pause();
    let frozen = Instant::now();
    until("it takes a record", PATIENCE, async || producer.send(record("a", "after")).await.is_ok()).await;
    while timeout(2 * PATIENCE, arrives()).await.unwrap() != b"after" {}
    assert!(frozen.elapsed() < NOTICED_WITHIN, "read after {:?}", frozen.elapsed());
}
