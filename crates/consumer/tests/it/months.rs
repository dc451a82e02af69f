//! Events of any number of months at once: each is a partition of the table.

use consumer::Config;
use model::{EventId, EventKey, Operation, Tenant, Timestamp};
use testing::wait::{until, until_some};

use crate::operations::{create, creates, delete, new_key};
use crate::site::{PATIENCE, Site, small_batches};

/// From 1970 on.
const MONTHS: i64 = 2_000;

/// Deletes of events of a month each, as another producer may write them.
fn deletes() -> Vec<Operation<'static>> {
    let of_month = |n: i64| {
        let at = Timestamp::from_millis(n * 31 * 86_400_000).unwrap();
        delete(&EventKey { tenant: Tenant::default(), id: EventId::new(at) })
    };
    (0..MONTHS).map(of_month).collect()
}

pub(crate) async fn a_flood_over_all_months_holds_nobody_up(site: Site) {
    site.store.migrate().await.unwrap();
    let flood = deletes();
    site.send(&flood).await;
    let consumer = site.start(Config::default());
    let counts = async |what: &str| -> u64 {
        site.sql(&format!("SELECT count() FROM {{db}}.events WHERE is_deleted = {what}"))
            .await
            .parse()
            .unwrap()
    };
    until_some("it is at work", PATIENCE, async || (counts("1").await > 0).then_some(())).await;
    let created = create(&new_key(), "hello");
    site.send(std::slice::from_ref(&created)).await;
    let of_flood = until_some("the event is there", PATIENCE, async || {
        let both = "SELECT countIf(is_deleted = 0), countIf(is_deleted = 1) FROM {db}.events";
        let both = site.sql(both).await;
        let (live, deleted) = both.split_once('\t').unwrap();
        (live == "1").then(|| deleted.parse::<u64>().unwrap())
    })
    .await;
    assert!(of_flood < u64::try_from(MONTHS).unwrap(), "it came after all of the flood");
    site.caught_up().await;
    assert_eq!(counts("1").await, u64::try_from(MONTHS).unwrap());
    site.assert_holds(&[flood, vec![created]].concat()).await;
    assert!(site.letters().await.is_empty());
    consumer.stop().await;
}

/// While there is always another batch that is due.
pub(crate) async fn what_is_put_aside_has_its_turn_under_load(site: Site) {
    site.store.migrate().await.unwrap();
    let flood = deletes();
    let few = &flood[..100];
    let consumer = site.start(small_batches());
    let load = async {
        loop {
            site.send(&creates(1_000)).await;
        }
    };
    let written = until("all of the flood is there", PATIENCE, async || {
        site.sql("SELECT count() FROM {db}.events WHERE is_deleted = 1").await == "100"
    });
    tokio::select! {
        () = load => {}
        () = async { site.send(few).await; written.await } => {}
    }
    consumer.stop().await;
}

/// What is put aside is not committed before it is written.
pub(crate) async fn what_is_put_aside_when_a_consumer_crashes_comes_again(site: Site) {
    site.store.migrate().await.unwrap();
    let flood = deletes();
    site.send(&flood).await;
    let consumer = site.start(Config::default());
    let written = async || -> u64 { site.sql("SELECT count() FROM {db}.events").await.parse().unwrap() };
    until_some("it is at work", PATIENCE, async || (written().await > 0).then_some(())).await;
    consumer.crash().await;
    let consumer = site.start(Config::default());
    site.caught_up().await;
    site.assert_holds(&flood).await;
    assert_eq!(site.sql("SELECT uniqExact(id) FROM {db}.events").await, MONTHS.to_string());
    consumer.stop().await;
}
