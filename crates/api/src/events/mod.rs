//! Events: written one by one or in batches, changed, read by id and by conversation.

mod batch;
mod conversation;
mod create;
mod delete;
mod idempotency;
mod read;
mod standing;
mod update;

use bus::Written;
use model::{EventId, EventKey};
use serde::Serialize;

pub(crate) use batch::create_many;
pub(crate) use conversation::by_conversation;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use read::by_id;
pub(crate) use update::update;

/// `data` of a single write.
#[derive(Debug, Serialize)]
pub(crate) struct Queued {
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
