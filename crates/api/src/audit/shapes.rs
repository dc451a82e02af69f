//! The shapes of answers, as the description shows them.
#![expect(dead_code, reason = "these are read by the description alone")]

use serde_json::Value;
use utoipa::ToSchema;

use super::record::Change;
use super::written::AuditMeta;
use crate::history::PastOperation;

/// A page of a trail.
#[derive(ToSchema)]
pub(crate) struct AuditTrail {
    #[schema(example = true)]
    success: bool,
    /// Oldest first.
    data: Vec<AuditRecord>,
    meta: AuditMeta,
    /// For `cursor`, when there are more.
    next_cursor: Option<String>,
    /// With `digest=true`: SHA-256 of the records, each as canonical JSON with a line feed behind it.
    digest: Option<String>,
    request_id: String,
}

/// What is known of an event.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "id": "01a1fba2-5034-7403-8e21-79feb05d5ff4", "at": "2026-11-20T21:57:13.123Z",
    "receivedAt": "2026-11-20T21:57:13.201Z", "who": "ada", "changes": [],
    "event": {"eventId": "e-1", "topic": "plate.moved", "subjects": ["plate-1"], "actorId": "ada"}
}))]
pub(crate) struct AuditRecord {
    #[schema(format = "uuid")]
    id: String,
    /// When it happened.
    #[schema(format = DateTime)]
    at: String,
    /// When it came in; absent if it was deleted.
    #[schema(format = DateTime)]
    received_at: Option<String>,
    /// Its actor, or its user; `null` if it has none, and absent if it was deleted.
    who: Option<String>,
    /// Whether it was deleted; absent if it was not.
    deleted: Option<bool>,
    /// The last change since it came in, if there was one.
    changes: Vec<Change>,
    /// The message as queries answer it; absent if it was deleted.
    #[schema(value_type = Option<Object>)]
    event: Option<Value>,
    /// With `history=true`: what was done to it, as far as the topic still has it.
    history: Option<Vec<PastOperation>>,
    /// With `history=true`: whether these are all that ever were. If not, they could not be read within the limits,
    /// or the topic may have lost some.
    history_complete: Option<bool>,
}
