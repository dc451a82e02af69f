//! How the service does.

use std::collections::HashMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::range::{BucketStart, START};
use crate::{Bucket, Grid, Metric, Percentile, Scope, Store, StoreError};

const BUCKETS: &str = "
    SELECT /* start */ AS start, count() AS events, countIf(error != '') AS errors, /* rate */ AS error_rate,
        /* p50 */ AS p50, /* p95 */ AS p95, countIf(latency > 0) AS n
    FROM (SELECT /* bucket */ AS bucket, error, latency FROM {events})
    GROUP BY start";

const HOURS: &str = "
    SELECT toHour(created_at, {zone:String}) AS hour, count() AS events
    FROM {events}
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
    n: u64,
}

impl Store {
    /// By bucket, and by hour of the day.
    pub async fn operations(&self, scope: &Scope<'_>, grid: &Grid) -> Result<Operations, StoreError> {
        let sql = BUCKETS
            .replace("/* start */", START)
            .replace("/* bucket */", &grid.bucket())
            .replace("/* rate */", &Metric::ErrorRate.value(""))
            .replace("/* p50 */", &Metric::Latency(Percentile::P50).value(""))
            .replace("/* p95 */", &Metric::Latency(Percentile::P95).value(""));
        let (by_bucket, by_hour) = (self.ask(scope, &sql), self.ask(scope, HOURS));
        let (rows, peak_hours) = tokio::try_join!(by_bucket.fetch_all::<BucketRow>(), by_hour.fetch_all())?;
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
                n: row.map_or(0, |row| row.n),
            }
        };
        Ok(Operations { buckets: grid.buckets().iter().map(bucket).collect(), peak_hours })
    }
}
