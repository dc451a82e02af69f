//! The embedded log and a machine whose clock is set back.

use std::sync::atomic::{AtomicI64, Ordering};

use bus::log::Options;
use chaos::ledger::Ledger;
use model::Timestamp;

use crate::site::{PATIENCE, Site, create, delete, new_key, update};

const HOUR_MS: i64 = 3_600_000;

static STEPPED_BACK_MS: AtomicI64 = AtomicI64::new(0);

fn clock() -> i64 {
    Timestamp::now().millis() - STEPPED_BACK_MS.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_between_crashes_changes_no_order() {
    let options = || Options { delivery_timeout: PATIENCE, clock, ..Options::default() };
    let mut site = Site::with(options()).await;
    let mut ledger = Ledger::default();
    let keys: Vec<_> = (0..30).map(|_| new_key()).collect();
    for hour in 0..4 {
        let consumer = site.consume();
        for (n, key) in keys.iter().enumerate() {
            let text = format!("event {n} hour {hour}");
            let mut operations = vec![create(key, &text), update(key, &format!("{text} changed"))];
            // Some are deleted in each hour, and go on being written to.
            if n % 5 == hour {
                operations.push(delete(key));
                operations.push(update(key, "too late"));
            }
            site.send(&operations, &mut ledger).await;
        }
        consumer.crash().await;
        STEPPED_BACK_MS.fetch_add(HOUR_MS, Ordering::Relaxed);
        site.reopen(options()).await;
    }

    let consumer = site.consume();
    let report = site.audit(&ledger).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.live, report.deleted), (6, 24));
    consumer.stop().await;
}
