//! The bodies of the clients of Segment, `RudderStack` and Jitsu, and the semantic event.
//!
//! Nothing that is sent is lost, but for the write key, which is nowhere kept. What has a column is there: the
//! ids as they were sent (`groupId` and `previousId` among the subjects), the event's or page's name, the
//! properties or traits. All else is in the column `context`, an object of
//!
//! - the members of the event's own `context`, then those of the batch's that it lacks;
//! - `integrations`, merged in the same way;
//! - `sent`, an object of all other members as they were sent: `timestamp`, `originalTimestamp`, `sentAt` (the
//!   batch's, where the event has none), `channel`, `_metadata`, the `type` if it is not the kind's own word, and
//!   whatever nobody knows.
//!
//! ```json
//! {"library":{"name":"analytics-node"},"integrations":{"All":true},"sent":{"timestamp":"2026-11-20T21:57:13Z"}}
//! ```
//!
//! No member of the event's own `context` gives way: if it has `integrations` itself, the event's are
//! in `sent`, and if it has `sent`, then that is `sent_`. A member that a client writes as `null` is as if absent
//! where it would have a column, and kept where not.

mod context;
mod envelope;
mod event;
mod mending;
mod semantic;
mod times;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use mending::{Mended, mend};

use self::envelope::Envelope;
use super::object::Object;
use super::{Intake, WireError, values};
use crate::{Kind, Operation, Text};

/// The members of an object, without write keys, so that they are kept nowhere.
fn keyless(text: &str) -> Result<Object<'_>, serde_json::Error> {
    Object::parse(text).map(|object| object.without(&["writeKey", "write_key"]))
}

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

/// How much of a body is taken in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest text of an event as sent, in bytes.
    pub max_event_bytes: usize,
    /// The most that the context and the integrations of a batch may add to all of its events together, in bytes.
    pub max_added_bytes: usize,
    /// The most events in a body; those behind them are refused one by one. A body with four times as many is
    /// refused as a whole.
    pub max_events: usize,
}

/// A body that was taken apart, its events not yet read.
#[derive(Debug)]
pub struct Sent<'a> {
    form: Form,
    limits: Limits,
    envelope: Envelope<'a>,
}

/// Why an event is not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which event it is, as far as it says so.
    pub message_id: Option<String>,
    /// What is wrong with it.
    pub error: WireError,
}

/// Takes a body apart. An error is one of the whole body: it is no JSON, no object or has no `batch`. A body that is
/// refused for [`WireError::InvalidJson`] is worth a second try if [`mend`] finds something to mend.
pub fn read(body: &[u8], form: Form, limits: Limits) -> Result<Sent<'_>, WireError> {
    Ok(Sent { form, limits, envelope: envelope::open(body, form, limits)? })
}

impl<'a> Sent<'a> {
    /// The write keys in the body: its own, then those of its events. They may repeat.
    pub fn write_keys(&self) -> impl Iterator<Item = Text<'a>> {
        let of_event = |event: &&'a [u8]| {
            let marks = Marks::read(event)?;
            values::filled_string(marks.write_key).or_else(|| values::filled_string(marks.snake_write_key))
        };
        self.envelope
            .write_key
            .clone()
            .into_iter()
            .chain(self.envelope.events.first.iter().filter_map(of_event))
    }

    /// How many bytes the batch's own context and integrations add to all of its events together, at most.
    pub fn added_bytes(&self) -> usize {
        self.envelope.common.bytes.saturating_mul(self.envelope.events.first.len())
    }

    /// Each event as an operation, or why it is refused.
    pub fn operations(&self, intake: &Intake<'_>) -> Vec<Result<Operation<'a>, Refused>> {
        let Envelope { events, common, .. } = &self.envelope;
        let (count, most) = (events.count, self.limits.max_events);
        let beyond = count.saturating_sub(events.first.len());
        let read = events.first.iter().map(|text| {
            event::operation(text, self.form, self.limits, common, intake)
                .map_err(|error| Refused { message_id: Marks::message_id(text), error })
        });
        let too_many = || Err(Refused { message_id: None, error: WireError::TooManyEvents { count, most } });
        read.chain(std::iter::repeat_with(too_many).take(beyond)).collect()
    }
}

/// What tells whose an event is and which, whatever else is in it.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(borrow, rename = "writeKey")]
    write_key: Option<&'a RawValue>,
    #[serde(borrow, rename = "write_key")]
    snake_write_key: Option<&'a RawValue>,
    #[serde(borrow, rename = "messageId")]
    message_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "message_id")]
    snake_message_id: Option<&'a RawValue>,
}

impl<'a> Marks<'a> {
    fn read(event: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(event).ok()
    }

    /// The message id of an event that is refused.
    fn message_id(event: &'a [u8]) -> Option<String> {
        let marks = Self::read(event)?;
        let id = values::id("messageId", marks.message_id.or(marks.snake_message_id)).ok()?;
        (!id.is_empty()).then(|| id.to_string())
    }
}

#[cfg(test)]
mod tests;
