//! The slowest conversations.

use std::ops::RangeInclusive;

use clickhouse::Row;
use model::{Tenant, Timestamp};
use serde::{Deserialize, Serialize};

use super::sql_time;
use crate::{Store, StoreError, within};

/// Latency 0 is not measured: counted, but left out of the percentile.
const LATENCY: &str = "
    SELECT conversation_id, event_name,
        if(countIf(latency > 0) = 0, 0, quantileExactIf(0.95)(latency, latency > 0)) AS p95_latency, count() AS event_count
    FROM events FINAL
    WHERE tenant = {tenant:String} AND conversation_id != '' AND created_at BETWEEN {since:DateTime64(3, 'UTC')} AND {until:DateTime64(3, 'UTC')}
    GROUP BY conversation_id, event_name
    ORDER BY p95_latency DESC, event_count DESC, conversation_id, event_name
    LIMIT {limit:UInt64}";

/// One event name of one conversation.
#[derive(Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct SessionLatency {
    /// The conversation.
    pub conversation_id: String,
    /// The event name.
    pub event_name: String,
    /// 95th percentile of the measured latencies, in milliseconds; 0 if none was measured.
    pub p95_latency: f64,
    /// Its events, measured or not.
    pub event_count: u64,
}

impl Store {
    /// Slowest first, over the events of these times.
    pub async fn latency(
        &self,
        tenant: &Tenant,
        span: RangeInclusive<Timestamp>,
        limit: u64,
    ) -> Result<Vec<SessionLatency>, StoreError> {
        let query = self
            .question(LATENCY)
            .param("tenant", tenant.as_str())
            .param("since", sql_time(*span.start()))
            .param("until", sql_time(*span.end()))
            .param("limit", limit);
        within(self.patience(), query.fetch_all()).await
    }
}
