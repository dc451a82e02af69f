//! Events: written one by one or in batches, changed, read by id and by conversation.

mod batch;
mod conversation;
mod idempotency;
mod read;
mod write;

pub(crate) use batch::create_many;
pub(crate) use conversation::by_conversation;
pub(crate) use read::by_id;
pub(crate) use write::{create, create_routed, delete, update};
