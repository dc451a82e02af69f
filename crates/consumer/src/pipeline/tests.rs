use std::sync::atomic::{AtomicBool, Ordering};

use bus::log::{Log, Options};
use bus::{Channels, kafka};
use store::Store;
use tempfile::TempDir;
use testing::wait::until;
use tokio::sync::Mutex;

use super::*;
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::letters::Letters;
use crate::lookup_budget::LookupBudget;
use crate::table::Table;

const PATIENCE: Duration = Duration::from_secs(30);

async fn pipeline() -> (Pipeline, Channels, TempDir) {
    pipeline_on(Options::default()).await
}

/// One that owns partitions 0 and 1 of a log of its own, with these options, and never reaches ClickHouse.
async fn pipeline_on(options: Options) -> (Pipeline, Channels, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&folder.path().join("log"), options).unwrap();
    let channels = Channels::log(log, &kafka::Config { partitions: 2, ..kafka::Config::default() }).unwrap();
    channels.ensure_topics().await.unwrap();
    let source = channels.bus.source(&channels.events, &channels.group, 1 << 20).unwrap();
    let nobody = store::Config { url: Some("http://127.0.0.1:1".to_owned()), ..store::Config::default() };
    let (status, metrics) = (Status::default(), Metrics::default());
    let applier = Applier {
        table: Table::new(Store::new(nobody).unwrap(), status.clone(), metrics.insert_seconds.clone()),
        letters: Letters::only_counted(),
        schedule: channels.events.schedule.clone(),
        lookup_budget: LookupBudget::new(1 << 20),
        cache: Cache::new(1 << 20),
        breaker: Breaker::default(),
        status: status.clone(),
        metrics: metrics.clone(),
    };
    let mut pipeline = Pipeline::new(Config::default(), source, applier, status, metrics, Duty::default());
    pipeline.take(Signal::Assigned(vec![0, 1]));
    (pipeline, channels, folder)
}

/// The other member may have committed more meanwhile.
#[tokio::test]
async fn what_is_yet_to_be_committed_of_a_partition_that_left_is_not_when_it_is_back() {
    let (mut pipeline, channels, _folder) = pipeline().await;
    pipeline.uncommitted = Offsets::from([(0, 5), (1, 7)]);
    pipeline.take(Signal::Revoked(vec![0]));
    pipeline.take(Signal::Assigned(vec![0]));
    pipeline.commit().await;
    let positions = channels.bus.positions(&channels.events, &channels.group).unwrap();
    assert_eq!(positions.committed().await.unwrap(), Offsets::from([(1, 7)]));
}

/// Held, it stops a log that looks at [`stopped_clock`], as it does before it writes.
static CLOCK: Mutex<()> = Mutex::const_new(());
static LOOKED_AT: AtomicBool = AtomicBool::new(false);

fn stopped_clock() -> i64 {
    LOOKED_AT.store(true, Ordering::Relaxed);
    drop(CLOCK.blocking_lock());
    0
}

#[tokio::test]
async fn a_commit_under_way_counts_into_the_time_that_the_end_may_take() {
    let (mut pipeline, _channels, _folder) =
        pipeline_on(Options { clock: stopped_clock, ..Options::default() }).await;
    pipeline.config.shutdown_timeout_ms = 0;
    pipeline.uncommitted = Offsets::from([(0, 5)]);
    pipeline.commit_at = Some(Instant::now());
    let (status, shutdown) = (pipeline.status.clone(), Shutdown::new());
    let held = CLOCK.lock().await;
    LOOKED_AT.store(false, Ordering::Relaxed);
    let running = tokio::spawn(pipeline.run(shutdown.clone()));
    until("the log is committing", PATIENCE, async || LOOKED_AT.load(Ordering::Relaxed)).await;
    shutdown.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(status.troubles(), [""; 0], "it waited until the commit had failed");
    drop(held);
}
