//! What the `EventService` API asks for: events by what they are about, newest first.

use std::time::Duration;

use clickhouse::query::RowCursor;
use model::wire::event_service::Query;
use model::{Event, EventId, EventKey, State, Stored, Tenant};
use tokio::time::timeout;

use super::{MAX_KEYS, in_hours, last_key, sql_time};
use crate::row::{EventRow, Found};
use crate::{Filters, Limits, Question, Range, Reading, Scope, Store, StoreError, Zone};

/// Two steps, as for a conversation. The inner one finds the next keys, also by versions that lost. The outer one takes
/// the winning version of each: one that is not asked for counts as deleted. So it answers as many rows as there were
/// keys. One subject's 50 of five million events take half the CPU time that FINAL takes, the newest 1,000 of all a
/// tenth. Columns that no message has are left where they are.
const EVENTS: &str = "
    SELECT tenant, id, created_at, updated_at, received_at, source, kind, event_name, message_id,
        conversation_id, '' AS conversation_metadata, user_id, '' AS anonymous_id, '' AS error, 0. AS latency,
        '' AS input, '' AS output, emptyArrayFloat32() AS input_embeddings, emptyArrayFloat32() AS output_embeddings,
        subjects, tags, trace_ids, properties, context, emptyArrayUInt64() AS idempotency_keys, version,
        toUInt8(NOT (/* asked */)) AS is_deleted, schema_version
    FROM events
    WHERE tenant = {tenant:String}
        AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')}
        AND (created_at, id) IN (/* keys */ LIMIT {keys:UInt64})
    ORDER BY /* order */, version DESC
    LIMIT 1 BY created_at, id";

/// Rows that come in the order of the table's key are sent as they are read, so that many large ones are never together
/// in the server's memory.
const AS_READ: &str = "created_at DESC, UUIDToNum(id) DESC";

/// The same order, as ids begin with the time. The server doesn't know that it is the table's, and sorts: as many rows as
/// [`SORTED_KEYS`] take a third less CPU time so.
const SORTED: &str = "UUIDToNum(id) DESC";

/// The most rows that are sorted.
const SORTED_KEYS: u64 = 100;

/// The inner step.
const KEYS: &str = "
    SELECT created_at, id FROM /* index */
    WHERE tenant = {tenant:String}
        AND created_at >= {from:DateTime64(3, 'UTC')} AND created_at < {to:DateTime64(3, 'UTC')}
        AND /* key */ /* before */
    ORDER BY created_at DESC, UUIDToNum(id) DESC
    LIMIT 1 BY created_at, id";

/// Of the inner step, where it goes on.
const BEFORE: &str = "AND created_at <= {before_time:DateTime64(3, 'UTC')}
    AND (created_at, UUIDToNum(id)) < ({before_time:DateTime64(3, 'UTC')}, UUIDToNum({before_id:UUID}))";

/// The conversations.
const ACTIVITIES: &str = "activities";

/// What must hold, where something is asked.
struct Condition<'a> {
    /// Of its parameter.
    name: &'static str,
    values: &'a [String],
    sql: &'static str,
    /// How the index of names finds it alone: the kind of name, and what must hold there.
    named: Option<(&'static str, &'static str)>,
}

/// `subjects`, `tags`, `trace_ids`, `user_id` and `conversation_id` have indexes, which tell what to read. Parts of
/// subjects are looked for in all of the range: indexes of their n-grams took a quarter of the table's size, and
/// nothing off the time.
fn conditions(query: &Query) -> Vec<Condition<'_>> {
    let of = |name, values, sql| Condition { name, values, sql, named: None };
    // The index tells who has one of several names, not who has all.
    let alone = (query.subjects.len() == 1).then_some(("subject", "value IN {subjects:Array(String)}"));
    let mut conditions = vec![
        of("topics", &query.topics, "event_name IN {topics:Array(String)}"),
        Condition {
            named: alone,
            ..of("subjects", &query.subjects, "hasAll(subjects, {subjects:Array(String)})")
        },
        Condition {
            named: Some(("subject", "arrayExists(part -> position(value, part) > 0, {parts:Array(String)})")),
            ..of(
                "parts",
                &query.subjects_contain,
                "arrayExists(subject -> arrayExists(part -> position(subject, part) > 0, {parts:Array(String)}), subjects)",
            )
        },
        of("tags", &query.tags, "hasAny(tags, {tags:Array(String)})"),
        of(
            "associations",
            &query.association_ids,
            "JSONExtractString(context, 'associationId') IN {associations:Array(String)}",
        ),
        of("modules", &query.module_ids, "JSONExtractString(context, 'moduleId') IN {modules:Array(String)}"),
        of("actors", &query.actor_ids, "user_id IN {actors:Array(String)}"),
        of(ACTIVITIES, &query.activity_ids, "conversation_id IN {activities:Array(String)}"),
        Condition {
            named: Some(("trace", "value IN {traces:Array(String)}")),
            ..of("traces", &query.trace_ids, "hasAny(trace_ids, {traces:Array(String)})")
        },
    ];
    conditions.retain(|condition| !condition.values.is_empty());
    conditions
}

