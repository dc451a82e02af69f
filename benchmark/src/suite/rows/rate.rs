//! How long answers take at a steady rate, counted from when each request was due.

use benchmark::phase::Pace;
use benchmark::plan::Kind;

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::site::Site;
use crate::writes::{SINGLE, plan, write};

const CALLERS: u16 = 256;
const RATE: f64 = 5_000.0;

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let site = Site::complete().await?;
    let target = site.target()?;
    write(&target, &plan(scale.of(100_000), 0, 0), Kind::Insert, CALLERS, SINGLE).await?;
    site.until_consumed(scale.of(100_000)).await?;
    let before = site.cpu();
    let pace = Pace { batch: 1, rate: Some(RATE) };
    let written = write(&target, &plan(scale.of(150_000), 0, 0), Kind::Insert, CALLERS, pace).await?;
    let figures = vec![
        Figure::new("p50", written.latency.p50, "ms").at_most(5.0),
        Figure::new("p99", written.latency.p99, "ms").at_most(25.0),
        Figure::new("p99.9", written.latency.p999, "ms"),
        Figure::new("accepted", written.per_second(), "/s"),
    ];
    let what = "`POST /event` at 5,000 a second, everything running";
    Ok(vec![Measured::new(what, figures, site.costs(&before)).noting(written.notes())])
}
