//! Errors of one event name per UTC day.

use std::ops::RangeInclusive;

use clickhouse::Row;
use model::{Tenant, Timestamp};
use serde::{Deserialize, Serialize};

use super::sql_time;
use crate::{Store, StoreError, within};

const ERROR_COUNTS: &str = "
    SELECT toString(toDate(created_at)) AS date, event_name, countIf(error != '') AS error_count, count() AS total_count
    FROM events FINAL
    WHERE tenant = {tenant:String} AND event_name = {event_name:String}
        AND created_at BETWEEN {since:DateTime64(3, 'UTC')} AND {until:DateTime64(3, 'UTC')}
    GROUP BY date, event_name
    ORDER BY date";

/// One day.
#[derive(Debug, PartialEq, Eq, Row, Serialize, Deserialize)]
pub struct ErrorCount {
    /// The UTC day, `2026-11-20`.
    pub date: String,
    /// The event name.
    pub event_name: String,
    /// Events with an error.
    pub error_count: u64,
    /// All events.
    pub total_count: u64,
}

impl Store {
    /// Events of these times by UTC day, oldest first; days without events are absent.
    pub async fn error_counts(
        &self,
        tenant: &Tenant,
        event_name: &str,
        span: RangeInclusive<Timestamp>,
    ) -> Result<Vec<ErrorCount>, StoreError> {
        let query = self
            .question(ERROR_COUNTS)
            .param("tenant", tenant.as_str())
            .param("event_name", event_name)
            .param("since", sql_time(*span.start()))
            .param("until", sql_time(*span.end()));
        within(self.patience(), query.fetch_all()).await
    }
}
