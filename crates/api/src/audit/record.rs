//! What a trail says of an event, as canonical JSON. It hangs on the event alone, not on the way it was asked for, so
//! that its hash can be compared: what else may be told of an event stands beside its record.

use model::wire::event_service::Returned;
use model::{EventId, EventKey, State, Stored, Timestamp, Write, canonical};
use serde::Serialize;
use utoipa::ToSchema;

/// Of an event that is there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Live<'a> {
    id: EventId,
    at: Timestamp,
    received_at: Timestamp,
    who: Option<&'a str>,
    changes: &'a [Change],
    /// In a member of its own, since it may have any other.
    event: Returned<'a>,
}

/// Of one that was deleted.
#[derive(Serialize)]
struct Deleted {
    id: EventId,
    at: Timestamp,
    deleted: bool,
    changes: [Change; 1],
}

/// A change of an event since it came in. What came before it is not in the table.
#[derive(Serialize, ToSchema)]
pub(crate) struct Change {
    /// When it was taken in.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    kind: ChangeKind,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ChangeKind {
    Updated,
    Deleted,
}

/// The record of an event, without a line's end.
pub(super) fn of(key: &EventKey, stored: &Stored<'_>) -> Result<String, serde_json::Error> {
    let (id, at) = (key.id, key.id.created_at());
    let json = match &stored.state {
        State::Live(event) => {
            let change = [Change { at: event.updated_at, kind: ChangeKind::Updated }];
            let is_changed = stored.version.write() == Write::Update;
            serde_json::to_string(&Live {
                id,
                at,
                received_at: event.received_at,
                who: Some(&*event.content.user_id).filter(|who| !who.is_empty()),
                changes: if is_changed { &change } else { &[] },
                event: Returned::new(event),
            })?
        }
        State::Deleted { at: deleted_at, .. } => {
            let changes = [Change { at: *deleted_at, kind: ChangeKind::Deleted }];
            serde_json::to_string(&Deleted { id, at, deleted: true, changes })?
        }
    };
    Ok(canonical(&json))
}
