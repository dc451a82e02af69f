//! Records to several topics: all of a call or none.

use bus::{From, RangeReader, Record, Topic, TransactError};
use testing::wait::until;
use tokio::time::timeout;

use crate::place::{GROUP, PATIENCE, Place, deliveries, group_of, record, topic, values};

const ROOM: usize = 1_000_000;

async fn on(place: &Place, topic: &Topic) -> Vec<String> {
    let mut range: RangeReader = place.bus.read_range(topic, From::Beginning).await.unwrap();
    let mut values = Vec::new();
    while let Some(delivery) = timeout(PATIENCE, range.next()).await.expect("an answer in time") {
        values.push(String::from_utf8(delivery.unwrap().value).unwrap());
    }
    values
}

pub(crate) async fn records_of_one_call_are_on_their_topics_in_order(place: Place) {
    let (first, second) = (place.topic(1).await, place.topic(3).await);
    let mut source = place.source(&first, GROUP);
    let mut producer = place.bus.atomic_producer(&group_of(&first, "id"), ROOM).await.unwrap();
    for call in 0..20 {
        let records: Vec<_> = (0..10)
            .flat_map(|i| [(&first, record("key", call * 10 + i)), (&second, record(&format!("key-{i}"), i))])
            .collect();
        producer.send(&records).await.unwrap();
    }
    let all: Vec<_> = (0..200).map(|i| i.to_string()).collect();
    assert_eq!(on(&place, &first).await, all);
    let delivered = deliveries(&mut source, 200).await;
    assert!(delivered.is_sorted_by(|a, b| a.offset < b.offset));
    assert_eq!(on(&place, &second).await.len(), 200);
    // An ordinary producer goes on beside it, and members of groups go on behind it.
    place.send_all(&first, [record("key", "later")]).await;
    assert_eq!(values(&mut source, 1).await, ["later"]);
}

pub(crate) async fn of_a_call_that_fails_nothing_is_on_any_topic(place: Place) {
    let (first, second) = (place.topic(1).await, place.topic(1).await);
    let mut producer = place.bus.atomic_producer(&group_of(&first, "id"), ROOM).await.unwrap();
    let large = Record { value: vec![b'x'; second.max_record_bytes], ..record("key", "") };
    let bytes = large.bytes();
    let failed = producer.send(&[(&first, record("key", "a")), (&second, large)]).await;
    assert_eq!(failed, Err(TransactError::TooLarge { bytes }));

    let missing = topic(bus::Schedule::constant(1));
    let records = [(&first, record("key", "b")), (&missing, record("key", 1))];
    let failed = timeout(PATIENCE, producer.send(&records)).await.unwrap();
    assert!(matches!(failed, Err(TransactError::Unavailable(_))), "{failed:?}");

    producer.send(&[(&first, record("key", "c")), (&second, record("key", "d"))]).await.unwrap();
    assert_eq!(
        (on(&place, &first).await, on(&place, &second).await),
        (vec!["c".to_owned()], vec!["d".to_owned()])
    );
}

/// On Kafka the mark that ends a transaction has an offset of its own.
pub(crate) async fn a_group_that_has_read_everything_has_nothing_before_it(place: Place) {
    let topic = place.topic(1).await;
    let group = group_of(&topic, GROUP);
    let mut source = place.source(&topic, GROUP);
    let mut producer = place.bus.atomic_producer(&group_of(&topic, "id"), ROOM).await.unwrap();
    producer.send(&[(&topic, record("key", 1)), (&topic, record("key", 2))]).await.unwrap();
    let last = deliveries(&mut source, 2).await.pop().unwrap();
    source.commit([(0, last.offset + 1)].into()).await.unwrap();
    let positions = place.bus.positions(&topic, &group).unwrap();
    until("its commit is seen", PATIENCE, async || !positions.committed().await.unwrap().is_empty()).await;
    let at = positions.partitions().await.unwrap()[0];
    assert_eq!(positions.append_time(0, at.committed).await.unwrap(), None);
}

pub(crate) async fn what_is_not_committed_lies_between_its_oldest_and_its_newest_record(place: Place) {
    let topic = place.topic(1).await;
    let mut source = place.source(&topic, GROUP);
    let positions = place.bus.positions(&topic, &group_of(&topic, GROUP)).unwrap();
    let mut producer = place.bus.atomic_producer(&group_of(&topic, "id"), ROOM).await.unwrap();
    let seen = async || {
        let oldest = positions.oldest_uncommitted(&positions.partitions().await.unwrap()).await.unwrap();
        let newest = positions.newest_uncommitted(0).await.unwrap();
        assert_eq!(positions.newest_uncommitted(1).await.unwrap(), None);
        (oldest.get(&0).map(|at| at.millis()), newest)
    };
    assert_eq!(seen().await, (None, None));
    // An ordinary record at the end, then marks: of one transaction, of three.
    for count in [1, 5, 3] {
        let records: Vec<_> = (0..count).map(|i| record("key", i)).collect();
        match count {
            1 => place.send_all(&topic, records).await,
            5 => producer
                .send(&records.iter().map(|one| (&topic, one.clone())).collect::<Vec<_>>())
                .await
                .unwrap(),
            _ => {
                for one in records {
                    producer.send(&[(&topic, one)]).await.unwrap();
                }
            }
        }
        let delivered = deliveries(&mut source, count).await;
        let (first, last) = (&delivered[0], &delivered[count - 1]);
        assert_eq!(seen().await, (first.append_ms, Some(last.offset)));
        source.commit([(0, last.offset)].into()).await.unwrap();
        until("the last one is left", PATIENCE, async || seen().await == (last.append_ms, Some(last.offset)))
            .await;
        source.commit([(0, last.offset + 1)].into()).await.unwrap();
        until("nothing is left", PATIENCE, async || seen().await == (None, None)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_a_broker_refuses_is_said_to_be_too_large_and_nothing_is_written() {
    let place = Place::kafka();
    let small = place.topic(1).await;
    let other = place.topic(1).await;
    // More than the topic was made to take.
    let believed = Topic { max_record_bytes: 5_000_000, ..small.clone() };
    let mut producer = place.bus.atomic_producer(&group_of(&small, "id"), 5_000_000).await.unwrap();
    let noise: Vec<u8> = (0..2_000_000).map(|_| rand::random()).collect();
    let large = Record { value: noise, ..record("key", "") };
    let failed = producer.send(&[(&other, record("key", "a")), (&believed, large)]).await;
    assert!(matches!(failed, Err(TransactError::TooLarge { .. })), "{failed:?}");
    producer.send(&[(&other, record("key", "b"))]).await.unwrap();
    assert_eq!((on(&place, &small).await, on(&place, &other).await), (vec![], vec!["b".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_producer_of_an_id_ends_the_first() {
    let place = Place::kafka();
    let topic = place.topic(1).await;
    let id = group_of(&topic, "id");
    let mut first = place.bus.atomic_producer(&id, ROOM).await.unwrap();
    first.send(&[(&topic, record("key", "first"))]).await.unwrap();
    let mut second = place.bus.atomic_producer(&id, ROOM).await.unwrap();
    assert_eq!(first.send(&[(&topic, record("key", "late"))]).await, Err(TransactError::Fenced));
    second.send(&[(&topic, record("key", "second"))]).await.unwrap();
    assert_eq!(on(&place, &topic).await, ["first", "second"]);
}
