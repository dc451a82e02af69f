use model::{self as event, Content, EventId, EventKey, Source, Tenant, message};

use super::*;
use crate::digest::Digest;
use crate::operation::{Kind, hashed};

fn key(id: u128) -> EventKey {
    let id = EventId::parse(&format!("019aa2b1-c3d4-7e5f-8a9b-{id:012x}")).unwrap();
    EventKey { tenant: Tenant::default(), id }
}

fn create(id: u128, content: Content<'static>) -> event::Operation<'static> {
    let EventKey { tenant, id } = key(id);
    let (at, source) = (id.created_at(), Source::Native);
    event::Operation::Create(Box::new(event::Event {
        tenant,
        id,
        received_at: at,
        updated_at: at,
        source,
        content,
    }))
}

fn named(input: &'static str) -> Content<'static> {
    Content { input: input.into(), ..Content::default() }
}

fn created(id: u128, input: &str) -> Operation {
    Operation::new(Kind::Create, key(id), Some(input.to_owned()))
}

fn delivery(offset: i64, operation: &event::Operation<'_>) -> Delivery {
    Delivery {
        partition: 0,
        offset,
        append_ms: Some(operation.key().id.created_at().millis()),
        key: Some(operation.key().id.to_string().into_bytes()),
        value: message::encode(operation),
        headers: Vec::new(),
    }
}

/// What is found when these are the records of the only partition, the first at this offset.
fn findings(ledger: &Ledger, begin: i64, records: &[Delivery]) -> Vec<String> {
    let end = begin + i64::try_from(records.len()).unwrap();
    let (letters, ends) = (Letters::default(), Offsets::from([(0, end)]));
    let mut truth = Truth::new(&letters, ledger, &ends);
    for record in records {
        truth.take(record);
    }
    let truth = truth.end(&BTreeMap::from([(0, Span { first: begin, begin, end, next: end })]));
    assert!(truth.findings.iter().all(|finding| finding.anomaly == Anomaly::Lost));
    truth.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn an_event_of_a_batch_may_be_anywhere_but_has_to_be_somewhere() {
    let mut ledger = Ledger::default();
    ledger.acknowledge_somewhere(created(1, "a"));
    ledger.acknowledge_somewhere(created(2, "b"));
    let records = |all: &[(u128, &'static str)]| -> Vec<_> {
        (0..).zip(all).map(|(offset, (id, input))| delivery(offset, &create(*id, named(input)))).collect()
    };
    assert!(findings(&ledger, 0, &records(&[(2, "b"), (1, "a"), (1, "a")])).is_empty());

    // Not there, under another event's id, or another event's.
    for wrong in [&[(2, "b")][..], &[(2, "b"), (3, "a")], &[(2, "b"), (1, "b")]] {
        let found = findings(&ledger, 0, &records(wrong));
        assert_eq!(found.len(), 1, "{found:?}");
        let [found] = found.as_slice() else { panic!() };
        assert!(found.contains("create of 019aa2b1-c3d4-7e5f-8a9b-000000000001"), "{found}");
        assert!(found.ends_with("was acknowledged in a batch, and is nowhere in the topic"), "{found}");
    }
}

#[test]
fn what_retention_has_removed_may_have_been_of_a_batch() {
    let mut ledger = Ledger::default();
    ledger.acknowledge_somewhere(created(1, "a"));
    let later = [delivery(5, &create(2, named("b")))];
    assert!(findings(&ledger, 5, &later).is_empty());
}

#[test]
fn a_large_text_that_the_topic_has_otherwise_than_it_was_sent_is_lost() {
    let text = "0123456789é".repeat(70_000);
    let record = |text: String| [delivery(0, &create(1, Content { output: text.into(), ..named("a") }))];
    let large = Some(("output", Digest::of(&text)));
    for ledger in [Ledger::acknowledge_somewhere, at_the_beginning] {
        let mut promises = Ledger::default();
        ledger(&mut promises, Operation { large, ..created(1, "a") });
        assert!(findings(&promises, 0, &record(text.clone())).is_empty());
        let cut = text.chars().take(text.chars().count() - 1).collect();
        for wrong in [cut, text.replacen('3', "4", 1), String::new()] {
            let found = findings(&promises, 0, &record(wrong));
            let [found] = found.as_slice() else { panic!("{found:?}") };
            assert!(found.contains("with output of 840000 bytes with SHA-256"), "{found}");
        }
    }
}

fn at_the_beginning(ledger: &mut Ledger, operation: Operation) {
    ledger.acknowledge(Place { partition: 0, offset: 0 }, operation);
}

#[test]
fn an_update_whose_key_the_topic_does_not_have_is_lost() {
    let update = event::Operation::Update { key: key(1), at: key(1).id.created_at(), patch: Box::default() };
    let record = |sent: &[u8]| {
        let headers = vec![("idempotency-key".to_owned(), sent.to_vec())];
        vec![Delivery { headers, ..delivery(0, &update) }]
    };
    let mut ledger = Ledger::default();
    let promise =
        Operation { idempotency_key: Some(hashed(b"k")), ..Operation::new(Kind::Update, key(1), None) };
    at_the_beginning(&mut ledger, promise);
    assert!(findings(&ledger, 0, &record(b"k")).is_empty());
    for wrong in [record(b"other"), vec![delivery(0, &update)]] {
        let found = findings(&ledger, 0, &wrong);
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert!(found.contains(&format!("with key {:016x} was acknowledged", hashed(b"k"))), "{found}");
    }
}
