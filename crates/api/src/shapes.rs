//! The shapes of bodies and answers, as the description shows them.
#![expect(dead_code, reason = "these are read by the description alone")]

use model::EventId;
use serde_json::Value;
use utoipa::ToSchema;

use crate::event_service::publish::PublishedMessage;
use crate::reply::Meta;
use crate::segment::take::Rejected;

/// A good answer.
#[derive(ToSchema)]
pub(crate) struct Good<T: ToSchema> {
    #[schema(example = true)]
    success: bool,
    message: Option<String>,
    data: T,
    #[schema(example = "8d2f0f6bb1a84f04a6e0b8f2a5c7d9e1")]
    request_id: String,
}

/// The answer to a question.
#[derive(ToSchema)]
pub(crate) struct Found<T: ToSchema> {
    #[schema(example = true)]
    success: bool,
    data: Vec<T>,
    meta: Meta,
    request_id: String,
}

/// The answer to a question that is no list of rows.
#[derive(ToSchema)]
pub(crate) struct Told<T: ToSchema> {
    #[schema(example = true)]
    success: bool,
    data: T,
    meta: Meta,
    request_id: String,
}

/// A page of the answer to a question.
#[derive(ToSchema)]
pub(crate) struct FoundPage<T: ToSchema> {
    #[schema(example = true)]
    success: bool,
    data: Vec<T>,
    meta: Meta,
    /// For `cursor`, if there are more.
    next_cursor: Option<String>,
    request_id: String,
}

/// The times that a question is about.
#[derive(ToSchema)]
pub(crate) struct Times {
    /// Where the range begins: an RFC 3339 time, or a date for the start of that day in `timezone`.
    from: Option<String>,
    /// Where it ends, likewise: the first time that counts no more. Now if absent.
    to: Option<String>,
    /// In place of both: so many times 24 hours up to now; 7 if nothing is said.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u32>,
    /// The IANA name of the zone of dates.
    #[schema(default = "UTC", example = "Europe/Berlin")]
    timezone: Option<String>,
}

/// What must hold of an event.
#[derive(ToSchema)]
#[schema(example = json!({"field": "event_name", "op": "is", "values": ["event_a"]}))]
pub(crate) struct SentFilter {
    /// `event_name`, `source`, `kind`, `conversation_id`, `user_id`, `anonymous_id`, `user`, `message_id`, `error`,
    /// `latency` (in milliseconds), `input`, `output`, `tags`, `subjects`, `trace_ids`, or a path such as
    /// `properties.plan` or `context.page.path`.
    field: String,
    /// `is`, `contains` (whatever the case), `starts_with`, `gt`, `gte`, `lt`, `lte`, `set`, or one that holds where
    /// another does not: `is_not`, `not_contains`, `not_set`. `set` and `not_set` take no values.
    op: String,
    /// Texts or numbers, of which one is enough.
    values: Option<Vec<Value>>,
}

/// A field by whose values an answer is divided.
#[derive(ToSchema)]
#[schema(example = json!({"field": "properties.plan", "limit": 5}))]
pub(crate) struct SentBreakdown {
    /// The name of a field, or a path such as `properties.plan`.
    field: String,
    /// How many values stand for themselves; the rest is one.
    #[schema(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u64>,
}

/// Events of which all filters hold.
#[derive(ToSchema)]
pub(crate) struct SentEvents {
    filters: Option<Vec<SentFilter>>,
}

/// A good answer that has nothing to tell.
#[derive(ToSchema)]
pub(crate) struct Said {
    success: bool,
    message: String,
    request_id: String,
}

/// An answer to a request that was not done.
#[derive(ToSchema)]
pub(crate) struct Failure {
    #[schema(example = false)]
    success: bool,
    /// What is the matter, in a sentence.
    #[schema(example = "event_name is required")]
    error: String,
    /// What is the matter, in a word that stays the same from version to version.
    #[schema(example = "missing_field")]
    code: String,
    /// What became of the parts of the request, where it has some.
    data: Option<Value>,
    request_id: String,
}

/// An event as it is sent. `null` is as if absent, fields that are not listed are ignored.
#[derive(ToSchema)]
#[schema(example = json!({
    "conversation_id": "chat-4", "event_name": "event_a", "input": "Hello?", "output": "Hi!", "latency": 120.5
}))]
pub(crate) struct SentEvent {
    /// Made by the client: a UUID of version 7 or 8 whose time is the event's. The same id is the same event.
    id: Option<String>,
    /// An id of any other form, with a `timestamp`, in place of an `id`: at most 1,024 bytes.
    message_id: Option<String>,
    /// When it happened, RFC 3339; when it arrived if absent.
    #[schema(format = DateTime)]
    timestamp: Option<String>,
    /// At most 1,024 bytes.
    conversation_id: String,
    /// One of `EVENT_NAMES`.
    event_name: String,
    #[schema(inline)]
    #[serde(flatten)]
    change: Changeable,
}

/// The base envelope of events that are published by Redis. Members that are not listed are kept too.
#[derive(ToSchema)]
#[schema(example = json!({
    "event_type": "order.created", "user_id": "ada", "data": {"total": "64.32"}, "metadata": {"session_id": "s-1"}
}))]
pub(crate) struct SentEnvelope {
    event_id: Option<String>,
    /// `category.action`
    event_type: Option<String>,
    tenant_id: Option<String>,
    user_id: Option<String>,
    #[schema(format = DateTime)]
    timestamp: Option<String>,
    data: Option<Value>,
    metadata: Option<Value>,
}

