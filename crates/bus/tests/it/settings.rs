//! Topics in Kafka that someone else made, or that were made for less.

use bus::kafka::{Config, Kafka};
use bus::{BusError, Record, Schedule, SendError, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;

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
    assert_eq!(marks.name, format!("{}.replayed", events.name));
}
