//! Ends, commits and times, as others see them.

use bus::{Offsets, PartitionPosition};
use model::Timestamp;

use crate::place::{GROUP, Place, deliveries, group_of, record};

pub(crate) async fn positions_say_where_a_topic_ends_and_how_far_a_group_has_come(place: Place) {
    let topic = place.topic(2).await;
    let positions = place.bus.positions(&topic, &group_of(&topic, GROUP)).unwrap();
    let at = |partition, end, committed| PartitionPosition { partition, begin: 0, end, committed };
    assert_eq!(positions.partitions().await.unwrap(), [at(0, 0, 0), at(1, 0, 0)]);
    assert!(positions.committed().await.unwrap().is_empty());

    let in_partition_1 = |key: &String| topic.schedule.partition(key.as_bytes(), Timestamp::now()) == 1;
    let key = (0..100).map(|i| format!("key-{i}")).find(in_partition_1).unwrap();
    place.send_all(&topic, (0..5).map(|i| record(&key, i))).await;
    assert_eq!(positions.partitions().await.unwrap(), [at(0, 0, 0), at(1, 5, 0)]);

    let mut source = place.source(&topic, GROUP);
    deliveries(&mut source, 1).await;
    let committed = Offsets::from([(1, 3)]);
    source.commit(committed.clone()).await.unwrap();
    assert_eq!(positions.committed().await.unwrap(), committed);
    let now = positions.partitions().await.unwrap();
    assert_eq!(now, [at(0, 0, 0), at(1, 5, 3)]);
    assert_eq!(now.iter().map(PartitionPosition::lag).collect::<Vec<_>>(), [0, 2]);
}

pub(crate) async fn the_append_time_is_found_by_offset(place: Place) {
    let topic = place.topic(1).await;
    place.send_all(&topic, (0..3).map(|i| record("key", i))).await;
    let positions = place.bus.positions(&topic, GROUP).unwrap();
    for delivery in deliveries(&mut place.source(&topic, GROUP), 3).await {
        let found = positions.append_time(0, delivery.offset).await.unwrap().unwrap();
        assert_eq!(Some(found.millis()), delivery.append_ms);
    }
    assert_eq!(positions.append_time(0, 3).await.unwrap(), None);
}

pub(crate) async fn the_oldest_record_of_every_partition_is_found_however_large_they_are(place: Place) {
    let topic = place.topic(6).await;
    let keys: Vec<_> = (0..6)
        .map(|wanted| {
            let lands = |key: &String| topic.schedule.partition(key.as_bytes(), Timestamp::now()) == wanted;
            (0..10_000).map(|i| format!("key-{i}")).find(lands).unwrap()
        })
        .collect();
    for key in &keys {
        // Digits that hardly can be compressed.
        let large: String = (0..20_000).map(|_| format!("{:032x}", rand::random::<u128>())).collect();
        place.send_all(&topic, [&large, "small"].map(|value| record(key, value))).await;
    }
    let positions = place.bus.positions(&topic, GROUP).unwrap();
    let found = positions.oldest_uncommitted(&positions.partitions().await.unwrap()).await.unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), (0..6).collect::<Vec<_>>());
}
