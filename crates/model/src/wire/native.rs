//! Millrace's own HTTP bodies: events and changes as they are sent, events as they are returned.

mod batch;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

pub use batch::split;

pub use super::separate::Elements;

use super::error::read_object;
use super::{Intake, WireError, limits};
use crate::{
    Content, Embedding, Event, EventId, EventKey, EventNames, JsonText, Latency, Operation, Patch, Source,
    Text, Timestamp, Window,
};

/// An event or a change as sent. `null` is as if absent; unknown fields are ignored.
#[derive(Deserialize)]
#[serde(expecting = "an object", bound(deserialize = "'de: 'a"))]
struct Sent<'a> {
    id: Option<Text<'a>>,
    message_id: Option<Text<'a>>,
    timestamp: Option<Text<'a>>,
    conversation_id: Option<Text<'a>>,
    event_name: Option<Text<'a>>,
    error: Option<Text<'a>>,
    latency: Option<Latency>,
    input: Option<Text<'a>>,
    output: Option<Text<'a>>,
    input_embeddings: Option<Embedding>,
    output_embeddings: Option<Embedding>,
    conversation_metadata: Option<Metadata<'a>>,
    user_id: Option<Text<'a>>,
    tags: Option<Vec<Text<'a>>>,
    properties: Option<JsonText<'a>>,
}

/// A string, or an object kept as its JSON text.
struct Metadata<'a>(Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Metadata<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'a RawValue>::deserialize(deserializer)?;
        let text = match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()),
            Some(b'{') => JsonText::parse(raw.get()).map(|_| raw.get().into()),
            _ => Err(de::Error::custom("expected a string or an object")),
        };
        text.map(Self).map_err(de::Error::custom)
    }
}

impl<'a> Sent<'a> {
    /// The fields of a change. An id, a message id, a timestamp or a conversation can't be changed and is
    /// ignored.
    fn into_patch(self) -> Patch<'a> {
        Patch {
            event_name: self.event_name,
            error: self.error,
            latency: self.latency,
            input: self.input,
            output: self.output,
            input_embeddings: self.input_embeddings,
            output_embeddings: self.output_embeddings,
            conversation_metadata: self.conversation_metadata.map(|Metadata(text)| text),
            user_id: self.user_id,
            tags: self.tags,
            properties: self.properties,
            ..Patch::default()
        }
    }
}

/// Reads the body of a create.
pub fn create<'a>(body: &'a [u8], intake: &Intake<'_>) -> Result<Operation<'a>, WireError> {
    let mut sent: Sent<'_> = read_object(body)?;
    let conversation_id = sent
        .conversation_id
        .take()
        .filter(|id| !id.is_empty())
        .ok_or(WireError::MissingField("conversation_id"))?;
    let name = sent.event_name.as_deref().filter(|name| !name.is_empty());
    check_name(name.ok_or(WireError::MissingField("event_name"))?, intake.names)?;
    let id = id_of(&sent, intake)?;
    let message_id = sent.message_id.take();
    let patch = Patch { conversation_id: Some(conversation_id), message_id, ..sent.into_patch() };
    limits::check(&patch)?;
    let mut content = Content::default();
    patch.apply(&mut content);
    Ok(Operation::Create(Box::new(Event {
        tenant: intake.tenant.clone(),
        id,
        received_at: intake.now,
        updated_at: intake.now,
        source: Source::Native,
        content,
    })))
}

/// Reads the body of an update.
pub fn update<'a>(body: &'a [u8], key: EventKey, intake: &Intake<'_>) -> Result<Operation<'a>, WireError> {
    let sent: Sent<'_> = read_object(body)?;
    if let Some(name) = &sent.event_name {
        check_name(name, intake.names)?;
    }
    let patch = sent.into_patch();
    limits::check(&patch)?;
    Ok(Operation::Update { key, at: intake.now, patch: Box::new(patch) })
}

fn check_name(name: &str, names: &EventNames) -> Result<(), WireError> {
    if names.allow(name) {
        return Ok(());
    }
    Err(invalid("event_name", names.to_string()))
}

