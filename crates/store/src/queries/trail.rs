//! All that ever named a subject or a trace, in order: what an audit asks for.

use model::{EventId, EventKey, State, Stored};

use super::{MAX_KEYS, last_key, sql_time};
use crate::row::{EventRow, Found};
use crate::{Question, Scope, Store, StoreError, within};

/// Two steps, as for a conversation. The inner one finds the next keys in the index of what events name, which knows
/// those that were deleted too; the outer one takes the winning version of each. Texts and vectors that no message
/// has are left where they are.
const TRAIL: &str = "
    SELECT tenant, id, created_at, updated_at, received_at, source, kind, event_name, message_id,
        conversation_id, '' AS conversation_metadata, user_id, anonymous_id, error, latency,
        '' AS input, '' AS output, emptyArrayFloat32() AS input_embeddings, emptyArrayFloat32() AS output_embeddings,
        subjects, tags, trace_ids, properties, context, idempotency_keys, version, is_deleted, schema_version
    FROM events
    WHERE tenant = {tenant:String}
        AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')}
        AND (created_at, id) IN (/* keys */ LIMIT {keys:UInt64})
    ORDER BY created_at, UUIDToNum(id), version DESC
    LIMIT 1 BY created_at, id";

/// The inner step.
const KEYS: &str = "
    SELECT created_at, id FROM mentions
    WHERE tenant = {tenant:String} AND kind = {kind:String} AND value = {name:String}
        AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')} /* after */
    ORDER BY created_at, UUIDToNum(id)
    LIMIT 1 BY created_at, id";

/// Of the inner step, where it goes on.
const AFTER: &str = "AND created_at >= {after_time:DateTime64(3, 'UTC')}
    AND (created_at, UUIDToNum(id)) > ({after_time:DateTime64(3, 'UTC')}, UUIDToNum({after_id:UUID}))";

/// Bytes of rows that a page is full with: about as many as the largest event has.
const MAX_PAGE_BYTES: usize = 2 << 20;

/// What a trail follows.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// A sample, an instrument, whatever events are about.
    Subject(&'a str),
    /// What events were part of.
    Trace(&'a str),
}

impl About<'_> {
    /// Whether an event names it. One that is gone did, or a repeat of its create: else the index would not have led
    /// to it.
    fn is_named_by(self, stored: &Stored<'_>) -> bool {
        let State::Live(event) = &stored.state else { return true };
        let (names, name) = match self {
            Self::Subject(name) => (&event.content.subjects, name),
            Self::Trace(name) => (&event.content.trace_ids, name),
        };
        names.iter().any(|known| **known == *name)
    }
}

/// A part of a trail.
#[derive(Debug)]
pub struct TrailPage {
    /// What the table holds of each event: the last version, or that it was deleted.
    pub events: Vec<(EventKey, Stored<'static>)>,
    /// Whether there are more behind them.
    pub more: bool,
}

impl Store {
    /// The next events of the scope that named it, deleted ones too, oldest first and those of one millisecond by
    /// their ids; at most `limit`, and fewer if they are large. The scope's filters don't count.
    pub async fn trail(
        &self,
        scope: &Scope<'_>,
        about: About<'_>,
        mut after: Option<EventId>,
        limit: u64,
    ) -> Result<TrailPage, StoreError> {
        let (mut events, mut bytes, mut left) = (Vec::new(), 0, limit);
        let mut keys = limit + 1;
        loop {
            let (asked_after, mut answered) = (after, 0);
            let mut rows = self.ask_trail(scope, about, after, keys, TRAIL).fetch::<EventRow<'_>>()?;
            while let Some(row) = within(self.timeout(), rows.next()).await? {
                answered += 1;
                // A row that this program never wrote costs only its own event.
                let Some((key, found)) = row.into_found() else { continue };
                let id = key.id;
                match found {
                    Found::Stored(stored) if about.is_named_by(&stored) => {
                        if left == 0 || bytes > MAX_PAGE_BYTES {
                            return Ok(TrailPage { events, more: true });
                        }
                        left -= 1;
                        bytes += stored.bytes();
                        events.push((key, stored));
                    }
                    Found::Stored(_) => {}
                    Found::Foreign { why, .. } => tracing::warn!(why, "an event is left out of its trail"),
                }
                after = Some(id);
            }
            if answered < keys || after == asked_after {
                let question = self.ask_trail(scope, about, asked_after, keys, &last_key::sql(KEYS));
                let Some(last) = last_key::of(question).await? else {
                    return Ok(TrailPage { events, more: false });
                };
                after = after.max(Some(last));
            }
            // Some of these keys are of events that are not told, so there may be more.
            keys = (2 * keys).min(MAX_KEYS);
        }
    }

    /// Asks about the next keys.
    fn ask_trail<'a>(
        &self,
        scope: &'a Scope<'_>,
        about: About<'_>,
        after: Option<EventId>,
        keys: u64,
        sql: &str,
    ) -> Question<'a> {
        let (kind, name) = match about {
            About::Subject(name) => ("subject", name),
            About::Trace(name) => ("trace", name),
        };
        let sql = sql.replace("/* keys */", KEYS).replace("/* after */", after.map_or("", |_| AFTER));
        let mut question = self.ask(scope, &sql).param("kind", kind).param("name", name).param("keys", keys);
        if let Some(after) = after {
            question = question.param("after_time", sql_time(after.created_at()));
            question = question.param("after_id", after.to_string());
        }
        question
    }
}
