//! What other clients do to Kafka: messages and topics that Millrace itself never makes.

use std::time::Duration;

use bus::{Record, Written};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use testing::wait::until;

use crate::deliveries::Letter;
use crate::hostile::assert_is_letter_of;
use crate::operations::{answer, create, creates, new_key, noise};
use crate::site::{PATIENCE, Site, record, small_batches};

const CREATE_TIMES: (&str, &str) = ("message.timestamp.type", "CreateTime");

fn client() -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", testing::kafka::brokers());
    client
}

/// How many members the group has; none as long as that is not settled.
pub(crate) fn members(group: &str) -> usize {
    let asking: BaseConsumer = client().create().unwrap();
    let Ok(groups) = asking.client().fetch_group_list(Some(group), Duration::from_secs(10)) else { return 0 };
    let settled = groups.groups().iter().filter(|found| found.state() == "Stable");
    settled.map(|found| found.members().len()).sum()
}

/// A message with a header, perhaps without a value, which a header may be too.
pub(crate) async fn send(topic: &str, partition: i32, key: &str, value: Option<&[u8]>) -> Written {
    let mut client = client();
    // The broker's limit is for what is compressed.
    let producer: FutureProducer =
        client.set("compression.type", "lz4").set("message.max.bytes", "10000000").create().unwrap();
    let headers = OwnedHeaders::new().insert(Header { key: "nothing", value: None::<&[u8]> });
    let record = FutureRecord {
        topic,
        partition: Some(partition),
        payload: value,
        key: Some(key),
        timestamp: None,
        headers: Some(headers),
    };
    let sent = producer.send(record, PATIENCE).await.unwrap();
    Written { partition: sent.partition, offset: sent.offset }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_a_value_is_a_dead_letter() {
    let site = Site::on_kafka().await;
    let consumer = site.start(small_batches());
    let good = creates(3);
    site.send(&good[..1]).await;
    let key = new_key().id.to_string();
    let place = send(&site.channels.events.name, 1, &key, None).await;
    site.send(&good[1..]).await;
    site.caught_up().await;
    site.assert_holds(&good).await;

    let letters = site.letters().await;
    assert_eq!(letters.len(), 1);
    let headers = vec![("nothing".to_owned(), Vec::new())];
    let sent = Record { key: Some(key.into_bytes()), headers, ..Record::default() };
    assert_is_letter_of(&letters[0], &site.channels.events.name, &sent, place, "undecodable");
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_too_large_for_a_letter_leaves_one_that_says_where_it_is() {
    let site = Site::on_kafka().await;
    let consumer = site.start(small_batches());
    let good = creates(3);
    site.send(&good[..1]).await;
    let key = new_key().id.to_string();
    let place = send(&site.channels.events.name, 1, &key, Some(&vec![b' '; 5_000_000])).await;
    site.send(&good[1..]).await;
    site.caught_up().await;
    site.assert_holds(&good).await;

    let letters = site.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].left_out, Some(5_000_000));
    let stub = Letter { left_out: None, ..letters.into_iter().next().unwrap() };
    let left = Record { key: Some(key.into_bytes()), ..Record::default() };
    assert_is_letter_of(&stub, &site.channels.events.name, &left, place, "undecodable");
    consumer.stop().await;
}

/// Removes the messages before this offset, as retention does.
pub(crate) async fn remove_before(topic: &str, partition: i32, offset: i64) {
    let admin: AdminClient<DefaultClientContext> = client().create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset)).unwrap();
    let removed = admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
    assert!(removed.elements().iter().all(|element| element.error().is_ok()));
}

/// Deletes a topic, as somebody might by mistake.
pub(crate) async fn delete_topic(name: &str) {
    let admin: AdminClient<DefaultClientContext> = client().create().unwrap();
    for result in admin.delete_topics(&[name], &AdminOptions::new()).await.unwrap() {
        result.unwrap();
    }
}

/// As hostile as can be: no letter can hold it whole, key and all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_too_large_for_a_letter_leaves_one_without_it() {
    let site = Site::on_kafka().await;
    let consumer = site.start(small_batches());
    let place = send(&site.channels.events.name, 1, &" ".repeat(5_000_000), Some(b"value")).await;
    let good = creates(3);
    site.send(&good).await;
    site.caught_up().await;
    site.assert_holds(&good).await;

    let letters = site.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0].key, letters[0].left_out), (&None, Some(5)));
    assert_eq!((letters[0].partition, letters[0].offset), (place.partition, place.offset));
    assert_eq!(site.dead_letters(&["show", "0", "--raw"]).await, (b"value".to_vec(), true));
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_of_dead_letters_that_was_made_for_less_takes_whole_letters() {
    let site = Site::on_brokers(testing::kafka::brokers());
    create_topic(&site.channels.dead_letters.name, 1, ("max.message.bytes", "1000")).await;
    let consumer = site.start(small_batches());
    until("the topic of events is there", PATIENCE, async || {
        site.channels.bus.has_topic(&site.channels.events).await.unwrap()
    })
    .await;
    let value = noise(100_000).into_bytes();
    site.send_record(Record { key: Some(b"key".to_vec()), value: value.clone(), ..Record::default() }).await;
    site.caught_up().await;
    let letters = site.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(letters[0].value == value && letters[0].left_out.is_none());
    consumer.stop().await;
}

async fn create_topic(name: &str, partitions: i32, (setting, value): (&str, &str)) {
    let admin: AdminClient<DefaultClientContext> = client().create().unwrap();
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1)).set(setting, value);
    for result in admin.create_topics([&topic], &AdminOptions::new()).await.unwrap() {
        result.unwrap();
    }
}

/// Versions come from append times; a producer's own time is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_with_a_time_of_their_producer_are_dead_letters_and_the_topic_is_mended() {
    let site = Site::on_brokers(testing::kafka::brokers());
    let topic = site.channels.events.name.clone();
    create_topic(&topic, 3, CREATE_TIMES).await;
    let (key, mended) = (new_key(), new_key());
    let early = record(&create(&key, "before"));
    let place = site.send_record(early.clone()).await;

    let consumer = site.start(small_batches());
    site.caught_up().await;
    let good = [create(&mended, "after"), answer(&mended, "fine")];
    site.send(&good).await;
    site.caught_up().await;
    site.assert_holds(&good).await;

    let letters = site.letters().await;
    assert_eq!(letters.len(), 1);
    assert_is_letter_of(&letters[0], &topic, &early, place, "no_append_time");
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_with_a_time_of_their_producer_are_taken_where_that_is_allowed() {
    let name = testing::unique("create-times");
    create_topic(&name, 3, CREATE_TIMES).await;
    let site = Site::on_kafka_as(bus::kafka::Config {
        brokers: testing::kafka::brokers().to_owned(),
        topic: name.clone(),
        group_id: name,
        partitions: 3,
        allow_create_time: true,
        ..bus::kafka::Config::default()
    });
    let consumer = site.start(small_batches());
    let key = new_key();
    let operations = [create(&key, "hello"), answer(&key, "world")];
    site.send(&operations).await;
    site.caught_up().await;
    site.assert_holds(&operations).await;
    assert!(site.reasons().await.is_empty());
    consumer.stop().await;
}
