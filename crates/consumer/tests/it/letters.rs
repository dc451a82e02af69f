//! Dead letters: looked at, and their messages put back.

use bus::{Record, Topic};
use model::{Operation, Timestamp};
use serde_json::json;
use testing::wait::until;

use crate::commands::said;
use crate::operations::{answer, create, new_key, update};
use crate::site::{PATIENCE, Site, record, small_batches};

/// Whatever the consumer does with these, it has done when this returns.
async fn consume(site: &Site, records: Vec<Record>) {
    let consumer = site.start(small_batches());
    for record in records {
        site.send_record(record).await;
    }
    site.caught_up().await;
    consumer.stop().await;
}

fn garbage(text: &str) -> Record {
    Record { key: Some(b"garbage".to_vec()), value: text.into(), ..Record::default() }
}

pub(crate) async fn an_update_replayed_after_its_create_is_applied_and_never_again(site: Site) {
    let key = new_key();
    let operations = [create(&key, "hello"), answer(&key, "early")];
    let [created, early] = operations.each_ref().map(record);
    let traced = Record { headers: vec![("trace".into(), b"\xff\x00".to_vec())], ..early.clone() };
    consume(&site, vec![traced.clone(), created]).await;
    assert_eq!(site.letters().await.len(), 1);
    site.assert_holds(&operations[..1]).await;

    assert_eq!(site.replay(&["--all"]).await, said(1, 0, 0));
    consume(&site, Vec::new()).await;
    site.assert_holds(&operations).await;
    let on_topic = site.everything_on(&site.channels.events).await;
    let replayed = on_topic.iter().rfind(|delivery| delivery.value == early.value).unwrap();
    assert_eq!((&replayed.key, &replayed.headers), (&traced.key, &traced.headers));

    // A later update must not be undone.
    let later = answer(&key, "late");
    consume(&site, vec![record(&later)]).await;
    for arguments in [["--all"].as_slice(), &["--id", "0"], &["--reason", "unknown_event"]] {
        assert_eq!(site.replay(arguments).await, said(0, 1, 0));
    }
    consume(&site, Vec::new()).await;
    site.assert_holds(&[operations.as_slice(), std::slice::from_ref(&later)].concat()).await;
    assert_eq!(site.times_on_topic(&early.value).await, 2);

    assert_eq!(site.replay(&["--id", "0", "--force"]).await, said(1, 0, 0));
    consume(&site, Vec::new()).await;
    assert_eq!(site.times_on_topic(&early.value).await, 3);
    site.assert_holds(&[operations.as_slice(), &[later, operations[1].clone()]].concat()).await;
    assert_eq!(site.letters().await.len(), 1, "the topic of dead letters holds letters alone");
}

pub(crate) async fn a_mended_message_goes_under_its_events_id(site: Site) {
    let folder = tempfile::tempdir().unwrap();
    let (broken, foreign) = (new_key(), new_key());
    let operations = [create(&broken, "hello"), create(&foreign, "hello")];
    let [cut, other_key] = operations.each_ref().map(record);
    let cut = Record { value: cut.value[..20].to_vec(), ..cut };
    let other_key = Record { key: Some(b"another".to_vec()), ..other_key };
    consume(&site, vec![cut, other_key]).await;

    let listed = site.listed(&[]).await;
    for (reason, operation) in [("undecodable", &operations[0]), ("key_mismatch", &operations[1])] {
        let line = listed.iter().find(|line| line["reason"] == reason).unwrap();
        let id = line["id"].to_string();
        let (_, done) = site.dead_letters(&["replay", "--id", &id]).await;
        assert!(!done, "{reason}");

        let file = folder.path().join(reason);
        std::fs::write(&file, record(operation).value).unwrap();
        let file = file.to_str().unwrap();
        assert_eq!(site.replay(&["--id", &id, "--value", file]).await, said(1, 0, 0));
        assert_eq!(site.replay(&["--id", &id, "--value", file]).await, said(0, 1, 0));
    }
    consume(&site, Vec::new()).await;
    site.assert_holds(&operations).await;
}

