//! One letter.

use bus::{Delivery, Record};
use dead_letters::{Filter, Replay, show};

use crate::site::{Site, all, operation, refused, unknown_event};

pub(crate) async fn a_letter_is_shown_to_the_byte(site: Site) {
    let message = Record {
        key: Some(b"\x1b[2Jkey".to_vec()),
        value: (0..=255).collect(),
        headers: vec![("trace".to_owned(), b"1".to_vec())],
        ..Record::default()
    };
    site.send_and_reject(message.clone(), refused()).await;
    let shown = show(&site.channels, 0).await.unwrap().unwrap();
    assert_eq!((&shown.letter.key, &shown.letter.value), (&message.key, &message.value));
    assert_eq!(shown.letter.headers, message.headers);
    assert_eq!((shown.letter.reason.as_str(), shown.replayed_at, shown.missing), ("refused", None, None));
    assert!(show(&site.channels, 1).await.unwrap().is_none());
}

pub(crate) async fn a_letter_without_its_message_is_shown_with_what_is_where_that_was(site: Site) {
    let sent = site.send(Record { value: vec![b'x'; 10_000], ..operation() }).await;
    site.reject_truncated(&sent, unknown_event()).await;
    let listed = site.list(all()).await;
    assert!(listed[0].truncated && listed[0].bytes == 10_000, "{listed:?}");
    let shown = show(&site.channels, 0).await.unwrap().unwrap();
    assert_eq!((shown.letter.value, shown.letter.headers), (sent.value, sent.headers));
    assert_eq!((shown.letter.left_out, shown.missing), (None, None));
    assert_eq!((shown.letter.place.partition, shown.letter.place.offset), (sent.partition, sent.offset));
}

pub(crate) async fn a_letter_whose_message_is_gone_says_so(site: Site) {
    let sent = site.send(Record { value: vec![b'x'; 10_000], ..operation() }).await;
    let other = site.send(operation()).await;
    for (partition, offset) in [(other.partition, other.offset), (sent.partition, 1_000)] {
        site.reject_truncated(&Delivery { partition, offset, ..sent.clone() }, unknown_event()).await;
    }
    for id in [0, 1] {
        let shown = show(&site.channels, id).await.unwrap().unwrap();
        assert!(shown.missing.unwrap().contains("is not there any more"));
        assert_eq!((shown.letter.value.len(), shown.letter.left_out), (0, Some(10_000)));
        let (replayed, reports) = site.replay(Replay { filter: Filter::of(id), ..Replay::default() }).await;
        assert_eq!((replayed.replayed, replayed.failed), (0, 1), "{reports:?}");
    }
}
