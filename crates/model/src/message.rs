//! The Kafka message: an operation as JSON, keyed by the event's id.
//!
//! It is a public format that other producers may write, so reading it trusts nothing.
//!
//! `v` says which fields and words there are. A field that a known `v` does not have is ignored, as it is in
//! an HTTP body: what another producer wants kept goes into `properties` or `context`. So a field or a word
//! that Millrace itself adds raises `v`, at least for the messages that have it: an older consumer then holds
//! them or makes dead letters of them, and never writes a row without it. An unknown source or kind of a known
//! `v` is a dead letter too, never taken for another.
//!
//! ```json
//! {"v":1,"operation":"create","event_id":"01…","tenant":"default","source":"native",
//!  "timestamp":"2026-11-20T21:57:13.123Z","data":{}}
//! ```

mod fault;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Content, Event, EventId, EventKey, IdError, Operation, Patch, Source, Tenant, Text, Timestamp};

const FORMAT: u64 = 1;

/// The record's header that names the request it comes from, in the words of whoever sent that. For logs alone.
pub const REQUEST_ID: &str = "request-id";

/// The record's header that names the change, as the caller did. Of an update, a repeat changes nothing.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Why a message is no operation.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, a missing field, or a value of the wrong type or out of its range.
    #[error("not a message: {0}")]
    Undecodable(String),
    /// A format newer than this program knows.
    #[error("message format {0} is newer than {FORMAT}")]
    NewerFormat(u64),
    /// Neither create, update nor delete.
    #[error("unknown operation {0:?}")]
    UnknownOperation(String),
    /// A source or a kind that this program does not know: a newer one may.
    #[error("unknown {field} {word:?}")]
    UnknownWord {
        /// Where it stands.
        field: &'static str,
        /// As it stands there.
        word: String,
    },
    /// The message's key is not its event's id.
    #[error("the key is not the event id {0}")]
    KeyMismatch(EventId),
    /// A time that the table can't hold.
    #[error("impossible date: {0}")]
    ImpossibleDate(String),
}

impl MessageError {
    /// A stable word for the dead letter.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Undecodable(_) => "undecodable",
            Self::NewerFormat(_) => "newer_format",
            Self::UnknownOperation(_) => "unknown_operation",
            Self::UnknownWord { .. } => "unknown_word",
            Self::KeyMismatch(_) => "key_mismatch",
            Self::ImpossibleDate(_) => "impossible_date",
        }
    }
}

impl From<serde_json::Error> for MessageError {
    fn from(error: serde_json::Error) -> Self {
        Self::Undecodable(error.to_string())
    }
}

#[derive(Serialize)]
struct Written<'a, T> {
    v: u64,
    operation: &'static str,
    event_id: EventId,
    tenant: &'a Tenant,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
}

/// The message's value. Its key is the event's id as text.
pub fn encode(operation: &Operation<'_>) -> Vec<u8> {
    // As long as most of them are.
    let mut message = Vec::with_capacity(512);
    let written = match operation {
        Operation::Create(event) => Written {
            v: FORMAT,
            operation: "create",
            event_id: event.id,
            tenant: &event.tenant,
            source: Some(event.source),
            timestamp: event.received_at,
            data: Some(&event.content),
        }
        .write(&mut message),
        Operation::Update { key, at, patch } => Written {
            v: FORMAT,
            operation: "update",
            event_id: key.id,
            tenant: &key.tenant,
            source: None,
            timestamp: *at,
            data: Some(patch.as_ref()),
        }
        .write(&mut message),
        Operation::Delete { key, at } => Written::<()> {
            v: FORMAT,
            operation: "delete",
            event_id: key.id,
            tenant: &key.tenant,
            source: None,
            timestamp: *at,
            data: None,
        }
        .write(&mut message),
    };
    // Strings, numbers and checked JSON text into memory: nothing that can fail.
    written.unwrap_or_default();
    message
}

impl<T: Serialize> Written<'_, T> {
    fn write(&self, message: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(message, self)
    }
}

/// A message as it should be, read in one go. A create's data is a patch of an empty event.
#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    v: u64,
    operation: Text<'a>,
    event_id: Text<'a>,
    tenant: Tenant,
    source: Option<Source>,
    timestamp: Text<'a>,
    data: Option<Patch<'a>>,
}

/// Reads a message's key and value. What is read borrows its texts from the value.
pub fn decode<'a>(key: Option<&[u8]>, value: &'a [u8]) -> Result<Operation<'a>, MessageError> {
    let message = str::from_utf8(value).ok().and_then(|text| serde_json::from_str::<Message<'_>>(text).ok());
    match message {
        Some(message) if message.v == FORMAT => operation(key, message),
        _ => fault::find(key, value),
    }
}

fn operation<'a>(key: Option<&[u8]>, message: Message<'a>) -> Result<Operation<'a>, MessageError> {
    let id = EventId::parse(&message.event_id).map_err(|error| match error {
        IdError::ImpossibleTime => MessageError::ImpossibleDate(format!("event_id: {error}")),
        IdError::Malformed | IdError::OtherVersion => MessageError::Undecodable(format!("event_id: {error}")),
    })?;
    // To the byte: another spelling of the same id would belong to another partition.
    if key != Some(id.uuid().as_hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes()) {
        return Err(MessageError::KeyMismatch(id));
    }
    let at = Timestamp::parse(&message.timestamp)
        .ok_or_else(|| MessageError::ImpossibleDate(format!("timestamp: {:?}", &*message.timestamp)))?;
    let key = EventKey { tenant: message.tenant, id };
    let patch = message.data.unwrap_or_default();
    match &*message.operation {
        "create" => {
            let source =
                message.source.ok_or_else(|| MessageError::Undecodable("source is missing".into()))?;
            let mut content = Content::default();
            patch.apply(&mut content);
            let EventKey { tenant, id } = key;
            Ok(Operation::Create(Box::new(Event {
                tenant,
                id,
                received_at: at,
                updated_at: at,
                source,
                content,
            })))
        }
        "update" => Ok(Operation::Update { key, at, patch: Box::new(patch) }),
        "delete" => Ok(Operation::Delete { key, at }),
        other => Err(MessageError::UnknownOperation(other.chars().take(64).collect())),
    }
}

#[cfg(test)]
mod tests;
