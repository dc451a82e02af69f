//! An auditor that can't fail is worth nothing: each anomaly is planted, and has to be found.

use std::time::Duration;

use audit::ledger::Ledger;
use audit::operation::{Kind, Place};
use audit::{Anomaly, AuditError, Finding, Report, Table, evidence};
use bus::{Record, Topic};
use model::{EventKey, Timestamp};

use crate::site::{Consumer, Site, create, delete, new_key, record, update};

/// A good installation: an event, one that was changed, one that was deleted, and an update of one
/// that never was.
struct Good {
    site: Site,
    ledger: Ledger,
    plain: EventKey,
    changed: EventKey,
    deleted: EventKey,
    never: EventKey,
    _consumer: Consumer,
}

async fn good() -> Good {
    let site = Site::start().await;
    let [plain, changed, deleted, never] = [(); 4].map(|()| new_key());
    let consumer = site.consume();
    let operations = [
        create(&plain, "plain"),
        create(&plain, "a repeat"),
        create(&changed, "before"),
        update(&changed, "after"),
        create(&deleted, "deleted"),
        delete(&deleted),
        update(&deleted, "too late"),
        update(&never, "nothing"),
    ];
    let mut ledger = Ledger::default();
    site.send(&operations, &mut ledger).await;
    let good = Good { site, ledger, plain, changed, deleted, never, _consumer: consumer };
    let report = good.audit().await;
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!((report.records, report.live, report.deleted, report.unknown_updates), (8, 2, 1, 1));
    assert_eq!(report.letters["unknown_event"], 1);
    good
}

impl Good {
    async fn audit(&self) -> Report {
        self.site.audit(&self.ledger).await
    }

