//! Hours that were written to are rolled up beside the inserts.

use consumer::commands::rollups::{self, Command};
use testing::wait::until;

use crate::operations::mixed;
use crate::site::{PATIENCE, Site, small_batches};

/// Hours that are dirty, and events that are rolled up.
const STATE: &str = "
    SELECT countIf(marks > covered), sum(events)
    FROM (SELECT tenant, hour, sum(marks) AS marks FROM {db}.bucket_marks GROUP BY tenant, hour) AS marked
    LEFT JOIN (SELECT tenant, hour, covered, events FROM {db}.rollup FINAL) AS rolled USING (tenant, hour)";

pub(crate) async fn what_is_written_is_rolled_up_by_whoever_has_the_first_partition(site: Site) {
    let rolled = async || {
        let all = format!("0\t{}", site.count().await);
        until("all hours are rolled up", PATIENCE, async || site.sql(STATE).await == all).await;
    };
    let consumer = site.start(small_batches());
    site.send(&mixed(5, 40, 500)).await;
    site.caught_up().await;
    rolled().await;
    consumer.stop().await;

    // By hand: nobody marks that.
    let gone = "ALTER TABLE {db}.events DELETE WHERE id = (SELECT min(id) FROM {db}.events FINAL) SETTINGS mutations_sync = 1";
    site.sql(gone).await;
    let before = site.sql(STATE).await;
    assert_ne!(before, format!("0\t{}", site.count().await));
    let mut out = Vec::new();
    rollups::run(Command::Mark { from: None, to: None }, &site.store, &mut out).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(said.starts_with("hours marked"), "{said}");
    let consumer = site.start(small_batches());
    rolled().await;
    consumer.stop().await;
}
