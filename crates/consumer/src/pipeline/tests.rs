use bus::log::{Log, Options};
use bus::{Channels, kafka};
use store::Store;
use tempfile::TempDir;

use super::*;
use crate::appetite::Appetite;
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::table::Table;

/// One that owns partitions 0 and 1 of a log of its own and never reaches ClickHouse.
async fn pipeline() -> (Pipeline, Channels, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(&folder.path().join("log"), Options::default()).unwrap();
    let channels = Channels::log(log, &kafka::Config { partitions: 2, ..kafka::Config::default() }).unwrap();
    channels.ensure_topics().await.unwrap();
    let source = channels.bus.source(&channels.events, &channels.group, 1 << 20).unwrap();
    let nobody = store::Config { url: Some("http://127.0.0.1:1".to_owned()), ..store::Config::default() };
    let (status, metrics) = (Status::default(), Metrics::default());
    let applier = Applier {
        table: Table::new(Store::new(nobody).unwrap(), status.clone()),
        letters: None,
        schedule: channels.events.schedule.clone(),
        appetite: Appetite::new(1 << 20),
        cache: Cache::new(1 << 20),
        breaker: Breaker::default(),
        status: status.clone(),
        metrics: metrics.clone(),
    };
    let mut pipeline = Pipeline::new(Config::default(), source, applier, status, metrics);
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
