//! How long reads take in a large table, and how that grows with it.

use std::time::Duration;

use anyhow::{Context, ensure};
use benchmark::number::float;
use benchmark::options::Reads;
use benchmark::reads::{Answers, Known, measure};
use tokio::time::{Instant, sleep};

use super::Measured;
use super::table::EventRange;
use crate::Scale;
use crate::figure::Figure;
use crate::site::{Cpu, Site};
use crate::sql::Sql;

const ROWS: u64 = 20_000_000;
const MERGES: &str = "SELECT count() FROM system.merges WHERE database = 'event_analytics'";
/// Hours that are not rolled up yet.
const DIRTY: &str = "
    SELECT count()
    FROM (SELECT tenant, hour, sum(marks) AS marks FROM event_analytics.bucket_marks GROUP BY tenant, hour) AS marked
    LEFT JOIN (SELECT tenant, hour, covered FROM event_analytics.rollup FINAL) AS rolled USING (tenant, hour)
    WHERE marks > covered";
/// How long to wait for merges that the inserts have left behind, and for hours to be rolled up.
const QUIET_WITHIN: Duration = Duration::from_mins(5);

pub(crate) async fn run(scale: Scale) -> anyhow::Result<Vec<Measured>> {
    let site = Site::complete().await?;
    let sql = site.sql()?;
    let all = scale.of(ROWS) / 4 * 4;
    let mut rows = Vec::new();
    // A quarter, the half, and all of it.
    for (range, size) in [
        (EventRange { first: 0, count: all / 4 }, all / 4),
        (EventRange { first: all / 4, count: all / 4 }, all / 2),
        (EventRange { first: all / 2, count: all / 2 }, all),
    ] {
        range.insert(&sql).await.context("filling the table")?;
        until_quiet(&sql).await?;
        let before = site.cpu();
        rows.push(reads(&site, &sql, range, size, size == all, &before).await?);
    }
    Ok(rows)
}

async fn reads(
    site: &Site,
    sql: &Sql,
    range: EventRange,
    size: u64,
    judged: bool,
    before: &Cpu,
) -> anyhow::Result<Measured> {
    let wanted =
        Reads { calls: 100, long_calls: 3, event_name: "event_a".to_owned(), conversations: None, ids: None };
    let (ids, conversations) = range.sample(sql, 100).await?.into_iter().unzip();
    let known = Known { ids, conversations };
    ensure!(!known.ids.is_empty(), "no events to ask for");
    let answers = measure(&site.target()?, &wanted, &known).await?;
    let parts = sql.parts().await?;
    let mut figures = vec![
        p50(&answers, "by id", judged.then_some(12.0)),
        p50(&answers, "by conversation", judged.then_some(25.0)),
        p50(&answers, "errors of 7 days", judged.then_some(250.0)),
        p50(&answers, "slowest of 7 days", None),
        p50(&answers, "slowest of all", None),
        p50(&answers, "most errors of all", None),
    ];
    figures.push(Figure::new("active parts", float(parts), ""));
    let notes = answers.to_string().lines().map(str::to_owned).collect();
    let what = format!(
        "reads at {:.1} M events over 60 days, 4 % updated, 4 % deleted, not optimised",
        float(size) / 1e6
    );
    Ok(Measured::new(what, figures, site.costs(before)).noting(notes))
}

fn p50(answers: &Answers, name: &str, at_most: Option<f64>) -> Figure {
    let p50 = answers.of(name).map_or(f64::NAN, |latency| latency.p50);
    let figure = Figure::new(format!("{name}, p50"), p50, "ms");
    match at_most {
        Some(bound) => figure.at_most(bound),
        None => figure,
    }
}

/// Waits until no merge runs and all hours are rolled up, but not for ever.
async fn until_quiet(sql: &Sql) -> anyhow::Result<()> {
    let begin = Instant::now();
    while sql.number(MERGES).await? + sql.number(DIRTY).await? > 0 && begin.elapsed() < QUIET_WITHIN {
        sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}
