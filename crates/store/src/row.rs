//! An event as a row of the table.

use std::borrow::Cow;

use clickhouse::Row;
use model::{
    AppliedKeys, Content, Embedding, Event, EventId, EventKey, JsonText, Kind, Latency, Mentions, Source,
    State, Stored, Tenant, Text, Timestamp, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::StoreError;
use crate::migrations::SCHEMA_VERSION;

/// A row of an event, whoever wrote it.
#[derive(Debug)]
pub(crate) enum Found {
    Stored(Stored<'static>),
    Foreign { version: Version, why: String },
}

impl Found {
    pub(crate) fn version(&self) -> Version {
        match self {
            Self::Stored(stored) => stored.version,
            Self::Foreign { version, .. } => *version,
        }
    }

    /// What it takes in memory, in bytes, more or less.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Stored(stored) => stored.bytes(),
            Self::Foreign { why, .. } => Stored::ROW_BYTES + why.len(),
        }
    }
}

/// All columns of `events` but the computed ones, in the order of the table.
#[derive(Row, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct EventRow<'a> {
    tenant: &'a str,
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    created_at: i64,
    updated_at: i64,
    received_at: i64,
    source: &'a str,
    kind: &'a str,
    event_name: &'a str,
    message_id: &'a str,
    conversation_id: &'a str,
    conversation_metadata: &'a str,
    user_id: &'a str,
    anonymous_id: &'a str,
    error: &'a str,
    latency: f64,
    input: &'a str,
    output: &'a str,
    input_embeddings: Cow<'a, [f32]>,
    output_embeddings: Cow<'a, [f32]>,
    subjects: Cow<'a, [Text<'a>]>,
    tags: Cow<'a, [Text<'a>]>,
    trace_ids: Cow<'a, [Text<'a>]>,
    properties: &'a str,
    context: &'a str,
    idempotency_keys: Cow<'a, [u64]>,
    version: u64,
    is_deleted: u8,
    schema_version: u16,
}

impl<'a> EventRow<'a> {
    /// The row that leaves `stored` behind.
    pub(crate) fn new(key: &'a EventKey, stored: &'a Stored<'a>) -> Self {
        match &stored.state {
            State::Live(event) => Self::live(event, stored),
            State::Deleted { at, hidden } => Self::tombstone(key, *at, hidden.as_deref(), stored.version),
        }
    }

    fn live(event: &'a Event<'a>, stored: &'a Stored<'a>) -> Self {
        let content = &event.content;
        Self {
            tenant: event.tenant.as_str(),
            id: event.id.uuid(),
            created_at: event.id.created_at().millis(),
            updated_at: event.updated_at.millis(),
            received_at: event.received_at.millis(),
            source: event.source.as_str(),
            kind: content.kind.as_str(),
            event_name: &content.event_name,
            message_id: &content.message_id,
            conversation_id: &content.conversation_id,
            conversation_metadata: &content.conversation_metadata,
            user_id: &content.user_id,
            anonymous_id: &content.anonymous_id,
            error: &content.error,
            latency: content.latency.millis(),
            input: &content.input,
            output: &content.output,
            input_embeddings: content.input_embeddings.as_slice().into(),
            output_embeddings: content.output_embeddings.as_slice().into(),
            subjects: (&content.subjects).into(),
            tags: (&content.tags).into(),
            trace_ids: (&content.trace_ids).into(),
            properties: content.properties.as_str(),
            context: content.context.as_str(),
            idempotency_keys: stored.applied.as_slice().into(),
            version: stored.version.raw(),
            is_deleted: 0,
            schema_version: SCHEMA_VERSION,
        }
    }

