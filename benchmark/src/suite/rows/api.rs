//! What the API takes in, acknowledged by Kafka, while no consumer runs.

use anyhow::Context;
use benchmark::number::float;
use benchmark::plan::Kind;

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::site::{Cost, Site, cost_of};
use crate::writes::{BATCHES, SINGLE, Written, plan, write};

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let site = Site::with_api().await?;
    let target = site.target()?;
    // The virtual machine of Kafka compiles while it runs.
    write(&target, &plan(scale.of(100_000), 0, 0), Kind::Insert, 256, SINGLE).await.context("warming up")?;
    let mut rows = Vec::new();
    for (callers, events) in [(256, 400_000), (100, 200_000), (1, 2_000)] {
        let before = site.cpu();
        let written = write(&target, &plan(scale.of(events), 0, 0), Kind::Insert, callers, SINGLE).await?;
        let costs = site.costs(&before);
        let per_cpu = per_cpu(&written, &costs)?;
        let per_second = Figure::new("accepted", written.per_second(), "/s");
        let p50 = Figure::new("p50", written.latency.p50, "ms");
        let p99 = Figure::new("p99", written.latency.p99, "ms");
        let figures = match callers {
            256 => vec![per_cpu.at_least(60_000.0), per_second.at_least(45_000.0), p50, p99],
            100 => vec![per_cpu.at_least(40_000.0), per_second, p50.at_most(4.0), p99],
            _ => vec![p50.at_most(2.0), p99],
        };
        let what = format!("`POST /event`, callers: {callers}, 300 bytes, consumer stopped");
        rows.push(Measured::new(what, figures, costs).noting(written.notes()));
    }
    let before = site.cpu();
    let written = write(&target, &plan(scale.of(1_000_000), 0, 0), Kind::Insert, 4, BATCHES).await?;
    let costs = site.costs(&before);
    let figures = vec![
        per_cpu(&written, &costs)?.at_least(300_000.0),
        Figure::new("accepted", written.per_second(), "/s"),
        Figure::new("p50", written.latency.p50, "ms"),
    ];
    let what = "`POST /events`, 4 callers, batches of 1,000, consumer stopped";
    rows.push(Measured::new(what, figures, costs).noting(written.notes()));
    Ok(rows)
}

fn per_cpu(written: &Written, costs: &[Cost]) -> anyhow::Result<Figure> {
    let cpu = cost_of(costs, "api")?.cpu_seconds;
    Ok(Figure::new("per CPU-second of the api", float(written.accepted) / cpu.max(0.01), "events"))
}
