//! Events to send, with ids and times.

use model::{EventId, Timestamp};
use serde_json::{Value, json};

pub(crate) const DAY_MS: i64 = 86_400_000;

/// An event of conversation `c-1` with these fields besides or instead.
pub(crate) fn event(fields: Value) -> Value {
    let mut event = json!({"conversation_id": "c-1", "event_name": "event_a"});
    let Value::Object(fields) = fields else { panic!("{fields} is no object") };
    event.as_object_mut().unwrap().extend(fields);
    event
}

/// So many milliseconds ago.
pub(crate) fn ago(millis: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().millis() - millis).unwrap()
}

/// An id of this time.
pub(crate) fn id_at(at: Timestamp) -> EventId {
    EventId::new(at)
}

/// An id of now.
pub(crate) fn new_id() -> String {
    id_at(Timestamp::now()).to_string()
}
