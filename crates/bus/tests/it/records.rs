//! What goes in comes out.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bus::{Delivery, Record, Schedule, Written};
use futures_util::future::join_all;
use model::Timestamp;

use crate::place::{GROUP, Place, deliveries, record, topic};

pub(crate) async fn what_is_sent_comes_out_as_sent(place: Place) {
    let header = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let binary: Vec<u8> = (0..=255).collect();
    let at = Timestamp::now();
    let records = [
        Record { key: Some(b"key".to_vec()), at, value: b"value".to_vec(), headers: vec![] },
        Record { key: None, at, value: b"no key".to_vec(), headers: vec![header("a", b"1")] },
        Record { key: Some(b"empty".to_vec()), at, value: vec![], headers: vec![] },
        Record {
            key: Some(binary.clone()),
            at,
            value: binary.clone(),
            headers: vec![header("twice", b"1"), header("empty", b""), header("twice", &binary)],
        },
        Record { key: Some(b"large".to_vec()), at, value: binary.repeat(3_000), headers: vec![] },
    ];
    let topic = place.topic(3).await;
    let producer = place.bus.producer(&topic).unwrap();
    let mut written = Vec::new();
    for record in &records {
        written.push(producer.send(record.clone()).await.unwrap());
    }

    let mut source = place.source(&topic, GROUP);
    for delivery in deliveries(&mut source, records.len()).await {
        let sent = written.iter().position(|written| *written == place_of(&delivery)).unwrap();
        let sent = &records[sent];
        assert_eq!(
            (&delivery.key, &delivery.value, &delivery.headers),
            (&sent.key, &sent.value, &sent.headers)
        );
    }
}

pub(crate) async fn offsets_have_no_gaps_and_each_key_keeps_its_order(place: Place) {
    const KEYS: usize = 20;
    const EACH: usize = 100;
    let topic = place.topic(4).await;
    let producer = Arc::new(place.bus.producer(&topic).unwrap());
    let senders = (0..KEYS).map(|key| {
        let producer = Arc::clone(&producer);
        tokio::spawn(async move {
            let sends = (0..EACH).map(|value| producer.send(record(&format!("key-{key}"), value)));
            let written = join_all(sends).await.into_iter().map(Result::unwrap);
            assert!(written.collect::<Vec<_>>().is_sorted_by(|a, b| a.offset < b.offset));
        })
    });
    for sender in join_all(senders).await {
        sender.unwrap();
    }

    let mut source = place.source(&topic, GROUP);
    let mut next_offset = BTreeMap::new();
    let mut next_value = BTreeMap::new();
    for delivery in deliveries(&mut source, KEYS * EACH).await {
        let offset = next_offset.entry(delivery.partition).or_insert(0);
        assert_eq!(delivery.offset, *offset);
        *offset += 1;
        let value = next_value.entry(delivery.key).or_insert(0);
        assert_eq!(delivery.value, value.to_string().into_bytes());
        *value += 1;
    }
    assert_eq!((next_offset.len(), next_value.len()), (4, KEYS));
}

pub(crate) async fn a_keys_partition_follows_the_schedule(place: Place) {
    let topic = topic(Schedule::parse("2,2027-01-01T00:00:00Z=6").unwrap());
    place.bus.ensure_topic(&topic).await.unwrap();
    let producer = place.bus.producer(&topic).unwrap();
    let mut used = HashSet::new();
    for at in ["2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"] {
        let at = Timestamp::parse(at).unwrap();
        for i in 0..50 {
            let record = Record { at, ..record(&format!("key-{i}"), i) };
            let partition = topic.schedule.partition(record.key.as_ref().unwrap(), at);
            assert_eq!(producer.send(record).await.unwrap().partition, partition);
            used.insert(partition);
        }
    }
    assert_eq!(used.len(), 6);
    let without_key = Record { key: None, ..record("", "no key") };
    assert_eq!(producer.send(without_key).await.unwrap().partition, 0);
}

pub(crate) async fn the_append_time_is_near_now_and_never_decreases(place: Place) {
    const SLACK_MS: i64 = 100;
    let topic = place.topic(2).await;
    let producer = place.bus.producer(&topic).unwrap();
    let mut sent_between = BTreeMap::new();
    for i in 0..100 {
        let before = Timestamp::now().millis();
        let written = producer.send(record(&format!("key-{i}"), i)).await.unwrap();
        sent_between.insert(
            (written.partition, written.offset),
            before - SLACK_MS..Timestamp::now().millis() + SLACK_MS,
        );
    }

    let mut last = BTreeMap::new();
    for delivery in deliveries(&mut place.source(&topic, GROUP), 100).await {
        let appended = delivery.append_ms.unwrap();
        assert!(sent_between[&(delivery.partition, delivery.offset)].contains(&appended));
        let before = last.insert(delivery.partition, appended);
        assert!(before.is_none_or(|before| before <= appended));
    }
}

pub(crate) async fn a_large_batch_arrives_exactly_once(place: Place) {
    const COUNT: usize = 20_000;
    let topic = place.topic(24).await;
    let mut source = place.source(&topic, GROUP);
    place.send_all(&topic, (0..COUNT).map(|i| record(&format!("key-{i}"), i))).await;

    let all = deliveries(&mut source, COUNT).await;
    let values: HashSet<_> = all.iter().map(|delivery| &delivery.value).collect();
    let places: HashSet<_> = all.iter().map(|delivery| (delivery.partition, delivery.offset)).collect();
    assert_eq!((values.len(), places.len()), (COUNT, COUNT));
    let ends = place.bus.positions(&topic, GROUP).unwrap().partitions().await.unwrap();
    assert_eq!(ends.iter().map(|at| at.end).sum::<i64>(), i64::try_from(COUNT).unwrap());
}

fn place_of(delivery: &Delivery) -> Written {
    Written { partition: delivery.partition, offset: delivery.offset }
}
