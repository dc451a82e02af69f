//! Which letters there are.

use dead_letters::{Filter, REFUSED};
use model::Timestamp;
use testing::wait::until;

use crate::site::{PATIENCE, Site, all, garbage, operation, refused, unknown_event};

pub(crate) async fn without_a_topic_of_letters_the_list_is_empty(site: Site) {
    assert_eq!(site.list(all()).await, []);
}

pub(crate) async fn each_letter_is_listed_with_its_message_and_its_place(site: Site) {
    let message = operation();
    let sent = site.send_and_reject(message.clone(), unknown_event()).await;
    site.send_and_reject(garbage("one"), refused()).await;
    let listed = site.list(all()).await;
    let [first, second] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!(
        (first.id, first.reason.as_str(), first.error.as_str()),
        (0, "unknown_event", "made by a test")
    );
    assert_eq!(first.event_id.as_deref(), message.key.as_deref().map(|key| str::from_utf8(key).unwrap()));
    assert_eq!(
        (&first.topic, first.partition, first.offset),
        (&site.channels.events.name, sent.partition, sent.offset)
    );
    assert_eq!((first.bytes, first.truncated, first.replayed_at), (message.value.len(), false, None));
    assert_eq!((second.id, second.event_id.as_deref(), second.bytes), (1, Some("garbage"), 3));
}

pub(crate) async fn letters_are_told_apart_by_id_reason_and_time(site: Site) {
    for reason in [unknown_event(), refused()] {
        site.send_and_reject(garbage("early"), reason).await;
    }
    let latest = site.list(all()).await[1].time;
    until("a later millisecond", PATIENCE, async || Timestamp::now() > latest).await;
    for reason in [unknown_event(), refused()] {
        site.send_and_reject(garbage("late"), reason).await;
    }
    let middle = Some(site.list(all()).await[2].time);
    let reason = || Some(REFUSED.to_owned());
    for (filter, ids) in [
        (all(), [0, 1, 2, 3].as_slice()),
        (Filter::of(2), &[2]),
        (Filter::of(4), &[]),
        (Filter { reason: reason(), ..all() }, &[1, 3]),
        (Filter { reason: Some("nothing".to_owned()), ..all() }, &[]),
        (Filter { since: middle, ..all() }, &[2, 3]),
        (Filter { until: middle, ..all() }, &[0, 1]),
        (Filter { since: middle, reason: reason(), ..all() }, &[3]),
    ] {
        let listed: Vec<_> = site.list(filter.clone()).await.iter().map(|summary| summary.id).collect();
        assert_eq!(listed, ids, "{filter:?}");
    }
}
