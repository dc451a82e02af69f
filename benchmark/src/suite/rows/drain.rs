//! How much faster a filled topic is drained by more consumers.

use benchmark::number::rate;
use benchmark::plan::Kind;
use tokio::time::Instant;

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::site::Site;
use crate::writes::{BATCHES, plan, write};

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let mut site = Site::with_api().await?;
    let count = scale.of(600_000);
    write(&site.target()?, &plan(count, 0, 0), Kind::Insert, 4, BATCHES).await?;
    site.stop_api().await?;
    let mut rows = Vec::new();
    for consumers in 1..=3 {
        // A group and a table that begin from nothing.
        site.place.group = format!("drain-{consumers}");
        site.place.database = format!("drain_{consumers}");
        let before = site.cpu();
        let begin = Instant::now();
        site.start_consumers(consumers)?;
        site.until_consumed(count).await?;
        let figures = vec![Figure::new("written", rate(count, begin.elapsed()), "/s")];
        let costs = site.costs(&before);
        site.stop_consumers().await?;
        let what = format!("creates from a filled topic, consumers on this machine: {consumers}");
        rows.push(Measured::new(what, figures, costs));
    }
    Ok(rows)
}
