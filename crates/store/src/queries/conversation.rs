//! The events of one conversation, in order.

use std::time::Duration;

use clickhouse::query::RowCursor;
use model::{Event, EventId, Tenant};

use super::sql_time;
use crate::row::{EventRow, State};
use crate::{Store, StoreError, within};

/// Two steps. The inner one finds keys by the bloom filter, which may also have matched a version
/// that lost; the outer one takes the winning version of those keys and asks again.
const CONVERSATION: &str = "
    SELECT tenant, id, created_at, updated_at, received_at, source, kind, event_name, message_id,
        conversation_id, conversation_metadata, user_id, anonymous_id, error, latency, input, output,
        if({embeddings:Bool}, input_embeddings, []) AS input_embeddings,
        if({embeddings:Bool}, output_embeddings, []) AS output_embeddings,
        subjects, tags, trace_ids, properties, context, idempotency_keys, version, is_deleted, schema_version
    FROM events FINAL
    WHERE tenant = {tenant:String}
        AND (created_at, id) IN (
            SELECT created_at, id FROM events
            WHERE tenant = {tenant:String} AND conversation_id = {conversation_id:String} /* after */)
        AND conversation_id = {conversation_id:String}
    ORDER BY created_at, UUIDToNum(id)
    LIMIT {limit:UInt64}
    SETTINGS use_skip_indexes_if_final = 0";

/// Of the inner step, and only where it is wanted: to look at the ids too costs a third of that step.
const AFTER: &str = "AND created_at >= {after_time:DateTime64(3, 'UTC')}
    AND (created_at, UUIDToNum(id)) > ({after_time:DateTime64(3, 'UTC')}, UUIDToNum({after_id:UUID}))";

/// Which part of a conversation.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only events behind this one; from the beginning if absent.
    pub after: Option<EventId>,
    /// At most so many.
    pub limit: u64,
    /// Whether their vectors come with them.
    pub with_embeddings: bool,
}

/// Events as they arrive, so that memory stays bounded however many there are.
pub struct Turns {
    rows: RowCursor<EventRow<'static>>,
    timeout: Duration,
}

impl Turns {
    /// The next event.
    pub async fn next(&mut self) -> Result<Option<Event<'static>>, StoreError> {
        let Some(row) = within(self.timeout, self.rows.next()).await? else { return Ok(None) };
        match row.into_stored()?.1.state {
            State::Live(event) => Ok(Some(*event)),
            State::Deleted { .. } => Err(StoreError::client("FINAL returned a tombstone")),
        }
    }
}

impl Store {
    /// Events of a conversation by time and id, oldest first.
    pub fn conversation(
        &self,
        tenant: &Tenant,
        conversation_id: &str,
        page: Page,
    ) -> Result<Turns, StoreError> {
        let mut query = self
            .reader
            .query_raw(&CONVERSATION.replace("/* after */", page.after.map_or("", |_| AFTER)))
            .param("tenant", tenant.as_str())
            .param("conversation_id", conversation_id)
            .param("limit", page.limit)
            .param("embeddings", page.with_embeddings);
        if let Some(after) = page.after {
            query =
                query.param("after_time", sql_time(after.created_at())).param("after_id", after.to_string());
        }
        Ok(Turns { rows: query.fetch::<EventRow<'_>>()?, timeout: self.timeout() })
    }
}
