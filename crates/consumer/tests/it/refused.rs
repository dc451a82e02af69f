//! Rows that the table does not take: here one with a constraint on the input.

use bus::Record;
use consumer::Config;
use model::Operation;
use testing::wait::until;

use crate::operations::{AppliedOnce, answer, create, creates, delete, new_key, update};
use crate::site::{Consumer, PATIENCE, Site, record};

/// What the table refuses as an input.
const CURSE: &str = "curse";

/// All that is sent before it starts is one batch, as long as it is no more than this.
const BATCH: usize = 400;

/// A table with the constraint, and a consumer on it that has read what was sent as one batch.
async fn consumed(site: &Site) -> Consumer {
    site.store.migrate().await.unwrap();
    site.sql(&format!("ALTER TABLE {{db}}.events ADD CONSTRAINT no_curses CHECK input != '{CURSE}'")).await;
    let sent: i64 = site.partitions().await.iter().map(|at| at.end).sum();
    let batch_size = usize::try_from(sent).unwrap();
    assert!(batch_size <= BATCH);
    let consumer = site.start(Config { batch_size, flush_interval_ms: 3_600_000, ..Config::default() });
    site.caught_up().await;
    consumer
}

pub(crate) fn text(operation: &Operation<'static>) -> String {
    String::from_utf8(record(operation).value).unwrap()
}

pub(crate) async fn a_refused_row_costs_no_other_event_of_its_batch(site: Site) {
    let good = creates(BATCH - 2);
    let bad = [create(&new_key(), CURSE), create(&new_key(), CURSE)];
    let mut all = good.clone();
    all.insert(300, bad[0].clone());
    all.insert(100, bad[1].clone());
    let places = site.send(&all).await;
    let consumer = consumed(&site).await;

    site.assert_holds(&good).await;
    let mut letters = site.letters().await;
    assert_eq!(letters.len(), 2);
    letters.sort_by_key(|letter| letter.value != record(&bad[0]).value);
    for ((letter, operation), place) in letters.iter().zip(&bad).zip([places[301], places[100]]) {
        let sent = record(operation);
        assert_eq!((&letter.key, &letter.value), (&sent.key, &sent.value));
        assert_eq!((letter.partition, letter.offset), (place.partition, place.offset));
        assert_eq!(letter.reason, "refused");
        assert!(letter.error.contains("no_curses"), "{}", letter.error);
    }
    consumer.stop().await;
}

pub(crate) async fn of_an_event_with_many_operations_only_the_refused_one_is_left_out(site: Site) {
    let key = new_key();
    let good = [
        create(&key, "hello"),
        answer(&key, "first"),
        update(&key, "hello again"),
        create(&key, "a repeat"),
        answer(&key, "last"),
    ];
    // The row that the batch would leave behind is the refused one, whatever comes behind the curse.
    let curse = update(&key, CURSE);
    let mut all = creates(50);
    all.extend_from_slice(&good[..3]);
    all.push(curse.clone());
    all.extend_from_slice(&good[3..]);
    site.send(&all).await;
    let consumer = consumed(&site).await;

    assert_eq!(site.reasons().await, [("refused".to_owned(), text(&curse))]);
    all.retain(|operation| *operation != curse);
    site.assert_holds(&all).await;
    assert_eq!(site.event(&key).await, AppliedOnce::of(&good).live.remove(&key));

    // A later update finds the event as it is in the table.
    let later = answer(&key, "later");
    site.send(std::slice::from_ref(&later)).await;
    consumer.stop().await;
    let consumer = site.start(Config::default());
    site.caught_up().await;
    all.push(later);
    site.assert_holds(&all).await;
    consumer.stop().await;
}

pub(crate) async fn what_follows_a_refused_create_finds_no_event(site: Site) {
    let key = new_key();
    let (curse, orphan, second) = (create(&key, CURSE), answer(&key, "to nothing"), create(&key, "better"));
    let mut all = creates(20);
    all.extend([curse.clone(), orphan.clone(), second.clone()]);
    site.send(&all).await;
    let consumer = consumed(&site).await;

    let expected = [("refused".to_owned(), text(&curse)), ("unknown_event".to_owned(), text(&orphan))];
    assert_eq!(site.reasons().await, expected);
    all.retain(|operation| *operation != curse && *operation != orphan);
    site.assert_holds(&all).await;
    consumer.stop().await;
}

