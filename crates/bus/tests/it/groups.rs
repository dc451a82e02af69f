//! Where sources start.

use bus::{Record, Signal};

use crate::place::{GROUP, Place, deliveries, group_of, offsets_after, record, signal, values};

pub(crate) async fn all_partitions_are_assigned_before_anything_is_delivered(place: Place) {
    let topic = place.topic(4).await;
    place.send_all(&topic, [record("a", 1)]).await;
    let mut source = place.source(&topic, GROUP);
    let mut assigned = loop {
        match signal(&mut source).await {
            Signal::Assigned(partitions) => break partitions,
            Signal::Trouble(_) => {}
            other => panic!("{other:?} before the assignment"),
        }
    };
    assigned.sort_unstable();
    assert_eq!(assigned, [0, 1, 2, 3]);
    assert_eq!(values(&mut source, 1).await, ["1"]);
}

pub(crate) async fn a_new_source_starts_at_the_committed_offsets(place: Place) {
    let topic = place.topic(1).await;
    place.send_all(&topic, letters("abcdef")).await;

    let mut first = place.source(&topic, GROUP);
    let read = deliveries(&mut first, 4).await;
    first.commit(offsets_after(&read[..2])).await.unwrap();
    drop(first);

    let mut second = place.source(&topic, GROUP);
    assert_eq!(values(&mut second, 4).await, ["c", "d", "e", "f"]);
}

pub(crate) async fn two_groups_are_independent(place: Place) {
    let topic = place.topic(3).await;
    place.send_all(&topic, letters("abc")).await;
    let mut one = place.source(&topic, "one");
    let mut other = place.source(&topic, "other");
    let read = deliveries(&mut one, 3).await;
    one.commit(offsets_after(&read)).await.unwrap();
    assert_eq!(values(&mut other, 3).await, ["a", "b", "c"]);

    let committed_by = async |group| {
        let positions = place.bus.positions(&topic, &group_of(&topic, group)).unwrap();
        positions.committed().await.unwrap()
    };
    assert_eq!(committed_by("one").await, offsets_after(&read));
    assert!(committed_by("other").await.is_empty());
}

pub(crate) async fn when_a_source_is_dropped_another_takes_over(place: Place) {
    let topic = place.topic(2).await;
    place.send_all(&topic, letters("ab")).await;
    let mut first = place.source(&topic, GROUP);
    let read = deliveries(&mut first, 2).await;
    first.commit(offsets_after(&read)).await.unwrap();
    drop(first);

    let mut second = place.source(&topic, GROUP);
    place.send_all(&topic, letters("cde")).await;
    assert_eq!(values(&mut second, 3).await, ["c", "d", "e"]);
}

pub(crate) async fn a_source_delivers_what_is_sent_after_it_has_read_everything(place: Place) {
    let topic = place.topic(2).await;
    let mut source = place.source(&topic, GROUP);
    let producer = place.bus.producer(&topic).unwrap();
    for round in 0..20 {
        producer.send(record(&format!("key-{round}"), round)).await.unwrap();
        assert_eq!(values(&mut source, 1).await, [round.to_string()]);
    }
}

/// The other member may have committed more meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_kafka_what_went_to_another_is_not_committed_by_who_has_yet_to_take_that() {
    let place = Place::kafka();
    let topic = place.topic(2).await;
    place.send_all(&topic, letters("abcdef")).await;
    let mut first = place.source(&topic, GROUP);
    let read = deliveries(&mut first, 6).await;
    let mut other = place.source(&topic, GROUP);
    let gone = loop {
        match signal(&mut other).await {
            Signal::Assigned(partitions) if !partitions.is_empty() => break partitions,
            _ => {}
        }
    };
    // The revocation is told by now, behind what was read, but nobody has taken it.
    let mut offsets = offsets_after(&read);
    offsets.retain(|partition, _| gone.contains(partition));
    assert_eq!(offsets.len(), gone.len());
    first.commit(offsets).await.unwrap();
    let positions = place.bus.positions(&topic, &group_of(&topic, GROUP)).unwrap();
    assert!(positions.committed().await.unwrap().is_empty());
    while !matches!(signal(&mut first).await, Signal::Revoked(_)) {}
}

/// A record per letter, key and value.
fn letters(letters: &str) -> impl Iterator<Item = Record> {
    letters.chars().map(|letter| record(&letter.to_string(), letter))
}
