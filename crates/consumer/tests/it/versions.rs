//! A table that a newer version has altered, while this one still runs.

use bus::{Record, Signal};
use consumer::Config;
use model::Operation;
use testing::wait::until;
use tokio::time::timeout;

use crate::operations::{create, creates, new_key, update};
use crate::refused::text;
use crate::site::{Consumer, PATIENCE, Site, record};

async fn holds(consumer: &Consumer, part: &str) {
    until("the consumer holds", PATIENCE, async || {
        consumer.status.troubles().iter().any(|trouble| trouble.starts_with(part))
    })
    .await;
}

async fn goes_on(site: &Site, consumer: Consumer, operations: &[Operation<'static>]) {
    site.caught_up().await;
    site.assert_holds(operations).await;
    until("it is ready again", PATIENCE, async || consumer.status.troubles().is_empty()).await;
    consumer.stop().await;
}

const LATER: &str = "INSERT INTO {db}.schema_migrations (name, checksum) SELECT '0999_later', '00ff'";
const MENDED: &str = "TRUNCATE TABLE {db}.schema_migrations";
const FROM_THE_FUTURE: &str = "schema: the database has migration 0999_later";

pub(crate) async fn a_consumer_that_is_older_than_the_table_takes_nothing_in(site: Site) {
    site.store.migrate().await.unwrap();
    site.sql(LATER).await;
    let operations = creates(10);
    site.send(&operations).await;
    let consumer = site.start(Config::default());
    holds(&consumer, FROM_THE_FUTURE).await;
    assert_eq!((site.count().await, site.done().await), (0, 0));
    site.sql(MENDED).await;
    goes_on(&site, consumer, &operations).await;
}

/// As a newer migration does it, while this one is at work and nothing is assigned anew.
pub(crate) async fn a_table_that_is_shut_to_older_writers_is_not_written_to_and_nothing_is_lost(site: Site) {
    let mut operations = creates(10);
    let consumer = site.start(Config::default());
    site.send(&operations).await;
    site.caught_up().await;
    site.sql("ALTER TABLE {db}.events ADD CONSTRAINT schema_9999 CHECK schema_version >= 9999").await;
    let later = creates(10);
    site.send_record(Record { value: b"no operation".to_vec(), ..record(&later[0]) }).await;
    site.send(&later).await;
    holds(&consumer, "clickhouse: the database takes no rows of this version any more").await;
    assert_eq!(site.count().await, 10);
    // The letter may be of a batch of its own.
    let done = site.done().await;
    assert!((10..=11).contains(&done), "{done} are committed");
    // What is at fault itself is a letter, before any row that would hide it.
    assert_eq!(site.reasons().await, [("undecodable".to_owned(), "no operation".to_owned())]);
    site.sql("ALTER TABLE {db}.events DROP CONSTRAINT schema_9999").await;
    operations.extend(later);
    goes_on(&site, consumer, &operations).await;
}

/// Somebody else was there meanwhile, and may have been newer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_assignment_nothing_is_written_before_the_tables_version_is_known() {
    let site = Site::on_kafka().await;
    let mut operations = creates(10);
    let consumer = site.start(Config::default());
    site.send(&operations).await;
    site.caught_up().await;
    site.sql(LATER).await;
    let mut other = site.channels.bus.source(&site.channels.events, &site.channels.group, 1 << 20).unwrap();
    while !matches!(timeout(PATIENCE, other.next()).await, Ok(Some(Signal::Assigned(_)))) {}
    other.close().await;
    let later = creates(10);
    site.send(&later).await;
    holds(&consumer, FROM_THE_FUTURE).await;
    assert_eq!(site.count().await, 10);
    site.sql(MENDED).await;
    operations.extend(later);
    goes_on(&site, consumer, &operations).await;
}

/// Else the newer consumer would take them for replays.
pub(crate) async fn in_a_batch_held_for_a_newer_consumer_no_later_row_hides_its_messages(site: Site) {
    const BLOCK: usize = 60;
    let newer = |operation: &Operation<'static>| {
        let value = text(operation).replace(r#""v":1"#, r#""v":2"#).into_bytes();
        Record { value, ..record(operation) }
    };
    let config = Config { batch_size: BLOCK, flush_interval_ms: 3_600_000, ..Config::default() };
    let consumer = site.start(config);
    for _ in 0..2 {
        for operation in creates(BLOCK) {
            site.send_record(newer(&operation)).await;
        }
        site.caught_up().await;
    }
    let key = new_key();
    site.send(&[create(&key, "hello")]).await;
    for n in 2..BLOCK {
        site.send_record(newer(&update(&key, &n.to_string()))).await;
    }
    site.send(&[update(&key, "last")]).await;
    holds(&consumer, "circuit: 58 of 60 messages").await;
    assert_eq!((site.count().await, site.letters().await.len()), (0, 2 * BLOCK));
    consumer.crash().await;
}
