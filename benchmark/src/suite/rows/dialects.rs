//! What the API takes in of the clients of other APIs, acknowledged by Kafka, while no consumer runs.

use anyhow::Context;
use benchmark::dialect::Dialect;
use benchmark::phase::Pace;
use benchmark::plan::Kind;

use super::Measured;
use super::api::per_cpu;
use crate::Scale;
use crate::figure::Figure;
use crate::site::Site;
use crate::writes::{speaking, write};

/// As many events as most clients send together at most.
const BATCHES: Pace = Pace { batch: 100, rate: None };
const CALLERS: u16 = 16;

pub(crate) async fn segment(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let what = "`POST /v1/batch`, Segment events in batches of 100, 600 bytes each, consumer stopped";
    run(scale, Dialect::Segment, what, 150_000.0).await
}

pub(crate) async fn event_service(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let what = "`POST /api/v2.0/EventService`, messages in arrays of 100, 600 bytes each, consumer stopped";
    run(scale, Dialect::EventService, what, 100_000.0).await
}

/// At least so many events per CPU-second are wanted.
async fn run(scale: Scale, dialect: Dialect, what: &str, at_least: f64) -> anyhow::Result<Vec<Measured>> {
    let site = Site::with_api().await?;
    let target = site.target()?;
    // The virtual machine of Kafka compiles while it runs.
    let warming = speaking(dialect, scale.of(300_000));
    write(&target, &warming, Kind::Insert, CALLERS, BATCHES).await.context("warming up")?;
    let plan = speaking(dialect, scale.of(1_000_000));
    let before = site.cpu();
    let written = write(&target, &plan, Kind::Insert, CALLERS, BATCHES).await?;
    let costs = site.costs(&before);
    let figures = vec![
        per_cpu(&written, &costs)?.at_least(at_least),
        Figure::new("accepted", written.per_second(), "/s"),
        Figure::new("p50", written.latency.p50, "ms"),
        Figure::new("p99", written.latency.p99, "ms"),
    ];
    Ok(vec![Measured::new(what, figures, costs).noting(written.notes())])
}
