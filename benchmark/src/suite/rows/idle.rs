//! How long a single event takes to be visible, while nothing else is going on.

use std::time::Duration;

use anyhow::ensure;
use benchmark::http::{Client, Connection};
use benchmark::tally::Latency;
use tokio::time::{Instant, sleep};

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::site::Site;
use crate::writes::plan;

const LOOK_EVERY: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let site = Site::complete().await?;
    let target = site.target()?;
    let count = scale.of(100).max(20);
    let plan = plan(count, 0, 0);
    let (mut writer, mut reader) = (Connection::new(target.address()), Client::new(&target));
    let head = target.head("POST", "/event");
    let before = site.cpu();
    let (mut times, mut body, mut request) = (Vec::new(), String::new(), Vec::new());
    for index in 0..count {
        // Not in step with anything that happens at fixed times.
        sleep(Duration::from_millis(rand::random_range(50..300))).await;
        body.clear();
        plan.create(index, &mut body);
        head.write("", body.as_bytes(), &mut request);
        ensure!(writer.call(&request).await?.status == 202, "an event was not accepted");
        let accepted = Instant::now();
        let path = format!("/event/{}", plan.id(index));
        while reader.get(&path).await?.status != 200 {
            ensure!(accepted.elapsed() < PATIENCE, "an event is not visible within {PATIENCE:?}");
            sleep(LOOK_EVERY).await;
        }
        times.push(accepted.elapsed());
    }
    let latency: Latency = times.into_iter().collect();
    let figures = vec![
        Figure::new("p50", latency.p50, "ms").at_most(250.0),
        Figure::new("p99", latency.p99, "ms").at_most(500.0),
    ];
    Ok(vec![Measured::new(
        "from the 202 until visible, one event, nothing else going on",
        figures,
        site.costs(&before),
    )])
}
