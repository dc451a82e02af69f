//! The slowest conversations.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Scope, Store, StoreError};

/// Latency 0 is not measured: counted, but left out of the percentile.
const LATENCY: &str = "
    SELECT conversation_id, event_name,
        if(countIf(latency > 0) = 0, 0, quantileExactIf(0.95)(latency, latency > 0)) AS p95_latency,
        count() AS event_count
    FROM {events}
    WHERE conversation_id != ''
    GROUP BY conversation_id, event_name
    ORDER BY p95_latency DESC, event_count DESC, conversation_id, event_name
    LIMIT {limit:UInt64}";

/// One event name of one conversation.
#[derive(Debug, PartialEq, Row, Serialize, Deserialize, ToSchema)]
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
    /// Slowest first.
    pub async fn latency(&self, scope: &Scope<'_>, limit: u64) -> Result<Vec<SessionLatency>, StoreError> {
        self.ask(scope, LATENCY).param("limit", limit).fetch_all().await
    }
}
