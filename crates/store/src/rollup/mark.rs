//! Marks: which hours were written to.

use std::collections::BTreeSet;

use clickhouse::Row;
use model::{EventKey, Tenant, Timestamp};
use serde::Serialize;

use super::{HOUR_S, Hour, hour_of};
use crate::insert::SETTINGS;
use crate::queries::sql_time;
use crate::{Store, StoreError, within};

/// The hours of a time that have events, or had some when they were marked.
const HOURS: &str = "
    SELECT tenant, hour, 1 AS marks FROM (
        SELECT tenant, toStartOfHour(toDateTime(created_at, 'UTC')) AS hour FROM events
        WHERE created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')}
            AND created_at < '2106-01-01 00:00:00'
        GROUP BY tenant, hour
        UNION ALL
        SELECT tenant, hour FROM bucket_marks
        WHERE hour >= toStartOfHour({from:DateTime64(3, 'UTC')}) AND hour < {to:DateTime64(3, 'UTC')})
    GROUP BY tenant, hour";

#[derive(Row, Serialize)]
struct Mark<'a> {
    tenant: &'a str,
    hour: u32,
    marks: u64,
}

impl Store {
    /// Marks the hours of these events, once each. Their rows must be visible, and none of them be acknowledged before
    /// this returns.
    pub(crate) async fn mark<'a>(
        &self,
        keys: impl Iterator<Item = &'a EventKey> + Send,
    ) -> Result<(), StoreError> {
        let hours: BTreeSet<(&Tenant, u32)> =
            keys.filter_map(|key| Some((&key.tenant, hour_of(key.id.created_at())?))).collect();
        if hours.is_empty() {
            return Ok(());
        }
        let insert = within(self.timeout(), self.writer.insert::<Mark<'_>>("bucket_marks")).await?;
        let insert = insert.with_timeouts(Some(self.timeout()), Some(4 * self.timeout()));
        // A replicated table would take equal marks for a repeat of each other.
        let mut insert =
            SETTINGS.into_iter().fold(insert, |insert, (name, value)| insert.with_setting(name, value));
        for (tenant, hour) in hours {
            insert.write(&Mark { tenant: tenant.as_str(), hour, marks: 1 }).await?;
        }
        Ok(insert.end().await?)
    }

    /// Marks an hour, so that it is rolled up again.
    pub async fn mark_hour(&self, hour: &Hour) -> Result<(), StoreError> {
        let at = |second: u32| Timestamp::from_millis(i64::from(second) * 1_000).unwrap_or_default();
        self.mark_hours(at(hour.start), at(hour.start + HOUR_S)).await.map(drop)
    }

    /// Marks all hours from a time up to another, of all tenants, and returns how many they are: for those who changed
    /// rows by hand.
    pub async fn mark_hours(&self, from: Timestamp, to: Timestamp) -> Result<u64, StoreError> {
        let with = |sql: &str| {
            let query = self.client.query_raw(sql).with_setting("deduplicate_insert_select", "disable");
            query.param("from", sql_time(from)).param("to", sql_time(to))
        };
        let patience = 10 * self.timeout();
        within(patience, with(&format!("INSERT INTO bucket_marks {HOURS}")).execute()).await?;
        within(patience, with(&format!("SELECT count() FROM ({HOURS})")).fetch_one()).await
    }
}