    fn tombstone(
        key: &'a EventKey,
        at: Timestamp,
        hidden: Option<&'a Mentions<'a>>,
        version: Version,
    ) -> Self {
        Self {
            tenant: key.tenant.as_str(),
            id: key.id.uuid(),
            created_at: key.id.created_at().millis(),
            updated_at: at.millis(),
            received_at: at.millis(),
            source: "",
            kind: "",
            event_name: "",
            message_id: "",
            conversation_id: "",
            conversation_metadata: "",
            user_id: "",
            anonymous_id: "",
            error: "",
            latency: 0.0,
            input: "",
            output: "",
            input_embeddings: Cow::default(),
            output_embeddings: Cow::default(),
            subjects: hidden.map_or_else(Cow::default, |mentions| (&mentions.subjects).into()),
            tags: Cow::default(),
            trace_ids: hidden.map_or_else(Cow::default, |mentions| (&mentions.trace_ids).into()),
            properties: "",
            context: "",
            idempotency_keys: Cow::default(),
            version: version.raw(),
            is_deleted: 1,
            schema_version: SCHEMA_VERSION,
        }
    }

    /// What the row stands for, and whose it is; `None` if its key can't be an event's.
    pub(crate) fn into_found(self) -> Option<(EventKey, Found)> {
        let key =
            EventKey { tenant: Tenant::parse(self.tenant).ok()?, id: EventId::from_uuid(self.id).ok()? };
        let version = Version::from_raw(self.version);
        let found = match self.into_stored() {
            Ok((_, stored)) => Found::Stored(stored),
            Err(why) => Found::Foreign { version, why: why.to_string() },
        };
        Some((key, found))
    }

    /// What the row stands for. An error means that the table holds what this program never writes.
    pub(crate) fn into_stored(self) -> Result<(EventKey, Stored<'static>), StoreError> {
        let foreign = |what: &str| StoreError::Foreign(format!("event {}: impossible {what}", self.id));
        let time = |millis: i64| Timestamp::from_millis(millis).ok_or_else(|| foreign("time"));
        let texts =
            |texts: Cow<'_, [Text<'_>]>| texts.into_owned().into_iter().map(Text::into_owned).collect();
        let tenant = Tenant::parse(self.tenant).map_err(|_| foreign("tenant"))?;
        let id = EventId::from_uuid(self.id).map_err(|_| foreign("id"))?;
        let version = Version::from_raw(self.version);
        let updated_at = time(self.updated_at)?;
        let key = EventKey { tenant, id };
        if self.is_deleted != 0 {
            let state = State::Deleted { at: updated_at, hidden: None };
            return Ok((key, Stored { version, state, applied: AppliedKeys::default() }));
        }
        let event = Event {
            tenant: key.tenant.clone(),
            id,
            received_at: time(self.received_at)?,
            updated_at,
            source: Source::parse(self.source).ok_or_else(|| foreign("source"))?,
            content: Content {
                kind: Kind::parse(self.kind).ok_or_else(|| foreign("kind"))?,
                event_name: self.event_name.to_owned().into(),
                message_id: self.message_id.to_owned().into(),
                conversation_id: self.conversation_id.to_owned().into(),
                conversation_metadata: self.conversation_metadata.to_owned().into(),
                user_id: self.user_id.to_owned().into(),
                anonymous_id: self.anonymous_id.to_owned().into(),
                error: self.error.to_owned().into(),
                latency: Latency::from_millis(self.latency).ok_or_else(|| foreign("latency"))?,
                input: self.input.to_owned().into(),
                output: self.output.to_owned().into(),
                input_embeddings: Embedding::new(self.input_embeddings.into_owned())
                    .ok_or_else(|| foreign("input_embeddings"))?,
                output_embeddings: Embedding::new(self.output_embeddings.into_owned())
                    .ok_or_else(|| foreign("output_embeddings"))?,
                subjects: texts(self.subjects),
                tags: texts(self.tags),
                trace_ids: texts(self.trace_ids),
                properties: JsonText::from_stored(self.properties.to_owned())
                    .map_err(|_| foreign("properties"))?,
                context: JsonText::from_stored(self.context.to_owned()).map_err(|_| foreign("context"))?,
            },
        };
        let applied = self.idempotency_keys.into_owned().into();
        Ok((key, Stored { version, state: State::Live(Box::new(event)), applied }))
    }
}

#[cfg(test)]
mod tests;
