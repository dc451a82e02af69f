//! What the table holds of an event: the value between the table's rows and the consumer's fold.

use crate::{AppliedKeys, Event, Timestamp, Version};

/// What the table holds of one event: its winning row. Its texts may be borrowed from what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<'a> {
    /// Which row won, and where in the log it comes from.
    pub version: Version,
    /// What the row says.
    pub state: State<'a>,
    /// The last changes with a key that are in the row. A tombstone has none.
    pub applied: AppliedKeys,
}

impl Stored<'_> {
    /// The bytes of memory that a row takes beside the event's content: key, version, and its place in a map.
    pub const ROW_BYTES: usize = 256;

    /// The bytes of memory that the row takes, more or less.
    pub fn bytes(&self) -> usize {
        let content = match &self.state {
            State::Live(event) => event.content.bytes(),
            State::Deleted { .. } => 0,
        };
        Self::ROW_BYTES + content + self.applied.heap_bytes()
    }

    /// Copies the texts that are borrowed, so that the row outlives what it was made of.
    pub fn into_owned(self) -> Stored<'static> {
        let state = match self.state {
            State::Live(event) => State::Live(Box::new(event.into_owned())),
            State::Deleted { at } => State::Deleted { at },
        };
        Stored { version: self.version, state, applied: self.applied }
    }
}

/// Whether an event is there.
#[derive(Clone, Debug, PartialEq)]
pub enum State<'a> {
    /// The event is there, and says this.
    Live(Box<Event<'a>>),
    /// The event was deleted.
    Deleted {
        /// When the delete was taken in.
        at: Timestamp,
    },
}
