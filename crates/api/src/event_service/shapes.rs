//! The shapes of bodies and answers of the `EventService` API, as the description shows them.
#![expect(dead_code, reason = "these are read by the description alone")]

use serde_json::Value;
use utoipa::ToSchema;

use super::publish::PublishedMessage;

/// A good answer to what was published.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventServiceGood {
    #[schema(example = true)]
    success: bool,
    /// Of one message: its `EventId` as sent, or the one that it was given.
    #[schema(example = "3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    event_id: Option<String>,
    /// Of a list: what became of each, in its order.
    results: Option<Vec<PublishedMessage>>,
}

/// One message or a list of them.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum EventServiceBody {
    One(Box<EventServiceMessage>),
    List(Vec<EventServiceMessage>),
}

/// A message. Names are read without regard to case and underscores; of those that are not listed up to 1,000 are kept too.
#[derive(ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({
    "EventId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "Topic": "plate.moved", "Subjects": ["plate-1"],
    "CreatedDateUtc": "2026-11-20T21:57:13.1234567Z", "Data": {"to": "reader-2"}
}))]
pub(crate) struct EventServiceMessage {
    /// With `CreatedDateUtc` it says which event it is: sent again, it is the same.
    event_id: Option<String>,
    topic: String,
    /// At most 100 of 1,024 bytes, as of the trace ids.
    subjects: Option<Vec<String>>,
    /// At most 100 of 256 bytes.
    tags: Option<Vec<String>>,
    /// An object, or a text that may be one.
    data: Option<Value>,
    /// Times are RFC 3339 with any number of digits of a second, in UTC where they have no zone. The first moment of
    /// the year 1 is as if absent.
    start: Option<String>,
    end: Option<String>,
    created_date_utc: Option<String>,
    expiration_date_utc: Option<String>,
    organization_id: Option<String>,
    group_id: Option<String>,
    owner_id: Option<String>,
    /// Who did it; `user_id` if it is absent.
    actor_id: Option<String>,
    operator_id: Option<String>,
    activity_id: Option<String>,
    association_id: Option<String>,
    module_id: Option<String>,
    orchestrator_id: Option<String>,
    source_trace_ids: Option<Vec<String>>,
    access_policy: Option<Value>,
    sharing_policy: Option<Value>,
    retention_policy: Option<Value>,
    encryption_provider: Option<Value>,
}

/// One value or a list of them.
#[derive(ToSchema)]
#[serde(untagged)]
pub(crate) enum EventServiceAnyOf {
    One(String),
    List(Vec<String>),
}

/// What must hold of an event, all of it. Names are read without regard to case and underscores. Of a list one value
/// is enough; what is absent, `null` or empty asks for nothing.
#[derive(ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({"Subjects": ["plate-1"], "Start": "2026-11-20T00:00:00Z", "End": "2026-11-21T00:00:00Z"}))]
pub(crate) struct EventServiceQuery {
    topic: Option<EventServiceAnyOf>,
    /// All of these are among the event's.
    subjects: Option<EventServiceAnyOf>,
    /// One of the event's subjects has the text in it. Case counts.
    subjects_contains: Option<EventServiceAnyOf>,
    tags: Option<EventServiceAnyOf>,
    association_id: Option<EventServiceAnyOf>,
    module_id: Option<EventServiceAnyOf>,
    /// Also the user of an event without an actor.
    actor_id: Option<EventServiceAnyOf>,
    activity_id: Option<EventServiceAnyOf>,
    source_trace_ids: Option<EventServiceAnyOf>,
    /// The first time that counts, to the millisecond.
    start: Option<String>,
    /// The first time that counts no more, to the millisecond.
    end: Option<String>,
}

/// A message as it was sent, without what is unset, its names in camel case.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "eventId": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "topic": "plate.moved", "subjects": ["plate-1"],
    "data": {"to": "reader-2"}, "createdDateUtc": "2026-11-20T21:57:13.1234567Z"
}))]
pub(crate) struct EventServiceFound {
    /// As it was sent, or the one that it was given.
    event_id: String,
    topic: String,
    #[serde(flatten)]
    others: Value,
}
