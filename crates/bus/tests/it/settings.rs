//! Topics in Kafka that someone else made, or that were made for less.

use bus::kafka::{Config, Kafka};
use bus::{BusError, Keep, Record, Schedule, SendError, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use testing::kafka::Cluster;

use crate::place::{Place, record, topic};

fn admin() -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", testing::kafka::brokers()).create().unwrap()
}

/// Of one partition, with these settings.
async fn made_by_someone_else(settings: &[(&str, &str)]) -> Topic {
    let topic = topic(Schedule::constant(1));
    let new = NewTopic::new(&topic.name, 1, TopicReplication::Fixed(1));
    let new = settings.iter().fold(new, |new, (name, value)| new.set(name, value));
    for result in admin().create_topics([&new], &AdminOptions::new()).await.unwrap() {
        result.unwrap();
    }
    topic
}

async fn setting(topic: &Topic, name: &str) -> String {
    let specifier = ResourceSpecifier::Topic(&topic.name);
    let found = admin().describe_configs([&specifier], &AdminOptions::new()).await.unwrap();
    found[0].as_ref().unwrap().get(name).unwrap().value.clone().unwrap()
}

async fn send(place: &Place, topic: &Topic, bytes: usize) -> Result<(), SendError> {
    let noise: Vec<u8> = (0..bytes).map(|_| rand::random()).collect();
    let sent = place.bus.producer(topic).unwrap().send(Record { value: noise, ..record("key", "") }).await;
    sent.map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_takes_smaller_records_is_raised_and_keeps_its_other_settings() {
    let place = Place::kafka();
    let settings = [("max.message.bytes", "1000"), ("retention.ms", "12345678"), ("segment.ms", "7654321")];
    let topic = made_by_someone_else(&settings).await;
    assert!(matches!(send(&place, &topic, 5_000).await, Err(SendError::TooLarge { .. })));

    place.bus.ensure_topic(&topic).await.unwrap();
    send(&place, &topic, 900_000).await.unwrap();
    assert_eq!(setting(&topic, "max.message.bytes").await, "1000000");
    assert_eq!(setting(&topic, "message.timestamp.type").await, "LogAppendTime");
    assert_eq!(setting(&topic, "retention.ms").await, "12345678");
    assert_eq!(setting(&topic, "segment.ms").await, "7654321");

    // One that takes more is left alone.
    place.bus.ensure_topic(&Topic { max_record_bytes: 500, ..topic.clone() }).await.unwrap();
    assert_eq!(setting(&topic, "max.message.bytes").await, "1000000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_can_not_be_raised_is_refused_where_that_matters() {
    let place = Place::kafka();
    let small = made_by_someone_else(&[("message.timestamp.type", "LogAppendTime")]).await;
    // More than Kafka's setting can hold.
    let topic = Topic { max_record_bytes: 3_000_000_000, ..small };
    let error = place.bus.ensure_topic(&topic).await.unwrap_err();
    let helps = |reason: &str| {
        reason.contains(&topic.name) && reason.contains("or set KAFKA_MAX_MESSAGE_BYTES=1048588")
    };
    assert!(matches!(&error, BusError::Refused(reason) if helps(reason)), "{error}");
    place.bus.ensure_topic(&Topic { refuse_smaller: false, ..topic }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_beside_the_events_have_their_own_limits_and_marks_are_kept() {
    let config = Config {
        brokers: testing::kafka::brokers().to_owned(),
        topic: topic(Schedule::constant(1)).name,
        max_message_bytes: 300_000,
        ..Config::default()
    };
    let bus = bus::Bus::Kafka(Kafka::new(config.clone()));
    let [events, dead, marks] = [config.events().unwrap(), config.dead_letters(), config.replayed()];
    for topic in [&events, &dead, &marks] {
        assert!(!bus.has_topic(topic).await.unwrap());
        bus.ensure_topic(topic).await.unwrap();
        assert!(bus.has_topic(topic).await.unwrap());
    }
    assert_eq!(setting(&events, "max.message.bytes").await, "300000");
    assert_eq!(setting(&dead, "max.message.bytes").await, (300_000 + 65_536).to_string());
    assert_eq!(setting(&marks, "retention.ms").await, "-1");
    assert_eq!(setting(&dead, "retention.ms").await, config.dead_letter_retention_ms.to_string());
    assert_eq!(setting(&dead, "retention.bytes").await, config.dead_letter_retention_bytes.to_string());
    assert_eq!(marks.name, format!("{}.replayed", events.name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_that_were_kept_for_good_get_limits_and_chosen_limits_stay() {
    let place = Place::kafka();
    let keep = Keep::Within { ms: 86_400_000, bytes: 200 << 20 };
    let ours = Topic { keep, ..made_by_someone_else(&[("retention.ms", "-1")]).await };
    place.bus.ensure_topic(&ours).await.unwrap();
    assert_eq!(setting(&ours, "retention.ms").await, "86400000");
    assert_eq!(setting(&ours, "retention.bytes").await, (200 << 20).to_string());

    let chosen = Topic { keep, ..made_by_someone_else(&[("retention.ms", "12345678")]).await };
    place.bus.ensure_topic(&chosen).await.unwrap();
    assert_eq!(setting(&chosen, "retention.ms").await, "12345678");
    assert_eq!(setting(&chosen, "retention.bytes").await, "-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_is_on_two_brokers_where_there_are_three() {
    let cluster = Cluster::start();
    let config = Config { brokers: cluster.brokers(), ..Config::default() };
    let bus = bus::Bus::Kafka(Kafka::new(config));
    let events = topic(Schedule::constant(1));
    // Both when it is made and when it is found.
    for _ in 0..2 {
        assert_eq!(bus.ensure_topic(&events).await.unwrap(), None);
    }
    let alone = Topic { replication: Some(1), ..topic(Schedule::constant(1)) };
    for _ in 0..2 {
        let at_risk = bus.ensure_topic(&alone).await.unwrap().unwrap();
        assert_eq!(
            (at_risk.topic.as_str(), at_risk.replicas, at_risk.acknowledged_by),
            (alone.name.as_str(), 1, 1)
        );
    }
}
