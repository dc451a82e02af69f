//! The standard run of the load tool, with everything on this machine.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use benchmark::number::float;
use benchmark::options::Options;
use benchmark::page;
use benchmark::plan::Kind;
use benchmark::report::Report;
use benchmark::run::Run;
use clap::Parser;
use tokio::time::sleep;

use super::Measured;
use crate::Scale;
use crate::figure::Figure;
use crate::site::{Site, cost_of};
use crate::sql::Sql;
use crate::writes::{SINGLE, plan, write};

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How few partitions a topic may well have: each costs Kafka and the API requests of its own.
const FEW: u16 = 3;

/// As Millrace comes, and with few partitions. The reports of the first go to `output`.
pub(crate) async fn run(scale: Scale, output: &Path) -> anyhow::Result<Vec<Measured>> {
    let what = "the standard run: 500,000 creates, 200,000 updates, 200,000 deletes, all verified";
    let (usual, report) = standard(scale, Site::complete().await?, what).await?;
    fs::write(output.join("standard.json"), serde_json::to_string_pretty(&report)?)?;
    fs::write(output.join("standard.html"), page::page(&report)?)?;
    fs::write(output.join("standard.svg"), page::accepted(&report).svg()?)?;
    let what = format!("the same on a topic of {FEW} partitions");
    let (few, _) = standard(scale, Site::complete_partitioned(Some(FEW)).await?, &what).await?;
    Ok(vec![usual, few])
}

async fn standard(scale: Scale, site: Site, what: &str) -> anyhow::Result<(Measured, Report)> {
    let url = &site.api.as_ref().context("the api runs")?.url;
    let count = |count: u64| scale.of(count).to_string();
    let (inserts, updates) = (count(500_000), count(200_000));
    let options = [
        "millrace-benchmark",
        "--url",
        url,
        "--inserts",
        &inserts,
        "--updates",
        &updates,
        "--deletes",
        &updates,
    ];
    let Options { server, load, .. } = Options::try_parse_from(options)?;
    // The virtual machine of Kafka compiles while it runs: it is warm in an installation that has been up.
    let warm = scale.of(100_000);
    write(&site.target()?, &plan(warm, 0, 0), Kind::Insert, 100, SINGLE).await?;
    site.until_consumed(warm).await?;

    let sql = site.sql()?;
    let before = site.cpu();
    let mut most = 0;
    let run = tokio::select! {
        run = Run::write(&server, &load) => run?,
        never = watch_parts(&sql, &mut most) => never,
    };
    let costs = site.costs(&before);
    let report = run.verify().await?;

    let seconds =
        Figure::new("from the first request until the last is visible", report.seconds_until_visible, "s");
    let mismatches = Figure::new("mismatches", float(report.verification.mismatches), "");
    let mut figures = vec![seconds.at_most(40.0 * scale.0), mismatches.at_most(0.0)];
    for phase in &report.phases {
        figures.push(Figure::new(format!("{} accepted", phase.name), phase.accepted_per_second, "/s"));
        figures.push(Figure::new(format!("{} p50", phase.name), phase.latency.p50, "ms"));
        figures.push(Figure::new(format!("{} p99", phase.name), phase.latency.p99, "ms"));
    }
    figures.extend([
        Figure::new("memory of the api", cost_of(&costs, "api")?.peak_memory_mb, "MB").at_most(100.0),
        Figure::new("memory of the consumer", cost_of(&costs, "consumer")?.peak_memory_mb, "MB")
            .at_most(250.0),
        Figure::new("active parts, at most", float(most), "").at_most(99.0),
    ]);
    let per_request = report.generator.cpu_seconds_per_1000_requests.unwrap_or_default() * 1_000.0;
    figures.push(Figure::new("CPU of the load per 1,000 requests", per_request, "ms"));
    let notes = report.to_string().lines().map(str::to_owned).collect();
    Ok((Measured::new(what, figures, costs).noting(notes), report))
}

/// Keeps the greatest number of active parts.
async fn watch_parts<T>(sql: &Sql, most: &mut u64) -> T {
    loop {
        // The engine may be busy; the next look may be luckier.
        if let Ok(parts) = sql.parts().await {
            *most = parts.max(*most);
        }
        sleep(LOOK_EVERY).await;
    }
}
