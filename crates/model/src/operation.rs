//! What is done to events.

use crate::{Event, EventId, Patch, Tenant, Timestamp};

/// What identifies an event. The same id under two tenants is two events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    /// Whose it is.
    pub tenant: Tenant,
    /// Which it is.
    pub id: EventId,
}

/// One change to one event. Its texts may be borrowed from what it was read from.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation<'a> {
    /// Creates this event, unless there is one of its key already.
    Create(Box<Event<'a>>),
    /// Replaces some fields of an event that is there.
    Update {
        /// Which event.
        key: EventKey,
        /// When the update was taken in.
        at: Timestamp,
        /// The fields that are replaced.
        patch: Box<Patch<'a>>,
    },
    /// Removes the event, for good.
    Delete {
        /// Which event.
        key: EventKey,
        /// When the delete was taken in.
        at: Timestamp,
    },
}

impl Operation<'_> {
    /// The id of the event it is done to.
    pub fn id(&self) -> EventId {
        match self {
            Self::Create(event) => event.id,
            Self::Update { key, .. } | Self::Delete { key, .. } => key.id,
        }
    }

    /// The event it is done to.
    pub fn key(&self) -> EventKey {
        match self {
            Self::Create(event) => event.key(),
            Self::Update { key, .. } | Self::Delete { key, .. } => key.clone(),
        }
    }
}
