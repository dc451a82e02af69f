//! Messages that other producers may write.

use std::collections::HashMap;

use bus::{Record, Written};
use consumer::Config;
use model::{EventId, EventKey, Operation, Tenant, Timestamp};

use crate::commands::said;
use crate::deliveries::Letter;
use crate::operations::{answer, create, creates, delete, new_key};
use crate::site::{Site, record, small_batches};

/// Messages that are no operations, each with the word for its fault.
fn hostile() -> Vec<(&'static str, Record)> {
    let key = new_key();
    let other = new_key().id.to_string();
    let good = record(&create(&key, "hello"));
    let text = String::from_utf8(good.value.clone()).unwrap();
    let saying = |value: &[u8]| Record { value: value.to_vec(), ..good.clone() };
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{text}");
        saying(text.replace(from, to).as_bytes())
    };
    let deep = format!(r#""properties":{{"a":{}{}}},"input""#, "[".repeat(10_000), "]".repeat(10_000));
    let (id, millis) = (key.id.to_string(), format!("{:012x}", key.id.created_at().millis()));
    let beyond = id.replacen(&format!("{}-{}", &millis[..8], &millis[8..]), "ffffffff-ffff", 1);
    vec![
        ("undecodable", saying(b"not JSON")),
        ("undecodable", saying(b"")),
        ("undecodable", saying(b"null")),
        ("undecodable", saying(b"\xff\xfe\x00")),
        ("undecodable", saying(&text.as_bytes()[..text.len() - 1])),
        ("undecodable", saying(&[text.as_bytes(), b"\0"].concat())),
        ("undecodable", with(r#""tenant":"default","#, "")),
        ("undecodable", with(r#""default""#, r#""no tenant""#)),
        ("undecodable", with(r#""source":"native","#, "")),
        ("undecodable", with(r#""hello""#, "7")),
        ("undecodable", with(r#""input""#, &deep)),
        ("undecodable", Record { value: text.replace("hello", "\u{1}").into_bytes(), ..good.clone() }),
        ("unknown_operation", with(r#""create""#, r#""upsert""#)),
        ("newer_format", with(r#""v":1"#, r#""v":2"#)),
        ("newer_format", saying(br#"{"v":18446744073709551615}"#)),
        ("impossible_date", with(r#""timestamp":"20"#, r#""timestamp":"23"#)),
        ("impossible_date", with(r#""timestamp":"20"#, r#""timestamp":"00"#)),
        ("impossible_date", Record { key: Some(beyond.clone().into_bytes()), ..with(&id, &beyond) }),
        ("key_mismatch", Record { key: Some(other.into_bytes()), ..good.clone() }),
        ("key_mismatch", Record { key: Some(b"\xff\x00".to_vec()), ..good.clone() }),
        ("key_mismatch", Record { key: Some(Vec::new()), ..good.clone() }),
        ("key_mismatch", Record { key: None, ..good.clone() }),
    ]
}

/// The letter must be the message, where it was, with the reason.
pub(crate) fn assert_is_letter_of(
    letter: &Letter,
    topic: &str,
    record: &Record,
    place: Written,
    reason: &str,
) {
    assert_eq!(letter.reason, reason, "{letter:?}");
    assert_eq!((&letter.key, &letter.value), (&record.key, &record.value));
    assert_eq!(letter.headers, record.headers);
    assert_eq!(
        (letter.topic.as_str(), letter.partition, letter.offset),
        (topic, place.partition, place.offset)
    );
    assert!(!letter.error.is_empty() && letter.error.chars().count() <= 1_000);
    assert_eq!(letter.left_out, None);
}

pub(crate) async fn messages_that_are_no_operations_become_dead_letters_and_cost_nothing_else(site: Site) {
    let consumer = site.start(small_batches());
    let (mut good, mut sent) = (Vec::new(), Vec::new());
    for (n, (reason, mut record)) in hostile().into_iter().enumerate() {
        record.headers = vec![
            ("trace".to_owned(), b"\xff\x00binary".to_vec()),
            ("trace".to_owned(), n.to_string().into_bytes()),
            ("millrace-reason".to_owned(), b"somebody else's".to_vec()),
            ("empty".to_owned(), Vec::new()),
        ];
        let around = creates(2);
        site.send(&around[..1]).await;
        let place = site.send_record(record.clone()).await;
        site.send(&around[1..]).await;
        good.extend(around);
        sent.push((reason, record, place));
    }
    site.caught_up().await;
    site.assert_holds(&good).await;

    let letters = site.letters().await;
    assert_eq!(letters.len(), sent.len());
    for (reason, record, place) in &sent {
        let here = |letter: &&Letter| (letter.partition, letter.offset) == (place.partition, place.offset);
        let letter = letters.iter().find(here).unwrap_or_else(|| panic!("no letter of {record:?}"));
        assert_is_letter_of(letter, &site.channels.events.name, record, *place, reason);
    }
    consumer.stop().await;
}

pub(crate) async fn an_update_of_an_event_that_never_was_is_a_dead_letter(site: Site) {
    let consumer = site.start(small_batches());
    let [unknown, late, elsewhere] = [(); 3].map(|()| new_key());
    let foreign = EventKey { tenant: model::Tenant::parse("globex").unwrap(), ..elsewhere.clone() };
    let orphans = [
        answer(&unknown, "one"),
        answer(&unknown, "two"),
        answer(&late, "too early"),
        answer(&foreign, "not theirs"),
    ];
    let all = [
        orphans[0].clone(),
        orphans[1].clone(),
        // An update before its create stays unknown.
        orphans[2].clone(),
        create(&late, "hello"),
        // Of another tenant's event.
        create(&elsewhere, "ours"),
        orphans[3].clone(),
    ];
    let places = site.send(&all).await;
    site.caught_up().await;
    site.assert_holds(&all).await;

    let letters = site.letters().await;
    assert_eq!(letters.len(), 4);
    for (orphan, place) in orphans.iter().zip([places[0], places[1], places[2], places[5]]) {
        let sent = record(orphan);
        let letter = letters.iter().find(|letter| letter.value == sent.value).expect("a letter each");
        assert_is_letter_of(letter, &site.channels.events.name, &sent, place, "unknown_event");
    }
    consumer.stop().await;
}

pub(crate) async fn an_update_of_a_deleted_event_is_none(site: Site) {
    let (deleted, never_created) = (new_key(), new_key());
    // Once all of it in one batch, once each by itself.
    for batch_size in [1_000, 1] {
        let consumer = site.start(Config { batch_size, flush_interval_ms: 20, ..Config::default() });
        for operation in [
            create(&deleted, "hello"),
            delete(&deleted),
            answer(&deleted, "too late"),
            create(&deleted, "again"),
            delete(&never_created),
            answer(&never_created, "too late"),
            create(&never_created, "too late"),
        ] {
            site.send(&[operation]).await;
            if batch_size == 1 {
                site.caught_up().await;
            }
        }
        site.caught_up().await;
        assert_eq!(site.count().await, 0);
        assert!(site.reasons().await.is_empty());
        consumer.stop().await;
    }
}

/// Nothing of them is lost, and the good ones among them are not kept waiting for long.
pub(crate) async fn a_flood_of_hostile_messages_passes(site: Site) {
    let good = creates(500);
    let mut records: Vec<_> = good.iter().map(record).collect();
    for n in 0..4_000 {
        let text = format!("hostile {n}");
        let hostile =
            Record { key: Some(text.clone().into_bytes()), value: text.into_bytes(), ..Record::default() };
        records.insert(n % records.len(), hostile);
    }
    for written in
        futures_util::future::join_all(records.into_iter().map(|one| site.producer.send(one))).await
    {
        written.unwrap();
    }
    let consumer = site.start(Config::default());
    site.caught_up().await;
    site.assert_holds(&good).await;
    let mut values: Vec<_> = site.reasons().await.into_iter().map(|(_, value)| value).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 4_000);
    consumer.stop().await;
}

/// Updates of events that come later: they can be in once those are.
fn too_early(count: usize) -> (Vec<Operation<'static>>, Vec<Operation<'static>>) {
    (0..count)
        .map(|n| {
            let key = new_key();
            (answer(&key, &format!("answer {n}")), create(&key, &format!("input {n}")))
        })
        .unzip()
}

/// Creates whose ids lie in as many months.
fn months(count: i64) -> Vec<Operation<'static>> {
    let now = Timestamp::now().millis();
    let mut one = |month: i64| {
        let at = Timestamp::from_millis(now - month * 2_629_800_000).unwrap();
        create(&EventKey { tenant: Tenant::default(), id: EventId::new(at) }, &format!("month {month}"))
    };
    (0..count).map(&mut one).collect()
}

/// A thousand at once, between ten thousand good ones, some as large as a message may be; then those
/// that can be mended are.
pub(crate) async fn a_block_of_hostile_messages_costs_nothing_else_and_what_can_be_mended_is_in(site: Site) {
    let (orphans, parents) = too_early(50);
    let limit = site.channels.events.max_record_bytes;
    let mut block: Vec<(&str, Record)> = Vec::new();
    while block.len() < 945 {
        block.extend(hostile());
    }
    block.truncate(945);
    for n in 0..5 {
        let key = format!("{n}");
        let value = vec![b' '; limit - key.len()];
        block.push(("undecodable", Record { key: Some(key.into_bytes()), value, ..Record::default() }));
    }
    let duplicate = record(&create(&new_key(), "twice"));
    let text = String::from_utf8(duplicate.value.clone()).unwrap();
    block[7] = ("undecodable", Record { value: text.replacen('{', r#"{"v":1,"#, 1).into(), ..duplicate });
    block.extend(orphans.iter().map(|orphan| ("unknown_event", record(orphan))));
    assert_eq!(block.len(), 1_000);

    let good = [creates(4_940), months(120), creates(4_940)].concat();
    site.send(&good[..5_000]).await;
    let sends = block.iter().map(|(_, record)| site.send_record(record.clone()));
    let places = futures_util::future::join_all(sends).await;
    site.send(&good[5_000..]).await;
    site.send(&parents).await;
    let consumer = site.start(Config::default());
    site.caught_up().await;
    let expected = [good, parents].concat();
    site.assert_holds(&expected).await;

    let letters = site.letters().await;
    assert_eq!(letters.len(), 1_000);
    let by_place: HashMap<_, _> =
        letters.iter().map(|letter| ((letter.partition, letter.offset), letter)).collect();
    for ((reason, record), place) in block.iter().zip(&places) {
        let letter = by_place[&(place.partition, place.offset)];
        assert_is_letter_of(letter, &site.channels.events.name, record, *place, reason);
    }

    assert_eq!(site.replay(&["--reason", "unknown_event"]).await, said(50, 0, 0));
    site.caught_up().await;
    site.assert_holds(&[expected, orphans].concat()).await;
    assert_eq!(site.letters().await.len(), 1_000);
    consumer.stop().await;
}
