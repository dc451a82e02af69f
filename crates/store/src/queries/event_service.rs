//! What the `EventService` API asks for: events by what they are about, newest first.

use clickhouse::query::RowCursor;
use model::wire::event_service::Query;
use model::{Event, EventId, State};

use super::sql_time;
use crate::row::EventRow;
use crate::{Scope, Store, StoreError, within};

/// Two steps, as for a conversation. The inner one finds the next keys, also by versions that lost; it reads in the
/// order of the table, backwards, and stops when it has enough. The outer one takes the winning version of each: one
/// that is not asked for counts as deleted. So it answers as many rows as there were keys. One subject's 50 of five
/// million events take half the CPU time that FINAL takes, the newest 1,000 of all a tenth. Texts and vectors that no
/// message has are left where they are.
const EVENTS: &str = "
    SELECT tenant, id, created_at, updated_at, received_at, source, kind, event_name, message_id,
        conversation_id, '' AS conversation_metadata, user_id, anonymous_id, error, latency,
        '' AS input, '' AS output, emptyArrayFloat32() AS input_embeddings, emptyArrayFloat32() AS output_embeddings,
        subjects, tags, trace_ids, properties, context, idempotency_keys, version,
        toUInt8(NOT (/* asked */)) AS is_deleted, schema_version
    FROM events
    WHERE tenant = {tenant:String}
        AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')}
        AND (created_at, id) IN (
            SELECT created_at, id FROM events
            WHERE tenant = {tenant:String}
                AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')}
                AND /* asked */ /* before */
            ORDER BY created_at DESC, UUIDToNum(id) DESC
            LIMIT 1 BY created_at, id
            LIMIT {keys:UInt64})
    ORDER BY created_at DESC, UUIDToNum(id) DESC, version DESC
    LIMIT 1 BY created_at, id";

/// Of the inner step, where it goes on.
const BEFORE: &str = "AND created_at <= {before_time:DateTime64(3, 'UTC')}
    AND (created_at, UUIDToNum(id)) < ({before_time:DateTime64(3, 'UTC')}, UUIDToNum({before_id:UUID}))";

/// Keys of one query at most, but for the first, which asks for as many as are wanted.
const MAX_KEYS: u64 = 10_000;

/// What must hold, where something is asked: the name of its parameter, the values, and the SQL.
type Condition<'a> = (&'static str, &'a [String], &'static str);

/// `subjects`, `tags`, `trace_ids`, `user_id` and `conversation_id` have indexes, which tell what to read. Parts of
/// subjects are looked for in all of the range: indexes of their n-grams took a quarter of the table's size, and
/// nothing off the time.
fn conditions(query: &Query) -> [Condition<'_>; 9] {
    [
        ("topics", &query.topics, "event_name IN {topics:Array(String)}"),
        ("subjects", &query.subjects, "hasAll(subjects, {subjects:Array(String)})"),
        (
            "parts",
            &query.subjects_contain,
            "arrayExists(subject -> arrayExists(part -> position(subject, part) > 0, {parts:Array(String)}), subjects)",
        ),
        ("tags", &query.tags, "hasAny(tags, {tags:Array(String)})"),
        (
            "associations",
            &query.association_ids,
            "JSONExtractString(context, 'associationId') IN {associations:Array(String)}",
        ),
        ("modules", &query.module_ids, "JSONExtractString(context, 'moduleId') IN {modules:Array(String)}"),
        ("actors", &query.actor_ids, "user_id IN {actors:Array(String)}"),
        ("activities", &query.activity_ids, "conversation_id IN {activities:Array(String)}"),
        ("traces", &query.trace_ids, "hasAny(trace_ids, {traces:Array(String)})"),
    ]
}

impl Store {
    /// The events of the scope that a question is about, newest first, those of one millisecond by their ids. The
    /// question's times are the scope's range, and the scope has no other filters.
    pub async fn event_service(
        &self,
        scope: &Scope<'_>,
        query: &Query,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<Event<'static>>, StoreError> {
        let (mut wanted, mut to_pass, mut before) = (limit, offset, None);
        let (mut events, mut keys) = (Vec::new(), offset + limit);
        loop {
            let mut rows = self.winners(scope, query, keys, before)?;
            let mut answered = 0;
            while let Some(row) = within(self.timeout(), rows.next()).await? {
                answered += 1;
                let (key, stored) = row.into_stored()?;
                before = Some(key.id);
                match stored.state {
                    State::Live(_) if to_pass > 0 => to_pass -= 1,
                    State::Live(event) if wanted > 0 => {
                        wanted -= 1;
                        events.push(*event);
                    }
                    _ => {}
                }
            }
            if wanted == 0 || answered < keys {
                return Ok(events);
            }
            // Some of these keys are of events that are gone, so there may be more.
            keys = (2 * keys).min(MAX_KEYS);
        }
    }

    /// The winning row of each of the next keys.
    fn winners(
        &self,
        scope: &Scope<'_>,
        query: &Query,
        keys: u64,
        before: Option<EventId>,
    ) -> Result<RowCursor<EventRow<'static>>, StoreError> {
        let mut conditions = Vec::from(conditions(query));
        conditions.retain(|(_, values, _)| !values.is_empty());
        let asked: String = conditions.iter().map(|(_, _, sql)| format!(" AND {sql}")).collect();
        let sql = EVENTS.replace("/* asked */", &format!("events.is_deleted = 0{asked}"));
        let sql = sql.replace("/* before */", before.map_or("", |_| BEFORE));
        let mut question = self.ask(scope, &sql).param("keys", keys);
        for (name, values, _) in conditions {
            question = question.param(name, values);
        }
        if let Some(before) = before {
            question = question.param("before_time", sql_time(before.created_at()));
            question = question.param("before_id", before.to_string());
        }
        question.fetch()
    }
}
