//! Events with two embeddings: first from a filled topic, then through all of it.

use benchmark::number::{float, rate};
use benchmark::plan::Kind;
use tokio::time::Instant;

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::site::{Site, cost_of};
use crate::writes::{SINGLE, with_embeddings, write};

const DIMENSIONS: usize = 1_536;
const CALLERS: u16 = 256;

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let mut site = Site::with_api().await?;
    let count = scale.of(30_000);
    let filled =
        write(&site.target()?, &with_embeddings(count, DIMENSIONS), Kind::Insert, CALLERS, SINGLE).await?;
    site.stop_api().await?;

    let before = site.cpu();
    let begin = Instant::now();
    site.start_consumers(1)?;
    site.until_consumed(count).await?;
    let time = begin.elapsed();
    let costs = site.costs(&before);
    let consumer = cost_of(&costs, "consumer")?;
    let figures = vec![
        Figure::new(
            "per CPU-second of the consumer",
            float(count) / consumer.cpu_seconds.max(0.01),
            "events",
        )
        .at_least(6_000.0),
        Figure::new("written", rate(count, time), "/s"),
        Figure::new("memory of the consumer", consumer.peak_memory_mb, "MB").at_most(250.0),
    ];
    let what = format!("consumer, events with two embeddings of {DIMENSIONS}");
    let mut rows = vec![Measured::new(what, figures, costs).noting(filled.notes())];

    site.start_api().await?;
    let before = site.cpu();
    let plan = with_embeddings(count, DIMENSIONS);
    let written = write(&site.target()?, &plan, Kind::Insert, CALLERS, SINGLE).await?;
    site.until_consumed(2 * count).await?;
    let costs = site.costs(&before);
    let figures = vec![
        Figure::new("accepted", written.per_second(), "/s"),
        Figure::new("memory of the api", cost_of(&costs, "api")?.peak_memory_mb, "MB").at_most(100.0),
        Figure::new("memory of the consumer", cost_of(&costs, "consumer")?.peak_memory_mb, "MB")
            .at_most(250.0),
    ];
    let what = format!("everything at once, {CALLERS} callers, events with two embeddings of {DIMENSIONS}");
    rows.push(Measured::new(what, figures, costs).noting(written.notes()));
    Ok(rows)
}
