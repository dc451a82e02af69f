//! The slowest events.

use clickhouse::Row;
use model::EventId;
use serde::Deserialize;
use uuid::Uuid;

use super::Mark;
use crate::ask::Besides;
use crate::queries::sql_time;
use crate::{Scope, Store, StoreError};

const SLOWEST: &str = "
    SELECT id, latency FROM {events}
    ORDER BY latency DESC, created_at DESC, UUIDToNum(id) DESC
    LIMIT {marks:UInt64}";

/// Where the next page goes on. The server may read the digits of a number as another one, so it gets the bits.
const AFTER: &str = " AND (latency, created_at, UUIDToNum(id))
    < (reinterpretAsFloat64({after_latency:UInt64}), {after_time:DateTime64(3, 'UTC')}, UUIDToNum({after_id:UUID}))";

#[derive(Row, Deserialize)]
struct Slow {
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    latency: f64,
}

impl Store {
    /// Marks of the slowest events of the scope behind another, at most `limit`.
    pub(super) async fn slowest(
        &self,
        scope: &Scope<'_>,
        after: Option<Mark>,
        limit: usize,
    ) -> Result<Vec<Mark>, StoreError> {
        let mut besides = Besides { conditions: " AND latency > 0".to_owned(), ..Besides::default() };
        if after.is_some() {
            besides.conditions += AFTER;
        }
        let mut question = self.ask_besides(scope, SLOWEST, besides).param("marks", limit);
        if let Some(Mark { id, latency }) = after {
            question = question.param("after_latency", latency.unwrap_or(f64::MAX).to_bits());
            question = question.param("after_time", sql_time(id.created_at()));
            question = question.param("after_id", id.to_string());
        }
        let rows: Vec<Slow> = question.fetch_all().await?;
        // An id that can't be one is in a row that somebody else wrote.
        let mark = |Slow { id, latency }: &Slow| {
            Some(Mark { id: EventId::from_uuid(*id).ok()?, latency: Some(*latency) })
        };
        Ok(rows.iter().filter_map(mark).collect())
    }
}
