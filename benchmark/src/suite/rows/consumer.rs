//! What the consumer writes from a filled topic, while the API is stopped.

use anyhow::ensure;
use benchmark::number::{float, rate};
use benchmark::plan::Kind;
use tokio::time::Instant;

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::services;
use crate::site::{Cpu, Site, cost_of};
use crate::writes::{BATCHES, SINGLE, plan, write};

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let mut site = Site::start().await?;
    let plan = plan(scale.of(1_000_000), scale.of(400_000), scale.of(400_000));
    let mut rows = Vec::new();
    for (kind, wanted) in [(Kind::Insert, 350_000.0), (Kind::Update, 100_000.0), (Kind::Delete, 300_000.0)] {
        site.start_api().await?;
        let (callers, pace) = if kind == Kind::Insert { (4, BATCHES) } else { (256, SINGLE) };
        write(&site.target()?, &plan, kind, callers, pace).await?;
        site.stop_api().await?;
        let count = plan.sizes().count(kind);
        let mut row = drain(&mut site, kind, count, wanted).await?;
        if kind == Kind::Insert {
            row.figures.extend(beside_bare(&site, &row, count).await?);
        }
        rows.push(row);
    }
    let live = site.sql()?.number("SELECT count() FROM event_analytics.events FINAL").await?;
    let wanted = plan.sizes().inserts - plan.sizes().deletes;
    ensure!(live == wanted, "{live} events in the table in place of {wanted}");
    Ok(rows)
}

/// What a bare loop (poll, parse, copy) reads of the same messages, and the consumer beside it.
async fn beside_bare(site: &Site, row: &Measured, count: u64) -> anyhow::Result<[Figure; 2]> {
    let bare = float(count) / services::bare_drain(&site.place, count).await?.max(0.01);
    let own = float(count) / cost_of(&row.costs, "consumer")?.cpu_seconds.max(0.01);
    Ok([
        Figure::new("per CPU-second of a bare loop that reads them", bare, "operations"),
        Figure::new("the consumer beside the bare loop", own / bare, ""),
    ])
}

async fn drain(site: &mut Site, kind: Kind, count: u64, wanted: f64) -> anyhow::Result<Measured> {
    // The others' times; the consumer begins with none.
    let before: Cpu = site.cpu();
    let begin = Instant::now();
    site.start_consumers(1)?;
    site.until_consumed(count).await?;
    let time = begin.elapsed();
    let costs = site.costs(&before);
    site.stop_consumers().await?;
    let consumer = cost_of(&costs, "consumer")?;
    let figures = vec![
        Figure::new(
            "per CPU-second of the consumer",
            float(count) / consumer.cpu_seconds.max(0.01),
            "operations",
        )
        .at_least(wanted),
        Figure::new("written", rate(count, time), "/s"),
        Figure::new("memory of the consumer", consumer.peak_memory_mb, "MB").at_most(250.0),
    ];
    let what = match kind {
        Kind::Insert => "consumer, creates from a filled topic, api stopped",
        Kind::Update => "consumer, updates of stored rows",
        Kind::Delete => "consumer, deletes",
    };
    Ok(Measured::new(what, figures, costs))
}
