//! The table is what applying every operation once, in order, leaves behind.

use consumer::Config;

use crate::operations::{AppliedOnce, mixed};
use crate::site::{Site, small_batches};

pub(crate) async fn any_operations_end_in_the_table_that_applying_them_once_ends_in(site: Site) {
    let operations = mixed(1, 40, 1_500);
    let consumer = site.start(small_batches());
    site.send(&operations).await;
    site.caught_up().await;
    site.assert_holds(&operations).await;

    let reasons = site.reasons().await;
    assert_eq!(reasons.len(), AppliedOnce::of(&operations).unknown);
    assert!(reasons.iter().all(|(reason, _)| reason == "unknown_event"), "{reasons:?}");
    consumer.stop().await;
}

pub(crate) async fn a_burst_of_50000_operations_is_exact(site: Site) {
    let operations = mixed(2, 2_000, 50_000);
    let consumer = site.start(Config::default());
    site.send(&operations).await;
    site.caught_up().await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}

/// A replay into the same table, by groups that begin at the beginning.
pub(crate) async fn reading_the_whole_topic_again_changes_nothing(mut site: Site) {
    const EVERYTHING: &str = "SELECT * FROM {db}.events FINAL ORDER BY tenant, created_at, id";
    let operations = mixed(3, 60, 2_000);
    let consumer = site.start(small_batches());
    site.send(&operations).await;
    site.caught_up().await;
    consumer.stop().await;
    let before = site.sql(EVERYTHING).await;

    for config in [small_batches(), Config::default()] {
        site.channels.group = testing::unique("again");
        let consumer = site.start(config);
        site.caught_up().await;
        consumer.stop().await;
        assert!(site.sql(EVERYTHING).await == before, "a replay changed the table");
        site.assert_holds(&operations).await;
    }
}
