//! Millrace's own HTTP bodies: events and changes as they are sent, events as they are returned.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use super::WireError;
use super::error::read_object;
use crate::{
    Content, Embedding, Event, EventId, EventKey, EventNames, JsonText, Latency, Operation, Patch, Source,
    Tenant, Text, Timestamp, Window,
};

/// What is known of a request before its events are read.
#[derive(Debug)]
pub struct Intake<'a> {
    /// Whose events they are.
    pub tenant: Tenant,
    /// When they arrived.
    pub now: Timestamp,
    /// When they may have happened.
    pub window: Window,
    /// What they may be called.
    pub names: &'a EventNames,
}

/// An event or a change as sent. `null` is as if absent; unknown fields are ignored.
#[derive(Deserialize)]
#[serde(expecting = "an object", bound(deserialize = "'de: 'a"))]
struct Sent<'a> {
    id: Option<Text<'a>>,
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
    /// The fields of a change. An id, a timestamp or a conversation can't be changed and is ignored.
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
    let mut content = Content { conversation_id, ..Content::default() };
    sent.into_patch().apply(&mut content);
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
    Ok(Operation::Update { key, at: intake.now, patch: Box::new(sent.into_patch()) })
}

fn check_name(name: &str, names: &EventNames) -> Result<(), WireError> {
    if names.allow(name) {
        return Ok(());
    }
    Err(WireError::InvalidField { field: "event_name", expected: names.to_string() })
}

/// The id that was sent, else a new one at the time that was sent, else at the time of arrival.
fn id_of(sent: &Sent<'_>, intake: &Intake<'_>) -> Result<EventId, WireError> {
    let invalid = |field, expected: String| WireError::InvalidField { field, expected };
    let window = intake.window;
    let at = match &sent.timestamp {
        None => intake.now,
        Some(text) => Timestamp::parse(text).ok_or_else(|| {
            invalid("timestamp", "an RFC 3339 time such as 2026-11-20T21:57:13.123Z".into())
        })?,
    };
    if !window.contains(at) {
        return Err(invalid("timestamp", window.to_string()));
    }
    let Some(text) = &sent.id else { return Ok(EventId::new(at)) };
    let id = EventId::parse(text).map_err(|error| {
        invalid("id", format!("a UUID of version 7 or 8 that starts with its Unix milliseconds ({error})"))
    })?;
    if !window.contains(id.created_at()) {
        return Err(invalid("id", format!("a UUID whose time is {window}")));
    }
    Ok(id)
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Batch<'a> {
    #[serde(borrow)]
    events: Option<Vec<&'a RawValue>>,
}

/// Splits the body of a batch into the bodies of its events: `{"events":[…]}`, or one event a line.
///
/// Without a word in `lines`, a body whose first value is an object without `events` is the latter, and
/// so is one of several lines whose first is broken and no beginning of a batch. What is wrong
/// with one event is left to [`create`] to find, so that it costs only that event.
pub fn split(body: &[u8], lines: bool) -> Result<Vec<Cow<'_, [u8]>>, WireError> {
    let by_line = || body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    if lines {
        return Ok(by_line().map(Cow::Borrowed).collect());
    }
    let is_object = body.trim_ascii_start().starts_with(b"{");
    // As most of them are.
    if is_object && let Ok(Batch { events: Some(events) }) = serde_json::from_slice(body) {
        return Ok(borrowed(events));
    }
    let are_lines = match serde_json::Deserializer::from_slice(body).into_iter::<First>().next() {
        Some(Ok(First { events })) if is_object => events.is_none(),
        Some(_) => by_line().count() > 1 && !by_line().next().is_some_and(begins_a_batch),
        None => false,
    };
    if are_lines {
        return Ok(by_line().map(Cow::Borrowed).collect());
    }
    let owned = |batch: Batch<'_>| batch.events.unwrap_or_default().iter().map(|e| own(e)).collect();
    match std::str::from_utf8(body) {
        Ok(_) => {
            let batch: Batch<'_> = read_object(body)?;
            Ok(borrowed(batch.events.unwrap_or_default()))
        }
        Err(_) => read_object(escape_invalid(body).as_bytes()).map(owned),
    }
}

/// Whether a line is the first of a JSON text over several lines rather than an event, as far as a
/// broken one tells.
fn begins_a_batch(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    matches!(line, b"{" | b"[") || line.windows(br#""events""#.len()).any(|part| part == br#""events""#)
}

fn borrowed(events: Vec<&RawValue>) -> Vec<Cow<'_, [u8]>> {
    events.into_iter().map(|event| event.get().as_bytes().into()).collect()
}

fn own(event: &RawValue) -> Cow<'static, [u8]> {
    Cow::Owned(event.get().as_bytes().to_vec())
}

/// Whether a batch's first value has `events`, whatever is in it.
#[derive(Deserialize)]
struct First {
    events: Option<de::IgnoredAny>,
}

/// Bytes that are no UTF-8 become lone surrogates: those pass as part of an event's raw text, and
/// reading that event then refuses them.
fn escape_invalid(body: &[u8]) -> String {
    body.utf8_chunks().fold(String::with_capacity(body.len()), |mut text, chunk| {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push_str(r"\ud800");
        }
        text
    })
}

/// An event as returned.
#[derive(Serialize)]
pub struct Returned<'a> {
    id: EventId,
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