/// What is to be changed of an event: the fields that are sent; `""` and `[]` clear.
#[derive(ToSchema)]
#[schema(example = json!({"output": "Hi there!", "error": ""}))]
pub(crate) struct SentChange {
    /// One of `EVENT_NAMES`.
    event_name: Option<String>,
    #[schema(inline)]
    #[serde(flatten)]
    change: Changeable,
}

#[derive(ToSchema)]
struct Changeable {
    /// What went wrong; an event with one counts as an error.
    error: Option<String>,
    /// In milliseconds; 0 is not measured.
    #[schema(minimum = 0)]
    latency: Option<f64>,
    input: Option<String>,
    output: Option<String>,
    input_embeddings: Option<Vec<f32>>,
    output_embeddings: Option<Vec<f32>>,
    /// A text, or an object, which is kept as its JSON text.
    conversation_metadata: Option<Value>,
    /// At most 1,024 bytes.
    user_id: Option<String>,
    /// At most 100 of 256 bytes.
    tags: Option<Vec<String>>,
    /// Any JSON object.
    #[schema(value_type = Option<Object>)]
    properties: Option<Value>,
}

/// An event as it is returned. Embeddings are left out if they are not wanted.
#[derive(ToSchema)]
pub(crate) struct ReturnedEvent {
    #[schema(value_type = String, format = "uuid")]
    id: EventId,
    message_id: Option<String>,
    conversation_id: String,
    event_name: String,
    error: String,
    /// In milliseconds; 0 is not measured.
    latency: f64,
    input: String,
    output: String,
    input_embeddings: Option<Vec<f32>>,
    output_embeddings: Option<Vec<f32>>,
    conversation_metadata: String,
    user_id: String,
    tags: Vec<String>,
    #[schema(value_type = Object)]
    properties: Value,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Many events; a list alone, or an event a line, does as well.
#[derive(ToSchema)]
pub(crate) struct EventList {
    #[schema(max_items = 5000, min_items = 1)]
    events: Vec<SentEvent>,
}

/// A page of a conversation.
#[derive(ToSchema)]
pub(crate) struct Conversation {
    success: bool,
    data: Vec<ReturnedEvent>,
    /// For `cursor`, when there are more.
    next_cursor: Option<String>,
    request_id: String,
}

/// A good answer to a client of Segment's dialect.
#[derive(ToSchema)]
pub(crate) struct SegmentGood {
    #[schema(example = true)]
    success: bool,
    /// Those of a batch that were refused, if some were.
    rejected: Option<Vec<Rejected>>,
}

/// An answer to a client of another dialect whose request was not done.
#[derive(ToSchema)]
pub(crate) struct FlatFailure {
    #[schema(example = false)]
    success: bool,
    /// What is the matter, in a word that stays the same from version to version.
    #[schema(example = "missing_field")]
    code: String,
    /// What is the matter, in a sentence.
    message: String,
    /// The same.
    error: String,
    /// The events that were refused, of Segment's dialect.
    rejected: Option<Vec<Rejected>>,
    /// What became of each message of a list, of the `EventService` API.
    results: Option<Vec<PublishedMessage>>,
    request_id: String,
}

/// A call of Segment's. What has no place of its own is kept in the event's context.
#[derive(ToSchema)]
#[schema(example = json!({"userId": "u-1", "event": "Order Completed", "properties": {"total": 12.5}}))]
pub(crate) struct SegmentEvent {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "messageId")]
    message_id: Option<String>,
    #[serde(rename = "userId")]
    user_id: Option<String>,
    #[serde(rename = "anonymousId")]
    anonymous_id: Option<String>,
    /// What was done, of a track.
    event: Option<String>,
    /// Of a page or screen.
    name: Option<String>,
    #[serde(rename = "groupId")]
    group_id: Option<String>,
    #[serde(rename = "previousId")]
    previous_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    properties: Option<Value>,
    #[schema(value_type = Option<Object>)]
    traits: Option<Value>,
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    #[schema(value_type = Option<Object>)]
    integrations: Option<Value>,
    timestamp: Option<String>,
    #[serde(rename = "originalTimestamp")]
    original_timestamp: Option<String>,
    #[serde(rename = "sentAt")]
    sent_at: Option<String>,
    #[serde(rename = "writeKey")]
    write_key: Option<String>,
}

/// Calls of Segment's. Of `context` and `integrations` each takes what it has not itself.
#[derive(ToSchema)]
#[schema(example = json!({"batch": [{"type": "track", "userId": "u-1", "event": "Order Completed"}]}))]
pub(crate) struct SegmentBatch {
    batch: Vec<SegmentEvent>,
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    #[schema(value_type = Option<Object>)]
    integrations: Option<Value>,
    #[serde(rename = "sentAt")]
    sent_at: Option<String>,
    #[serde(rename = "writeKey")]
    write_key: Option<String>,
}

/// An event of the typed clients. All names may be in camel case too.
#[derive(ToSchema)]
#[schema(example = json!({
    "type": "track", "event": "Order Completed", "user_id": "u-1", "message_id": "m-1", "properties": {"total": "12.5"}
}))]
pub(crate) struct SemanticEvent {
    #[serde(rename = "type")]
    kind: String,
    event: Option<String>,
    entity_gid: Option<String>,
    /// Its message id, where there is none.
    event_gid: Option<String>,
    root_event_gid: Option<String>,
    partition: Option<String>,
    timestamp: Option<String>,
    message_id: Option<String>,
    user_id: Option<String>,
    anonymous_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    properties: Option<Value>,
    #[schema(value_type = Option<Object>)]
    traits: Option<Value>,
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    #[schema(value_type = Option<Object>)]
    page: Option<Value>,
    #[schema(value_type = Option<Object>)]
    integrations: Option<Value>,
    write_key: Option<String>,
}