pub(crate) async fn an_update_of_no_event_before_a_refused_create_is_one_letter(site: Site) {
    let key = new_key();
    let (orphan, curse) = (answer(&key, "to nothing"), create(&key, CURSE));
    site.send(&[orphan.clone(), curse.clone()]).await;
    let consumer = consumed(&site).await;
    let mut letters = site.reasons().await;
    letters.sort();
    assert_eq!(letters, [("refused".to_owned(), text(&curse)), ("unknown_event".to_owned(), text(&orphan))]);
    consumer.stop().await;
}

/// An error of ClickHouse that tells neither of values nor of trouble.
pub(crate) async fn a_row_at_which_clickhouse_fails_in_an_unknown_way_costs_no_other_event(site: Site) {
    site.store.migrate().await.unwrap();
    let fails =
        format!("ALTER TABLE {{db}}.events ADD CONSTRAINT fails CHECK throwIf(input = '{CURSE}') = 0");
    site.sql(&fails).await;
    let (good, curse) = (creates(50), create(&new_key(), CURSE));
    site.send(&[&good[..20], std::slice::from_ref(&curse), &good[20..]].concat()).await;
    let consumer = site.start(Config::default());
    site.caught_up().await;
    site.assert_holds(&good).await;
    assert_eq!(site.reasons().await, [("refused".to_owned(), text(&curse))]);
    consumer.stop().await;
}

/// For longer than any patience with a row. At first there is no other row to judge it by, then there is.
pub(crate) async fn while_nothing_goes_in_the_server_is_in_trouble_whatever_it_says(site: Site) {
    site.store.migrate().await.unwrap();
    let consumer = site.start(Config::default());
    let mut all = Vec::new();
    for done in 0..2 {
        site.sql("ALTER TABLE {db}.events ADD CONSTRAINT broken CHECK throwIf(input != '') = 0").await;
        let retries = consumer.retries("clickhouse");
        all.extend(creates(1));
        site.send(&all[all.len() - 1..]).await;
        until("it has tried again and again, and says so", PATIENCE, async || {
            let says = consumer.status.troubles().iter().any(|trouble| trouble.starts_with("clickhouse"));
            says && consumer.retries("clickhouse") >= retries + 10 || site.done().await > done
        })
        .await;
        assert_eq!((site.done().await, site.reasons().await), (done, Vec::new()));
        site.sql("ALTER TABLE {db}.events DROP CONSTRAINT broken").await;
        site.caught_up().await;
        site.assert_holds(&all).await;
    }
    assert!(site.letters().await.is_empty());
    consumer.stop().await;
}

/// There is no other part of its batch that could go in.
pub(crate) async fn a_row_alone_in_its_batch_is_at_fault_if_another_goes_in(site: Site) {
    site.store.migrate().await.unwrap();
    let good = creates(1);
    site.send(&good).await;
    let consumer = site.start(Config::default());
    site.caught_up().await;
    let fails =
        format!("ALTER TABLE {{db}}.events ADD CONSTRAINT fails CHECK throwIf(input = '{CURSE}') = 0");
    site.sql(&fails).await;
    let curse = create(&new_key(), CURSE);
    site.send(std::slice::from_ref(&curse)).await;
    site.caught_up().await;
    assert_eq!(site.reasons().await, [("refused".to_owned(), text(&curse))]);
    site.assert_holds(&good).await;
    consumer.stop().await;
}

/// Written by hand, into the table that is Millrace's alone to write.
pub(crate) async fn a_row_that_nobody_here_wrote_stops_nothing(site: Site) {
    let all = creates(3);
    site.send(&all).await;
    let consumer = site.start(Config::default());
    site.caught_up().await;
    consumer.stop().await;
    let [changed, unreadable, fine] = [0, 1, 2].map(|n| all[n].key());
    for (key, by_hand) in [(&changed, "latency = -1"), (&unreadable, "input = unhex('ff')")] {
        let id = key.id;
        let alter = format!(
            "ALTER TABLE {{db}}.events UPDATE {by_hand} WHERE id = '{id}' SETTINGS mutations_sync = 1"
        );
        site.sql(&alter).await;
    }
    let updates = [answer(&changed, "one"), answer(&unreadable, "two")];
    site.send(&updates).await;
    site.send(&[answer(&fine, "three"), delete(&unreadable)]).await;
    let consumer = site.start(Config::default());
    site.caught_up().await;
    let mut letters = site.reasons().await;
    letters.sort();
    let mut expected = updates.each_ref().map(|update| ("foreign_row".to_owned(), text(update)));
    expected.sort();
    assert_eq!(letters, expected);
    assert_eq!(site.event(&fine).await.unwrap().content.output, "three");
    assert!(site.event(&unreadable).await.is_none(), "it was deleted");
    assert!(site.store.event(&changed).await.is_err(), "what it says is still impossible");
    consumer.stop().await;
}

