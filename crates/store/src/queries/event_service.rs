//! What the `EventService` API asks for: events by what they are about, newest first.

use model::Event;
use model::wire::event_service::Query;

use crate::{Scope, Store, StoreError};

/// Two steps. The inner one reads only what the question names and finds the keys of the page, the outer one reads
/// their rows. Texts and vectors that no message has are left where they are.
const EVENTS: &str = "
    SELECT tenant, id, created_at, updated_at, received_at, source, kind, event_name, message_id,
        conversation_id, '' AS conversation_metadata, user_id, anonymous_id, error, latency,
        '' AS input, '' AS output, emptyArrayFloat32() AS input_embeddings, emptyArrayFloat32() AS output_embeddings,
        subjects, tags, trace_ids, properties, context, idempotency_keys, version, is_deleted, schema_version
    FROM {events}
    WHERE (created_at, id) IN (
        SELECT created_at, id FROM {events}
        /* conditions */
        ORDER BY created_at DESC, UUIDToNum(id) DESC
        LIMIT {limit:UInt64} OFFSET {offset:UInt64})
    ORDER BY created_at DESC, UUIDToNum(id) DESC";

/// What must hold, where something is asked: the name of its parameter, the values, and the SQL.
type Condition<'a> = (&'static str, &'a [String], &'static str);

/// `subjects`, `tags`, `trace_ids`, `user_id` and `conversation_id` have indexes, which tell what to read; FINAL then
/// reads with it what may have changed it. Parts of subjects are looked for in all of the range: indexes of their
/// n-grams took a quarter of the table's size, and nothing off the time.
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
    /// question's times are the scope's range.
    pub async fn event_service(
        &self,
        scope: &Scope<'_>,
        query: &Query,
        limit: u64,
        offset: u64,
    ) -> Result<Vec<Event<'static>>, StoreError> {
        let mut conditions = Vec::from(conditions(query));
        conditions.retain(|(_, values, _)| !values.is_empty());
        let all = conditions.iter().map(|(_, _, sql)| *sql).collect::<Vec<_>>().join(" AND ");
        let where_all = if all.is_empty() { String::new() } else { format!("WHERE {all}") };
        let question = self.ask(scope, &EVENTS.replace("/* conditions */", &where_all));
        let question = question.param("limit", limit).param("offset", offset);
        let question =
            conditions.iter().fold(question, |question, (name, values, _)| question.param(name, values));
        question.fetch_events().await
    }
}