pub(crate) async fn letters_are_told_by_reason_and_time(site: Site) {
    let key = new_key();
    let updates: Vec<Operation<'static>> = ["a", "b", "c"].map(|text| update(&key, text)).into();
    let mut records: Vec<_> = updates.iter().map(record).collect();
    let last = records.pop().unwrap();
    records.push(garbage("one"));
    consume(&site, records).await;
    let first = site.listed(&[]).await;
    let latest = Timestamp::parse(first[2]["time"].as_str().unwrap()).unwrap();
    until("a later millisecond", PATIENCE, async || Timestamp::now() > latest).await;
    consume(&site, vec![garbage("two"), last.clone()]).await;

    let ids = |listed: &[serde_json::Value]| -> Vec<_> {
        listed.iter().map(|line| line["id"].as_i64().unwrap()).collect()
    };
    let all = site.listed(&[]).await;
    assert_eq!(ids(&all), [0, 1, 2, 3, 4]);
    let middle = all[3]["time"].as_str().unwrap();
    assert_eq!(ids(&site.listed(&["--since", middle]).await), [3, 4]);
    assert_eq!(ids(&site.listed(&["--until", middle]).await), [0, 1, 2]);
    let undecodable = site.listed(&["--reason", "undecodable"]).await;
    assert_eq!(undecodable.len(), 2);
    assert_eq!(site.listed(&["--reason", "unknown_event", "--since", middle]).await.len(), 1);
    assert_eq!(site.listed(&["--reason", "nothing"]).await, [json!(null); 0]);

    let line = &undecodable[0];
    assert_eq!(
        (&line["event_id"], &line["bytes"], &line["replayed_at"]),
        (&json!("garbage"), &json!(3), &json!(null))
    );
    assert_eq!(line["topic"], json!(site.channels.events.name));

    assert_eq!(
        site.replay(&["--reason", "unknown_event", "--since", middle, "--dry-run"]).await,
        "would replay 1, skipped 0 that were replayed before, failed on 0"
    );
    assert_eq!(site.replay(&["--reason", "unknown_event", "--since", middle]).await, said(1, 0, 0));
    assert_eq!(site.times_on_topic(&last.value).await, 2);
    let replayed: Vec<_> =
        site.listed(&[]).await.into_iter().filter(|line| !line["replayed_at"].is_null()).collect();
    assert_eq!((replayed.len(), &replayed[0]["reason"]), (1, &json!("unknown_event")));
    assert_eq!(site.replay(&["--reason", "unknown_event"]).await, said(2, 1, 0));
}

pub(crate) async fn a_dry_run_puts_nothing_back(site: Site) {
    let early = record(&answer(&new_key(), "early"));
    consume(&site, vec![early.clone()]).await;
    let (out, done) = site.dead_letters(&["replay", "--all", "--dry-run"]).await;
    assert!(done && String::from_utf8(out).unwrap().starts_with("would replay letter 0 (unknown_event, "));
    assert_eq!(site.times_on_topic(&early.value).await, 1);
    assert!(!site.channels.bus.has_topic(&site.channels.replayed).await.unwrap());
}

pub(crate) async fn a_letter_is_shown_with_its_bytes(site: Site) {
    let binary: Vec<u8> = (0..=255).collect();
    let odd = Record {
        key: Some(b"\x1b[2Jkey".to_vec()),
        value: binary.clone(),
        headers: vec![("trace".into(), b"1".to_vec())],
        ..Record::default()
    };
    consume(&site, vec![odd]).await;
    assert_eq!(site.dead_letters(&["show", "0", "--raw"]).await, (binary, true));
    for command in [["show", "0"].as_slice(), &["list"]] {
        let (out, done) = site.dead_letters(command).await;
        let text = String::from_utf8(out).unwrap();
        assert!(done && text.contains("undecodable") && text.contains("[2Jkey"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
    let (out, done) = site.dead_letters(&["show", "1"]).await;
    assert!(!done && out.is_empty());
}

/// Key, value and headers of it are as large as a message may be.
pub(crate) async fn a_letter_of_the_largest_message_is_whole(site: Site) {
    let limit = site.channels.events.max_record_bytes;
    let key = new_key();
    let padded = |operation: &Operation<'static>| {
        let mut largest = record(operation);
        largest.value.resize(limit - largest.bytes() + largest.value.len(), b' ');
        assert_eq!(largest.bytes(), limit);
        largest
    };
    let (early, created) = (padded(&answer(&key, "early")), padded(&create(&key, "hello")));
    let broken = Record { value: vec![b' '; limit - 7], ..garbage("") };
    assert_eq!(broken.bytes(), limit);
    consume(&site, vec![early.clone(), broken.clone(), created]).await;
    let letters = site.letters().await;
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().all(|letter| letter.left_out.is_none()));
    assert!(letters.iter().any(|letter| letter.value == broken.value));
    assert_eq!(site.replay(&["--reason", "unknown_event"]).await, said(1, 0, 0));
    consume(&site, Vec::new()).await;
    assert_eq!(site.event(&key).await.unwrap().content.output, "early");
}

/// A site where nothing has gone wrong yet.
pub(crate) async fn without_letters_there_is_nothing_to_do(site: Site) {
    assert!(site.listed(&[]).await.is_empty());
    assert_eq!(site.replay(&["--all"]).await, said(0, 0, 0));
    let Topic { name, .. } = &site.channels.replayed;
    assert_eq!(*name, format!("{}.replayed", site.channels.events.name));
}
