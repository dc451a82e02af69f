//! The conversations with the highest share of errors.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Scope, Store, StoreError};

const TOP_ERROR_SESSIONS: &str = "
    SELECT conversation_id, count() AS total_events, countIf(error != '') AS error_events,
        error_events / total_events AS error_rate
    FROM {events}
    WHERE conversation_id != ''
    GROUP BY conversation_id
    HAVING total_events >= {min_events:UInt64}
    ORDER BY error_rate DESC, total_events DESC, conversation_id
    LIMIT {limit:UInt64}";

/// One conversation, of the events in the scope.
#[derive(Debug, PartialEq, Row, Serialize, Deserialize, ToSchema)]
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
    /// Highest error rate first, then most events; only conversations of at least `min_events`.
    pub async fn top_error_sessions(
        &self,
        scope: &Scope<'_>,
        min_events: u64,
        limit: u64,
    ) -> Result<Vec<ErrorSession>, StoreError> {
        let question = self.ask(scope, TOP_ERROR_SESSIONS).param("min_events", min_events);
        question.param("limit", limit).fetch_all().await
    }
}
