//! A part of a topic, read once, without a group.

use std::collections::BTreeMap;

use bus::{BusError, Delivery, From, Offsets, RangeReader, Schedule, Span};
use model::Timestamp;
use testing::wait::until;
use tokio::time::timeout;

use crate::place::{GROUP, PATIENCE, Place, group_of, record, topic};

async fn next(range: &mut RangeReader) -> Option<Delivery> {
    timeout(PATIENCE, range.next()).await.expect("an answer in time").map(Result::unwrap)
}

/// Everything, partition by partition, in the order in which it came.
async fn read(mut range: RangeReader) -> BTreeMap<i32, Vec<Delivery>> {
    let mut all: BTreeMap<i32, Vec<Delivery>> = BTreeMap::new();
    while let Some(delivery) = next(&mut range).await {
        all.entry(delivery.partition).or_default().push(delivery);
    }
    assert_eq!(range.remaining(), 0);
    assert!(next(&mut range).await.is_none(), "the end stays the end");
    all
}

fn offsets(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.offset).collect()
}

pub(crate) async fn a_stretch_delivers_every_record_in_order_and_ends_where_the_topic_ended(place: Place) {
    const COUNT: usize = 5_000;
    let topic = place.topic(3).await;
    let value = "v".repeat(1_000);
    let send = || place.send_all(&topic, (0..COUNT).map(|i| record(&format!("key-{i}"), &value)));
    send().await;
    let ends = place.bus.positions(&topic, GROUP).unwrap().partitions().await.unwrap();

    let range = place.bus.read_range(&topic, From::Beginning).await.unwrap();
    assert_eq!(range.remaining(), i64::try_from(COUNT).unwrap());
    // What comes later is no part of it.
    send().await;
    let all = read(range).await;
    for end in ends {
        let deliveries = &all[&end.partition];
        assert_eq!(offsets(deliveries), (0..end.end).collect::<Vec<_>>());
        assert!(deliveries.iter().all(|one| one.value == value.as_bytes() && one.append_ms.is_some()));
    }
    let group = group_of(&topic, GROUP);
    assert!(place.bus.positions(&topic, &group).unwrap().committed().await.unwrap().is_empty());
}

pub(crate) async fn a_stretch_of_an_empty_topic_ends_at_once(place: Place) {
    let topic = place.topic(3).await;
    for from in [
        From::Beginning,
        From::Time(Timestamp::default()),
        From::Time(Timestamp::now()),
        From::Times(BTreeMap::from([(1, Timestamp::now())])),
        From::Offsets(Offsets::new()),
        From::Offsets(Offsets::from([(0, 0), (2, 7)])),
    ] {
        let mut range = place.bus.read_range(&topic, from.clone()).await.unwrap();
        assert!(next(&mut range).await.is_none(), "{from:?}");
    }
}

pub(crate) async fn a_stretch_begins_at_a_time(place: Place) {
    let topic = place.topic(1).await;
    let positions = place.bus.positions(&topic, GROUP).unwrap();
    let appended = async |offset| positions.append_time(0, offset).await.unwrap().unwrap();
    place.send_all(&topic, (0..50).map(|i| record("key", i))).await;
    let before = appended(49).await;
    until("a later millisecond", PATIENCE, async || Timestamp::now() > before).await;
    place.send_all(&topic, (0..50).map(|i| record("key", i))).await;
    let middle = appended(50).await;
    assert!(middle > before);

    for (from, first) in [(Timestamp::default(), 0), (middle, 50), (Timestamp::MAX, 100)] {
        let range = place.bus.read_range(&topic, From::Time(from)).await.unwrap();
        let span = range.spans()[&0];
        assert_eq!((span.begin, span.next, span.end), (first, first, 100), "{from}");
        let all = read(range).await;
        let found = all.get(&0).map_or_else(Vec::new, |deliveries| offsets(deliveries));
        assert_eq!(found, (first..100).collect::<Vec<_>>(), "{from}");
    }
}

pub(crate) async fn a_stretch_begins_at_a_time_of_each_partition_that_is_named(place: Place) {
    let topic = place.topic(3).await;
    let positions = place.bus.positions(&topic, GROUP).unwrap();
    let send = async || place.send_all(&topic, (0..60).map(|i| record(&format!("key-{i}"), i))).await;
    let ends =
        async || positions.partitions().await.unwrap().into_iter().map(|at| at.end).collect::<Vec<_>>();
    send().await;
    let middles = ends().await;
    let last = Timestamp::now();
    until("a later millisecond", PATIENCE, async || Timestamp::now() > last).await;
    send().await;
    let ends = ends().await;
    let middle = positions.append_time(2, middles[2]).await.unwrap().unwrap();

    let times = BTreeMap::from([(0, Timestamp::default()), (2, middle)]);
    let range = place.bus.read_range(&topic, From::Times(times)).await.unwrap();
    assert_eq!(range.remaining(), ends[0] + ends[2] - middles[2]);
    let (first, begin, end) = (0, middles[2], ends[2]);
    assert_eq!(range.spans()[&2], Span { first, begin, end, next: begin });
    let all = read(range).await;
    assert_eq!(all.keys().collect::<Vec<_>>(), [&0, &2]);
    assert_eq!(offsets(&all[&0]), (0..ends[0]).collect::<Vec<_>>());
    assert_eq!(offsets(&all[&2]), (middles[2]..ends[2]).collect::<Vec<_>>());

    let never = From::Times(BTreeMap::from([(1, Timestamp::MAX)]));
    let mut range = place.bus.read_range(&topic, never).await.unwrap();
    assert!(next(&mut range).await.is_none());
    assert_eq!(range.spans()[&1].begin, ends[1]);
}

pub(crate) async fn a_stretch_begins_at_offsets_of_the_partitions_that_are_named(place: Place) {
    let topic = place.topic(3).await;
    place.send_all(&topic, (0..300).map(|i| record(&format!("key-{i}"), i))).await;
    let ends = place.bus.positions(&topic, GROUP).unwrap().partitions().await.unwrap();

    let starts = Offsets::from([(0, 17), (2, 1_000_000)]);
    let mut range = place.bus.read_range(&topic, From::Offsets(starts)).await.unwrap();
    assert_eq!(range.spans().keys().collect::<Vec<_>>(), [&0, &2]);
    assert_eq!(range.remaining(), ends[0].end - 17);
    let first = next(&mut range).await.unwrap();
    assert_eq!((first.partition, first.offset), (0, 17));
    assert_eq!((range.spans()[&0].next, range.remaining()), (18, ends[0].end - 18));
    let all = read(range).await;
    assert_eq!(all.keys().collect::<Vec<_>>(), [&0]);
    assert_eq!(offsets(&all[&0]), (18..ends[0].end).collect::<Vec<_>>());
}

pub(crate) async fn a_stretch_of_what_is_not_there_is_an_error(place: Place) {
    let missing = topic(Schedule::constant(1));
    let error = place.bus.read_range(&missing, From::Beginning).await.err().unwrap();
    assert!(error.is_retryable(), "{error}");
    let topic = place.topic(2).await;
    let times = BTreeMap::from([(0, Timestamp::default()), (2, Timestamp::default())]);
    for from in [From::Offsets(Offsets::from([(2, 0)])), From::Times(times)] {
        let error = place.bus.read_range(&topic, from).await.err().unwrap();
        assert!(matches!(&error, BusError::Refused(reason) if reason.contains("no partition 2")), "{error}");
    }
}