/// So many at a time are a batch.
const BLOCK: usize = 60;

fn by_blocks() -> Config {
    Config { batch_size: BLOCK, flush_interval_ms: 3_600_000, ..Config::default() }
}

async fn held(site: &Site, consumer: &Consumer) {
    until("the batch is held", PATIENCE, async || {
        consumer.status.troubles().iter().any(|trouble| trouble.starts_with("circuit: 60 of 60 messages"))
    })
    .await;
    assert_eq!(site.done().await, 2 * i64::try_from(BLOCK).unwrap());
    assert_eq!(site.letters().await.len(), 2 * BLOCK);
}

pub(crate) async fn a_table_that_refuses_batch_after_batch_holds_the_consumer_until_it_is_mended(site: Site) {
    site.store.migrate().await.unwrap();
    site.sql("ALTER TABLE {db}.events ADD CONSTRAINT nothing CHECK empty(input)").await;
    let consumer = site.start(by_blocks());
    for _ in 0..2 {
        site.send(&creates(BLOCK)).await;
        site.caught_up().await;
    }
    let held_ones = creates(BLOCK);
    site.send(&held_ones).await;
    held(&site, &consumer).await;

    site.sql("ALTER TABLE {db}.events DROP CONSTRAINT nothing").await;
    site.caught_up().await;
    until("it is ready again", PATIENCE, async || consumer.status.troubles().is_empty()).await;
    site.assert_holds(&held_ones).await;
    assert_eq!(site.letters().await.len(), 2 * BLOCK);
    consumer.stop().await;
}

/// What a try has written must not hide what a later one finds at fault.
pub(crate) async fn what_is_refused_in_a_held_batch_is_told_apart_once_it_passes(site: Site) {
    site.store.migrate().await.unwrap();
    let keys: Vec<_> = (0..10).map(|_| new_key()).collect();
    let events: Vec<_> = keys.iter().map(|key| create(key, "hello")).collect();
    let consumer = site.start(by_blocks());
    site.send(&events).await;
    site.send(&creates(BLOCK - events.len())).await;
    site.caught_up().await;
    for constraint in [&format!("no_curses CHECK input != '{CURSE}'"), "nothing_new CHECK input != 'new'"] {
        site.sql(&format!("ALTER TABLE {{db}}.events ADD CONSTRAINT {constraint}")).await;
    }
    let new = |count| (0..count).map(|_| create(&new_key(), "new"));
    for _ in 0..2 {
        site.send(&new(BLOCK).collect::<Vec<_>>()).await;
        site.caught_up().await;
    }
    let mut held_ones: Vec<_> = new(BLOCK - 20).collect();
    let curses: Vec<_> = keys.iter().map(|key| update(key, CURSE)).collect();
    let answers: Vec<_> = keys.iter().map(|key| answer(key, "later")).collect();
    held_ones.extend(curses.iter().chain(&answers).cloned());
    site.send(&held_ones).await;
    until("the batch is held", PATIENCE, async || {
        consumer.status.troubles().iter().any(|trouble| trouble.starts_with("circuit: 50 of 50 messages"))
    })
    .await;

    site.sql("ALTER TABLE {db}.events DROP CONSTRAINT nothing_new").await;
    site.caught_up().await;
    let (mut letters, others): (Vec<_>, Vec<_>) =
        site.reasons().await.into_iter().partition(|(_, value)| value.contains(CURSE));
    assert_eq!(others.len(), 2 * BLOCK);
    letters.sort();
    let mut expected: Vec<_> = curses.iter().map(|curse| ("refused".to_owned(), text(curse))).collect();
    expected.sort();
    assert_eq!(letters, expected);
    for key in &keys {
        let event = site.event(key).await.unwrap();
        assert_eq!((&*event.content.input, &*event.content.output), ("hello", "later"));
    }
    consumer.stop().await;
}

pub(crate) async fn a_consumer_too_old_for_the_messages_holds_them_for_a_newer_one(site: Site) {
    let newer = |operation: &Operation<'static>| {
        let value = text(operation).replace(r#""v":1"#, r#""v":2"#).into_bytes();
        Record { value, ..record(operation) }
    };
    let consumer = site.start(by_blocks());
    for round in 0..3 {
        for operation in creates(BLOCK) {
            site.send_record(newer(&operation)).await;
        }
        if round < 2 {
            site.caught_up().await;
        }
    }
    held(&site, &consumer).await;
    consumer.crash().await;
    assert_eq!(site.letters().await.len(), 2 * BLOCK);
}
