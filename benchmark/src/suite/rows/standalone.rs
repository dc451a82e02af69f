//! What `millrace` takes in on its own: each acknowledged event is synced to the disk.

use benchmark::plan::Kind;
use tempfile::TempDir;

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::services;
use crate::site::Cpu;
use crate::writes::{BATCHES, SINGLE, plan, write};

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let folder = TempDir::new()?;
    let millrace = services::standalone(folder.path()).await?;
    let target = millrace.target()?;
    let mut rows = Vec::new();
    for (what, events, callers, pace, wanted) in [
        ("standalone, single events, 256 callers", 200_000, 256, SINGLE, 20_000.0),
        ("standalone, batches of 1,000, 4 callers", 600_000, 4, BATCHES, 60_000.0),
    ] {
        let before = Cpu::of([&millrace.process].into_iter());
        let written = write(&target, &plan(scale.of(events), 0, 0), Kind::Insert, callers, pace).await?;
        let figures = vec![
            Figure::new("accepted", written.per_second(), "/s").at_least(wanted),
            Figure::new("p50", written.latency.p50, "ms"),
            Figure::new("p99", written.latency.p99, "ms"),
        ];
        let costs = before.costs([&millrace.process].into_iter());
        rows.push(Measured::new(what, figures, costs).noting(written.notes()));
    }
    Ok(rows)
}
