//! What the table holds of an event: the value between the table's rows and the consumer's fold.

use crate::event::Field;
use crate::{AppliedKeys, Content, Event, Text, Timestamp, Version};

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
            State::Deleted { hidden, .. } => hidden.as_ref().map_or(0, |mentions| mentions.bytes()),
        };
        Self::ROW_BYTES + content + self.applied.heap_bytes()
    }

    /// Copies the texts that are borrowed, so that the row outlives what it was made of.
    pub fn into_owned(self) -> Stored<'static> {
        let state = match self.state {
            State::Live(event) => State::Live(Box::new(event.into_owned())),
            State::Deleted { at, hidden } => {
                State::Deleted { at, hidden: hidden.map(|mentions| Box::new(mentions.into_owned())) }
            }
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
        /// What the event named, as far as whoever made the tombstone knows it: a delete needs no look-up. The table
        /// takes it in and does not return it.
        hidden: Option<Box<Mentions<'a>>>,
    },
}

/// What an event names: by this it is found when it is gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mentions<'a> {
    /// The subjects that it is about.
    pub subjects: Vec<Text<'a>>,
    /// The traces that it belongs to.
    pub trace_ids: Vec<Text<'a>>,
}

impl<'a> Mentions<'a> {
    /// What an event of this content names; `None` if it names nothing.
    pub fn of(content: Content<'a>) -> Option<Box<Self>> {
        let Content { subjects, trace_ids, .. } = content;
        (!subjects.is_empty() || !trace_ids.is_empty()).then(|| Box::new(Self { subjects, trace_ids }))
    }

    /// The bytes of memory that it takes, more or less.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.subjects.heap_bytes() + self.trace_ids.heap_bytes()
    }

    fn into_owned(self) -> Mentions<'static> {
        Mentions { subjects: self.subjects.owned(), trace_ids: self.trace_ids.owned() }
    }
}
