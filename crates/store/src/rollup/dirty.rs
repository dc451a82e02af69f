//! Hours that were written to since they were rolled up.

use clickhouse::Row;
use model::Tenant;
use serde::Deserialize;

use crate::{Store, StoreError, within};

/// Newest first. The time is taken before the marks are counted, so that a rollup holds all that was acknowledged
/// before it.
const DIRTY: &str = "
    SELECT tenant, toUnixTimestamp(hour) AS hour, marks, events, toUnixTimestamp64Milli(now64(3)) AS counted_at
    FROM (SELECT tenant, hour, sum(marks) AS marks FROM bucket_marks GROUP BY tenant, hour) AS marked
    LEFT JOIN (SELECT tenant, hour, covered, events FROM rollup FINAL) AS rolled USING (tenant, hour)
    WHERE marks > covered
    ORDER BY hour DESC, tenant
    LIMIT {limit:UInt64}";

/// An hour of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hour {
    /// Whose.
    pub tenant: Tenant,
    /// Its first second since 1970.
    pub start: u32,
}

/// An hour whose rollup is missing or older than what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirty {
    /// Which.
    pub hour: Hour,
    /// How often it was written to: what a rollup covers that is computed from now on.
    pub marks: u64,
    /// How many events it had when it was last rolled up; 0 if it never was.
    pub events: u64,
    /// When the marks were counted, by the server's clock in milliseconds.
    pub counted_at: i64,
}

#[derive(Row, Deserialize)]
struct DirtyRow {
    tenant: String,
    hour: u32,
    marks: u64,
    events: u64,
    counted_at: i64,
}

impl Store {
    /// The newest dirty hours of all tenants, at most `limit`.
    pub async fn dirty_hours(&self, limit: u64) -> Result<Vec<Dirty>, StoreError> {
        let query = self.roller.query_raw(DIRTY).param("limit", limit);
        let rows: Vec<DirtyRow> = within(self.timeout(), query.fetch_all()).await?;
        // A tenant that can't be one is of a row that somebody else wrote.
        let dirty = |row: DirtyRow| {
            Some(Dirty {
                hour: Hour { tenant: Tenant::parse(&row.tenant).ok()?, start: row.hour },
                marks: row.marks,
                events: row.events,
                counted_at: row.counted_at,
            })
        };
        Ok(rows.into_iter().filter_map(dirty).collect())
    }
}
