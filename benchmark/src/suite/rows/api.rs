//! What the API takes in, acknowledged by Kafka, while no consumer runs.

use std::sync::Arc;

use anyhow::Context;
use benchmark::number::float;
use benchmark::plan::{Kind, Plan};

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::site::{Cost, Site, cost_of};
use crate::writes::{BATCHES, SINGLE, Written, plan, write};

/// Two runs of each, in turn.
const PAIRING: &str =
    "`POST /event`, callers: 256, the api and a bare handler (parse, id, send, answer) in turn";

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let mut site = Site::with_api().await?;
    let target = site.target()?;
    // The virtual machine of Kafka compiles while it runs.
    write(&target, &plan(scale.of(200_000), 0, 0), Kind::Insert, 256, SINGLE).await.context("warming up")?;
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
    rows.push(beside_bare(&mut site, scale).await?);
    Ok(rows)
}

/// The API and a bare handler in turn, each with its own figure from the same minutes: the figure of a row above
/// was taken at another time, and the machine may have been faster then.
async fn beside_bare(site: &mut Site, scale: Scale) -> anyhow::Result<Measured> {
    let plan = plan(scale.of(200_000), 0, 0);
    let (mut own, mut bare, mut costs) = (0.0, 0.0, Vec::new());
    for _ in 0..2 {
        // Both begin anew each time.
        site.stop_api().await?;
        site.start_api().await?;
        let (rate, took) = at_256(site, &plan, "api").await?;
        own += rate;
        costs.extend(took);
        site.start_bare().await?;
        let (rate, took) = at_256(site, &plan, "bare").await?;
        bare += rate;
        costs.extend(took);
    }
    let figures = vec![
        Figure::new("per CPU-second of the api", own / 2.0, "events"),
        Figure::new("per CPU-second of the bare handler", bare / 2.0, "events"),
        Figure::new("the api beside the bare handler", own / bare, "").at_least(0.9),
    ];
    Ok(Measured::new(PAIRING, figures, costs))
}

/// Events per CPU-second of that process with 256 callers.
async fn at_256(site: &Site, plan: &Arc<Plan>, process: &str) -> anyhow::Result<(f64, Vec<Cost>)> {
    let before = site.cpu();
    let written = write(&site.target()?, plan, Kind::Insert, 256, SINGLE).await?;
    let costs = site.costs(&before);
    let cpu = cost_of(&costs, process)?.cpu_seconds;
    Ok((float(written.accepted) / cpu.max(0.01), costs))
}

/// Events per CPU-second of the API.
pub(super) fn per_cpu(written: &Written, costs: &[Cost]) -> anyhow::Result<Figure> {
    let cpu = cost_of(costs, "api")?.cpu_seconds;
    Ok(Figure::new("per CPU-second of the api", float(written.accepted) / cpu.max(0.01), "events"))
}
