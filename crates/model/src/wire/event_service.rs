//! The messages of the EventService API: what happened in a laboratory, to what and by whom.
//!
//! The names of members are read without regard to case and underscores: `EventId`, `eventId`, `event_id`. Nothing
//! that is sent is lost, but for what is unset: `null`, and .NET's date of the year 1. What has a column is there:
//! `Topic`, `EventId`, `ActorId` (or the `user_id` of who has none), `ActivityId`, `Subjects`, `Tags`,
//! `SourceTraceIds` and `Data`. All else is in the column `context`, an object of
//!
//! - the other members that are known, by their names in camel case, times as the texts that were sent;
//! - those that nobody knows, by the names they were sent under;
//! - `data`, if that was a string: the string itself if it is no JSON object, and `true` if it is one, which is
//!   then in the properties;
//! - texts and lists that were sent empty, which a column can't tell from absent ones.
//!
//! ```json
//! {"createdDateUtc":"2026-11-20T01:00:00.1234567","operatorId":"robot-7","plate position":"A1"}
//! ```

mod create;
mod field;
mod message;
mod query;
mod returned;

use serde::de::IgnoredAny;

pub use query::Query;
pub use returned::Returned;

use self::field::Field;
use self::message::Message;
use super::error::json_bytes;
use super::separate::{self, Elements};
use super::{Intake, WireError};
use crate::Operation;

/// How much of a body is taken in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most messages in a body.
    pub max_events: usize,
}

/// A body that was taken apart, its messages not yet read.
#[derive(Debug)]
pub struct Sent<'a> {
    messages: Elements<'a>,
    is_list: bool,
}

/// Why a message is not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which event it is, as far as it says so.
    pub event_id: Option<String>,
    /// What is wrong with it.
    pub error: WireError,
}

/// Takes a body apart: one message or a list of them. An error is one of the whole body.
pub fn read(body: &[u8], limits: Limits) -> Result<Sent<'_>, WireError> {
    let body = json_bytes(body)?.trim_ascii();
    let most = limits.max_events;
    if !body.starts_with(b"[") {
        let mut messages = Elements::at_most(1);
        messages.push(body);
        return Ok(Sent { messages, is_list: false });
    }
    let messages = separate::elements(body, "", most).ok_or_else(|| {
        let error = serde_json::from_slice::<Vec<IgnoredAny>>(body).err();
        WireError::InvalidJson(error.map_or_else(|| "could not be read".into(), |error| error.to_string()))
    })?;
    if messages.count > most {
        return Err(WireError::TooManyEvents { count: messages.count, most });
    }
    Ok(Sent { messages, is_list: true })
}

impl<'a> Sent<'a> {
    /// Whether it is a list, even of one message.
    pub fn is_list(&self) -> bool {
        self.is_list
    }

    /// Each message as an operation, or why it is refused.
    pub fn operations(&self, intake: &Intake<'_>) -> Vec<Result<Operation<'a>, Refused>> {
        let read = |text: &&'a [u8]| {
            create::operation(text, intake).map_err(|error| Refused { event_id: event_id(text), error })
        };
        self.messages.first.iter().map(read).collect()
    }
}

/// The id of a message that is refused.
fn event_id(text: &[u8]) -> Option<String> {
    let message = Message::parse(str::from_utf8(text).ok()?, 0).ok()?;
    let id = message.id(Field::EventId).ok()?;
    (!id.is_empty()).then(|| id.to_string())
}

#[cfg(test)]
mod tests;