/// How the index of names finds the events, if one name is all that is asked.
fn by_name(conditions: &[Condition<'_>]) -> Option<(&'static str, &'static str)> {
    match conditions {
        [only] => only.named,
        _ => None,
    }
}

/// A page of events as they arrive, so that memory stays bounded however large they are.
pub struct Matches {
    store: Store,
    tenant: Tenant,
    range: Range,
    limits: Limits,
    query_id: Option<String>,
    query: Query,
    /// Events that are still passed over.
    to_pass: u64,
    /// Events that are still wanted.
    wanted: u64,
    /// How many keys the query asked for.
    keys: u64,
    /// How many of them it has answered.
    answered: u64,
    /// The last of them.
    last: Option<EventId>,
    /// Behind which key it began.
    asked_before: Option<EventId>,
    rows: RowCursor<EventRow<'static>>,
}

impl Matches {
    /// The next event.
    pub async fn next(&mut self) -> Result<Option<Event<'static>>, StoreError> {
        while self.wanted > 0 {
            let Some(row) = self.row().await? else {
                if self.answered < self.keys || self.last == self.asked_before {
                    let Some(last) = self.last_key().await? else { break };
                    self.last = Some(self.last.map_or(last, |id| id.min(last)));
                }
                // Some of these keys are of events that are gone, so there may be more.
                self.keys = (2 * self.keys).min(MAX_KEYS);
                self.answered = 0;
                self.asked_before = self.last;
                self.rows = self.store.winners(&self.scope(), &self.query, self.keys, self.last)?;
                continue;
            };
            self.answered += 1;
            // A row that this program never wrote costs only its own event.
            let Some((key, found)) = row else { continue };
            self.last = Some(key.id);
            match found {
                Found::Stored(Stored { state: State::Live(_), .. }) if self.to_pass > 0 => self.to_pass -= 1,
                Found::Stored(Stored { state: State::Live(event), .. }) => {
                    self.wanted -= 1;
                    return Ok(Some(*event));
                }
                Found::Stored(_) => {}
                Found::Foreign { why, .. } => tracing::warn!(why, "an event is left out of a page"),
            }
        }
        Ok(None)
    }

    /// The next row, with `None` in it if its key can't be an event's. The server's own limit of time would count
    /// what the client takes to read, so it is here that a question has one.
    async fn row(&mut self) -> Result<Option<Option<(EventKey, Found)>>, StoreError> {
        let limit = self.limits.time;
        match timeout(limit, self.rows.next()).await {
            Ok(row) => Ok(row?.map(EventRow::into_found)),
            Err(_) if self.answered == 0 && self.store.ping().await.is_ok() => {
                Err(StoreError::TooSlow(limit))
            }
            Err(_) => Err(StoreError::no_answer(limit)),
        }
    }

    /// The last of the keys that the query asked for, where it answered fewer: none if the table itself gave them.
    /// Not by `&self`: rows that are being read can't be shared by threads.
    async fn last_key(&mut self) -> Result<Option<EventId>, StoreError> {
        let conditions = conditions(&self.query);
        if by_name(&conditions).is_none() {
            return Ok(None);
        }
        let (scope, sql) = (self.scope(), last_key::sql(KEYS));
        last_key::of(self.store.ask_keys(&scope, &conditions, self.keys, self.asked_before, &sql)).await
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            tenant: &self.tenant,
            range: self.range,
            zone: &Zone::UTC,
            filters: &Filters::NONE,
            limits: self.limits,
            reading: Reading::Raw,
            query_id: self.query_id.as_deref(),
        }
    }
}

impl Store {
    /// The events of the scope that a question is about, newest first, those of one millisecond by their ids. The
    /// question's times are the scope's range, and the scope has no other filters.
    pub fn event_service(
        &self,
        scope: &Scope<'_>,
        query: Query,
        limit: u64,
        offset: u64,
    ) -> Result<Matches, StoreError> {
        let keys = offset + limit;
        Ok(Matches {
            rows: self.winners(scope, &query, keys, None)?,
            store: self.clone(),
            tenant: scope.tenant.clone(),
            range: scope.range,
            limits: scope.limits,
            query_id: scope.query_id.map(str::to_owned),
            query,
            to_pass: offset,
            wanted: limit,
            keys,
            answered: 0,
            last: None,
            asked_before: None,
        })
    }

    /// The winning row of each of the next keys.
    fn winners(
        &self,
        scope: &Scope<'_>,
        query: &Query,
        keys: u64,
        before: Option<EventId>,
    ) -> Result<RowCursor<EventRow<'static>>, StoreError> {
        let limits = Limits { time: Duration::ZERO, ..scope.limits };
        let scope = Scope { limits, ..scope.clone() };
        let order = if keys > SORTED_KEYS { AS_READ } else { SORTED };
        let sql = EVENTS.replace("/* order */", order);
        self.ask_keys(&scope, &conditions(query), keys, before, &sql).fetch()
    }

    /// Asks about the next keys.
    fn ask_keys<'a>(
        &self,
        scope: &'a Scope<'_>,
        conditions: &[Condition<'_>],
        keys: u64,
        before: Option<EventId>,
        sql: &str,
    ) -> Question<'a> {
        let asked: String = conditions.iter().map(|condition| format!(" AND {}", condition.sql)).collect();
        let asked = format!("events.is_deleted = 0{asked}");
        // Else events are read in the order of the table, backwards, until there are enough.
        let (index, key) = match by_name(conditions) {
            Some((kind, sql)) => ("mentions", format!("kind = '{kind}' AND {sql}")),
            None if conditions.iter().any(|condition| condition.name == ACTIVITIES) => {
                ("events", format!("{asked} AND {}", in_hours("{activities:Array(String)}")))
            }
            None => ("events", asked.clone()),
        };
        let sql = sql.replace("/* keys */", KEYS).replace("/* asked */", &asked);
        let sql = sql.replace("/* index */", index).replace("/* key */", &key);
        let sql = sql.replace("/* before */", before.map_or("", |_| BEFORE));
        let mut question = self.ask(scope, &sql).param("keys", keys);
        for Condition { name, values, .. } in conditions {
            question = question.param(name, values);
        }
        if let Some(before) = before {
            question = question.param("before_time", sql_time(before.created_at()));
            question = question.param("before_id", before.to_string());
        }
        question
    }
}
