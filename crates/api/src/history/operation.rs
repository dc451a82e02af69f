//! An operation as a record of the topic has it.

use bus::Delivery;
use model::wire::event_service::Returned;
use model::{AppliedKeys, EventKey, IdempotencyKey, Operation, Position, Timestamp, message};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

/// Something that was done to an event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PastOperation {
    #[schema(value_type = String, example = "update")]
    pub(crate) operation: &'static str,
    /// When the topic took it.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) appended_at: Timestamp,
    /// Where on the topic it is.
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Of a create the event as it was then, of an update the fields that it changed, by their columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) content: Option<Box<RawValue>>,
    /// It certainly changed nothing: a repeat, or of an event that was deleted.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(value_type = Option<bool>)]
    pub(crate) without_effect: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What an event's operations so far made of it, as far as that is certain: the topic may have lost earlier ones.
#[derive(Debug, Default)]
pub(crate) enum State {
    /// Whatever earlier operations made of it.
    #[default]
    Unknown,
    /// It was created by now. These keyed updates came behind.
    Created(AppliedKeys),
    Deleted,
}

impl State {
    /// Whether the next operation certainly changes nothing.
    fn is_unchanged_by(&mut self, operation: &Operation<'_>, key: Option<IdempotencyKey>) -> bool {
        match (&mut *self, operation) {
            (Self::Deleted, _) | (Self::Created(_), Operation::Create(_)) => return true,
            (Self::Unknown, Operation::Create(_)) => *self = Self::Created(AppliedKeys::default()),
            (_, Operation::Delete { .. }) => *self = Self::Deleted,
            (Self::Created(applied), Operation::Update { .. }) => {
                let Some(key) = key else { return false };
                if applied.contains(key) {
                    return true;
                }
                applied.push(key);
            }
            (Self::Unknown, Operation::Update { .. }) => {}
        }
        false
    }
}

impl PastOperation {
    /// Reads a record, if it is an operation on this event, and follows what becomes of the event.
    pub(crate) fn read(delivery: &Delivery, key: &EventKey, state: &mut State) -> Option<Self> {
        // Without an append time that can be a position it is a dead letter.
        let append_ms = delivery.append_ms?;
        Position::new(append_ms, delivery.offset).ok()?;
        let operation = message::decode(delivery.key.as_deref(), &delivery.value).ok()?;
        if operation.key() != *key {
            return None;
        }
        let (name, content) = match &operation {
            Operation::Create(event) => ("create", to_raw_value(&Returned::new(event)).ok()),
            Operation::Update { patch, .. } => ("update", to_raw_value(patch).ok()),
            Operation::Delete { .. } => ("delete", None),
        };
        let without_effect = state.is_unchanged_by(&operation, IdempotencyKey::find(&delivery.headers));
        Some(Self {
            operation: name,
            appended_at: Timestamp::from_millis(append_ms)?,
            partition: delivery.partition,
            offset: delivery.offset,
            content,
            without_effect,
        })
    }

    /// What it takes in memory, in bytes, more or less.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.content.as_ref().map_or(0, |content| content.get().len())
    }
}
