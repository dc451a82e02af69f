//! What the API takes in of Segment's clients, acknowledged by Kafka, while no consumer runs.

use anyhow::Context;
use benchmark::phase::Pace;
use benchmark::plan::Kind;

use super::Measured;
use super::api::per_cpu;
use crate::Scale;
use crate::figure::Figure;
use crate::site::Site;
use crate::writes::{of_segment, write};

/// As many events as most clients send together at most.
const BATCHES: Pace = Pace { batch: 100, rate: None };
const CALLERS: u16 = 16;

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let site = Site::with_api().await?;
    let target = site.target()?;
    // The virtual machine of Kafka compiles while it runs.
    let warming = of_segment(scale.of(300_000));
    write(&target, &warming, Kind::Insert, CALLERS, BATCHES).await.context("warming up")?;
    let before = site.cpu();
    let written = write(&target, &of_segment(scale.of(1_000_000)), Kind::Insert, CALLERS, BATCHES).await?;
    let costs = site.costs(&before);
    let figures = vec![
        per_cpu(&written, &costs)?.at_least(150_000.0),
        Figure::new("accepted", written.per_second(), "/s"),
        Figure::new("p50", written.latency.p50, "ms"),
        Figure::new("p99", written.latency.p99, "ms"),
    ];
    let what = "`POST /v1/batch`, Segment events in batches of 100, 600 bytes each, consumer stopped";
    Ok(vec![Measured::new(what, figures, costs).noting(written.notes())])
}
