//! What is too much, and what a topic must be.

use bus::{BusError, Record, Schedule, SendError, Topic};
use futures_util::future::join_all;

use crate::place::{GROUP, Place, deliveries, group_of, record, topic};

pub(crate) async fn nothing_is_lost_when_a_full_budget_stops_the_reading(place: Place) {
    const COUNT: usize = 200;
    let topic = place.topic(3).await;
    let value = "v".repeat(1_000);
    place.send_all(&topic, (0..COUNT).map(|i| record(&format!("key-{i}"), &value))).await;

    let mut source = place.bus.source(&topic, &group_of(&topic, GROUP), 20_000).unwrap();
    let mut next = [0; 3];
    for delivery in deliveries(&mut source, COUNT).await {
        let next = &mut next[usize::try_from(delivery.partition).unwrap()];
        assert_eq!(delivery.offset, *next);
        *next += 1;
    }
}

pub(crate) async fn a_record_that_is_too_large_is_refused_and_costs_nothing_else(place: Place) {
    let topic = place.topic(1).await;
    let producer = place.bus.producer(&topic).unwrap();
    let large = Record { value: vec![0; topic.max_record_bytes], ..record("key", "") };
    let bytes = large.bytes();
    let (before, refused, after) = tokio::join!(
        producer.send(record("key", "before")),
        producer.send(large),
        producer.send(record("key", "after"))
    );
    assert_eq!(refused, Err(SendError::TooLarge { bytes }));
    assert_eq!((before.unwrap().offset, after.unwrap().offset), (0, 1));
}

pub(crate) async fn a_topic_is_ensured_by_many_at_once(place: Place) {
    let topic = topic(Schedule::constant(3));
    assert!(!place.bus.has_topic(&topic).await.unwrap());
    for ensured in join_all((0..8).map(|_| place.bus.ensure_topic(&topic))).await {
        ensured.unwrap();
    }
    place.bus.ensure_topic(&topic).await.unwrap();
    assert!(place.bus.has_topic(&topic).await.unwrap());
    let positions = place.bus.positions(&topic, GROUP).unwrap();
    assert_eq!(positions.partitions().await.unwrap().len(), 3);
}

pub(crate) async fn a_topic_with_fewer_partitions_than_the_schedule_is_refused(place: Place) {
    let topic = place.topic(2).await;
    let larger = Topic { schedule: Schedule::parse("2,2027-01-01T00:00:00Z=3").unwrap(), ..topic.clone() };
    let error = place.bus.ensure_topic(&larger).await.unwrap_err();
    assert!(matches!(&error, BusError::Refused(reason) if reason.contains(&topic.name)), "{error}");
    place.bus.ensure_topic(&Topic { schedule: Schedule::constant(1), ..topic }).await.unwrap();
}
