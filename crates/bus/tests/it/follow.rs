//! What is appended from now on, without a group.

use std::collections::BTreeMap;

use bus::{Follower, Signal, Topic};
use testing::wait::until;
use tokio::time::timeout;

use crate::place::{GROUP, PATIENCE, Place, ROOM, group_of, record};

/// The values of the next records, by partition, in the order in which they came.
pub(crate) async fn followed(follower: &mut Follower, count: usize) -> BTreeMap<i32, Vec<(i64, String)>> {
    let mut all: BTreeMap<i32, Vec<_>> = BTreeMap::new();
    let mut left = count;
    while left > 0 {
        match timeout(PATIENCE, follower.next()).await.expect("a signal in time").expect("it goes on") {
            Signal::Delivery(one) => {
                let value = String::from_utf8(one.value).unwrap();
                all.entry(one.partition).or_default().push((one.offset, value));
                left -= 1;
            }
            Signal::Trouble(_) => {}
            other => panic!("{other:?}"),
        }
    }
    all
}

async fn send(place: &Place, topic: &Topic, values: std::ops::Range<usize>) {
    place.send_all(topic, values.map(|i| record(&format!("key-{i}"), i))).await;
}

pub(crate) async fn every_record_behind_the_beginning_is_followed_in_order(place: Place) {
    const COUNT: usize = 3_000;
    let topic = place.topic(3).await;
    send(&place, &topic, 0..300).await;
    let begins = place.bus.positions(&topic, GROUP).unwrap().partitions().await.unwrap();
    let mut one = place.bus.follow(&topic, ROOM).await.unwrap();
    send(&place, &topic, 300..COUNT).await;
    let mut other = place.bus.follow(&topic, ROOM).await.unwrap();
    send(&place, &topic, COUNT..COUNT + 300).await;

    let all = followed(&mut one, COUNT).await;
    for begin in begins {
        let offsets: Vec<_> = all[&begin.partition].iter().map(|(offset, _)| *offset).collect();
        let end = begin.end + i64::try_from(offsets.len()).unwrap();
        assert_eq!(offsets, (begin.end..end).collect::<Vec<_>>(), "partition {}", begin.partition);
    }
    let mut values: Vec<usize> = all.values().flatten().map(|(_, value)| value.parse().unwrap()).collect();
    values.sort_unstable();
    assert_eq!(values, (300..COUNT + 300).collect::<Vec<_>>());
    assert_eq!(followed(&mut other, 300).await.values().map(Vec::len).sum::<usize>(), 300);
    let group = group_of(&topic, GROUP);
    assert!(place.bus.positions(&topic, &group).unwrap().committed().await.unwrap().is_empty());
}

pub(crate) async fn a_small_budget_stops_the_following_and_loses_nothing(place: Place) {
    let topic = place.topic(2).await;
    let mut follower = place.bus.follow(&topic, 1_000).await.unwrap();
    send(&place, &topic, 0..2_000).await;
    assert_eq!(followed(&mut follower, 2_000).await.values().map(Vec::len).sum::<usize>(), 2_000);
}

pub(crate) async fn what_is_not_there_is_not_followed(place: Place) {
    let missing = crate::place::topic(bus::Schedule::constant(1));
    let error = place.bus.follow(&missing, ROOM).await.err().unwrap();
    assert!(error.is_retryable(), "{error}");
    place.bus.ensure_topic(&missing).await.unwrap();
    until("it is there", PATIENCE, async || place.bus.follow(&missing, ROOM).await.is_ok()).await;
}
