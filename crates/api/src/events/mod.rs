//! Events: written one by one or in batches, changed, read by id and by conversation.

pub(crate) mod batch;
pub(crate) mod conversation;
pub(crate) mod create;
pub(crate) mod delete;
mod idempotency;
pub(crate) mod read;
mod standing;
pub(crate) mod update;

use bus::Written;
use model::{EventId, EventKey};
use serde::Serialize;
use utoipa::ToSchema;

/// `data` of a single write.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queued {
    #[schema(value_type = String, format = "uuid")]
    id: EventId,
    /// Where the write is on the topic; absent if it may have been kept or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
}

impl Queued {
    fn at(key: &EventKey, Written { partition, offset }: Written) -> Self {
        Self { id: key.id, partition: Some(partition), offset: Some(offset) }
    }

    /// Sent again with this id, it is the same event.
    fn uncertain(id: EventId) -> Self {
        Self { id, partition: None, offset: None }
    }
}
