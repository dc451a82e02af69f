//! The messages that services publish by Redis: the base envelope and the domain event.
//!
//! ```json
//! {"event_id":"e-1","event_type":"order.created","tenant_id":"acme","user_id":"ada",
//!  "timestamp":"2026-11-20T21:57:13Z","data":{"total":"64.32"},"metadata":{"session_id":"s-1"}}
//! {"id":"e-1","event_type":"OrderCreated","aggregate_id":"o-1","aggregate_type":"order","tenant_id":"acme",
//!  "data":{"total":64.32},"metadata":{"user_id":"ada"},"version":1,"occurred_at":"2026-11-20T21:57:13Z"}
//! ```
//!
//! Nothing that is sent is lost. What has a column is there: the event's id and type, its user, `data` as the
//! properties. The column `context` is an object of
//!
//! - the members of `metadata`, as they were sent;
//! - `sent`, an object of all other members as they were sent: the time, what a domain event says of its aggregate,
//!   the type if it was written in another way than the event's name is, and whatever nobody knows.
//!
//! ```json
//! {"user_id":"ada","sent":{"aggregate_id":"o-1","version":1,"event_type":"OrderCreated"}}
//! ```
//!
//! If `metadata` has a member `sent` itself, the other is `sent_`. A member that is `null` is as if absent where it
//! would have a column.

mod entry;
mod envelope;
mod event_type;

use sha2::{Digest, Sha256};

pub use entry::payload;

use self::envelope::Envelope;
use super::error::with_member;
use super::{Intake, WireError};
use crate::{Event, EventId, Operation, Source, Timestamp};

/// Reads one message. A message that names no tenant is the intake's.
///
/// The id is derived from the event's id and time, so that all who receive a message make the same event of it.
/// Where the message has no id, the hash of its bytes stands for it. Where it has no time, an id that is a UUID of
/// version 7 gives it, and else it is `at`: the caller must say the same however often it reads the message.
pub fn decode<'a>(message: &'a [u8], at: Timestamp, intake: &Intake<'_>) -> Result<Operation<'a>, WireError> {
    let read = str::from_utf8(message)
        .map_err(|error| WireError::InvalidJson(format!("not UTF-8: {error}")))
        .and_then(|text| create(text, at, intake));
    read.map_err(|error| with_member(error, message))
}

fn create<'a>(text: &'a str, undated: Timestamp, intake: &Intake<'_>) -> Result<Operation<'a>, WireError> {
    let mut envelope = Envelope::parse(text)?;
    let tenant = envelope.tenant(intake)?;
    let event_id = envelope.event_id()?;
    let own_time = || EventId::parse(&event_id).ok().map(EventId::created_at);
    let at = match envelope.time()? {
        Some(at) => Some(at),
        None => own_time().filter(|at| intake.window.contains(*at)),
    };
    let at = at.unwrap_or(undated);
    if !intake.window.contains(at) {
        return Err(WireError::InvalidField { field: "timestamp", expected: intake.window.to_string() });
    }
    let id = match &*event_id {
        "" => EventId::derive(&tenant, Source::Redis, &hash(text), at),
        event_id => EventId::derive(&tenant, Source::Redis, event_id, at),
    };
    Ok(Operation::Create(Box::new(Event {
        tenant,
        id,
        received_at: intake.now,
        updated_at: intake.now,
        source: Source::Redis,
        content: envelope.content(event_id)?,
    })))
}

/// Where an event of this name is published: `events:order:created`.
pub fn channel(event_name: &str) -> String {
    format!("events:{}", event_name.replacen('.', ":", 1))
}

/// What stands for the id of a message that has none.
fn hash(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