    /// Changes the table and expects one kind of finding, of one event.
    async fn plant(&self, statement: &str, anomaly: Anomaly, key: &EventKey, words: &str) {
        self.site.sql(statement).await;
        // Else its hour may be found too, if it was rolled up before.
        self.site.store().mark_hours(Timestamp::default(), Timestamp::MAX).await.unwrap();
        let report = self.audit().await;
        let finding = report.findings.iter().find(|finding| finding.anomaly == anomaly);
        let finding = finding.unwrap_or_else(|| panic!("no {anomaly:?} in {:?}", report.findings));
        assert_eq!(finding.key.as_ref(), Some(key));
        assert!(finding.to_string().contains(words), "{finding}");
        assert!(report.findings.iter().all(|finding| finding.key.as_ref() == Some(key)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_that_is_rolled_up_as_something_else_is_found() {
    let good = good().await;
    let store = good.site.store();
    // The one that consumes rolls up too.
    for dirty in store.dirty_hours(10).await.unwrap() {
        store.roll_up(&[dirty]).await.unwrap();
    }
    assert!(good.audit().await.findings.is_empty());
    // More than the consumer may just be putting in.
    let wrong = "INSERT INTO rollup SELECT * REPLACE (events + 1 AS events, covered + 1000 AS covered) FROM rollup FINAL";
    good.site.sql(wrong).await;
    let findings = good.audit().await.findings;
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((finding.anomaly, finding.key.as_ref()), (Anomaly::Misrolled, None));
    assert!(finding.detail.contains("is rolled up as [3, 0, 0, 0, 1]"), "{finding}");
    // Nobody reads it any more.
    good.site.sql("INSERT INTO bucket_marks SELECT tenant, hour, 2000 FROM rollup FINAL").await;
    assert!(good.audit().await.findings.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_not_in_the_table_is_lost() {
    let good = good().await;
    let statement = format!("ALTER TABLE events DELETE WHERE id = '{}'", good.plain.id);
    good.plant(&statement, Anomaly::Lost, &good.plain, "the event is not in the table").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_event_without_a_tombstone_is_lost() {
    let good = good().await;
    let statement = format!("ALTER TABLE events DELETE WHERE id = '{}'", good.deleted.id);
    good.plant(&statement, Anomaly::Lost, &good.deleted, "has no tombstone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_live_row_is_found() {
    let good = good().await;
    let statement = format!(
        "INSERT INTO events SELECT * REPLACE (created_at + INTERVAL 1 SECOND AS created_at) FROM events FINAL WHERE id = '{}'",
        good.changed.id
    );
    good.plant(&statement, Anomaly::Doubled, &good.changed, "live rows at created_at").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_is_not_the_last_one_is_stale_and_both_values_are_told() {
    let good = good().await;
    let statement = format!(
        "INSERT INTO events SELECT * REPLACE ('before' AS input, version + 1 AS version) FROM events FINAL WHERE id = '{}'",
        good.changed.id
    );
    let words = r#"input is "before" and should be "after""#;
    good.plant(&statement, Anomaly::Stale, &good.changed, words).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_evidence_is_every_record_and_every_row_of_the_event() {
    let good = good().await;
    let finding =
        Finding { anomaly: Anomaly::Stale, key: Some(good.changed.clone()), detail: "something".into() };
    let table = Table::new(&good.site.clickhouse).unwrap();
    let text = evidence(&good.site.channels, &table, &[finding]).await.unwrap();
    let (records, rows) = text.split_once("rows of the table").unwrap();
    assert!(records.starts_with("stale") && rows.contains(r#""input":"after""#), "{text}");
    let records = records.lines().filter(|line| line.starts_with("partition"));
    assert!(records.clone().all(|line| line.contains(&good.changed.id.to_string())));
    assert_eq!(records.count(), 2, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_column_is_compared() {
    let good = good().await;
    for column in [
        "'x' AS event_name",
        "'page' AS kind",
        "'segment' AS source",
        "1.5 AS latency",
        "['x'] AS tags",
        "[toFloat32(0.5)] AS output_embeddings",
        "'{}' AS properties",
        "[toUInt64(7)] AS idempotency_keys",
        "received_at + 1 AS received_at",
        "updated_at + 1 AS updated_at",
    ] {
        let (value, name) = column.rsplit_once(" AS ").unwrap();
        // One anomaly stays beside the next.
        good.site
            .sql(&format!(
                "INSERT INTO events SELECT * REPLACE ({value} AS {name}, version + 1 AS version) FROM events FINAL WHERE id = '{}'",
                good.plain.id
            ))
            .await;
        let report = good.audit().await;
        let found = report
            .findings
            .iter()
            .any(|found| found.anomaly == Anomaly::Stale && found.detail.starts_with(&format!("{name} is ")));
        assert!(found, "{name} was not compared: {:?}", report.findings);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_came_again_with_its_key_has_to_be_there_once() {
    let good = good().await;
    for (key, input) in [("a", "first"), ("b", "second"), ("a", "a repeat")] {
        let headers = vec![("idempotency-key".to_owned(), key.as_bytes().to_vec())];
        good.site.send_record(Record { headers, ..record(&update(&good.plain, input)) }).await;
    }
    let report = good.audit().await;
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let statement = format!(
        "INSERT INTO events SELECT * REPLACE ('a repeat' AS input, version + 1 AS version) FROM events FINAL WHERE id = '{}'",
        good.plain.id
    );
    let words = r#"input is "a repeat" and should be "second""#;
    good.plant(&statement, Anomaly::Stale, &good.plain, words).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_event_with_a_live_row_is_resurrected() {
    let good = good().await;
    let statement = format!(
        "INSERT INTO events SELECT * REPLACE (toUInt8(0) AS is_deleted, version + 1 AS version) FROM events WHERE id = '{}' ORDER BY version DESC LIMIT 1",
        good.deleted.id
    );
    good.plant(&statement, Anomaly::Resurrected, &good.deleted, "the event was deleted").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_an_event_that_the_topic_never_had_is_a_stray() {
    let good = good().await;
    let key = EventKey { id: new_key().id, ..good.plain.clone() };
    let statement = format!(
        "INSERT INTO events SELECT * REPLACE (toUUID('{}') AS id, fromUnixTimestamp64Milli({}, 'UTC') AS created_at) FROM (SELECT * FROM events FINAL WHERE id = '{}')",
        key.id,
        key.id.created_at().millis(),
        good.plain.id
    );
    good.plant(&statement, Anomaly::Stray, &key, "the topic never made the event").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_that_the_topic_does_not_keep_is_a_loss() {
    let mut good = good().await;
    let (place, kept) = good.ledger.promises().first_key_value().unwrap();
    let (place, kept) = (*place, kept[0].clone());
    let beyond = Place { partition: 0, offset: 1_000_000 };
    good.ledger.acknowledge(beyond, kept.clone());
    let other = audit::operation::Operation { kind: Kind::Delete, input: None, ..kept.clone() };
    good.ledger.acknowledge(place, other);

    let findings = good.audit().await.findings;
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings.iter().all(|finding| finding.anomaly == Anomaly::Lost));
    assert!(findings[0].detail.starts_with(&format!("delete of {}", kept.key.id)), "{}", findings[0]);
    assert!(findings[1].detail.ends_with("partition 0 offset 1000000, where nothing is"), "{}", findings[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_applied_has_to_be_among_the_dead_letters() {
    let mut good = good().await;
    good.site
        .send_record(Record { key: Some(b"x".into()), value: b"no operation".into(), ..Record::default() })
        .await;
    assert_eq!(good.audit().await.findings, []);

    let channels = &mut good.site.channels;
    let empty = Topic { name: "empty".into(), ..channels.dead_letters.clone() };
    channels.bus.ensure_topic(&empty).await.unwrap();
    channels.dead_letters = empty;
    let findings = good.audit().await.findings;
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings.iter().all(|finding| finding.anomaly == Anomaly::Lost));
    assert!(findings.iter().any(|finding| finding.detail.contains("is no operation")));
    assert!(findings.iter().any(|finding| finding.key.as_ref() == Some(&good.never)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_among_the_dead_letters_whose_event_was_there_is_lost() {
    let good = good().await;
    let promises = good.ledger.promises().iter();
    let (place, _) = promises.clone().find(|(_, all)| all[0].input.as_deref() == Some("after")).unwrap();
    let headers = [
        ("millrace-reason", "unknown_event".to_owned()),
        ("millrace-topic", good.site.channels.events.name.clone()),
        ("millrace-partition", place.partition.to_string()),
        ("millrace-offset", place.offset.to_string()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.into_bytes())).to_vec();
    let letters = good.site.channels.bus.producer(&good.site.channels.dead_letters).unwrap();
    letters.send(Record { headers, ..Record::default() }).await.unwrap();

    let findings = good.audit().await.findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].anomaly, findings[0].key.as_ref()), (Anomaly::Lost, Some(&good.changed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_that_are_behind_are_no_reason_for_findings() {
    let site = Site::start().await;
    let mut ledger = Ledger::default();
    site.send(&[create(&new_key(), "waits")], &mut ledger).await;
    let behind = site.try_audit(&ledger, Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(behind, AuditError::Behind { behind: 1, .. }), "{behind}");
}

/// In Kafka the mark that ends a transaction takes the last offset, which no consumer ever commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_the_last_operation_of_a_transaction_nothing_is_waited_for() {
    let site = Site::on_kafka().await;
    let consumer = site.consume();
    site.send_at_once(&[(); 5].map(|()| create(&new_key(), "at once"))).await;
    let report = site.audit(&Ledger::default()).await;
    assert_eq!((report.findings.len(), report.records, report.live), (0, 5, 5));
    consumer.stop().await;
}

/// The audit itself takes long enough for many updates to become visible meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_written_to_meanwhile_is_not_judged() {
    let good = good().await;
    let write_on = async || -> std::convert::Infallible {
        let mut later = Ledger::default();
        loop {
            let operations = [update(&good.changed, "again"), create(&new_key(), "new")];
            good.site.send(&operations, &mut later).await;
        }
    };
    for _ in 0..5 {
        tokio::select! {
            report = good.audit() => assert_eq!(report.findings, []),
            _ = write_on() => {}
        }
    }
}
