//! How the service does.

use std::collections::HashMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::range::{BucketStart, START};
use crate::rollup::{Parts, RELATIVE_ERROR, can_hold};
use crate::{Bucket, Grid, Interval, Metric, Percentile, Reading, Rolled, Scope, Store, StoreError};

const BUCKETS: &str = "
    SELECT /* start */ AS start, count() AS events, countIf(error != '') AS errors, /* rate */ AS error_rate,
        /* p50 */ AS p50, /* p95 */ AS p95, countIf(latency > 0) AS measured
    FROM (SELECT /* bucket */ AS bucket, error, latency FROM {events})
    GROUP BY start";

const HOURS: &str = "
    SELECT toHour(created_at, {zone:String}) AS hour, count() AS events
    FROM {events}
    GROUP BY hour
    ORDER BY hour";

const QUARTERS_OF_BUCKETS: &str = "
    SELECT /* start */ AS start, sum(n) AS events, sum(e) AS errors, /* rate */ AS error_rate, /* p50 */ AS p50,
        /* p95 */ AS p95, sum(m) AS measured
    FROM (SELECT /* bucket */ AS bucket, n, e, m, l FROM {latencies})
    GROUP BY start";

const QUARTERS_OF_HOURS: &str = "
    SELECT toHour(created_at, {zone:String}) AS hour, sum(n) AS events
    FROM {quarters}
    GROUP BY hour
    ORDER BY hour";

/// Events of a range by bucket, and by hour of the day.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct Operations {
    /// Oldest first, those without events too.
    pub buckets: Vec<OperationsBucket>,
    /// Hours of the local day, those without events left out.
    pub peak_hours: Vec<HourOfDay>,
}

/// Events of one bucket.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct OperationsBucket {
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    pub start: BucketStart,
    /// All events.
    pub events: u64,
    /// Events with an error.
    pub errors: u64,
    /// Their share; null without events.
    pub error_rate: Option<f64>,
    /// The median of the latencies that were measured, in milliseconds; null if none was.
    pub response_time_p50: Option<f64>,
    /// The 95th percentile.
    pub response_time_p95: Option<f64>,
    /// How many were measured.
    pub n: u64,
}

/// All events of one hour of the day.
#[derive(Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct HourOfDay {
    /// 0 to 23, in local time.
    #[schema(minimum = 0, maximum = 23)]
    pub hour: u8,
    /// How many.
    pub events: u64,
}

#[derive(Row, Deserialize)]
struct BucketRow {
    start: i64,
    events: u64,
    errors: u64,
    error_rate: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    measured: u64,
}

impl Store {
    /// By bucket, and by hour of the day.
    pub async fn operations(&self, scope: &Scope<'_>, grid: &Grid) -> Result<Rolled<Operations>, StoreError> {
        let sql = |sql: &str, metric: &dyn Fn(&Metric) -> String| {
            sql.replace("/* start */", START)
                .replace("/* bucket */", &grid.bucket())
                .replace("/* rate */", &metric(&Metric::ErrorRate))
                .replace("/* p50 */", &metric(&Metric::Latency(Percentile::P50)))
                .replace("/* p95 */", &metric(&Metric::Latency(Percentile::P95)))
        };
        let told = grid.interval() != Interval::Minute && scope.reading == Reading::Bounded;
        let plan = if told && can_hold(scope.filters) { self.plan(scope).await? } else { None };
        if let Some(plan) = plan.filter(|plan| !plan.is_small()) {
            let buckets = sql(QUARTERS_OF_BUCKETS, &|metric| metric.of_quarters().unwrap_or_default());
            let ask = |sql: &str| self.ask_rolled(scope, &plan, Parts::Quarters, sql);
            let found = tokio::try_join!(ask(&buckets).fetch_all(), ask(QUARTERS_OF_HOURS).fetch_all())?;
            let data = in_places(found.0, found.1, grid);
            return Ok(Rolled { relative_error: Some(RELATIVE_ERROR), ..Rolled::by(&plan, data) });
        }
        let buckets = sql(BUCKETS, &|metric| metric.value(""));
        let (by_bucket, by_hour) = (self.ask(scope, &buckets), self.ask(scope, HOURS));
        let found = tokio::try_join!(by_bucket.fetch_all(), by_hour.fetch_all())?;
        Ok(Rolled::live(in_places(found.0, found.1, grid)))
    }
}

fn in_places(rows: Vec<BucketRow>, peak_hours: Vec<HourOfDay>, grid: &Grid) -> Operations {
    let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.start, row)).collect();
    let bucket = |bucket: &Bucket| {
        let row = rows.get(&bucket.start.millis);
        OperationsBucket {
            start: bucket.start,
            events: row.map_or(0, |row| row.events),
            errors: row.map_or(0, |row| row.errors),
            error_rate: row.and_then(|row| row.error_rate),
            response_time_p50: row.and_then(|row| row.p50),
            response_time_p95: row.and_then(|row| row.p95),
            n: row.map_or(0, |row| row.measured),
        }
    };
    Operations { buckets: grid.buckets().iter().map(bucket).collect(), peak_hours }
}