/// The id that was sent, or one derived from the message id, or a new one at the time that was sent, else at
/// the time of arrival.
fn id_of(sent: &Sent<'_>, intake: &Intake<'_>) -> Result<EventId, WireError> {
    let window = intake.window;
    let parse = |text: &Text<'_>| {
        Timestamp::parse(text)
            .ok_or_else(|| invalid("timestamp", "an RFC 3339 time such as 2026-11-20T21:57:13.123Z".into()))
    };
    let at = sent.timestamp.as_ref().map(parse).transpose()?;
    if at.is_some_and(|at| !window.contains(at)) {
        return Err(invalid("timestamp", window.to_string()));
    }
    match (&sent.id, &sent.message_id) {
        (None, None) => Ok(EventId::new(at.unwrap_or(intake.now))),
        (None, Some(message_id)) => derived(message_id, at, intake),
        (Some(id), None) => sent_id(id, at, window),
        // An event as it was returned.
        (Some(id), Some(message_id)) => {
            let of = |at| EventId::derive(&intake.tenant, Source::Native, message_id, at);
            if !EventId::parse(id).is_ok_and(|id| id == of(id.created_at())) {
                let expected = "absent beside an id, or the one that the id was derived from";
                return Err(invalid("message_id", expected.into()));
            }
            sent_id(id, at, window)
        }
    }
}

fn derived(message_id: &str, at: Option<Timestamp>, intake: &Intake<'_>) -> Result<EventId, WireError> {
    if message_id.is_empty() {
        return Err(invalid("message_id", "1 to 1024 bytes".into()));
    }
    let with = || invalid("message_id", "sent with a timestamp: the id is derived from both".into());
    Ok(EventId::derive(&intake.tenant, Source::Native, message_id, at.ok_or_else(with)?))
}

fn sent_id(text: &str, at: Option<Timestamp>, window: Window) -> Result<EventId, WireError> {
    let id = EventId::parse(text).map_err(|error| {
        invalid("id", format!("a UUID of version 7 or 8 that starts with its Unix milliseconds ({error})"))
    })?;
    if !window.contains(id.created_at()) {
        return Err(invalid("id", format!("a UUID whose time is {window}")));
    }
    if at.is_some_and(|at| at != id.created_at()) {
        return Err(invalid("timestamp", format!("that of the id, {}, or absent", id.created_at())));
    }
    Ok(id)
}

fn invalid(field: &'static str, expected: String) -> WireError {
    WireError::InvalidField { field, expected }
}

/// An event as returned.
#[derive(Serialize)]
pub struct Returned<'a> {
    id: EventId,
    #[serde(skip_serializing_if = "str::is_empty")]
    message_id: &'a str,
    conversation_id: &'a str,
    event_name: &'a str,
    error: &'a str,
    latency: Latency,
    input: &'a str,
    output: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_embeddings: Option<&'a Embedding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_embeddings: Option<&'a Embedding>,
    conversation_metadata: &'a str,
    user_id: &'a str,
    tags: &'a [Text<'a>],
    properties: &'a JsonText<'a>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> Returned<'a> {
    /// The event's view, with or without its vectors.
    pub fn new(event: &'a Event<'a>, with_embeddings: bool) -> Self {
        let content = &event.content;
        Self {
            id: event.id,
            message_id: &content.message_id,
            conversation_id: &content.conversation_id,
            event_name: &content.event_name,
            error: &content.error,
            latency: content.latency,
            input: &content.input,
            output: &content.output,
            input_embeddings: with_embeddings.then_some(&content.input_embeddings),
            output_embeddings: with_embeddings.then_some(&content.output_embeddings),
            conversation_metadata: &content.conversation_metadata,
            user_id: &content.user_id,
            tags: &content.tags,
            properties: &content.properties,
            created_at: event.id.created_at(),
            updated_at: event.updated_at,
        }
    }
}

#[cfg(test)]
mod tests;
