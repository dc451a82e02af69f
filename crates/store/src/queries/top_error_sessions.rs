//! The conversations with the highest share of errors.

use std::ops::RangeInclusive;

use clickhouse::Row;
use model::{Tenant, Timestamp};
use serde::{Deserialize, Serialize};

use super::sql_time;
use crate::{Store, StoreError, within};

const TOP_ERROR_SESSIONS: &str = "
    SELECT conversation_id, count() AS total_events, countIf(error != '') AS error_events,
        error_events / total_events AS error_rate
    FROM events FINAL
    WHERE tenant = {tenant:String} AND conversation_id != '' AND created_at BETWEEN {since:DateTime64(3, 'UTC')} AND {until:DateTime64(3, 'UTC')}
    GROUP BY conversation_id
    HAVING total_events >= {min_events:UInt64}
    ORDER BY error_rate DESC, total_events DESC, conversation_id
    LIMIT {limit:UInt64}";

/// One conversation.
#[derive(Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct ErrorSession {
    /// The conversation.
    pub conversation_id: String,
    /// All its events.
    pub total_events: u64,
    /// Those with an error.
    pub error_events: u64,
    /// Their share, 0 to 1.
    pub error_rate: f64,
}

impl Store {
    /// Highest error rate first, then most events, over the events of these times; only
    /// conversations of at least `min_events`.
    pub async fn top_error_sessions(
        &self,
        tenant: &Tenant,
        span: RangeInclusive<Timestamp>,
        min_events: u64,
        limit: u64,
    ) -> Result<Vec<ErrorSession>, StoreError> {
        let query = self
            .question(TOP_ERROR_SESSIONS)
            .param("tenant", tenant.as_str())
            .param("since", sql_time(*span.start()))
            .param("until", sql_time(*span.end()))
            .param("min_events", min_events)
            .param("limit", limit);
        within(self.patience(), query.fetch_all()).await
    }
}
