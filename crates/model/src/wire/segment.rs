//! The bodies of Segment's, RudderStack's and Jitsu's clients, and the semantic event.

use super::{Intake, WireError};
use crate::{Kind, Operation, Text};

/// How a body is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One event of the kind that the route names.
    Single(Kind),
    /// `{"batch":[…]}`: events that name their kinds, and what they have in common.
    Batch,
    /// One semantic event, which names its kind.
    Semantic,
}

/// What is taken in of a body.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest text of an event as sent, in bytes.
    pub max_event_bytes: usize,
    /// The most events in a body; those behind them are refused one by one.
    pub max_events: usize,
}

/// A body that was read, its events not yet.
#[derive(Debug)]
pub struct Sent<'a> {
    _body: &'a [u8],
}

/// Why an event is not taken in.
#[derive(Debug)]
pub struct Refused {
    /// Which event it is, as far as it says so.
    pub message_id: Option<String>,
    /// What is wrong with it.
    pub error: WireError,
}

/// A body made JSON.
#[derive(Debug)]
pub struct Mended {
    /// The body.
    pub bytes: Vec<u8>,
    /// How many tokens, escapes and stretches of bytes were replaced.
    pub count: usize,
}

/// Reads a body. An error is one of the whole body: it is no JSON, no object or has no `batch`. One of
/// [`WireError::InvalidJson`] may go away if the body is [mended](mend).
pub fn read<'a>(_body: &'a [u8], _form: Form, _limits: Limits) -> Result<Sent<'a>, WireError> {
    Err(WireError::MissingField("batch"))
}

/// Makes JSON of a body that is nearly JSON.
pub fn mend(body: &[u8]) -> Mended {
    Mended { bytes: body.to_vec(), count: 0 }
}

impl<'a> Sent<'a> {
    /// The write keys in the body: its own, then those of its events. They may repeat.
    pub fn write_keys(&self) -> impl Iterator<Item = Text<'a>> {
        std::iter::empty()
    }

    /// Each event as an operation, or why it is refused.
    pub fn operations(&self, _intake: &Intake<'_>) -> Vec<Result<Operation<'a>, Refused>> {
        Vec::new()
    }
}
